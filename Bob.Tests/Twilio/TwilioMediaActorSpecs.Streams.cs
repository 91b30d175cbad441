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

/// <summary>How a stream ends, by itself or for the next one.</summary>
public sealed partial class TwilioMediaActorSpecs
{
    [Fact]
    public void The_end_of_the_caller_is_told_and_the_socket_closed()
    {
        var stream = Attach("MZ1");

        _leg.Tell(new StreamStopped(stream));

        _call.ExpectMsg<CallerHungUp>();
        stream.Socket().Closed.Should().NotBeNull();
        Speaks("r1", "i1", frames: 5);
        stream.Socket().Misused.Should().BeFalse();
    }

    [Fact]
    public void What_the_caller_has_heard_when_they_hang_up_is_told_before_that_they_did()
    {
        var stream = Attach("MZ1");
        Speaks("r1", "i1", frames: 50);
        Ends("r1", "i1");
        _call.ExpectMsg<BobSpoke>();
        _call.ExpectMsg<ItemSpoken>();
        _clock.Advance(TimeSpan.FromMilliseconds(140));

        _leg.Tell(new StreamStopped(stream));

        _call.ExpectMsg<SpeechInterrupted>().Cut.Should().Equal(new HeardItem(new SpokenItem("r1", "i1", 0), 140, 1_000));
        _call.ExpectMsg<CallerHungUp>();
        _leg.Tell(new CallIsOver());
        _call.ExpectMsg<AllTold>(); // it is told once
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_caller_who_never_came_back_has_heard_is_told_at_the_end(bool closed)
    {
        var stream = Attach("MZ1");
        Speaks("r1", "i1", frames: 50);
        Ends("r1", "i1");
        _clock.Advance(TimeSpan.FromMilliseconds(140));
        _leg.Tell(new StreamEnded(stream, "connection-reset"));
        _call.FishForMessage(message => message is StreamLost);

        _leg.Tell(closed ? new CloseLine() : new CallIsOver());

        var cut = (SpeechInterrupted)_call.FishForMessage(message => message is SpeechInterrupted);
        cut.Cut.Should().ContainSingle().Which.Should().Match<HeardItem>(item => item.Item.ItemId == "i1" && item.HeardMs <= 140 && item.ReceivedMs == 1_000);
        if (closed)
            _leg.Tell(new CallIsOver());
        _call.ExpectMsg<AllTold>();
    }

    [Fact]
    public void The_end_of_an_earlier_stream_says_nothing_of_this_one()
    {
        var first = Attach("MZ1");
        var second = Attach("MZ2");

        _leg.Tell(new StreamStopped(first));
        _leg.Tell(new StreamEnded(first, "connection-reset"));

        _call.ExpectNoMsg(Soon);
        Speaks("r1", "i1", frames: 5);
        Media(second).Should().Equal(800);
    }

    [Theory]
    [InlineData(0, 50)]
    [InlineData(400, 30)]
    public void T17_After_a_lost_socket_the_next_stream_gets_what_was_not_heard(int heardMs, int framesLeft)
    {
        var first = Attach("MZ1");
        for (var i = 0; i < 10; i++)
            Speaks("r1", "i1", frames: 5);
        _call.ExpectMsg<BobSpoke>();
        _clock.Advance(TimeSpan.FromMilliseconds(heardMs));
        if (heardMs > 0)
        {
            _leg.Tell(new MarkReturned("g1:m1"));
            _leg.Tell(new MarkReturned("g1:m2"));
        }

        _leg.Tell(new StreamEnded(first, "connection-reset"));

        _call.ExpectMsg<StandInParent.ChildFailed>().Failure.Should().BeOfType<CallerSocketLostException>();
        _call.ExpectMsg<StreamLost>().Should().Be(new StreamLost(new StreamSid("MZ1"), "connection-reset"));
        first.Socket().Closed.Should().NotBeNull();
        var before = first.Socket().Sent.Count;
        Speaks("r1", "i1", frames: 5); // the model goes on meanwhile
        var second = Attach("MZ2");
        first.Socket().Sent.Should().HaveCount(before);
        Media(second).Sum().Should().Be((framesLeft + 5) * 160);
        second.Socket().Messages.Should().OnlyContain(message => message.GetProperty("streamSid").GetString() == "MZ2");
    }

    [Fact]
    public void A_mark_of_the_lost_stream_does_not_pass_for_one_of_the_new()
    {
        var first = Attach("MZ1");
        Speaks("r1", "i1", frames: 10);
        Ends("r1", "i1");
        _leg.Tell(new StreamEnded(first, "connection-reset"));
        _call.FishForMessage(message => message is StreamLost);
        Attach("MZ2");
        _call.ExpectMsg<BobSpoke>();

        _leg.Tell(new FinishPlayback());
        _leg.Tell(new MarkReturned("g1:m1"));
        _call.ExpectNoMsg(Soon);
        _leg.Tell(new MarkReturned("g2:m2"));

        _call.ExpectMsg<BobPaused>();
        _call.ExpectMsg<BobFinished>();
    }

    [Fact]
    public void A_send_that_fails_is_a_lost_socket()
    {
        var stream = Attach("MZ1");
        stream.Socket().BreakSends();

        Speaks("r1", "i1", frames: 10);

        _call.FishForMessage(message => message is StreamLost { Reason: "closed-without-goodbye" });
        var second = Attach("MZ2");
        Media(second).Should().Equal(1600);
    }

    [Fact]
    public void T18_No_frame_for_three_seconds_is_a_lost_socket()
    {
        var stream = Attach("MZ1");
        Pass(2);
        stream.Heard();
        Pass(3);
        _call.ExpectNoMsg(Soon);

        Pass(2);

        _call.ExpectMsg<StandInParent.ChildFailed>();
        _call.ExpectMsg<StreamLost>().Reason.Should().Be("media-timeout");
        stream.Socket().Closed.Should().NotBeNull();
        Pass(10);
        _call.ExpectNoMsg(Soon); // nobody watches over a stream that is gone
    }

    [Fact]
    public void A_process_that_stood_still_reads_what_came_meanwhile_before_it_calls_a_stream_dead()
    {
        var stream = Attach("MZ1");
        Pass(1);
        stream.Heard();
        _clock.Advance(TimeSpan.FromSeconds(10));

        Pass(0.25);
        _call.ExpectNoMsg(Soon);
        stream.Heard();
        Pass(3);
        _call.ExpectNoMsg(Soon);

        Pass(0.5);
        _call.FishForMessage(message => message is StreamLost { Reason: "media-timeout" });
    }

    [Fact]
    public void A_socket_that_takes_nothing_for_three_seconds_is_lost()
    {
        var stream = Attach("MZ1");
        stream.Socket().Hold();
        Speaks("r1", "i1", frames: 1);
        _call.ExpectMsg<BobSpoke>();

        for (var i = 0; i < 5; i++)
        {
            stream.Heard();
            Pass(1);
        }

        _call.ExpectMsg<StandInParent.ChildFailed>();
        _call.ExpectMsg<StreamLost>().Reason.Should().Be("send-timeout");
    }

    [Fact]
    public void When_the_call_closes_the_line_a_stream_that_still_comes_is_closed_too()
    {
        var stream = Attach("MZ1");

        _leg.Tell(new CloseLine());
        var late = Attach("MZ2");

        stream.Socket().Closed.Should().NotBeNull();
        late.Socket().Closed.Should().NotBeNull();
        Speaks("r1", "i1", frames: 10);
        late.Socket().Sent.Should().BeEmpty();
        _leg.Tell(new FinishPlayback());
        _call.ExpectMsg<BobFinished>();
    }

    [Fact]
    public void A_new_stream_takes_the_place_of_one_whose_end_has_not_shown()
    {
        var first = Attach("MZ1");
        Speaks("r1", "i1", frames: 50);
        _call.ExpectMsg<BobSpoke>();

        var second = Attach("MZ2");

        first.Socket().Closed.Should().NotBeNull();
        Media(second).Sum().Should().Be(50 * 160);
        _call.ExpectMsg<BobSpoke>();
        _call.ExpectNoMsg(Soon);
    }

    [Fact]
    public void Twilio_moving_on_is_a_lost_socket()
    {
        var stream = Attach("MZ1");

        _leg.Tell(new Detach());

        _call.ExpectMsg<StandInParent.ChildFailed>();
        _call.ExpectMsg<StreamLost>().Reason.Should().Be("twilio-moved-on");
        stream.Socket().Closed.Should().NotBeNull();
        _leg.Tell(new Detach());
        _call.ExpectNoMsg(Soon);
    }

    [Fact]
    public void A_lost_session_stays_lost_on_the_next_stream()
    {
        Attach("MZ1");
        _leg.Tell(new ModelLost(1));
        _leg.Tell(new Detach());
        _call.FishForMessage(message => message is StreamLost);
        Attach("MZ2");

        _leg.Tell(new ResponseStarted(1, "r2"));
        _leg.Tell(new FinishPlayback());

        _call.FishForMessage(message => message is BobFinished); // no response is waited for
    }

    [Fact]
    public void The_socket_is_closed_when_the_leg_is_stopped()
    {
        var stream = Attach("MZ1");
        Watch(_leg);

        Sys.Stop(_leg);

        ExpectTerminated(_leg);
        stream.Socket().Closed.Should().NotBeNull();
    }
}
