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

public sealed partial class CallActorSpecs : Akka.TestKit.Xunit.TestKit
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

    public static TheoryData<bool, string, string> Breaks => new()
    {
        { true, "lost", "model-connection-reset" },
        { true, "bug", "model-unknown" }, // the stand-in does not say what broke it
        { false, "lost", "stream-unstable" },
        { false, "bug", "internal-error" },
    };

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
