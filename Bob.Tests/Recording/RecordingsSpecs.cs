using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Recording;
using Xunit;

namespace Bob.Tests.Recording;

public sealed class RecordingsSpecs : IDisposable
{
    private static readonly CallSid SomeCall = new("CA0000000000000000000000000000abcd");
    private readonly string _folder = Directory.CreateTempSubdirectory("bob-recordings-").FullName;
    private readonly Recordings _recordings;

    public RecordingsSpecs() => _recordings = new Recordings(_folder);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_finished_recording_is_a_wav_that_players_know()
    {
        using var file = _recordings.Create(SomeCall);
        file.Write(0, [1, 2, 3, 4, 5, 6]);
        file.Write(1, [7, 8]);

        var path = file.Finish(3);

        path.Should().Be(Path.Combine(_folder, $"{SomeCall.Value}.wav"));
        File.ReadAllBytes(path).Should().Equal(
            [
                .. "RIFF"u8, 56, 0, 0, 0, .. "WAVEfmt "u8, 18, 0, 0, 0, 7, 0, 2, 0, 0x40, 0x1F, 0, 0, 0x80, 0x3E, 0, 0, 2, 0, 8, 0, 0, 0,
                .. "fact"u8, 4, 0, 0, 0, 3, 0, 0, 0, .. "data"u8, 6, 0, 0, 0, 1, 2, 7, 8, 5, 6,
            ]);
        Directory.GetFiles(_folder).Should().Equal(path);
    }

    [Fact]
    public void Only_their_owner_may_read_recordings()
    {
        if (OperatingSystem.IsWindows())
            return; // a folder's rights are inherited there

        var inner = new Recordings(Path.Combine(_folder, "inner"));
        using var file = inner.Create(SomeCall);
        var path = file.Finish(0);

        File.GetUnixFileMode(path).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(Path.GetDirectoryName(path)!).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("CA1/../x")]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("+15550100001")]
    public void A_name_that_is_no_id_is_not_taken_for_one(string name)
    {
        using var file = _recordings.Create(new CallSid(name));

        var path = file.Finish(0);

        Path.GetDirectoryName(path).Should().Be(_folder);
        Path.GetFileName(path).Should().MatchRegex(@"^call-[0-9a-f]{32}\.wav$");
    }

    [Fact]
    public void A_second_recording_of_a_call_does_not_touch_the_first()
    {
        using var first = _recordings.Create(SomeCall);
        first.Write(0, [1, 2]);
        using var second = _recordings.Create(SomeCall);
        var finished = first.Finish(1);
        using var third = _recordings.Create(SomeCall);

        string[] paths = [finished, second.Finish(0), third.Finish(0)];

        paths.Should().OnlyHaveUniqueItems();
        new FileInfo(finished).Length.Should().Be(StereoWav.HeaderBytes + 2);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void What_a_dead_process_left_is_mended_and_a_torn_tail_cut(int torn)
    {
        var left = Path.Combine(_folder, $"{SomeCall.Value}-2.part");
        File.WriteAllBytes(left, [.. StereoWav.Header(0), .. new byte[1_600 + torn]]);

        var mended = _recordings.Mend(NotExpected);

        var path = Path.Combine(_folder, $"{SomeCall.Value}-2.wav");
        mended.Should().Equal(new MendedRecording(SomeCall, path, TimeSpan.FromMilliseconds(100)));
        File.ReadAllBytes(path).Should().Equal([.. StereoWav.Header(800), .. new byte[1_600]]);
        Directory.GetFiles(_folder).Should().Equal(path);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(30)]
    [InlineData(StereoWav.HeaderBytes + 1)]
    public void What_holds_no_sound_yet_is_removed(int length)
    {
        byte[] begun = [.. StereoWav.Header(7), 0];
        File.WriteAllBytes(Path.Combine(_folder, "CA1.part"), begun[..length]);

        _recordings.Mend(NotExpected).Should().BeEmpty();

        Directory.GetFiles(_folder).Should().BeEmpty();
    }

    [Fact]
    public void What_somebody_else_has_in_the_folder_is_left_as_it_is()
    {
        var theirs = Path.Combine(_folder, "film.part");
        File.WriteAllText(theirs, new string('x', 1_000));

        _recordings.Mend(NotExpected).Should().BeEmpty();

        File.ReadAllText(theirs).Should().Be(new string('x', 1_000));
    }

    [Fact]
    public void A_recording_that_is_being_written_is_left_alone()
    {
        using var file = _recordings.Create(SomeCall);
        file.Write(0, new byte[200]);

        new Recordings(_folder).Mend(NotExpected).Should().BeEmpty();

        file.Write(100, new byte[200]);
        new FileInfo(file.Finish(200)).Length.Should().Be(StereoWav.HeaderBytes + 400);
    }

    [Fact]
    public void Without_a_folder_there_is_nothing_to_mend() =>
        new Recordings(Path.Combine(_folder, "none")).Mend(NotExpected).Should().BeEmpty();

    private static void NotExpected(string file, Exception failure) => throw new InvalidOperationException(file, failure);
}
