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

/// <summary>What ends a call, and what is still said before it.</summary>
public sealed partial class CallActorSpecs
{
    [Fact]
    public void A_caller_who_hangs_up_ends_the_call()
    {
        Start();
        Attach();

        _caller.Tell(new StandInLeg.Report(new CallerLegProtocol.CallerHungUp()));

        Ended().Should().Be(CallEnd.CallerHungUp);
    }

    [Fact]
    public void A_final_status_from_Twilio_ends_the_call()
    {
        Start();
        Attach();

        _call.Tell(new CallOver(CallSid, "completed"));
        _call.Tell(new CallOver(CallSid, "completed"));

        Ended().Should().Be(CallEnd.CallerHungUp);
    }

    [Fact]
    public void A_goodbye_is_heard_before_the_line_is_closed()
    {
        Start();
        Live();

        _caller.Tell(new StandInLeg.Report(new CallerLegProtocol.BobSpoke()));
        Settle();
        CallTool("c1", CallTools.EndCallName);
        _modelLeg.FishForMessage(message => message is ModelLegProtocol.FinishSpeaking);
        _caller.Tell(new StandInLeg.Report(new CallerLegProtocol.BobFinished()));
        _callerLeg.FishForMessage(message => message is CallerLegProtocol.CloseLine);

        Ask().Should().Be(new HangUp());
        Ended().Should().Be(CallEnd.Goodbye);
    }

    [Fact]
    public void A_goodbye_whose_model_is_gone_is_finished_all_the_same()
    {
        Start();
        Live();
        CallTool("c1", CallTools.EndCallName);
        _modelLeg.FishForMessage(message => message is ModelLegProtocol.FinishSpeaking);

        _model.Tell(new ModelLostException(new ModelFailure(FailureKind.Permanent, "no-credit")));

        _modelLeg.FishForMessage(message => message is ModelLegProtocol.FinishSpeaking);
    }

    [Fact]
    public void A_word_of_the_caller_takes_a_goodbye_back()
    {
        Start();
        Live();
        CallTool("c1", CallTools.EndCallName);
        _modelLeg.FishForMessage(message => message is ModelLegProtocol.FinishSpeaking);

        Hears(new SpeechStarted("u1", 0));

        _modelLeg.FishForMessage(message => message is ModelLegProtocol.GoOn);
        _callerLeg.FishForMessage(message => message is CallerLegProtocol.GoOn);
        Pass(31);
        _calls.ExpectNoMsg(Soon);
    }

    [Fact]
    public void A_silent_caller_is_asked_and_then_left()
    {
        Start();
        Live();

        Pass(10);
        _modelLeg.FishForMessage(message => message is ModelLegProtocol.Speak { Request.Purpose: "still-there" });
        Pass(15);
        _modelLeg.FishForMessage(message => message is ModelLegProtocol.Speak { Request.Purpose: "goodbye" });
        _caller.Tell(new StandInLeg.Report(new CallerLegProtocol.BobSpoke()));
        _caller.Tell(new StandInLeg.Report(new CallerLegProtocol.BobFinished()));
        _callerLeg.FishForMessage(message => message is CallerLegProtocol.CloseLine);

        Pass(5); // Twilio never asks
        Ended().Should().Be(CallEnd.Silence);
    }

    [Fact]
    public void Nobody_is_called_silent_while_no_model_listens()
    {
        Start();
        Live();
        _model.Tell(new ModelLostException(new ModelFailure(FailureKind.Transient, "connection-reset")));
        _modelLeg.FishForMessage(message => message is ModelLegProtocol.Dial { Attempt: 2 });

        for (var i = 0; i < 5; i++)
            Pass(10);
        _model.Tell(new StandInLeg.Report(new ModelLegProtocol.SessionReady(2)));
        _modelLeg.FishForMessage(message => message is ModelLegProtocol.OpenSession);
        Pass(10);

        _modelLeg.FishForMessage(message => message is ModelLegProtocol.Speak).As<ModelLegProtocol.Speak>().Request.Purpose.Should().Be("still-there");
    }

    [Fact]
    public void A_call_has_its_time_limit()
    {
        Start(new CallOptions { MaxDuration = TimeSpan.FromSeconds(5) });
        Live();

        Pass(5);
        _modelLeg.FishForMessage(message => message is ModelLegProtocol.Speak { Request.Purpose: "goodbye" });
        Pass(30);
        _callerLeg.FishForMessage(message => message is CallerLegProtocol.CloseLine);

        Ask().Should().Be(new HangUp(CallState.EarlyFarewell)); // which nobody else has said
        Ended().Should().Be(CallEnd.TimeLimit);
    }

    [Fact]
    public void A_model_that_refuses_for_good_ends_the_call_with_an_apology()
    {
        Start();
        Attach();

        _model.Tell(new ModelLostException(new ModelFailure(FailureKind.Permanent, "invalid-api-key")));
        _modelLeg.FishForMessage(message => message is ModelLegProtocol.FinishSpeaking);
        _callerLeg.FishForMessage(message => message is CallerLegProtocol.ModelLost);
        _caller.Tell(new StandInLeg.Report(new CallerLegProtocol.BobFinished()));
        _callerLeg.FishForMessage(message => message is CallerLegProtocol.CloseLine);

        Ask().Should().Be(new FallBack(Apologise: true));
        Ended().Should().Be(CallEnd.ModelUnavailable("invalid-api-key"));
    }

    [Theory]
    [MemberData(nameof(Breaks))]
    public void A_leg_that_fails_more_than_five_times_in_a_minute_is_given_up_politely(bool model, string how, string reason)
    {
        Start();
        Live();
        var (leg, probe) = model ? (_model, _modelLeg) : (_caller, _callerLeg);
        Exception failure = how == "bug" ? new NotSupportedException("a bug")
            : model ? new ModelLostException(new ModelFailure(FailureKind.Transient, "connection-reset"))
            : new CallerSocketLostException("connection-reset");

        for (var restarts = 1; restarts <= 5; restarts++)
        {
            leg.Tell(failure);
            probe.FishForMessage(message => message is StandInLeg.Up);
            if (model)
            {
                probe.FishForMessage(message => message is ModelLegProtocol.Dial);
                leg.Tell(new StandInLeg.Report(new ModelLegProtocol.SessionReady(restarts + 1)));
                probe.FishForMessage(message => message is ModelLegProtocol.OpenSession);
            }
        }

        leg.Tell(failure);
        if (model)
        {
            // The policy, which knows the reason, is there before the supervisor.
            probe.FishForMessage(message => message is ModelLegProtocol.GiveUp);
        }
        else
        {
            probe.FishForMessage(message => message is StandInLeg.Up);
            Watch(leg);
            leg.Tell(failure);
            ExpectTerminated(leg);
        }

        AwaitAssert(() => Ask().Should().Be(new FallBack(Apologise: true)));
        Ended().Reason.Should().Be(reason);
    }

    [Fact]
    public void A_model_that_cannot_be_reached_is_given_up()
    {
        Start();
        Attach();
        _modelLeg.ExpectMsg<ModelLegProtocol.Dial>();
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            _model.Tell(new ModelLostException(new ModelFailure(FailureKind.Transient, "connection-refused")));
            _modelLeg.FishForMessage(message => message is ModelLegProtocol.Dial);
            _clock.Advance(TimeSpan.FromMilliseconds(600));
        }

        _model.Tell(new ModelLostException(new ModelFailure(FailureKind.Transient, "connection-refused")));

        _modelLeg.FishForMessage(message => message is ModelLegProtocol.GiveUp);
        _modelLeg.FishForMessage(message => message is ModelLegProtocol.FinishSpeaking);
    }
}
