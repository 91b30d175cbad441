using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.TestKit;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Conversation;
using Bob.Actors.Realtime;
using Bob.Actors.Recording;
using Bob.Actors.Records;
using Bob.Actors.Tools;
using Bob.Actors.Twilio;
using Bob.Tests.Realtime;
using Bob.Tests.Records;
using Bob.Tests.Sockets;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Bob.Actors.Calls.CallProtocol;

namespace Bob.Tests.Calls;

/// <summary>Whose stream is let in, and what becomes of a call whose stream is lost.</summary>
public sealed partial class CallActorSpecs
{
    [Fact]
    public void T25_The_right_ticket_lets_a_stream_in_once()
    {
        Start();
        var ticket = Ticket();

        var stream = Present(ticket);

        _frontEnd.ExpectMsg<StreamAccepted>().Should().Be(new StreamAccepted(_caller, _model));
        _callerLeg.ExpectMsg<CallerLegProtocol.Attach>().Stream.Should().BeSameAs(stream);
        Present(ticket);
        _frontEnd.ExpectMsg<StreamRefused>().Reason.Should().Be("used ticket");
        _callerLeg.ExpectNoMsg(Soon);
    }

    [Theory]
    [InlineData("")]
    [InlineData("wrong")]
    [InlineData("\ud800")]
    public void T25_A_wrong_ticket_does_not_let_in_and_does_not_spoil_the_right_one(string wrong)
    {
        Start();
        var ticket = Ticket();

        Present(wrong);

        _frontEnd.ExpectMsg<StreamRefused>().Reason.Should().Be("wrong ticket");
        Present(ticket);
        _frontEnd.ExpectMsg<StreamAccepted>();
    }

    [Fact]
    public void T25_An_expired_ticket_does_not_let_in()
    {
        Start();
        var ticket = Ticket();

        _clock.Advance(TimeSpan.FromSeconds(11));
        Present(ticket);

        _frontEnd.ExpectMsg<StreamRefused>().Reason.Should().Be("expired ticket");
        _callerLeg.ExpectNoMsg(Soon);
    }

    [Fact]
    public void T24_A_webhook_sent_again_gets_the_same_ticket_and_no_second_use_of_it()
    {
        Start();
        var first = Ticket();
        Ticket().Should().Be(first);
        Present(first);
        _frontEnd.ExpectMsg<StreamAccepted>();

        Ticket().Should().Be(first);

        Present(first);
        _frontEnd.ExpectMsg<StreamRefused>();
    }

    [Fact]
    public void A_dropped_stream_is_resumed_with_a_ticket_of_its_own()
    {
        Start();
        var first = Ticket();
        Attach();
        _callerLeg.ExpectMsg<CallerLegProtocol.Attach>();

        var resume = Ask().Should().BeOfType<Resume>().Subject;

        _callerLeg.ExpectMsg<CallerLegProtocol.Detach>();
        resume.Ticket.Should().NotBe(first);
        Present(first);
        _frontEnd.ExpectMsg<StreamRefused>();
        Present(resume.Ticket);
        _frontEnd.ExpectMsg<StreamAccepted>();
        _callerLeg.ExpectMsg<CallerLegProtocol.Attach>();
        _calls.ExpectNoMsg(Soon);
    }

    [Fact]
    public void A_stream_that_drops_again_and_again_ends_the_call_politely()
    {
        Start();
        for (var i = 0; i <= 5; i++)
        {
            Attach(i == 0 ? null : Ask().Should().BeOfType<Resume>().Subject.Ticket);
            Pass(1);
        }

        Ask().Should().Be(new FallBack(Apologise: true));
        Ended().Should().Be(CallEnd.StreamUnstable);
    }

    [Fact]
    public void A_stream_that_never_comes_ends_the_call()
    {
        Start();

        Pass(10);

        Ended().Should().Be(CallEnd.StreamNeverCame);
    }

    [Fact]
    public void A_caller_who_does_not_come_back_ends_the_call()
    {
        Start();
        Attach();
        _caller.Tell(new StandInLeg.Report(new CallerLegProtocol.StreamLost(new StreamSid("MZ1"), "connection-reset")));
        _callerLeg.FishForMessage(message => message is CallerLegProtocol.Detach);

        Pass(15);

        Ended().Should().Be(CallEnd.CallerLost);
    }

    [Fact]
    public void The_late_news_of_a_lost_stream_does_not_harm_the_next_one()
    {
        Start();
        Live();
        Attach(Ask().Should().BeOfType<Resume>().Subject.Ticket);

        _caller.Tell(new StandInLeg.Report(new CallerLegProtocol.StreamLost(new StreamSid("MZ1"), "twilio-moved-on")));
        Pass(15);

        _calls.ExpectNoMsg(Soon);
    }

    [Fact]
    public void A_stream_is_told_to_whoever_logs_for_the_call()
    {
        _calls.IgnoreNoMessages();
        _modelLeg.IgnoreNoMessages();
        Start();
        Attach();

        _modelLeg.FishForMessage(message => message.Equals(new ModelLegProtocol.StreamKnown(new StreamSid("MZ1"))));
        _calls.ExpectMsg<CallsActor.StreamKnown>().Should().Be(new CallsActor.StreamKnown(CallSid, new StreamSid("MZ1")));
        _model.Tell(new ModelLostException(new ModelFailure(FailureKind.Transient, "connection-reset")));
        _modelLeg.FishForMessage(message => message is ModelLegProtocol.Dial { Attempt: 2, StreamSid: { Value: "MZ1" } });
    }

    [Fact]
    public void A_stream_whose_leg_died_before_it_knew_of_it_is_closed_by_the_call()
    {
        Start();
        var stream = Present(Ticket());
        _frontEnd.ExpectMsg<StreamAccepted>();

        Sys.Stop(_caller); // a stand-in never closes it

        AwaitAssert(() => ((FakeMessageSocket)stream.Socket).Closed.Should().NotBeNull());
    }

    [Fact]
    public void A_call_that_is_stopped_leaves_no_stream_open()
    {
        Start();
        var stream = Present(Ticket());
        _frontEnd.ExpectMsg<StreamAccepted>();

        Sys.Stop(_call); // a stand-in never closes it

        AwaitAssert(() => ((FakeMessageSocket)stream.Socket).Closed.Should().NotBeNull());
    }

    [Fact]
    public void Once_the_line_is_closed_no_stream_is_let_in_any_more()
    {
        Start();
        Live();
        var resume = Ask().Should().BeOfType<Resume>().Subject;
        Sys.Stop(_model);
        _callerLeg.FishForMessage(message => message is CallerLegProtocol.CloseLine);

        Present(resume.Ticket);

        _frontEnd.ExpectMsg<StreamRefused>().Reason.Should().Be("the call is over");
        _callerLeg.ExpectNoMsg(Soon);
    }
}
