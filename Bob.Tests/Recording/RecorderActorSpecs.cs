using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.TestKit;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Recording;
using Bob.Actors.Records;
using Bob.Tests.Audio;
using Bob.Tests.Calls;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Bob.Actors.Recording.RecorderProtocol;

namespace Bob.Tests.Recording;

public sealed class RecorderActorSpecs : Akka.TestKit.Xunit.TestKit
{
    private static readonly CallSid CallSid = new("CA0000000000000000000000000000abcd");
    private static readonly SpokenItem Item = new("r1", "i1", 0);
    private readonly FakeTimeProvider _clock = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("bob-recorder-").FullName;
    private readonly TimeSpan _began;
    private readonly TestProbe _house;

    public RecorderActorSpecs()
        : base(StandInParent.Config)
    {
        _began = _clock.GetElapsedTime(0);
        _house = CreateTestProbe();
        Sys.EventStream.Subscribe(_house.Ref, typeof(RecordingFinished));
        Sys.EventStream.Subscribe(_house.Ref, typeof(Warning));
    }

    private string Part => Path.Combine(_folder, $"{CallSid.Value}.part");

    [Fact]
    public void A_call_is_recorded_as_both_sides_heard_it()
    {
        var recorder = Start();
        var (caller, bob) = (Voice.Bytes(160, 3), Voice.Bytes(1_600, 5));

        recorder.Tell(new CallerSaid(new CallerAudio(caller), At(100)));
        recorder.Tell(new BobSaid(Voice.Of(Item, bob), until: At(400)));
        recorder.Tell(new BobCut(At(300)));
        Pass(recorder, 500);
        Stop(recorder);

        var finished = _house.ExpectMsg<RecordingFinished>();
        finished.Should().Be(new RecordingFinished(CallSid, Path.ChangeExtension(Part, ".wav"), TimeSpan.FromMilliseconds(500)));
        var recorded = RecordedCall.Read(finished.File!);
        recorded.Left.Should().Equal([.. Silence(100), .. caller, .. Silence(380)]);
        recorded.Right.Should().Equal([.. Silence(200), .. bob[..800], .. Silence(200)]);
    }

    [Fact]
    public void Playback_that_was_held_up_is_recorded_where_it_was_heard()
    {
        var recorder = Start();
        var bob = Voice.Bytes(1_600);

        recorder.Tell(new BobSaid(Voice.Of(Item, bob), until: At(200)));
        recorder.Tell(new BobMoved(At(100), At(400)));
        Pass(recorder, 500);
        Stop(recorder);

        RecordedCall.Read(_house.ExpectMsg<RecordingFinished>().File!).Right.Should().Equal([.. bob[..800], .. Silence(300), .. bob[800..]]);
    }

    [Fact]
    public void No_more_than_half_a_second_is_not_on_the_disk_yet()
    {
        var recorder = Start();

        for (var i = 1; i <= 10; i++)
        {
            Pass(recorder, 500);
            new FileInfo(Part).Length.Should().Be(StereoWav.HeaderBytes + (i * 8_000));
        }
    }

    [Fact]
    public void A_call_whose_caller_never_comes_leaves_no_file()
    {
        var recorder = Recorder(new Recordings(_folder));
        recorder.Tell(new CallerSaid(new CallerAudio(new byte[160]), At(0)));

        Stop(recorder);

        Directory.GetFiles(_folder).Should().BeEmpty();
        _house.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void P8_On_a_full_disk_the_recording_is_closed_as_it_is_and_said_so_once()
    {
        var recorder = Start(new SmallDisk(new Recordings(_folder), 20_001));

        Pass(recorder, 3_000);
        recorder.Tell(new CallerSaid(new CallerAudio(new byte[160]), At(3_000)));
        Stop(recorder);

        _house.ExpectMsg<Warning>().Message.ToString().Should().StartWith("Recording truncated: disk full");
        var finished = _house.ExpectMsg<RecordingFinished>();
        finished.Truncated.Should().Be("disk full");
        finished.Duration.Should().Be(TimeSpan.FromSeconds(1));
        RecordedCall.Read(finished.File!).Duration.Should().Be(finished.Duration);
        _house.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    [Theory]
    [InlineData(SmallDisk.InputOutput, "disk error")]
    [InlineData(SmallDisk.ReadOnly, "read-only")]
    public void P11_On_a_disk_that_breaks_or_can_only_be_read_from_then_on_it_is_the_same_with_another_word(int error, string word)
    {
        var recorder = Start(new SmallDisk(new Recordings(_folder), 20_001, error));

        Pass(recorder, 3_000);
        Stop(recorder);

        _house.ExpectMsg<Warning>().Message.ToString().Should().StartWith($"Recording truncated: {word}");
        var finished = _house.ExpectMsg<RecordingFinished>();
        finished.Truncated.Should().Be(word);
        RecordedCall.Read(finished.File!).Duration.Should().Be(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void P8_What_is_left_when_the_call_is_over_may_find_no_room_and_the_record_says_so_after_the_end()
    {
        var kept = new List<JournalEntry>();
        var journal = new CallJournal(CallSid, new Kept(kept), _clock);
        journal.Opened(new CallProtocol.AdmitCall(CallSid, "anonymous", ""));
        var recorder = Recorder(new SmallDisk(new Recordings(_folder), 9_000), journal);
        recorder.Tell(new StartRecording(_clock.GetElapsedTime(0)));
        Pass(recorder, 750);

        journal.Ended(CallEnd.CallerHungUp);
        Stop(recorder);

        _house.ExpectMsg<Warning>();
        _house.ExpectMsg<RecordingFinished>().Truncated.Should().Be("disk full");
        kept.OfType<JournalEntry.RecordingTruncated>().Should().ContainSingle().Which.Number.Should().Be(kept.Count);
    }

    [Fact]
    public void P8_On_a_disk_that_was_full_before_there_is_no_file_and_one_word_of_it()
    {
        var recorder = Start(new SmallDisk(new Recordings(_folder), 0));

        Pass(recorder, 1_000);
        recorder.Tell(new StartRecording(At(1_000)));
        Stop(recorder);

        _house.ExpectMsg<Warning>();
        _house.ExpectMsg<RecordingFinished>().Should().Be(new RecordingFinished(CallSid, null, TimeSpan.Zero, "disk full"));
        _house.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void What_the_operating_system_says_has_a_word()
    {
        DiskRefusal.Reason(SmallDisk.Full).Should().Be("disk full");
        DiskRefusal.Reason(new UnauthorizedAccessException()).Should().Be("no permission");
        DiskRefusal.Reason(new IOException()).Should().Be("disk error");
        if (File.Exists("/dev/full"))
        {
            using var full = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.Write);
            var refusal = FluentActions.Invoking(() => RandomAccess.Write(full, new byte[10], 0)).Should().Throw<IOException>().Which;
            DiskRefusal.Reason(refusal).Should().Be("disk full");
        }
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        Directory.Delete(_folder, recursive: true);
    }

    private static byte[] Silence(int ms) => [.. Enumerable.Repeat(Mulaw.Silence, ms * Mulaw.BytesPerMs)];

    /// <summary>Ms after the recording began; the process's clock is somewhere else.</summary>
    private TimeSpan At(int ms) => _began + TimeSpan.FromMilliseconds(ms);

    private IActorRef Start(IRecordings? recordings = null)
    {
        var recorder = Recorder(recordings ?? new Recordings(_folder));
        recorder.Tell(new StartRecording(_clock.GetElapsedTime(0)));
        return recorder;
    }

    private IActorRef Recorder(IRecordings recordings, CallJournal? journal = null)
    {
        var setup = new RecorderSetup(CallSid, recordings, journal ?? new CallJournal(CallSid, NoJournal.Instance, _clock), _clock);
        return Sys.ActorOf(Props.Create(() => new RecorderActor(setup)));
    }

    private void Pass(IActorRef recorder, int ms)
    {
        for (var passed = 0; passed < ms; passed += 250)
        {
            Settle(recorder);
            StandInParent.Pass(Sys, _clock, TimeSpan.FromMilliseconds(250));
        }

        Settle(recorder);
    }

    private void Settle(IActorRef recorder)
    {
        recorder.Tell(new Identify(null), TestActor);
        ExpectMsg<ActorIdentity>();
    }

    private void Stop(IActorRef recorder)
    {
        Watch(recorder);
        recorder.Tell(PoisonPill.Instance);
        ExpectTerminated(recorder);
    }

    private sealed class Kept(List<JournalEntry> entries) : IJournal
    {
        public void Write(JournalEntry entry) => entries.Add(entry);
    }
}
