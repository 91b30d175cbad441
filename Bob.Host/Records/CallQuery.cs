using Bob.Actors.Calls;

namespace Bob.Host.Records;

/// <summary>Which calls to look for; null is any.</summary>
public sealed record CallQuery
{
    /// <summary>The caller's number, as it was written down.</summary>
    public string? Caller { get; init; }

    /// <summary>Words that stand together in one turn, in any order, as they were heard.</summary>
    public string? Words { get; init; }

    /// <summary>Calls that began then or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Calls that began before then.</summary>
    public DateTimeOffset? Before { get; init; }

    public CallResult? Result { get; init; }

    public CallSide? Side { get; init; }

    public string? Reason { get; init; }

    /// <summary>Millionths; calls without a cost have none of any size.</summary>
    public long? MinCostMicros { get; init; }

    public long? MaxCostMicros { get; init; }

    /// <summary>Where the last page ended.</summary>
    public CallPosition? After { get; init; }

    public int Limit { get; init; } = 50;
}

/// <summary>A place in the list of all calls, the newest first. Calls that come meanwhile do not move it.</summary>
public readonly record struct CallPosition(DateTimeOffset StartedAt, string CallSid);

/// <summary>Some calls, the newest first.</summary>
/// <param name="Next">Where the search goes on; null at its end.</param>
public sealed record CallPage(IReadOnlyList<CallRow> Calls, CallPosition? Next);
