using System.Collections.Immutable;

namespace Bob.Actors.Calls;

/// <summary>The rules of a call that has to end because its node is about to.</summary>
public sealed partial record CallState
{
    /// <param name="atOnce">There is no time for what is being said: the line is closed, and what is left is for Twilio to say.</param>
    private (CallState, ImmutableArray<CallAction>) Ordered(CallEnd end, bool atOnce) => Phase switch
    {
        _ when atOnce => Close(EndsAs ?? end, LastWords ?? FarewellOf(EndsAs ?? end)),
        CallPhase.Ending => Stay(),
        CallPhase.Live when ModelGone is null => SayGoodbye(end),
        _ => (this with { EndWanted = EndWanted ?? end }, []),
    };
}
