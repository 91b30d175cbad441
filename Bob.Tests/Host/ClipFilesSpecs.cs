using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Host.Configuration;
using Bob.Host.Voice;
using Xunit;

namespace Bob.Tests.Host;

public sealed class ClipFilesSpecs : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bob-clips-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Bob_comes_with_every_clip_in_words_and_in_a_voice_that_can_be_played()
    {
        var clips = ClipFiles.ShippedClips();

        clips.Select(clip => clip.Name).Should().BeEquivalentTo(Enum.GetValues<ClipName>());
        foreach (var clip in clips)
        {
            clip.Text.Should().NotBeNullOrWhiteSpace();
            clip.Ms.Should().BeInRange(700, 5_000);
            ClipFiles.Problem(Raw(clip)).Should().BeNull();
        }

        clips.Single(clip => clip.Name == ClipName.Filler).Ms.Should().BeLessThan(1_500, "an answer waits behind it");
    }

    [Fact]
    public void A_clip_is_cut_into_whole_frames_and_what_fills_up_the_last_one_is_silence()
    {
        var clip = new Clip(ClipName.Filler, "text", Enumerable.Repeat((byte)0x20, 808).ToArray());

        var item = clip.Item("c1");
        var audio = clip.Say(item).ToList();

        (clip.Ms, item).Should().Be((101, new SpokenItem("c1", "c1", 0) { Clip = clip }));
        audio.Select(piece => (piece.Bytes, piece.Padding)).Should().Equal((800, 0), (160, 152));
        Convert.FromBase64String(System.Text.Encoding.ASCII.GetString(audio[1].Base64)).Skip(8).Should().OnlyContain(sample => sample == 0xFF);
    }

    [Fact]
    public void A_folder_replaces_what_it_has()
    {
        Write("greeting.ulaw", Tone(900));
        Write("clips.json", """{ "greeting": "Guten Tag, hier ist Bob.", "filler": "Moment." }"""u8);

        var clips = Read(out var faults);

        faults.Should().BeEmpty();
        (clips.Find(ClipName.Greeting)!.Text, clips.Find(ClipName.Greeting)!.Ms).Should().Be(("Guten Tag, hier ist Bob.", 900));
        clips.Find(ClipName.Filler)!.Text.Should().Be(ClipFiles.ShippedTexts[ClipName.Filler], "there is no such file");
        clips.All.Should().HaveCount(Enum.GetValues<ClipName>().Length);
    }

    [Fact]
    public void A_personas_own_clips_come_before_those_of_the_folder()
    {
        Write("greeting.ulaw", Tone(900));
        Write("filler.ulaw", Tone(800));
        Write("clips.json", """{ "greeting": "Good day.", "filler": "One moment." }"""u8);
        _folder.CreateSubdirectory("night");
        Write("night/greeting.ulaw", Tone(700));
        Write("night/clips.json", """{ "greeting": "Good evening." }"""u8);

        var (day, night) = (Read(out _, "day"), Read(out var faults, "night"));

        faults.Should().BeEmpty();
        (day.Find(ClipName.Greeting)!.Text, day.Find(ClipName.Filler)!.Text).Should().Be(("Good day.", "One moment."));
        (night.Find(ClipName.Greeting)!.Text, night.Find(ClipName.Greeting)!.Ms, night.Find(ClipName.Filler)!.Text).Should().Be(("Good evening.", 700, "One moment."));
    }

    [Fact]
    public void What_is_wrong_with_a_personas_clips_is_told_with_its_folder()
    {
        _folder.CreateSubdirectory("night");
        Write("night/greeting.ulaw", Tone(700));

        Read(out var faults, "night");

        faults.Should().ContainSingle().Which.Should().StartWith("[bob] CLIPS_DIRECTORY: night/clips.json does not tell what greeting.ulaw says");
    }

    [Fact]
    public void A_clip_whose_words_nobody_knows_is_a_fault()
    {
        Write("greeting.ulaw", Tone(900));

        Read(out var faults);

        faults.Should().ContainSingle().Which.Should().StartWith("[bob] CLIPS_DIRECTORY: clips.json does not tell what greeting.ulaw says");
    }

    [Theory]
    [InlineData("""["greeting"]""", "is not a JSON object")]
    [InlineData("""{ "greting": "Hello" }""", "names a clip greting, which is none of greeting, filler,")]
    [InlineData("""{ "greeting": " " }""", "has no text for greeting")]
    [InlineData("{", "is not a JSON object")]
    public void Words_that_cannot_be_used_are_a_fault(string json, string says)
    {
        Write("clips.json", System.Text.Encoding.UTF8.GetBytes(json));

        Read(out var faults);

        faults.Should().ContainSingle().Which.Should().StartWith($"[bob] CLIPS_DIRECTORY: clips.json {says}");
    }

    public static TheoryData<string, byte[], string> Broken => new()
    {
        { "empty", [], "is 0 ms long" },
        { "short", Tone(199), "is 199 ms long" },
        { "long", Tone(15_001), "is 15001 ms long" },
        { "huge", new byte[2 * 15_000 * 8 + 1], "is far too long" },
        { "a WAV", [.. "RIFF"u8, .. Tone(900)], "begins with the header of another format" },
        { "torn", Tone(900)[..^3], "ends within a millisecond" },
        { "PCM", Pcm(900), "is noise" },
        { "random", Noise(900), "is noise" },
        { "silent", Enumerable.Repeat((byte)0xFF, 8_000).ToArray(), "is silent" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_broken_file_is_a_fault(string what, byte[] audio, string says)
    {
        Write("apology.ulaw", audio);
        Write("clips.json", """{ "apology": "Sorry." }"""u8);

        var clips = Read(out var faults);

        var fault = faults.Should().ContainSingle(what).Subject;
        fault.Should().StartWith($"[bob] CLIPS_DIRECTORY: apology.ulaw {says}").And.Contain("raw G.711");
        clips.Find(ClipName.Apology)!.Text.Should().Be(ClipFiles.ShippedTexts[ClipName.Apology]);
    }

    private void Write(string name, ReadOnlySpan<byte> content) => File.WriteAllBytes(Path.Combine(_folder.FullName, name), content.ToArray());

    private Clips Read(out IReadOnlyList<string> faults, string? persona = null)
    {
        var sources = SettingsSources.Of(new Dictionary<string, string> { ["CLIPS_DIRECTORY"] = _folder.FullName });
        var settings = new Settings(sources.Values);
        var clips = ClipSettings.Read(settings, sources.ContentRoot, persona);
        faults = [.. settings.Faults.Select(fault => fault.ToString())];
        return clips;
    }

    private static byte[] Raw(Clip clip) =>
        [.. clip.Say(clip.Item("c")).SelectMany(audio => Convert.FromBase64String(System.Text.Encoding.ASCII.GetString(audio.Base64))[..(audio.Bytes - audio.Padding)])];

    private static short Sample(int i) => (short)(4_000 * Math.Sin(i * 0.3));

    private static byte[] Tone(int ms) => [.. Enumerable.Range(0, ms * 8).Select(i => Bob.Simulator.Audio.MuLaw.Encode(Sample(i)))];

    private static byte[] Pcm(int ms) => [.. Enumerable.Range(0, ms * 4).SelectMany(i => BitConverter.GetBytes((short)(Sample(i) / 10)))];

    private static byte[] Noise(int ms)
    {
        var noise = new byte[ms * 8];
        new Random(1).NextBytes(noise);
        return noise;
    }
}
