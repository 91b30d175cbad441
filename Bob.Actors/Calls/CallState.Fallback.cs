using System.Collections.Immutable;
using Bob.Actors.Audio;

namespace Bob.Actors.Calls;

/// <summary>The rules of a call that Bob cannot go on with: he says that he is sorry, and somebody else takes it over.</summary>
public sealed partial record CallState
{
    /// <summary>The caller has heard that Bob is sorry, or is hearing it.</summary>
    private bool Apologised { get; init; }

    /// <summary>What Twilio is told when it asks after the end, or at the end.</summary>
    private CallProtocol.INextStep LastStep => LastWords is null && End is { } end && IsFailure(end)
        ? new CallProtocol.FallBack(!Apologised)
        : new CallProtocol.HangUp(LastWords);

    /// <summary>Whether a call that ends so has left its caller with nothing.</summary>
    internal static bool IsFailure(CallEnd end) => end.Result is CallResult.Failed or CallResult.Lost;

    /// <summary>What the model said last is still to be heard; the apology comes after it.</summary>
    private (CallState, ImmutableArray<CallAction>) WithoutModel(string reason) =>
        Phase == CallPhase.Live ? Apologise(reason, new CallAction.StopTimer(CallTimer.Silence)) : (this with { ModelGone = reason }, []);

    private (CallState, ImmutableArray<CallAction>) Apologise(string reason, CallAction first)
    {
        ImmutableArray<CallAction> then = Options.Fallback switch
        {
            Fallback.Human => [new CallAction.PlayClip(ClipName.Transfer)],
            Fallback.HangUp => [new CallAction.PlayClip(ClipName.CallAgain)],
            _ => [], // whoever records the message says how
        };
        return (this with { Phase = CallPhase.Ending, End = CallEnd.ModelUnavailable(reason), ModelGone = reason },
            [first, new CallAction.StartTimer(CallTimer.Ending, EndingLimit), new CallAction.PlayClip(ClipName.Apology), .. then, new CallAction.FinishSpeaking()]);
    }
}
