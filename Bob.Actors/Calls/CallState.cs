using System.Collections.Immutable;
using Bob.Actors.Realtime;

namespace Bob.Actors.Calls;

/// <summary>
/// The rules of a call: what happens, given where it is and what it hears. Pure, so that every rule is a plain test. How a call ends, what it costs, and what Bob says without a model have files of their own.
/// </summary>
public sealed partial record CallState(CallOptions Options)
{
    /// <summary>Streams that may die within <see cref="UnstableWindow"/> before Bob gives up on the line.</summary>
    public const int MaxUnstableStreams = 5;

    public static readonly TimeSpan UnstableWindow = TimeSpan.FromSeconds(60);

    /// <summary>How long an end may take: a long goodbye, and the caller's buffer.</summary>
    public static readonly TimeSpan EndingLimit = TimeSpan.FromSeconds(30);

    /// <summary>How long Bob waits to be asked what comes next, once the line is closed.</summary>
    public static readonly TimeSpan ClosingLimit = TimeSpan.FromSeconds(5);

    /// <summary>How long the model may take, after the end, to tell what was said last.</summary>
    public static readonly TimeSpan PartingLimit = LateWords.Longest;

    /// <summary>A stream that lived less than this died at once.</summary>
    public static readonly TimeSpan ShortStream = TimeSpan.FromSeconds(2);

    public CallPhase Phase { get; init; } = CallPhase.Connecting;

    /// <summary>How it ends; set from <see cref="CallPhase.Ending"/> on.</summary>
    public CallEnd? End { get; init; }

    /// <summary>What Twilio is to say before it hangs up.</summary>
    public string? LastWords { get; init; }

    /// <summary>Times the stream dropped and came again.</summary>
    public int Reconnects { get; init; }

    /// <summary>A call whose actor was restarted: Twilio is about to ask, and the caller has been greeted. What was decided stays decided.</summary>
    /// <param name="age">How long it has lasted.</param>
    public static CallState Restarted(CallOptions options, TimeSpan age, CallEnd? endsAs) =>
        new(options) { Phase = CallPhase.AwaitingCaller, Greeted = true, BobHeard = true, Age = age, EndWanted = endsAs is { Result: CallResult.Completed } ? endsAs : null };

    private bool ModelStarted { get; init; }

    private string? ModelGone { get; init; }

    /// <summary>Whether a model is still asked for anything.</summary>
    public bool HasModel => ModelGone is null;

    private bool Greeted { get; init; }

    private bool StillThereAsked { get; init; }

    private bool CallerSpeaking { get; init; }

    private bool BobSpeaking { get; init; }

    /// <summary>The call has lasted as long as it may, or has got nowhere for as long, and was ending by itself, or without its caller.</summary>
    private bool TimeIsUp { get; init; }

    /// <summary>Bob has said something since the caller did.</summary>
    private bool Answered { get; init; }

    private TimeSpan AttachedAt { get; init; }

    private ImmutableQueue<TimeSpan> Drops { get; init; } = [];

    /// <summary>Takes an event in at <paramref name="now"/>, an offset on a monotonic clock, and says what to do, in order.</summary>
    public (CallState State, ImmutableArray<CallAction> Actions) On(CallEvent happened, TimeSpan now)
    {
        var (state, actions) = Decide(happened, now);
        return state.Bridge(happened, actions, now);
    }

    private (CallState, ImmutableArray<CallAction>) Decide(CallEvent happened, TimeSpan now) => Phase switch
    {
        CallPhase.Over => happened is CallEvent.NextStepAsked ? (this, [new CallAction.Answer(LastStep)]) : Stay(),
        CallPhase.Closing => Closing(happened),
        _ => (Phase, happened) switch
        {
            (_, CallEvent.Admitted) => Admitted(),
            (CallPhase.Ending, CallEvent.CallerHungUp) when IsFailure(End!) => Finish(End!), // they left, because of it
            (_, CallEvent.CallerHungUp) => Finish(CallEnd.CallerHungUp),
            (_, CallEvent.BobCutWordless) => (this with { Goodbye = Goodbye == GoodbyeProgress.Begun ? GoodbyeProgress.Wanted : Goodbye }, []),
            (_, CallEvent.CostLimitReached reached) => Limited(reached.Limit),
            (_, CallEvent.EndOrdered ordered) => Ordered(ordered.Why, ordered.AtOnce),
            (CallPhase.Ending, _) => Ending(happened, now),
            (_, CallEvent.LegBroke broke) => Close(broke.Why ?? CallEnd.InternalError, null),
            (_, CallEvent.ModelReady) => Ready(),
            (_, CallEvent.ModelGone gone) => WithoutModel(gone.Reason),
            (_, CallEvent.StreamAttached) => Attached(now),
            (_, CallEvent.NextStepAsked) => NextStep(now),
            (CallPhase.Connecting, CallEvent.TimerFired { Timer: CallTimer.Stream }) => Finish(CallEnd.StreamNeverCame),
            // Should Twilio come to ask after all, nobody is hung up on without a word.
            (CallPhase.AwaitingCaller, CallEvent.TimerFired { Timer: CallTimer.Stream }) =>
                (this with { LastWords = EndWanted is { } end ? FarewellOf(end) : null }).Finish(CutOff ? CallEnd.ProcessDied : CallEnd.CallerLost),
            (CallPhase.Live, _) => Live(happened),
            (_, CallEvent.EndRequested) => (this with { EndWanted = EndWanted ?? CallEnd.Goodbye }, []),
            (_, CallEvent.TimerFired { Timer: CallTimer.Duration }) => (this with { TimeIsUp = true, EndWanted = EndWanted ?? CallEnd.TimeLimit }, []),
            _ => Stay(),
        },
    };

    private (CallState, ImmutableArray<CallAction>) Admitted()
    {
        var timers = new CallAction[]
        {
            new CallAction.StartTimer(CallTimer.Stream, Options.StreamDeadline),
            new CallAction.StartTimer(CallTimer.Duration, Rest),
        };
        return Options.DialEarly || CutOff
            ? (this with { ModelStarted = true }, [.. timers, new CallAction.StartModel()])
            : (this, [.. timers]);
    }

    private (CallState, ImmutableArray<CallAction>) Attached(TimeSpan now)
    {
        if (GivenUp is var (given, words) && words is not null)
            return Close(given, words);
        var state = this with
        {
            Phase = CallPhase.Live,
            AttachedAt = now,
            ModelStarted = true,
            CallerSpeaking = false,
            BobSpeaking = false,
            Reconnects = Phase == CallPhase.Connecting ? Reconnects : Reconnects + 1,
        };
        if (ModelGone is { } reason && EndWanted is null)
            return state.Apologise(reason, new CallAction.StopTimer(CallTimer.Stream));
        ImmutableArray<CallAction> actions = [new CallAction.StopTimer(CallTimer.Stream), state.Quiet(), .. Progressing()];
        if (!ModelStarted)
            actions = actions.Add(new CallAction.StartModel());
        if (EndWanted is not { } end)
            return (state, actions);
        (state, var ending) = state.EndOnReturn(end);
        return (state, [.. actions, .. ending]);
    }

    private (CallState, ImmutableArray<CallAction>) Ready()
    {
        var open = new CallAction.OpenSession(Greeted ? Continuing : Opening.Greet);
        // The new session does not know of a turn that was open in the old one, nor of a question that the old one was to ask, and may never find
        // them: the silence counts again.
        var again = Phase == CallPhase.Live && (CallerSpeaking || (StillThereAsked && !BobSpeaking));
        var state = this with
        {
            Greeted = true,
            CallerSpeaking = false,
            StillThereAsked = StillThereAsked && !again,
            Goodbye = Goodbye == GoodbyeProgress.Begun ? Goodbye : GoodbyeProgress.None,
        };
        return again ? (state, [open, state.Quiet()]) : (state, [open]);
    }

    private (CallState, ImmutableArray<CallAction>) Live(CallEvent happened)
    {
        switch (happened)
        {
            case CallEvent.StreamLost:
                return Await();
            case CallEvent.CallerSpoke:
                return (this with { CallerSpeaking = true, Answered = false, StillThereAsked = false }, [new CallAction.StopTimer(CallTimer.Silence)]);
            case CallEvent.CallerPressed:
                var there = this with { StillThereAsked = false };
                return CallerSpeaking || BobSpeaking ? (there, Progressing()) : (there, [there.Quiet(), .. Progressing()]);
            case CallEvent.Progressed:
                return (this, Progressing());
            case CallEvent.TimerFired { Timer: CallTimer.Progress }:
                return SayGoodbye(CallEnd.NoProgress);
            case CallEvent.CallerPaused:
                return (this with { CallerSpeaking = false }, [Quiet()]);
            case CallEvent.BobSpoke:
                return (this with { BobSpeaking = true, Answered = true, CutOff = false }, [new CallAction.StopTimer(CallTimer.Silence)]);
            case CallEvent.BridgeBegan:
                return (this with { BobSpeaking = true }, [new CallAction.StopTimer(CallTimer.Silence)]);
            case CallEvent.BobPaused:
                return (this with { BobSpeaking = false }, CallerSpeaking ? [] : [Quiet()]);
            case CallEvent.TimerFired { Timer: CallTimer.Silence } when !StillThereAsked:
                return (this with { StillThereAsked = true }, [new CallAction.AskStillThere(), Quiet(asked: true)]);
            case CallEvent.TimerFired { Timer: CallTimer.Silence }:
                return SayGoodbye(CallEnd.Silence);
            case CallEvent.TimerFired { Timer: CallTimer.Duration }:
                return SayGoodbye(CallEnd.TimeLimit);
            case CallEvent.EndRequested when CallerSpeaking:
                return Stay(); // the model had not heard that when it decided to hang up
            case CallEvent.EndRequested:
                return FinishAfter(CallEnd.Goodbye);
            default:
                return Stay();
        }
    }

    /// <summary>The time in which nothing new is said counts again.</summary>
    private ImmutableArray<CallAction> Progressing() =>
        Options.NoProgress > TimeSpan.Zero ? [new CallAction.StartTimer(CallTimer.Progress, Options.NoProgress)] : [];

    private CallAction.StartTimer Quiet(bool asked = false) => new(
        CallTimer.Silence, asked || StillThereAsked ? Options.SilenceGoodbye - Options.SilencePrompt : Options.SilencePrompt);

    private (CallState, ImmutableArray<CallAction>) NextStep(TimeSpan now)
    {
        // Twilio may ask before the loss of its socket has shown here.
        var (state, actions) = Phase == CallPhase.Live ? Await() : (this, []);
        if (GivenUp is var (end, words))
            return (state with { LastWords = words }).AnswerLast(end);
        var drops = state.Drops;
        while (!drops.IsEmpty && drops.Peek() < now - UnstableWindow)
            drops = drops.Dequeue();
        drops = drops.Enqueue(now);
        if (drops.Count() > MaxUnstableStreams)
            return state.AnswerLast(CallEnd.StreamUnstable);
        var pause = !CutOff && (AttachedAt == default || now - AttachedAt < ShortStream);
        var deadline = new CallAction.StartTimer(CallTimer.Stream, Options.ReattachDeadline);
        return (state with { Phase = CallPhase.AwaitingCaller, Drops = drops }, [.. actions, deadline, new CallAction.Resume(pause)]);
    }

    private (CallState, ImmutableArray<CallAction>) Await() =>
        (this with { Phase = CallPhase.AwaitingCaller },
        [
            new CallAction.StopTimer(CallTimer.Silence),
            new CallAction.DetachLine(),
            new CallAction.StartTimer(CallTimer.Stream, Options.ReattachDeadline),
        ]);

    private (CallState, ImmutableArray<CallAction>) Finish(CallEnd end, params ReadOnlySpan<CallAction> first) =>
        (this with { Phase = CallPhase.Over, End = end }, [.. first, new CallAction.Finish(end, LastWords)]);

    private (CallState, ImmutableArray<CallAction>) Stay() => (this, []);
}
