using System.Collections.Immutable;
using Bob.Actors.Audio;

namespace Bob.Actors.Calls;

/// <summary>
/// The rules of what Bob says without the model, so that nobody waits in silence: a greeting while it is still being dialled (that they were cut off,
/// where the call goes on after its process died), and that he is thinking when an answer takes long. They look at what the other rules made of the
/// call, and change nothing of it.
/// </summary>
public sealed partial record CallState
{
    /// <summary>While tools run, the caller is told no more often than this that Bob is at it.</summary>
    public static readonly TimeSpan FillerInterval = TimeSpan.FromSeconds(8);

    /// <summary>Bob has been heard in this call, or the one that his restarted actor goes on with.</summary>
    private bool BobHeard { get; init; }

    private bool GreetingSaid { get; init; }

    /// <summary>A session listens.</summary>
    private bool SessionUp { get; init; }

    /// <summary>The caller has asked something, or was promised something, and Bob has not begun to answer.</summary>
    private bool AnswerOwed { get; init; }

    /// <summary>Since the caller last spoke they were asked to wait.</summary>
    private bool FillerSaid { get; init; }

    private int ToolsRunning { get; init; }

    /// <summary>The response in progress calls tools: its end is not the end of the answer.</summary>
    private bool ToolCalled { get; init; }

    /// <summary>What the timers of clips were started with; null: not running.</summary>
    private TimeSpan? GreetingTimer { get; init; }

    private TimeSpan? FillerTimer { get; init; }

    private bool IsSilent => Phase == CallPhase.Live && !BobSpeaking && !CallerSpeaking;

    /// <summary>How long the caller may wait in silence from now on; null: there is nothing to say.</summary>
    private TimeSpan? GreetingDue => IsSilent && !SessionUp && (!BobHeard || CutOff) && !GreetingSaid ? Positive(Options.GreetingAfter) : null;

    private TimeSpan? FillerDue => !IsSilent ? null
        : AnswerOwed && !FillerSaid ? Positive(Options.FillerAfter)
        : ToolsRunning > 0 && Options.FillerAfter > TimeSpan.Zero ? FillerInterval
        : null;

    private (CallState, ImmutableArray<CallAction>) Bridge(CallEvent happened, ImmutableArray<CallAction> actions, TimeSpan now)
    {
        if (Phase == CallPhase.Over)
            return (this, actions); // with its timers
        var state = Account(happened);
        switch (happened)
        {
            case CallEvent.TimerFired { Timer: CallTimer.Greeting } when GreetingDue is not null:
            case CallEvent.SessionLost when SessionUp && state.GreetingDue is { } patience && now - AttachedAt >= patience: // and the session said nothing all the while
                actions = actions.Add(new CallAction.PlayClip(CutOff ? ClipName.CutOff : ClipName.Greeting));
                state = state with { GreetingTimer = null, GreetingSaid = true };
                break;
            case CallEvent.TimerFired { Timer: CallTimer.Filler } when FillerDue is not null:
                actions = actions.Add(new CallAction.PlayClip(FillerSaid ? ClipName.StillAtIt : ClipName.Filler));
                state = state with { FillerTimer = null, FillerSaid = true };
                break;
        }

        return state.Time(actions);
    }

    private CallState Account(CallEvent happened) => happened switch
    {
        CallEvent.CallerSpoke => this with { AnswerOwed = false, FillerSaid = false },
        CallEvent.CallerPaused => this with { AnswerOwed = true },
        CallEvent.BobSpoke => this with { AnswerOwed = false, BobHeard = true },
        CallEvent.ClipPlays { Clip: ClipName.CutOff } => this with { ToldOfCutOff = true },
        CallEvent.AnswerCut when !CallerSpeaking => this with { AnswerOwed = true },
        CallEvent.AnswerEnded when ToolCalled => this with { ToolCalled = false },
        CallEvent.AnswerEnded => this with { AnswerOwed = false },
        CallEvent.ToolBegan => this with { ToolCalled = true, ToolsRunning = ToolsRunning + 1 },
        CallEvent.ToolEnded => this with { AnswerOwed = true, ToolsRunning = Math.Max(0, ToolsRunning - 1) },
        CallEvent.ModelReady => this with { SessionUp = true },
        CallEvent.SessionLost when SessionUp => this with { SessionUp = false, FillerSaid = false }, // whoever waits for an answer waits anew
        CallEvent.ModelGone => this with { SessionUp = false },
        _ => this,
    };

    /// <summary>Starts and stops the timers of clips, where they are not as they should be.</summary>
    private (CallState, ImmutableArray<CallAction>) Time(ImmutableArray<CallAction> actions)
    {
        var (greeting, filler) = (GreetingDue, FillerDue);
        if (greeting != GreetingTimer)
            actions = actions.Add(Timer(CallTimer.Greeting, greeting));
        if (filler != FillerTimer)
            actions = actions.Add(Timer(CallTimer.Filler, filler));
        return (this with { GreetingTimer = greeting, FillerTimer = filler }, actions);
    }

    private static CallAction Timer(CallTimer timer, TimeSpan? due) => due is { } time ? new CallAction.StartTimer(timer, time) : new CallAction.StopTimer(timer);

    private static TimeSpan? Positive(TimeSpan setting) => setting > TimeSpan.Zero ? setting : null;
}
