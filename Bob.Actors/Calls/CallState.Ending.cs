using System.Collections.Immutable;
using Bob.Actors.Audio;

namespace Bob.Actors.Calls;

/// <summary>How a call ends: what was wanted to be said is heard first, or Twilio says it; and nobody is hung up on without a word.</summary>
public sealed partial record CallState
{
    /// <summary>What Twilio says when a conversation was over, and Bob could not say goodbye.</summary>
    public const string Farewell = "Thank you for calling. Goodbye.";

    /// <summary>What Twilio says when a call had to be ended, and Bob could not say goodbye.</summary>
    public const string EarlyFarewell = "I am sorry, I have to end this call now. You are welcome to call again. Goodbye.";

    private GoodbyeProgress Goodbye { get; init; }

    /// <summary>The call ends so, as soon as the caller is back on the line and has heard what there is to hear.</summary>
    private CallEnd? EndWanted { get; init; }

    /// <summary>What is left for Twilio to say.</summary>
    private string? Unsaid => LastWords ?? (Goodbye == GoodbyeProgress.Wanted ? FarewellOf(End!) : null);

    /// <summary>How the call ends when its stream comes, and what Twilio says then, because no model is there any more; null while one may be.</summary>
    private (CallEnd End, string? Words)? GivenUp => (ModelGone, EndWanted) switch
    {
        (null, _) => null,
        (_, { } end) => (end, FarewellOf(end)),
        ({ } reason, null) => (CallEnd.ModelUnavailable(reason), null),
    };

    /// <summary>As before, for one who cannot know any more whether the goodbye that waited behind other words was said: then it is said twice.</summary>
    private CallState InDoubt => this with { Goodbye = Goodbye == GoodbyeProgress.Queued ? GoodbyeProgress.Wanted : Goodbye };

    /// <summary>None for a call that somebody else is to take over.</summary>
    private static string? FarewellOf(CallEnd end) => IsFailure(end) ? null : end == CallEnd.Goodbye || end == CallEnd.Silence ? Farewell : EarlyFarewell;

    private (CallState, ImmutableArray<CallAction>) Ending(CallEvent happened, TimeSpan now)
    {
        switch (happened)
        {
            case CallEvent.CallerSpoke or CallEvent.CallerPressed when !TimeIsUp && ModelGone is null && (End == CallEnd.Goodbye || End == CallEnd.Silence):
                return OneMoreThing(happened is CallEvent.CallerSpoke);
            case CallEvent.CallerSpoke:
                return (this, [new CallAction.FinishSpeaking()]); // after the answer, which the model gives in any case
            case CallEvent.BobSpoke:
                return (this with { BobSpeaking = true, CutOff = false, Goodbye = Goodbye == GoodbyeProgress.None ? Goodbye : GoodbyeProgress.Begun }, []);
            case CallEvent.BridgeBegan:
                return (this with { BobSpeaking = true }, []);
            case CallEvent.BobPaused:
                return (this with { BobSpeaking = false }, []);
            case CallEvent.ClipPlays { Clip: ClipName.Apology }:
                return (this with { Apologised = true }, []);
            case CallEvent.TimerFired { Timer: CallTimer.Duration or CallTimer.Progress }:
                return (this with { TimeIsUp = true }, []); // it does not fire again
            case CallEvent.ModelReady when Goodbye is GoodbyeProgress.Wanted or GoodbyeProgress.Queued:
                // The lost session did not begin it.
                return (WantGoodbye(), [new CallAction.OpenSession(Opening.Listen), new CallAction.SayGoodbye(End!), new CallAction.FinishSpeaking()]);
            case CallEvent.ModelReady:
                return (this, [new CallAction.OpenSession(Opening.GoOn), new CallAction.FinishSpeaking()]); // should it have broken off
            case CallEvent.ModelGone gone:
                // Its last words are still heard. Nobody else tells when: the leg that was asked to is gone.
                return (InDoubt with { ModelGone = gone.Reason }, [new CallAction.FinishSpeaking()]);
            case CallEvent.StreamLost when ModelGone is null:
                return ResumeToEnd();
            case CallEvent.NextStepAsked when ModelGone is null:
                var (waiting, actions) = ResumeToEnd();
                (waiting, var answer) = waiting.NextStep(now);
                return (waiting, [.. actions, .. answer]);
            case CallEvent.NextStepAsked:
                return (this with { LastWords = LastWords ?? FarewellOf(End!), Apologised = false }).SayLastWords(); // the stream broke off
            case CallEvent.StreamLost or CallEvent.LegBroke when IsFailure(End!):
                return (this with { Apologised = false }).Close(End!, null); // whatever of it was heard
            case CallEvent.StreamLost or CallEvent.LegBroke:
                return Close(End!, LastWords ?? FarewellOf(End!)); // whatever there was to hear is lost
            case CallEvent.TimerFired { Timer: CallTimer.Ending }:
                return Close(End!, InDoubt.Unsaid);
            case CallEvent.BobFinished or CallEvent.StreamAttached:
                return Close(End!, Unsaid);
            default:
                return Stay();
        }
    }

    /// <summary>"Oh, one more thing": nobody hangs up on that.</summary>
    private (CallState, ImmutableArray<CallAction>) OneMoreThing(bool speaking)
    {
        var live = this with
        {
            Phase = CallPhase.Live,
            End = null,
            Goodbye = GoodbyeProgress.None,
            CallerSpeaking = speaking,
            Answered = Answered && !speaking,
            StillThereAsked = false,
        };
        var goOn = new CallAction[] { new CallAction.StopTimer(CallTimer.Ending), new CallAction.GoOnSpeaking() };
        return (live, speaking || BobSpeaking ? [.. goOn] : [.. goOn, live.Quiet()]);
    }

    /// <summary>The stream dropped in the goodbye: the next one gets what was not heard of it, and then the call ends.</summary>
    private (CallState, ImmutableArray<CallAction>) ResumeToEnd()
    {
        var (state, actions) = (this with { End = null, EndWanted = End }).Await();
        return (state, [new CallAction.StopTimer(CallTimer.Ending), .. actions]);
    }

    private (CallState, ImmutableArray<CallAction>) EndOnReturn(CallEnd end) =>
        (end == CallEnd.Goodbye && !CutOff) || Goodbye != GoodbyeProgress.None ? FinishAfter(end) : SayGoodbye(end);

    private CallState WantGoodbye() => this with { Goodbye = BobSpeaking ? GoodbyeProgress.Queued : GoodbyeProgress.Wanted };

    private (CallState, ImmutableArray<CallAction>) SayGoodbye(CallEnd end)
    {
        var (state, actions) = WantGoodbye().FinishAfter(end);
        return (state, [.. actions[..^1], new CallAction.SayGoodbye(end), actions[^1]]);
    }

    /// <summary>What is being said, or is asked for, is heard to its end. A model that ends a call says goodbye by itself; if it has not, it may still.</summary>
    private (CallState, ImmutableArray<CallAction>) FinishAfter(CallEnd end)
    {
        var state = this with { Phase = CallPhase.Ending, End = end, EndWanted = null };
        if (Goodbye == GoodbyeProgress.None)
            state = state with { Goodbye = BobSpeaking || Answered ? GoodbyeProgress.Begun : GoodbyeProgress.Wanted };
        return (state,
        [
            new CallAction.StopTimer(CallTimer.Silence),
            new CallAction.StartTimer(CallTimer.Ending, EndingLimit),
            new CallAction.FinishSpeaking(),
        ]);
    }

    private (CallState, ImmutableArray<CallAction>) Closing(CallEvent happened) => happened switch
    {
        CallEvent.NextStepAsked => SayLastWords(),
        CallEvent.CallerHungUp or CallEvent.TimerFired { Timer: CallTimer.Ending } => Finish(End!),
        CallEvent.StreamAttached => (this, [new CallAction.CloseLine()]),
        _ => Stay(),
    };

    /// <summary>The line is closed from our side; Twilio comes to ask.</summary>
    private (CallState, ImmutableArray<CallAction>) Close(CallEnd end, string? lastWords) =>
        (this with { Phase = CallPhase.Closing, End = end, LastWords = lastWords },
        [
            new CallAction.StopTimer(CallTimer.Silence),
            new CallAction.StopTimer(CallTimer.Stream),
            new CallAction.StartTimer(CallTimer.Ending, ClosingLimit),
            new CallAction.CloseLine(),
        ]);

    private (CallState, ImmutableArray<CallAction>) SayLastWords() => AnswerLast(End!);

    /// <summary>Twilio is told what is left to be done with the caller, and the call is over.</summary>
    private (CallState, ImmutableArray<CallAction>) AnswerLast(CallEnd end) =>
        (this with { LastWords = null, Apologised = true }).Finish(end, new CallAction.Answer((this with { End = end }).LastStep));
}
