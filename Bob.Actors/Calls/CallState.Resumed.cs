using Bob.Actors.Records;

namespace Bob.Actors.Calls;

/// <summary>How a call goes on after the process died that had it.</summary>
public sealed partial record CallState
{
    /// <summary>Least time that such a call is given, however long it has lasted: to be told why it ends.</summary>
    private static readonly TimeSpan LeastRest = TimeSpan.FromSeconds(10);

    /// <summary>How the call ends, as soon as it can: decided already.</summary>
    public CallEnd? EndsAs => End ?? EndWanted;

    /// <summary>Bob's process died, and the caller has not heard of him since.</summary>
    private bool CutOff { get; init; }

    /// <summary>A clip has told the caller so.</summary>
    private bool ToldOfCutOff { get; init; }

    /// <summary>How long the call has lasted in the process that died.</summary>
    private TimeSpan Age { get; init; }

    /// <summary>
    /// A call out of the books: Twilio is asking what comes next. What was decided stays decided, but for an end that only the dead process had a reason for: the
    /// model that it could not reach may be had by now.
    /// </summary>
    /// <param name="age">How long ago it was opened.</param>
    /// <param name="streams">How long ago its streams came: a call that kills its process whenever it comes back is given up, too.</param>
    public static CallState Resumed(CallOptions options, CallSoFar soFar, TimeSpan age, IEnumerable<TimeSpan> streams, TimeSpan now)
    {
        var state = new CallState(options)
        {
            Phase = CallPhase.AwaitingCaller,
            Greeted = true,
            BobHeard = true,
            CutOff = true,
            Age = age,
            Drops = [.. streams.Where(ago => ago < UnstableWindow).OrderDescending().Select(ago => now - ago)],
        };
        return soFar.Step switch
        {
            { Phase: CallPhase.Closing, End: { } end } closing => state with { Phase = CallPhase.Closing, End = end, LastWords = closing.LastWords },
            { End: { Result: CallResult.Completed } end } => state with { EndWanted = end },
            _ => state,
        };
    }

    /// <summary>What is left of the longest time that a call may last.</summary>
    private TimeSpan Rest => Options.MaxDuration - Age is var rest && rest > LeastRest ? rest : Age > TimeSpan.Zero ? LeastRest : Options.MaxDuration;

    /// <summary>What a session does first that goes on with a call.</summary>
    private Opening Continuing => !CutOff ? Opening.GoOn
        : EndWanted is not null || Phase == CallPhase.Ending ? Opening.Listen
        : ToldOfCutOff ? Opening.ToldOfCutOff
        : Opening.CutOff;
}
