using System.Collections.Concurrent;
using System.Text.Json;
using Akka.Actor;
using Akka.TestKit;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Hosting;
using Bob.Actors.Recording;
using Bob.Actors.Sockets;
using Bob.Actors.Twilio;
using Bob.Tests.Calls;
using Bob.Tests.Sockets;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Bob.Actors.Twilio.CallerLegProtocol;

namespace Bob.Tests.Twilio;

public sealed partial class TwilioMediaActorSpecs : Akka.TestKit.Xunit.TestKit
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(150);
    private static readonly ConcurrentDictionary<(ClipName, int), Clip> Clips = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly WakingTime _waking;
    private readonly TestProbe _call, _recorder;
    private readonly IActorRef _leg;

    public TwilioMediaActorSpecs()
        : base(StandInParent.Config)
    {
        (_call, _recorder) = (CreateTestProbe(), CreateTestProbe());
        _waking = new WakingTime(_clock);
        var setup = new CallerLegSetup(new CallSid("CA1"), new PlaybackLedger(), TimeSpan.FromSeconds(3), _clock) { Recorder = _recorder.Ref, Waking = _waking };
        var leg = Props.Create(() => new TwilioMediaActor(setup)).WithDispatcher(LegDispatcher.Path);
        Sys.ActorOf(Props.Create(() => new StandInParent(leg, _call.Ref)));
        _leg = _call.ExpectMsg<StandInParent.Hired>().Child;
    }

    [Fact]
    public void Voice_that_came_before_the_stream_is_played_when_it_attaches()
    {
        Speaks("r1", "i1", frames: 3);
        Speaks("r1", "i1", frames: 2);
        _call.ExpectNoMsg(Soon);

        var stream = Attach("MZ1");

        _call.ExpectMsg<BobSpoke>();
        Media(stream).Should().Equal(3 * 160, 2 * 160);
        stream.Socket().Messages.Should().OnlyContain(message => message.GetProperty("streamSid").GetString() == "MZ1");
    }

    [Fact]
    public void A_mark_follows_200_ms_of_voice_and_the_end_of_an_item()
    {
        var stream = Attach("MZ1");

        Speaks("r1", "i1", frames: 10);
        Speaks("r1", "i1", frames: 1);
        Ends("r1", "i1");

        Kinds(stream).Should().Equal("media", "mark g1:m1", "media", "mark g1:m2");
        _call.ExpectMsg<BobSpoke>();
        _call.ExpectMsg<ItemSpoken>().Should().Be(new ItemSpoken("i1", 220));
    }

    [Fact]
    public void An_interruption_clears_the_line_and_tells_to_the_millisecond_what_was_heard()
    {
        var stream = Attach("MZ1");
        Speaks("r1", "i1", frames: 50);
        _call.ExpectMsg<BobSpoke>();
        _clock.Advance(TimeSpan.FromMilliseconds(140));

        _leg.Tell(new CallerSpoke(1));

        Kinds(stream).Should().EndWith("clear");
        var cut = _call.ExpectMsg<SpeechInterrupted>().Cut.Should().ContainSingle().Subject;
        (cut.Item.ItemId, cut.HeardMs, cut.ReceivedMs).Should().Be(("i1", 140, 1000));
    }

    [Fact]
    public void O52_A_storm_of_interruptions_clears_once()
    {
        var stream = Attach("MZ1");
        Speaks("r1", "i1", frames: 50);

        for (var i = 0; i < 100; i++)
            _leg.Tell(new CallerSpoke(1));

        Kinds(stream).Count(kind => kind == "clear").Should().Be(1);
        _call.ExpectMsg<BobSpoke>();
        _call.ExpectMsg<SpeechInterrupted>();
        _call.ExpectNoMsg(Soon);
    }

    [Fact]
    public void Nothing_is_cleared_when_all_has_been_heard()
    {
        var stream = Attach("MZ1");
        _leg.Tell(new CallerSpoke(1));
        Speaks("r1", "i1", frames: 10);
        Ends("r1", "i1");
        _clock.Advance(TimeSpan.FromMilliseconds(200));
        _leg.Tell(new MarkReturned("g2:m1"));

        _leg.Tell(new CallerSpoke(1));

        Kinds(stream).Should().Equal("media", "mark g2:m1");
    }

    [Fact]
    public void O38_Late_voice_of_an_interrupted_response_is_never_sent()
    {
        var stream = Attach("MZ1");
        Speaks("r1", "i1", frames: 50);
        _leg.Tell(new CallerSpoke(1));
        var before = stream.Socket().Sent.Count;

        Speaks("r1", "i1", frames: 5);
        Speaks("r1", "i2", frames: 5);
        stream.Socket().Sent.Should().HaveCount(before);
        Speaks("r2", "i3", frames: 7);

        Media(stream).Should().EndWith(7 * 160).And.HaveCount(2);
    }

    [Fact]
    public void A_busy_socket_leaves_voice_in_the_ledger_and_goes_on_when_it_has_room()
    {
        var stream = Attach("MZ1");
        stream.Socket().Hold();
        foreach (var frames in Enumerable.Range(1, 20))
            Speaks("r1", "i1", frames);

        stream.Socket().Sent.Should().BeEmpty();
        stream.Socket().Release();

        AwaitAssert(() => Media(stream).Should().Equal(Enumerable.Range(1, 20).Select(frames => frames * 160)));
        stream.Socket().Misused.Should().BeFalse();
    }

    [Fact]
    public void An_interruption_overtakes_the_voice_that_waits_for_a_busy_socket()
    {
        var stream = Attach("MZ1");
        stream.Socket().Hold();
        Speaks("r1", "i1", frames: 1);
        Speaks("r1", "i1", frames: 10);

        _leg.Tell(new CallerSpoke(1));
        stream.Socket().Release();

        AwaitAssert(() => Kinds(stream).Should().Equal("media", "clear"));
    }

    [Fact]
    public void Finishing_waits_until_the_marks_say_that_all_was_heard()
    {
        Attach("MZ1");
        Speaks("r1", "i1", frames: 10);
        _call.ExpectMsg<BobSpoke>();
        _leg.Tell(new FinishPlayback());
        Ends("r1", "i1");
        _call.ExpectMsg<ItemSpoken>();
        _call.ExpectNoMsg(Soon);

        _leg.Tell(new MarkReturned("g1:m1"));

        _call.ExpectMsg<BobPaused>();
        _call.ExpectMsg<BobFinished>();
    }

    [Fact]
    public void Finishing_can_be_taken_back()
    {
        Attach("MZ1");
        Speaks("r1", "i1", frames: 10);
        Ends("r1", "i1");
        _leg.Tell(new FinishPlayback());

        _leg.Tell(new GoOn());
        _leg.Tell(new MarkReturned("g1:m1"));

        _call.FishForMessage(message => message is BobPaused);
        _call.ExpectNoMsg(Soon);
    }

    [Fact]
    public void T15_A_mark_that_never_returns_does_not_hold_up_the_end()
    {
        var stream = Attach("MZ1");
        Speaks("r1", "i1", frames: 50);
        Ends("r1", "i1");
        _call.ExpectMsg<BobSpoke>();
        _call.ExpectMsg<ItemSpoken>();
        _leg.Tell(new FinishPlayback());

        PassHearing(stream, 2);
        _call.ExpectNoMsg(Soon);
        PassHearing(stream, 2);

        _call.ExpectMsg<BobPaused>();
        _call.ExpectMsg<BobFinished>();
    }

    [Fact]
    public void T15_Marks_that_never_return_do_not_end_what_a_busy_socket_still_holds_back()
    {
        var stream = Attach("MZ1");
        stream.Socket().Hold();
        Speaks("r1", "i1", frames: 10); // is being sent all the time
        Speaks("r1", "i2", frames: 10); // waits
        Ends("r1", "i2");
        _leg.Tell(new FinishPlayback());
        _call.FishForMessage(message => message is ItemSpoken { ItemId: "i2" });

        PassHearing(stream, 3); // longer than all of it and the grace of its marks, shorter than a lost socket
        _call.ExpectNoMsg(Soon);
        stream.Socket().Release();
        AwaitAssert(() => Media(stream).Sum().Should().Be(20 * Mulaw.FrameBytes));
        AwaitAssert(() => Kinds(stream).Last().Should().StartWith("mark "));
        _leg.Tell(new MarkReturned(Kinds(stream).Last()["mark ".Length..]));

        _call.ExpectMsg<BobPaused>();
        _call.ExpectMsg<BobFinished>();
    }

    [Theory]
    [InlineData("g1:m99")]
    [InlineData("g7:m1")]
    [InlineData("thanks")]
    [InlineData("")]
    public void T14_A_mark_nobody_sent_changes_nothing(string name)
    {
        Attach("MZ1");
        Speaks("r1", "i1", frames: 10);
        Ends("r1", "i1");
        _leg.Tell(new FinishPlayback());
        _call.FishForMessage(message => message is ItemSpoken);

        _leg.Tell(new MarkReturned(name));

        _call.ExpectNoMsg(Soon);
    }

    [Fact]
    public void Without_a_stream_there_is_nothing_to_finish()
    {
        Speaks("r1", "i1", frames: 10);

        _leg.Tell(new FinishPlayback());

        _call.ExpectMsg<BobFinished>();
    }

    [Fact]
    public void What_a_lost_model_said_is_still_heard_and_told_as_cut()
    {
        var stream = Attach("MZ1");
        Speaks("r1", "i1", frames: 50);
        _call.ExpectMsg<BobSpoke>();

        _leg.Tell(new ModelLost(1));
        _leg.Tell(new FinishPlayback());

        _call.ExpectMsg<SpeechCut>().Cut.Should().ContainSingle().Which.ReceivedMs.Should().Be(1000);
        Kinds(stream).Should().NotContain("clear").And.EndWith("mark g1:m1");
        _call.ExpectNoMsg(Soon);
        _leg.Tell(new MarkReturned("g1:m1"));
        _call.ExpectMsg<BobPaused>();
        _call.ExpectMsg<BobFinished>();
    }

    [Fact]
    public void O33_What_a_response_said_that_was_broken_off_is_still_heard_and_told_as_cut()
    {
        Attach("MZ1");
        Speaks("r1", "i1", frames: 50);
        _call.ExpectMsg<BobSpoke>();

        _leg.Tell(new ResponseFinished("r1", IsWhole: false));

        _call.ExpectMsg<SpeechCut>().Cut.Should().ContainSingle().Which.ReceivedMs.Should().Be(1000);
        _leg.Tell(new MarkReturned("g1:m1"));
        _call.ExpectMsg<BobPaused>();
    }

    [Fact]
    public void The_late_words_of_a_lost_session_change_nothing()
    {
        var stream = Attach("MZ1");
        Speaks("r1", "i1", frames: 50);
        _leg.Tell(new ModelLost(1));
        _call.FishForMessage(message => message is SpeechCut);

        _leg.Tell(new CallerSpoke(1));
        _leg.Tell(new ResponseStarted(1, "r2"));
        _leg.Tell(new FinishPlayback());
        _leg.Tell(new MarkReturned("g1:m1"));

        _call.FishForMessage(message => message is BobFinished); // no response is waited for
        Kinds(stream).Should().NotContain("clear");
        Speaks("r3", "i3", frames: 1, attempt: 2);
        _call.ExpectMsg<BobSpoke>();
        _leg.Tell(new CallerSpoke(2));
        Kinds(stream).Should().EndWith("clear");
    }

    [Fact]
    public void Keys_reach_the_call()
    {
        Attach("MZ1");

        _leg.Tell(new KeyPressed("7"));

        _call.ExpectMsg<CallerPressed>().Digit.Should().Be("7");
    }

    private static IEnumerable<string> Kinds(MediaStream stream) => stream.Socket().Messages.Select(message =>
        message.GetProperty("event").GetString() switch
        {
            "mark" => $"mark {message.GetProperty("mark").GetProperty("name")}",
            var kind => kind!,
        });

    /// <summary>Lengths of the media messages, bytes of audio.</summary>
    private static IEnumerable<int> Media(MediaStream stream) => stream.Socket().Messages
        .Where(message => message.GetProperty("event").GetString() == "media")
        .Select(message => message.GetProperty("media").GetProperty("payload").GetBytesFromBase64().Length);

    private MediaStream Attach(string streamSid)
    {
        var stream = new MediaStream(new StreamSid(streamSid), new FakeMessageSocket(), _waking);
        _leg.Tell(new Attach(stream));
        return stream;
    }

    private void Speaks(string responseId, string itemId, int frames, int attempt = 1)
    {
        _leg.Tell(new ResponseStarted(attempt, responseId));
        var bytes = new byte[frames * Mulaw.FrameBytes];
        _leg.Tell(new VoiceAudio(
            new SpokenItem(responseId, itemId, 0), System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes)), bytes.Length));
    }

    private void Ends(string responseId, string itemId)
    {
        _leg.Tell(new ItemFinished(new SpokenItem(responseId, itemId, 0)));
        _leg.Tell(new ResponseFinished(responseId));
    }

    private void Pass(double seconds) => StandInParent.Pass(Sys, _clock, TimeSpan.FromSeconds(seconds));

    private void PassHearing(MediaStream stream, int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            stream.Heard();
            Pass(1);
        }
    }
}
