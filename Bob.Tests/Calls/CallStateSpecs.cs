using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Costs;
using CsCheck;
using Xunit;
using static Bob.Actors.Calls.CallEvent;

namespace Bob.Tests.Calls;

/// <summary>The rules of a call, one row each: what came before, what happens, where the call is then, and what it does.</summary>
public sealed class CallStateSpecs
{
    private const string Closed = "stop Silence, stop Stream, start Ending 5, close line";
    private const string Resumed = "start Stream 15, resume";
    private static readonly CallOptions Options = new() { GreetingAfter = TimeSpan.Zero, FillerAfter = TimeSpan.Zero, NoProgress = TimeSpan.Zero };

    private static readonly Dictionary<string, CallEvent> Words = new()
    {
        ["admitted"] = new Admitted(),
        ["stream"] = new StreamAttached(),
        ["lost"] = new StreamLost(),
        ["hung-up"] = new CallerHungUp(),
        ["caller"] = new CallerSpoke(),
        ["caller-pause"] = new CallerPaused(),
        ["key"] = new CallerPressed(),
        ["bob"] = new BobSpoke(),
        ["bob-pause"] = new BobPaused(),
        ["bob-cut"] = new BobCutWordless(),
        ["bob-finished"] = new BobFinished(),
        ["model"] = new ModelReady(),
        ["no-model"] = new ModelGone("no-credit"),
        ["apology"] = new ClipPlays(ClipName.Apology),
        ["bridge"] = new BridgeBegan(),
        ["session-lost"] = new SessionLost(),
        ["answer-cut"] = new AnswerCut(),
        ["answer-ended"] = new AnswerEnded(),
        ["tool"] = new ToolBegan(),
        ["tool-ended"] = new ToolEnded(),
        ["broke"] = new LegBroke(),
        ["dear"] = new CostLimitReached(new CostLimit(CallEnd.CallCostCap, IsPassed: false)),
        ["too-dear"] = new CostLimitReached(new CostLimit(CallEnd.DayCostCap, IsPassed: true)),
        ["end"] = new EndRequested(),
        ["order"] = new EndOrdered(CallEnd.NodeDrained, AtOnce: false),
        ["order-now"] = new EndOrdered(CallEnd.NodeDrained, AtOnce: true),
        ["asked"] = new NextStepAsked(),
        ["t-stream"] = new TimerFired(CallTimer.Stream),
        ["t-silence"] = new TimerFired(CallTimer.Silence),
        ["t-duration"] = new TimerFired(CallTimer.Duration),
        ["t-ending"] = new TimerFired(CallTimer.Ending),
    };

    [Theory]
    // The call begins.
    [InlineData("", "admitted", CallPhase.Connecting, "start Stream 9.5, start Duration 3600, start model")]
    [InlineData("admitted", "model", CallPhase.Connecting, "open Greet")]
    [InlineData("admitted", "stream", CallPhase.Live, "stop Stream, start Silence 10")]
    [InlineData("admitted", "t-stream", CallPhase.Over, "finish stream-never-came")]
    [InlineData("admitted", "hung-up", CallPhase.Over, "finish caller-hung-up")]
    [InlineData("admitted", "asked", CallPhase.AwaitingCaller, "start Stream 15, resume after a pause")]
    [InlineData("admitted", "no-model", CallPhase.Connecting, "")]
    [InlineData("admitted no-model", "stream", CallPhase.Ending, "stop Stream, start Ending 30, play Apology, finish speaking")]
    [InlineData("admitted no-model", "asked", CallPhase.Over, "fall back with an apology, finish model-no-credit")]
    [InlineData("admitted no-model stream", "asked", CallPhase.Over, "fall back with an apology, finish model-no-credit")]
    [InlineData("admitted", "caller", CallPhase.Connecting, "")]
    // The node is about to end.
    [InlineData("admitted stream model", "order", CallPhase.Ending, "stop Silence, start Ending 30, say goodbye node-drained, finish speaking")]
    [InlineData("admitted stream model", "order-now", CallPhase.Closing, Closed)]
    [InlineData("admitted stream model order-now", "asked", CallPhase.Over, "hang up with an early farewell, finish node-drained")]
    [InlineData("admitted stream model end", "order", CallPhase.Ending, "")]
    [InlineData("admitted stream model end order-now", "asked", CallPhase.Over, "hang up with a farewell, finish goodbye")]
    [InlineData("admitted", "order", CallPhase.Connecting, "")]
    [InlineData("admitted order", "stream", CallPhase.Ending, "stop Stream, start Silence 10, stop Silence, start Ending 30, say goodbye node-drained, finish speaking")]
    [InlineData("admitted stream lost", "order-now", CallPhase.Closing, Closed)]
    [InlineData("admitted stream lost order-now", "asked", CallPhase.Over, "hang up with an early farewell, finish node-drained")]
    // The silence of both sides is counted.
    [InlineData("admitted stream model", "bob", CallPhase.Live, "stop Silence")]
    [InlineData("admitted stream model bob", "bob-pause", CallPhase.Live, "start Silence 10")]
    [InlineData("admitted stream model", "caller", CallPhase.Live, "stop Silence")]
    [InlineData("admitted stream model caller", "bob-pause", CallPhase.Live, "")]
    [InlineData("admitted stream model caller", "caller-pause", CallPhase.Live, "start Silence 10")]
    [InlineData("admitted stream model", "key", CallPhase.Live, "start Silence 10")]
    [InlineData("admitted stream model caller", "key", CallPhase.Live, "")]
    [InlineData("admitted stream model bob", "key", CallPhase.Live, "")]
    [InlineData("admitted stream model bob bob-pause", "key", CallPhase.Live, "start Silence 10")]
    [InlineData("admitted stream model bob lost stream", "key", CallPhase.Live, "start Silence 10")]
    [InlineData("admitted stream model", "t-silence", CallPhase.Live, "ask whether they are there, start Silence 15")] // T19
    [InlineData("admitted stream model t-silence bob", "bob-pause", CallPhase.Live, "start Silence 15")]
    [InlineData("admitted stream model t-silence", "t-silence", CallPhase.Ending, "stop Silence, start Ending 30, say goodbye silence, finish speaking")]
    [InlineData("admitted stream model t-silence caller caller-pause", "t-silence", CallPhase.Live, "ask whether they are there, start Silence 15")]
    [InlineData("admitted stream model t-silence key", "t-silence", CallPhase.Live, "ask whether they are there, start Silence 15")]
    // The model's session is lost and comes again: its turn detection knows nothing of the caller's open turn.
    [InlineData("admitted stream model", "model", CallPhase.Live, "open GoOn")] // O12
    [InlineData("admitted stream model caller", "model", CallPhase.Live, "open GoOn, start Silence 10")]
    [InlineData("admitted stream model lost", "model", CallPhase.AwaitingCaller, "open GoOn")]
    [InlineData("admitted stream model", "no-model", CallPhase.Ending, "stop Silence, start Ending 30, play Apology, finish speaking")] // O1
    [InlineData("admitted stream model no-model", "bob-finished", CallPhase.Closing, Closed)]
    [InlineData("admitted stream model no-model", "caller", CallPhase.Ending, "finish speaking")]
    [InlineData("admitted stream model no-model bob-finished", "asked", CallPhase.Over, "fall back with an apology, finish model-no-credit")]
    [InlineData("admitted stream model no-model apology bob-finished", "asked", CallPhase.Over, "fall back, finish model-no-credit")]
    [InlineData("admitted stream model no-model apology", "asked", CallPhase.Over, "fall back with an apology, finish model-no-credit")] // it broke off
    [InlineData("admitted stream model no-model apology", "lost", CallPhase.Closing, Closed)]
    [InlineData("admitted stream model no-model apology lost", "asked", CallPhase.Over, "fall back with an apology, finish model-no-credit")]
    [InlineData("admitted stream model no-model", "hung-up", CallPhase.Over, "finish model-no-credit")]
    [InlineData("admitted stream model no-model", "t-ending", CallPhase.Closing, Closed)]
    // The caller's stream is lost and comes again.
    [InlineData("admitted stream model", "lost", CallPhase.AwaitingCaller, "stop Silence, detach, start Stream 15")] // T17
    [InlineData("admitted stream model lost", "asked", CallPhase.AwaitingCaller, Resumed)]
    [InlineData("admitted stream model", "asked", CallPhase.AwaitingCaller, "stop Silence, detach, start Stream 15, " + Resumed)]
    [InlineData("admitted stream model lost", "stream", CallPhase.Live, "stop Stream, start Silence 10")]
    [InlineData("admitted stream model lost asked", "stream", CallPhase.Live, "stop Stream, start Silence 10")]
    [InlineData("admitted stream model lost", "t-stream", CallPhase.Over, "finish caller-lost")]
    [InlineData("admitted stream model lost t-stream", "asked", CallPhase.Over, "fall back with an apology")]
    [InlineData("admitted stream model lost", "end", CallPhase.AwaitingCaller, "")]
    [InlineData("admitted stream model lost end", "stream", CallPhase.Ending, "stop Stream, start Silence 10, stop Silence, start Ending 30, finish speaking")]
    [InlineData("admitted stream model lost end stream", "caller", CallPhase.Live, "stop Ending, go on speaking")]
    [InlineData("admitted stream model lost end stream caller lost", "stream", CallPhase.Live, "stop Stream, start Silence 10")]
    [InlineData("admitted end", "stream", CallPhase.Ending, "stop Stream, start Silence 10, stop Silence, start Ending 30, finish speaking")]
    [InlineData("admitted stream model lost", "hung-up", CallPhase.Over, "finish caller-hung-up")]
    [InlineData("admitted stream model lost", "no-model", CallPhase.AwaitingCaller, "")]
    [InlineData("admitted stream model lost no-model", "asked", CallPhase.Over, "fall back with an apology, finish model-no-credit")]
    [InlineData("admitted stream model lost no-model", "stream", CallPhase.Ending, "stop Stream, start Ending 30, play Apology, finish speaking")]
    [InlineData("admitted stream model lost", "t-duration", CallPhase.AwaitingCaller, "")] // A3: politely, so with the caller
    [InlineData("admitted stream model lost t-duration", "stream", CallPhase.Ending, "stop Stream, start Silence 10, stop Silence, start Ending 30, say goodbye time-limit, finish speaking")]
    [InlineData("admitted stream model", "stream", CallPhase.Live, "stop Stream, start Silence 10")]
    // The call ends.
    [InlineData("admitted stream model", "hung-up", CallPhase.Over, "finish caller-hung-up")] // T16
    [InlineData("admitted stream model", "end", CallPhase.Ending, "stop Silence, start Ending 30, finish speaking")]
    [InlineData("admitted stream model caller", "end", CallPhase.Live, "")] // nobody hangs up on a caller who speaks
    [InlineData("admitted stream model end", "caller", CallPhase.Live, "stop Ending, go on speaking")]
    [InlineData("admitted stream model end", "key", CallPhase.Live, "stop Ending, go on speaking, start Silence 10")]
    [InlineData("admitted stream model end", "bob-finished", CallPhase.Closing, Closed)]
    [InlineData("admitted stream model end", "lost", CallPhase.AwaitingCaller, "stop Ending, stop Silence, detach, start Stream 15")]
    [InlineData("admitted stream model end", "t-ending", CallPhase.Closing, Closed)] // T15
    [InlineData("admitted stream model end", "asked", CallPhase.AwaitingCaller, "stop Ending, stop Silence, detach, start Stream 15, " + Resumed)]
    [InlineData("admitted stream model end", "hung-up", CallPhase.Over, "finish caller-hung-up")]
    [InlineData("admitted stream model bob end", "model", CallPhase.Ending, "open GoOn, finish speaking")] // what broke off of it
    [InlineData("admitted stream model end", "no-model", CallPhase.Ending, "finish speaking")] // the last words are still heard
    [InlineData("admitted stream model end no-model", "key", CallPhase.Ending, "")] // nobody is there to go on with
    [InlineData("admitted stream model bob end bob-finished", "asked", CallPhase.Over, "hang up, finish goodbye")]
    [InlineData("admitted stream model bob end bob-finished", "hung-up", CallPhase.Over, "finish goodbye")]
    [InlineData("admitted stream model bob end bob-finished", "t-ending", CallPhase.Over, "finish goodbye")]
    [InlineData("admitted stream model bob end bob-finished t-ending", "asked", CallPhase.Over, "hang up")]
    [InlineData("admitted stream model no-model bob-finished", "t-ending", CallPhase.Over, "finish model-no-credit")]
    [InlineData("admitted stream model no-model bob-finished t-ending", "asked", CallPhase.Over, "fall back with an apology")]
    [InlineData("admitted stream model no-model bob-finished asked", "asked", CallPhase.Over, "fall back")] // it was said
    [InlineData("admitted stream model end bob-finished", "stream", CallPhase.Closing, "close line")]
    [InlineData("admitted stream model end bob-finished", "caller", CallPhase.Closing, "")]
    [InlineData("admitted stream model t-silence t-silence", "caller", CallPhase.Live, "stop Ending, go on speaking")]
    [InlineData("admitted stream model t-silence t-silence", "no-model", CallPhase.Ending, "finish speaking")]
    [InlineData("admitted stream model", "t-duration", CallPhase.Ending, "stop Silence, start Ending 30, say goodbye time-limit, finish speaking")] // A3
    [InlineData("admitted stream model t-duration", "caller", CallPhase.Ending, "finish speaking")]
    [InlineData("admitted stream model end t-duration", "caller", CallPhase.Ending, "finish speaking")] // A3: the only timer of its kind has fired
    // A goodbye that falls into the loss of a session is not lost with it.
    [InlineData("admitted stream model t-silence", "model", CallPhase.Live, "open GoOn, start Silence 10")]
    [InlineData("admitted stream model t-silence model", "t-silence", CallPhase.Live, "ask whether they are there, start Silence 15")]
    [InlineData("admitted stream model t-silence bob", "model", CallPhase.Live, "open GoOn")]
    [InlineData("admitted stream model t-silence t-silence", "model", CallPhase.Ending, "open Listen, say goodbye silence, finish speaking")]
    [InlineData("admitted stream model t-silence t-silence bob", "model", CallPhase.Ending, "open GoOn, finish speaking")]
    [InlineData("admitted stream model t-duration bob bob-cut", "model", CallPhase.Ending, "open Listen, say goodbye time-limit, finish speaking")]
    [InlineData("admitted stream model t-duration bob bob-cut bob-pause bob-finished", "asked", CallPhase.Over, "hang up with an early farewell, finish time-limit")]
    [InlineData("admitted stream model t-duration bob bob-cut lost asked stream bob-finished", "asked", CallPhase.Over, "hang up with an early farewell, finish time-limit")]
    [InlineData("admitted stream model bob t-duration no-model bob-pause bob-finished", "asked", CallPhase.Over, "hang up with an early farewell, finish time-limit")]
    [InlineData("admitted stream model bob t-duration t-ending", "asked", CallPhase.Over, "hang up with an early farewell, finish time-limit")]
    [InlineData("admitted stream model end no-model bob-finished", "asked", CallPhase.Over, "hang up with a farewell, finish goodbye")]
    [InlineData("admitted stream model end", "model", CallPhase.Ending, "open Listen, say goodbye goodbye, finish speaking")]
    [InlineData("admitted stream model bob end no-model lost", "asked", CallPhase.Over, "hang up with a farewell, finish goodbye")]
    // A goodbye whose stream drops is heard on the next one, and the call ends then.
    [InlineData("admitted stream model bob end lost asked", "stream", CallPhase.Ending, "stop Stream, start Silence 10, stop Silence, start Ending 30, finish speaking")]
    [InlineData("admitted stream model bob end lost asked stream bob bob-finished", "asked", CallPhase.Over, "hang up, finish goodbye")]
    [InlineData("admitted stream model t-duration bob lost asked", "stream", CallPhase.Ending, "stop Stream, start Silence 10, stop Silence, start Ending 30, finish speaking")]
    [InlineData("admitted stream model t-duration lost model asked", "stream", CallPhase.Ending, "stop Stream, start Silence 10, stop Silence, start Ending 30, say goodbye time-limit, finish speaking")]
    [InlineData("admitted stream model bob end lost", "t-stream", CallPhase.Over, "finish caller-lost, a farewell to come")]
    [InlineData("admitted stream model bob end lost no-model", "asked", CallPhase.Over, "hang up with a farewell, finish goodbye")]
    [InlineData("admitted stream model bob end", "broke", CallPhase.Closing, Closed)]
    [InlineData("admitted stream model bob end broke", "asked", CallPhase.Over, "hang up with a farewell, finish goodbye")]
    [InlineData("admitted stream model end bob bob-cut", "model", CallPhase.Ending, "open Listen, say goodbye goodbye, finish speaking")]
    [InlineData("admitted stream model bob t-duration", "model", CallPhase.Ending, "open Listen, say goodbye time-limit, finish speaking")]
    [InlineData("admitted stream model t-duration t-ending", "asked", CallPhase.Over, "hang up with an early farewell, finish time-limit")]
    [InlineData("admitted stream model t-duration no-model bob-finished", "asked", CallPhase.Over, "hang up with an early farewell, finish time-limit")]
    [InlineData("admitted stream model t-duration bob bob-finished", "asked", CallPhase.Over, "hang up, finish time-limit")]
    [InlineData("admitted stream model bob t-duration bob-finished", "asked", CallPhase.Over, "hang up, finish time-limit")]
    [InlineData("admitted stream model t-silence t-silence caller caller-pause end bob-finished", "asked", CallPhase.Over, "hang up with a farewell, finish goodbye")]
    [InlineData("admitted stream model t-silence t-silence caller caller-pause bob end bob-finished", "asked", CallPhase.Over, "hang up, finish goodbye")]
    // The call comes to a cap of its cost.
    [InlineData("admitted stream model", "dear", CallPhase.Ending, "stop Silence, start Ending 30, say goodbye call-cost-cap, finish speaking")]
    [InlineData("admitted stream model dear", "dear", CallPhase.Ending, "")]
    [InlineData("admitted stream model dear", "caller", CallPhase.Ending, "finish speaking")] // nothing takes it back
    [InlineData("admitted stream model dear bob bob-finished", "asked", CallPhase.Over, "hang up, finish call-cost-cap")]
    [InlineData("admitted stream model dear", "too-dear", CallPhase.Ending, "stop model, finish speaking")]
    [InlineData("admitted stream model dear too-dear bob-finished", "asked", CallPhase.Over, "hang up with an early farewell, finish call-cost-cap")]
    [InlineData("admitted stream model", "too-dear", CallPhase.Ending, "stop Silence, start Ending 30, stop model, finish speaking")]
    [InlineData("admitted stream model caller", "too-dear", CallPhase.Ending, "stop Silence, start Ending 30, stop model, finish speaking")]
    [InlineData("admitted stream model too-dear bob-finished", "asked", CallPhase.Over, "hang up with an early farewell, finish day-cost-cap")]
    [InlineData("admitted stream model end", "too-dear", CallPhase.Ending, "stop model, finish speaking")] // the goodbye it had
    [InlineData("admitted stream model end too-dear", "key", CallPhase.Ending, "")]
    [InlineData("admitted stream model end too-dear bob-finished", "asked", CallPhase.Over, "hang up with a farewell, finish goodbye")]
    [InlineData("admitted stream model lost", "dear", CallPhase.AwaitingCaller, "")]
    [InlineData("admitted stream model lost", "too-dear", CallPhase.AwaitingCaller, "stop model")]
    [InlineData("admitted stream model lost too-dear", "too-dear", CallPhase.AwaitingCaller, "")]
    [InlineData("admitted stream model lost too-dear", "asked", CallPhase.Over, "hang up with an early farewell, finish day-cost-cap")]
    [InlineData("admitted stream model lost too-dear", "stream", CallPhase.Closing, Closed)]
    [InlineData("admitted stream model lost too-dear stream", "asked", CallPhase.Over, "hang up with an early farewell, finish day-cost-cap")]
    [InlineData("admitted too-dear", "stream", CallPhase.Closing, Closed)]
    // A bug in a leg.
    [InlineData("admitted stream model", "broke", CallPhase.Closing, Closed)]
    [InlineData("admitted stream model broke", "asked", CallPhase.Over, "fall back with an apology, finish internal-error")]
    [InlineData("admitted stream model lost broke", "asked", CallPhase.Over, "fall back with an apology, finish internal-error")]
    [InlineData("admitted stream model broke", "broke", CallPhase.Closing, "")]
    public void A_rule(string before, string happens, CallPhase phase, string actions)
    {
        var call = new Call();
        call.Play(before);

        var done = call.On(Words[happens]);

        call.State.Phase.Should().Be(phase);
        string.Join(", ", done.Select(Name)).Should().Be(actions);
    }

    [Fact]
    public void Without_early_dialling_the_model_is_dialled_when_the_stream_is_there()
    {
        var call = new Call(Options with { DialEarly = false });

        call.On(new Admitted()).Should().NotContain(new CallAction.StartModel());

        call.On(new StreamAttached()).Should().ContainSingle(action => action is CallAction.StartModel);
        call.Play("lost");
        call.On(new StreamAttached()).Should().NotContain(new CallAction.StartModel());
    }

    [Fact]
    public void A_call_is_greeted_once()
    {
        var call = new Call();
        call.Play("admitted");

        call.On(new ModelReady()).Should().Equal(new CallAction.OpenSession(Opening.Greet));
        call.On(new ModelReady()).Should().Equal(new CallAction.OpenSession(Opening.GoOn));

        var restarted = new Call(CallState.Restarted(Options, TimeSpan.Zero, null));
        restarted.Play("admitted");
        restarted.On(new ModelReady()).Should().Equal(new CallAction.OpenSession(Opening.GoOn));
    }

    [Fact]
    public void A_restarted_call_waits_for_Twilio_to_ask()
    {
        var call = new Call(CallState.Restarted(Options, TimeSpan.Zero, null));

        call.On(new Admitted()).Should().Contain(new CallAction.StartModel());

        call.State.Phase.Should().Be(CallPhase.AwaitingCaller);
        call.On(new NextStepAsked()).Should().ContainSingle(action => action is CallAction.Resume);
    }

    [Fact]
    public void P18_A_restarted_call_has_no_more_time_than_before_and_ends_as_it_was_to_end()
    {
        var call = new Call(CallState.Restarted(Options, TimeSpan.FromMinutes(59), CallEnd.TimeLimit));

        call.On(new Admitted()).Should().Contain(new CallAction.StartTimer(CallTimer.Duration, TimeSpan.FromMinutes(1)));
        call.On(new NextStepAsked());
        call.On(new StreamAttached()).Should().Contain(new CallAction.SayGoodbye(CallEnd.TimeLimit));

        var lost = new Call(CallState.Restarted(Options, TimeSpan.Zero, CallEnd.ModelUnavailable("timeout")));
        lost.Play("admitted asked stream");
        lost.State.Phase.Should().Be(CallPhase.Live, "the model may be had by now");
    }

    [Fact]
    public void A_stream_that_died_at_once_is_resumed_after_a_pause_and_one_that_lived_is_not()
    {
        var call = new Call();
        call.Play("admitted");
        call.On(new StreamAttached());

        call.After(1.9).On(new NextStepAsked()).Should().EndWith(new CallAction.Resume(Pause: true));
        call.On(new StreamAttached());
        call.After(2).On(new NextStepAsked()).Should().EndWith(new CallAction.Resume(Pause: false));
    }

    [Fact]
    public void Five_streams_may_die_within_a_minute_and_no_more()
    {
        var call = new Call();
        call.Play("admitted");
        for (var i = 0; i < 5; i++)
        {
            call.After(4).Play("stream lost");
            call.On(new NextStepAsked()).Should().ContainSingle(action => action is CallAction.Resume);
        }

        var done = call.After(5).On(new NextStepAsked());

        done.Should().Equal(new CallAction.Answer(new CallProtocol.FallBack(Apologise: true)), new CallAction.Finish(CallEnd.StreamUnstable));
        call.State.Reconnects.Should().Be(4);
    }

    [Fact]
    public void Streams_that_die_now_and_then_do_not_end_a_call()
    {
        var call = new Call();
        call.Play("admitted");
        for (var i = 0; i < 50; i++)
        {
            call.After(15).Play("stream lost");
            call.On(new NextStepAsked()).Should().ContainSingle(action => action is CallAction.Resume);
        }
    }

    [Fact]
    public void Whatever_happens_a_call_ends_once_answers_every_question_and_counts_no_silence_while_the_caller_speaks()
    {
        var words = Words.Keys.Where(word => !word.StartsWith("t-")).ToArray();
        Gen.Select(Gen.Int[0, words.Length + 7], Gen.Int[0, 30]).Array[1, 60].Sample(steps =>
        {
            var call = new Call(new CallOptions { DialEarly = steps.Length % 2 == 0, Fallback = (Fallback)(steps.Length % 3) });
            call.Play("admitted");
            foreach (var (which, later) in steps)
            {
                if (which < words.Length)
                    call.After(later).On(Words[words[which]]);
                else
                    call.FireNext();
            }

            // Left alone, every call comes to its end by its timers.
            for (var i = 0; i < 20 && call.State.Phase != CallPhase.Over; i++)
                call.FireNext();
            call.Ends.Should().Be(1);
        }, iter: 5_000);
    }

    private static string Name(CallAction action) => action switch
    {
        CallAction.StartTimer start => $"start {start.Timer} {start.Due.TotalSeconds}",
        CallAction.StopTimer stop => $"stop {stop.Timer}",
        CallAction.StartModel => "start model",
        CallAction.StopModel => "stop model",
        CallAction.OpenSession open => $"open {open.Opening}",
        CallAction.PlayClip play => $"play {play.Clip}",
        CallAction.AskStillThere => "ask whether they are there",
        CallAction.SayGoodbye goodbye => $"say goodbye {goodbye.Why.Reason}",
        CallAction.FinishSpeaking => "finish speaking",
        CallAction.GoOnSpeaking => "go on speaking",
        CallAction.DetachLine => "detach",
        CallAction.CloseLine => "close line",
        CallAction.Resume { Pause: true } => "resume after a pause",
        CallAction.Resume => "resume",
        CallAction.Answer { Step: CallProtocol.HangUp { Say: null } } => "hang up",
        CallAction.Answer { Step: CallProtocol.FallBack { Apologise: true } } => "fall back with an apology",
        CallAction.Answer { Step: CallProtocol.FallBack } => "fall back",
        CallAction.Answer { Step: CallProtocol.HangUp { Say: CallState.Farewell } } => "hang up with a farewell",
        CallAction.Answer { Step: CallProtocol.HangUp { Say: CallState.EarlyFarewell } } => "hang up with an early farewell",
        CallAction.Finish { LastWords: null } finish => $"finish {finish.End.Reason}",
        CallAction.Finish { LastWords: CallState.Farewell } finish => $"finish {finish.End.Reason}, a farewell to come",
        _ => action.ToString(),
    };

    /// <summary>A call with its timers, which keeps watch over what must never happen.</summary>
    private sealed class Call(CallState state)
    {
        private readonly Dictionary<CallTimer, TimeSpan> _timers = [];
        private TimeSpan _now = TimeSpan.FromHours(1);
        private bool _speaking;

        public Call(CallOptions? options = null)
            : this(new CallState(options ?? Options))
        {
        }

        public CallState State { get; private set; } = state;

        public int Ends { get; private set; }

        public Call After(double seconds)
        {
            _now += TimeSpan.FromSeconds(seconds);
            return this;
        }

        public void Play(string happenings)
        {
            foreach (var word in happenings.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                On(Words[word]);
                After(3);
            }
        }

        /// <summary>Lets the next timer fire.</summary>
        public void FireNext()
        {
            if (_timers.Count == 0)
                return;
            var (timer, due) = _timers.MinBy(running => running.Value);
            _timers.Remove(timer);
            _now = due > _now ? due : _now;
            On(new TimerFired(timer));
        }

        public IReadOnlyList<CallAction> On(CallEvent happened)
        {
            var before = State;
            (State, var actions) = State.On(happened, _now);
            foreach (var action in actions)
                Do(action);
            Watch(before, happened, actions);
            return actions;
        }

        private void Do(CallAction action)
        {
            switch (action)
            {
                case CallAction.StartTimer start:
                    start.Due.Should().BePositive();
                    _timers[start.Timer] = _now + start.Due;
                    break;
                case CallAction.StopTimer stop:
                    _timers.Remove(stop.Timer);
                    break;
                case CallAction.Finish:
                    Ends++;
                    break;
            }
        }

        private void Watch(CallState before, CallEvent happened, IReadOnlyList<CallAction> actions)
        {
            Ends.Should().BeLessThanOrEqualTo(1, "a call has one end");
            (Ends == 1).Should().Be(State.Phase == CallPhase.Over, "an end is an end");
            if (before.Phase == CallPhase.Over)
                actions.Should().OnlyContain(action => action is CallAction.Answer, "after the end nothing happens");
            if (State.Phase is CallPhase.Ending or CallPhase.Closing or CallPhase.Over)
                State.End.Should().NotBeNull();
            else
                State.End.Should().BeNull();

            actions.Count(action => action is CallAction.Resume or CallAction.Answer)
                .Should().Be(happened is NextStepAsked ? 1 : 0, "every question of Twilio's has one answer");

            _speaking = happened switch
            {
                CallerSpoke => before.Phase is CallPhase.Live or CallPhase.Ending && State.Phase == CallPhase.Live,
                CallerPaused or StreamAttached or ModelReady => false,
                _ => _speaking && State.Phase == CallPhase.Live,
            };
            if (_speaking)
                _timers.Should().NotContainKey(CallTimer.Silence, "who speaks is not silent").And.NotContainKey(CallTimer.Filler, "and waits for nothing");
            if (State.Phase is not (CallPhase.Live or CallPhase.Over))
                _timers.Should().NotContainKey(CallTimer.Filler).And.NotContainKey(CallTimer.Greeting);
            if (actions.Any(action => action is CallAction.PlayClip { Clip: ClipName.Filler or ClipName.StillAtIt or ClipName.Greeting }))
                _speaking.Should().BeFalse("nobody is talked over");
            if (State.Phase == CallPhase.Ending || State.Phase == CallPhase.Closing)
                _timers.Should().ContainKey(CallTimer.Ending, "an end has a limit");
            if (State.Phase is CallPhase.Connecting or CallPhase.AwaitingCaller && happened is not Admitted)
                _timers.Should().ContainKey(CallTimer.Stream, "nobody waits for a stream for ever");
            if (State.Phase == CallPhase.Live)
                _timers.Should().ContainKey(CallTimer.Duration, "A3: no call lasts for ever");
        }
    }
}
