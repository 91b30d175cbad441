using Bob.Actors.Audio;
using Bob.Actors.Costs;

namespace Bob.Actors.Calls;

/// <summary>What a call hears.</summary>
public abstract record CallEvent
{
    /// <summary>The webhook announced it.</summary>
    public sealed record Admitted : CallEvent;

    /// <summary>A media stream with the right ticket is there.</summary>
    public sealed record StreamAttached : CallEvent;

    /// <summary>The media socket is gone without a <c>stop</c>.</summary>
    public sealed record StreamLost : CallEvent;

    /// <summary>Twilio's <c>stop</c>, or its final status.</summary>
    public sealed record CallerHungUp : CallEvent;

    public sealed record CallerSpoke : CallEvent;

    public sealed record CallerPaused : CallEvent;

    /// <summary>Somebody has said something new.</summary>
    public sealed record Progressed : CallEvent;

    /// <summary>DTMF.</summary>
    public sealed record CallerPressed : CallEvent;

    /// <summary>Bob's voice begins.</summary>
    public sealed record BobSpoke : CallEvent;

    /// <summary>The caller is asked to wait: Bob's voice begins, and says nothing yet.</summary>
    public sealed record BridgeBegan : CallEvent;

    /// <summary>A clip will be heard.</summary>
    public sealed record ClipPlays(ClipName Clip) : CallEvent;

    /// <summary>All that Bob said so far has been heard.</summary>
    public sealed record BobPaused : CallEvent;

    /// <summary>The loss of a session cut what Bob was saying before a word of it was heard: there is nothing to go on with.</summary>
    public sealed record BobCutWordless : CallEvent;

    /// <summary>After <see cref="CallAction.FinishSpeaking"/>: all has been said and heard.</summary>
    public sealed record BobFinished : CallEvent;

    /// <summary>A model session is configured and waits for what to do.</summary>
    public sealed record ModelReady : CallEvent;

    /// <summary>The model's session is gone, and another is dialled.</summary>
    public sealed record SessionLost : CallEvent;

    /// <summary>The loss of a session cut what Bob was saying: the rest of it is still to come.</summary>
    public sealed record AnswerCut : CallEvent;

    /// <summary>A response of the model's came to its end.</summary>
    public sealed record AnswerEnded : CallEvent;

    /// <summary>A tool begins to run.</summary>
    public sealed record ToolBegan : CallEvent;

    /// <summary>A tool has run: the model is to speak on it.</summary>
    public sealed record ToolEnded : CallEvent;

    /// <summary>No model can be had for this call.</summary>
    public sealed record ModelGone(string Reason) : CallEvent;

    /// <summary>The call has come to a cap of its cost.</summary>
    public sealed record CostLimitReached(CostLimit Limit) : CallEvent;

    /// <summary>The node is about to end, and the call with it.</summary>
    /// <param name="AtOnce">There is no time for a goodbye of Bob's own.</param>
    public sealed record EndOrdered(CallEnd Why, bool AtOnce) : CallEvent;

    /// <summary>A leg failed more often than its supervisor allows.</summary>
    /// <param name="Why">What its last failure makes of the call; null for a bug.</param>
    public sealed record LegBroke(CallEnd? Why = null) : CallEvent;

    /// <summary>A tool ends the call.</summary>
    public sealed record EndRequested : CallEvent;

    /// <summary>Twilio asks what comes next.</summary>
    public sealed record NextStepAsked : CallEvent;

    public sealed record TimerFired(CallTimer Timer) : CallEvent;
}

/// <summary>What a call does.</summary>
public abstract record CallAction
{
    public sealed record StartTimer(CallTimer Timer, TimeSpan Due) : CallAction;

    public sealed record StopTimer(CallTimer Timer) : CallAction;

    /// <summary>Dial the model.</summary>
    public sealed record StartModel : CallAction;

    /// <summary>Let the model's session go, for good. What it has said is still heard.</summary>
    public sealed record StopModel : CallAction;

    /// <summary>Give the new session the conversation so far, and say what it does first.</summary>
    public sealed record OpenSession(Opening Opening) : CallAction;

    public sealed record AskStillThere : CallAction;

    /// <summary>Say something without the model, behind what is being said.</summary>
    public sealed record PlayClip(ClipName Clip) : CallAction;

    public sealed record SayGoodbye(CallEnd Why) : CallAction;

    /// <summary>Tell when all has been said and heard.</summary>
    public sealed record FinishSpeaking : CallAction;

    /// <summary>Take <see cref="FinishSpeaking"/> back.</summary>
    public sealed record GoOnSpeaking : CallAction;

    /// <summary>The stream is gone, although its socket may not know it yet.</summary>
    public sealed record DetachLine : CallAction;

    /// <summary>Close the media socket.</summary>
    public sealed record CloseLine : CallAction;

    /// <summary>Answer Twilio with a new stream.</summary>
    public sealed record Resume(bool Pause) : CallAction;

    /// <summary>Answer Twilio's question of what comes next.</summary>
    public sealed record Answer(CallProtocol.INextStep Step) : CallAction;

    /// <summary>Write the end record and be gone.</summary>
    /// <param name="LastWords">What Twilio is still to say, should it come to ask; null when there is nothing left to say.</param>
    public sealed record Finish(CallEnd End, string? LastWords = null) : CallAction;
}
