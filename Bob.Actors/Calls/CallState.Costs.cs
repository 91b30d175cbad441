using System.Collections.Immutable;
using Bob.Actors.Costs;

namespace Bob.Actors.Calls;

/// <summary>The rules of a call that has come to a cap of its cost.</summary>
public sealed partial record CallState
{
    /// <summary>
    /// As long as there is room for it, Bob says goodbye himself; afterwards the model says no more, what it has said is heard, and what is left of the
    /// goodbye is for Twilio to say.
    /// </summary>
    private (CallState, ImmutableArray<CallAction>) Limited(CostLimit limit) => Phase switch
    {
        _ when ModelGone is not null => Stay(),
        CallPhase.Live when !limit.IsPassed => SayGoodbye(limit.End),
        CallPhase.Live => (this with { Phase = CallPhase.Ending, End = limit.End, ModelGone = limit.End.Reason, LastWords = FarewellOf(limit.End) },
            [
                new CallAction.StopTimer(CallTimer.Silence),
                new CallAction.StartTimer(CallTimer.Ending, EndingLimit),
                new CallAction.StopModel(),
                new CallAction.FinishSpeaking(),
            ]),
        _ when !limit.IsPassed => Stay(),
        CallPhase.Ending => (InDoubt with { ModelGone = limit.End.Reason }, [new CallAction.StopModel(), new CallAction.FinishSpeaking()]),
        _ => (this with { ModelGone = limit.End.Reason, EndWanted = EndWanted ?? limit.End }, [new CallAction.StopModel()]),
    };
}
