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

public sealed class CallActorSpecs : Akka.TestKit.Xunit.TestKit
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(150);
    private static readonly CallSid CallSid = new("CA1");
    private static readonly AdmitCall Admission = new(CallSid, "+15550100001", "+15550100002");
    private readonly FakeTimeProvider _clock = new();
    private readonly KeptJournal _book = new();
    private readonly TestProbe _calls, _callerLeg, _modelLeg, _frontEnd, _log;
    private IActorRef _call = ActorRefs.Nobody, _caller = ActorRefs.Nobody, _model = ActorRefs.Nobody;
    private int _toolRuns, _streams;

    public CallActorSpecs()
        : base(ConfigurationFactory.ParseString("akka.loglevel = INFO").WithFallback(StandInParent.Config))
    {
        (_calls, _callerLeg, _modelLeg, _frontEnd, _log) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        Sys.EventStream.Subscribe(_log.Ref, typeof(Info));
        Sys.EventStream.Subscribe(_log.Ref, typeof(Warning));
        _calls.IgnoreMessages(message => message is CallsActor.StreamKnown);
        _modelLeg.IgnoreMessages(message => message is ModelLegProtocol.StreamKnown);
    }

    [Fact]
    public void An_admitted_call_dials_the_model_once_before_its_stream_comes()
    {
        Start();

        _modelLeg.ExpectMsg<ModelLegProtocol.Dial>().Should().Be(new ModelLegProtocol.Dial(1, TimeSpan.Zero));
        Attach();
        _modelLeg.ExpectNoMsg(Soon);
    }

    [Fact]
    public void A_call_that_is_not_to_dial_early_dials_when_its_stream_comes()
    {
        Start(new CallOptions { DialEarly = false });
        _modelLeg.ExpectNoMsg(Soon);

        Attach();

        _modelLeg.ExpectMsg<ModelLegProtocol.Dial>().Attempt.Should().Be(1);
        _modelLeg.ExpectNoMsg(Soon);
    }

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

    [Fact]
    public void A_lost_session_is_dialled_again_with_the_conversation_so_far()
    {
        var opened = LosesItsSessionWhileItAnswers(new HeardItem(new SpokenItem("r1", "i1", 0), 500, 2000));

        opened.Opening.Should().Be(Opening.GoOn);
        opened.SoFar.Should().HaveCount(2);
        opened.SoFar[0].Should().Be(new CallerSaid("What are your hours?"));
        opened.SoFar[1].Should().BeOfType<BobSaid>();
    }

    [Fact]
    public void O13_Words_that_never_became_sound_are_no_answer()
    {
        var opened = LosesItsSessionWhileItAnswers(); // the caller's leg has never heard of the item

        opened.Opening.Should().Be(Opening.Answer);
        opened.SoFar.Should().Equal(new CallerSaid("What are your hours?"));
    }

    [Fact]
    public void O29_A_session_takes_over_with_the_conversation_so_far_when_nobody_speaks_and_no_tool_runs()
    {
        _modelLeg.IgnoreMessages(message => message is ModelLegProtocol.StreamKnown);
        Start();
        Live();
        Hears(new InputCommitted("u1"), new CallerTranscribed("u1", "What are your hours?"), new SpeechStarted("u2", 0));
        _model.Tell(new StandInLeg.Report(new ModelLegProtocol.StandbyReady(Urgent: true)));
        _modelLeg.ExpectNoMsg(Soon);

        Hears(new SpeechStopped("u2", 100));
        _caller.Tell(new StandInLeg.Report(new CallerLegProtocol.BobSpoke()));
        Settle();
        _model.Tell(new StandInLeg.Report(new ModelLegProtocol.StandbyReady(Urgent: false)));
        _modelLeg.ExpectNoMsg(Soon);
        _model.Tell(new StandInLeg.Report(new ModelLegProtocol.StandbyReady(Urgent: true)));
        _modelLeg.ExpectMsg<ModelLegProtocol.TakeOver>();

        _caller.Tell(new StandInLeg.Report(new CallerLegProtocol.BobPaused()));
        Settle();
        _model.Tell(new StandInLeg.Report(new ModelLegProtocol.StandbyReady(Urgent: false)));
        _modelLeg.ExpectMsg<ModelLegProtocol.TakeOver>().SoFar.Should().Equal(new CallerSaid("What are your hours?"));
    }

    [Fact]
    public void An_interruption_is_passed_on_and_remembered()
    {
        Start();
        Live();
        Hears(new TranscriptDone("r1", "i1", 0, "We are open from nine in the morning until five"));
        var interrupted = new CallerLegProtocol.SpeechInterrupted([new HeardItem(new SpokenItem("r1", "i1", 0), 1000, 4000)]);

        _caller.Tell(new StandInLeg.Report(interrupted));

        _modelLeg.FishForMessage(message => ReferenceEquals(message, interrupted));
        _model.Tell(new StandInLeg.Report(new ModelLegProtocol.SessionReady(1)));
        var opened = (ModelLegProtocol.OpenSession)_modelLeg.FishForMessage(message => message is ModelLegProtocol.OpenSession);
        opened.SoFar.Should().ContainSingle().Which.Should().Be(new BobSaid("We are open", Interrupted: true));
    }

    [Fact]
    public void O49_A_tool_runs_once_however_often_its_call_comes()
    {
        Start();
        Live();

        CallTool("c1", "count");
        CallTool("c1", "count");
        CallTool("c2", "count");

        var returned = Enumerable.Range(0, 2)
            .Select(_ => (ModelLegProtocol.ToolReturned)_modelLeg.FishForMessage(message => message is ModelLegProtocol.ToolReturned))
            .ToList();
        returned.Select(tool => tool.Tool.CallId).Should().BeEquivalentTo("c1", "c2");
        _modelLeg.ExpectNoMsg(Soon);
        Volatile.Read(ref _toolRuns).Should().Be(2);
    }

    [Theory]
    [InlineData("teleport", "{}", "unknown_tool")]
    [InlineData("count", "{\"date\": ", "invalid_arguments")]
    [InlineData("count", "[1]", "invalid_arguments")]
    [InlineData("count", RealtimeReader.ArgumentsTooLong, "arguments_too_long")]
    [InlineData("fail", "{}", "failed")]
    public void O46_O47_O48_A_tool_that_cannot_run_answers_with_an_error(string name, string arguments, string error)
    {
        Start();
        Live();

        CallTool("c1", name, arguments);

        var returned = (ModelLegProtocol.ToolReturned)_modelLeg.FishForMessage(message => message is ModelLegProtocol.ToolReturned);
        returned.Tool.Output.Should().Contain($"\"error\":\"{error}\"").And.NotContain("secret");
        var logged = (Warning)_log.FishForMessage(message => message is Warning);
        logged.Message.ToString().Should().Be($"Tool {name} failed: {(name == "fail" ? "InvalidOperationException" : error)}");
        Volatile.Read(ref _toolRuns).Should().Be(0);
    }

    [Fact]
    public void Keys_reach_the_model_together_and_what_is_no_key_not_at_all()
    {
        Start();
        Live();

        foreach (var digit in new[] { "1", "x", "2", "<b>", "#" })
            _caller.Tell(new StandInLeg.Report(new CallerLegProtocol.CallerPressed(digit)));
        Pass(1);
        _modelLeg.FishForMessage(message => message is ModelLegProtocol.KeysPressed { Digits: "12#" });

        _model.Tell(new StandInLeg.Report(new ModelLegProtocol.SessionReady(1)));

        var opened = (ModelLegProtocol.OpenSession)_modelLeg.FishForMessage(message => message is ModelLegProtocol.OpenSession);
        opened.SoFar.Should().ContainSingle().Which.Should().Be(new CallerPressed("12#"));
        _modelLeg.ExpectNoMsg(Soon);
    }

    [Fact]
    public void Each_key_is_in_the_book_at_once_and_a_session_that_opens_meanwhile_is_not_told_half_a_number()
    {
        Start();
        Live();

        foreach (var digit in new[] { "4", "7", "1" })
            _caller.Tell(new StandInLeg.Report(new CallerLegProtocol.CallerPressed(digit)));
        AwaitAssert(() => _book.All<JournalEntry.KeyPressed>().Select(key => key.DigitsSoFar).Should().Equal("4", "47", "471"));
        _model.Tell(new StandInLeg.Report(new ModelLegProtocol.SessionReady(1)));
        var opened = (ModelLegProtocol.OpenSession)_modelLeg.FishForMessage(message => message is ModelLegProtocol.OpenSession);
        opened.SoFar.Should().BeEmpty();
        _modelLeg.ExpectNoMsg(Soon);

        Pass(1);
        _modelLeg.ExpectMsg<ModelLegProtocol.KeysPressed>().Digits.Should().Be("471");
        _book.All<JournalEntry.KeysPressed>().Should().ContainSingle().Which.Digits.Should().Be("471");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Keys_that_were_just_pressed_are_in_the_book_when_the_caller_hangs_up_and_when_the_actor_restarts(bool restarts)
    {
        Start();
        Live();

        foreach (var what in new object[] { new CallerLegProtocol.CallerPressed("4"), new CallerLegProtocol.CallerPressed("2"), restarts ? Kill.Instance : new CallerLegProtocol.CallerHungUp() })
            _caller.Tell(new StandInLeg.Report(what));
        if (restarts)
            _modelLeg.FishForMessage(message => message is StandInLeg.Up);
        else
            _calls.ExpectMsg<CallsActor.CallEnded>();

        _book.All<JournalEntry.KeysPressed>().Should().ContainSingle().Which.Digits.Should().Be("42");
    }

    public static TheoryData<bool, string, string> Breaks => new()
    {
        { true, "lost", "model-connection-reset" },
        { true, "bug", "model-unknown" }, // the stand-in does not say what broke it
        { false, "lost", "stream-unstable" },
        { false, "bug", "internal-error" },
    };

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

    [Fact]
    public void The_lines_of_a_call_come_in_their_order()
    {
        Start();
        Live();

        var lines = Enumerable.Range(0, 4)
            .Select(_ => _log.FishForMessage(message => message is Info info && info.LogSource.Contains("child")).As<Info>().Message.ToString()).ToList();

        lines.Should().Equal(
            "Incoming call from +15550100001",
            "Media stream connected",
            "OpenAI Realtime connected",
            "Stream started | SID: MZ1 | Caller: +15550100001");
        _model.Tell(new StandInLeg.Report(new ModelLegProtocol.SessionReady(2)));
        _log.FishForMessage(message => message is Info info && info.LogSource.Contains("child")).As<Info>().Message.ToString()
            .Should().Be("OpenAI Realtime reconnected");
    }

    [Fact]
    public void A_recorder_begins_when_somebody_is_on_the_line_and_the_model_is_there_to_tell_them()
    {
        var recorder = CreateTestProbe();
        Start(recorder: (_, _) => Props.Create(() => new StandInLeg(recorder.Ref, false, null, false)));
        var leg = recorder.ExpectMsg<StandInLeg.Up>().Leg;
        Present(Ticket());
        _frontEnd.ExpectMsg<StreamAccepted>().Recorder.Should().Be(leg);
        recorder.ExpectNoMsg(Soon);

        _model.Tell(new StandInLeg.Report(new ModelLegProtocol.SessionReady(1)));

        recorder.ExpectMsg<RecorderProtocol.StartRecording>().At.Should().Be(_clock.GetElapsedTime(0));
    }

    [Fact]
    public void A_recorder_that_fails_is_given_up_and_the_call_goes_on()
    {
        var recorder = CreateTestProbe();
        Start(recorder: (_, _) => Props.Create(() => new StandInLeg(recorder.Ref, false, null, false)));
        var leg = recorder.ExpectMsg<StandInLeg.Up>().Leg;
        Live();
        recorder.ExpectMsg<RecorderProtocol.StartRecording>();
        Watch(leg);

        for (var i = 0; i < 10; i++)
            leg.Tell(new InvalidOperationException("a bug"));

        ExpectTerminated(leg);
        recorder.ExpectNoMsg(Soon);
        _calls.ExpectNoMsg(Soon);
        _book.All<JournalEntry.RecordingTruncated>().Should().ContainSingle().Which.Reason.Should().Be("recorder failed");
    }

    private void Start(CallOptions? options = null, Func<CallSid, CallJournal, Props>? recorder = null)
    {
        IEnumerable<AIFunction> Tools(ICallControl control) =>
        [
            AIFunctionFactory.Create(() => Interlocked.Increment(ref _toolRuns), "count"),
            AIFunctionFactory.Create(new Func<string>(() => throw new InvalidOperationException("secret")), "fail"),
        ];
        var realtime = new RealtimeOptions
        {
            Url = new Uri("wss://model.example"),
            Model = "m",
            ApiKey = "k",
            Instructions = "You are Bob.",
            Greeting = "Say hello.",
        };
        var services = new CallServices(
            options ?? new CallOptions(),
            realtime,
            [CallTools.EndCall, Tools],
            _clock,
            _ => Props.Create(() => new StandInLeg(_callerLeg.Ref, false, null, false)),
            _ => Props.Create(() => new StandInLeg(_modelLeg.Ref, true, null, false)),
            new FakeDialer().AsModel(realtime))
        {
            Recorder = recorder,
        };
        var journal = new CallJournal(CallSid, _book, _clock);
        var call = Props.Create(() => new CallActor(Admission, services, journal));
        Sys.ActorOf(Props.Create(() => new StandInParent(call, _calls.Ref)));
        _call = _calls.ExpectMsg<StandInParent.Hired>().Child;
        _caller = _callerLeg.ExpectMsg<StandInLeg.Up>().Leg;
        _model = _modelLeg.ExpectMsg<StandInLeg.Up>().Leg;
    }

    private string Ticket()
    {
        _call.Tell(Admission, _frontEnd);
        return _frontEnd.ExpectMsg<CallAdmitted>().Ticket;
    }

    private MediaStream Present(string ticket)
    {
        var stream = new MediaStream(new StreamSid($"MZ{++_streams}"), new FakeMessageSocket(), _clock);
        _call.Tell(new AttachStream(CallSid, ticket, stream), _frontEnd);
        return stream;
    }

    private void Attach(string? ticket = null)
    {
        Present(ticket ?? Ticket());
        _frontEnd.ExpectMsg<StreamAccepted>();
    }

    /// <summary>The caller is on the line, and the model's session is open.</summary>
    private void Live()
    {
        Attach();
        _model.Tell(new StandInLeg.Report(new ModelLegProtocol.SessionReady(1)));
        _modelLeg.FishForMessage(message => message is ModelLegProtocol.OpenSession);
    }

    private void Hears(params RealtimeEvent[] events)
    {
        foreach (var happened in events)
            _model.Tell(new StandInLeg.Report(new ModelLegProtocol.ModelHeard(happened)));
    }

    private void CallTool(string callId, string name, string arguments = "{}") =>
        Hears(new FunctionCalled("r1", $"i-{callId}", callId, name, arguments, "completed"));

    private INextStep Ask()
    {
        _call.Tell(new GetNextStep(CallSid, "in-progress"), _frontEnd);
        return _frontEnd.ExpectMsg<INextStep>();
    }

    /// <summary>The one end record; nothing may follow it.</summary>
    private CallEnd Ended()
    {
        var end = (CallsActor.CallEnded)_calls.FishForMessage(message => message is CallsActor.CallEnded);
        _calls.ExpectNoMsg(Soon);
        // Until it is stopped, it has an answer for everybody.
        Ask().Should().Match<INextStep>(step => end.LastWords == null && CallState.IsFailure(end.End) ? step is FallBack : step.Equals(new HangUp(end.LastWords)));
        Present("any");
        _frontEnd.ExpectMsg<StreamRefused>();
        _call.Tell(Admission, _frontEnd);
        _frontEnd.ExpectMsg<CallRefused>();
        _calls.ExpectNoMsg(Soon);
        return end.End;
    }

    private void Pass(double seconds)
    {
        Settle();
        StandInParent.Pass(Sys, _clock, TimeSpan.FromSeconds(seconds));
    }

    /// <summary>The call has handled all it was told through its legs and directly: its timers run.</summary>
    /// <summary>How the next session is opened.</summary>
    /// <param name="cut">What the caller's leg knows of the answer.</param>
    private ModelLegProtocol.OpenSession LosesItsSessionWhileItAnswers(params HeardItem[] cut)
    {
        Start();
        Live();
        Hears(new InputCommitted("u1"), new CallerTranscribed("u1", "What are your hours?"), new TranscriptDelta("r1", "i1", 0, "We are open from nine"));
        _model.Tell(new ModelLostException(new ModelFailure(FailureKind.Transient, "connection-reset")));
        _callerLeg.FishForMessage(message => message is CallerLegProtocol.ModelLost);
        _caller.Tell(new StandInLeg.Report(new CallerLegProtocol.SpeechCut(cut)));
        _modelLeg.FishForMessage(message => message is ModelLegProtocol.Dial { Attempt: 2 });
        Settle(); // the legs report by ways of their own
        _model.Tell(new StandInLeg.Report(new ModelLegProtocol.SessionReady(2)));
        return (ModelLegProtocol.OpenSession)_modelLeg.FishForMessage(message => message is ModelLegProtocol.OpenSession);
    }

    private void Settle()
    {
        foreach (var leg in new[] { _caller, _model })
        {
            leg.Tell(new StandInLeg.Report(new Identify(leg), From: _frontEnd));
            _frontEnd.FishForMessage(message => message is ActorIdentity { MessageId: IActorRef asked } && asked.Equals(leg));
        }
    }
}
