using Bob.Actors.Calls;

namespace Bob.Actors.Records;

/// <summary>Where the calls of a node write what happened.</summary>
public interface IJournal
{
    /// <summary>Takes an entry; it is durable within a second. Never blocks and never throws; safe from any thread. The entries of one call come in order.</summary>
    void Write(JournalEntry entry);
}

/// <summary>For a node that keeps no books.</summary>
public sealed class NoJournal : IJournal
{
    public static NoJournal Instance { get; } = new();

    public void Write(JournalEntry entry)
    {
    }
}

/// <summary>Reads the books. Every question goes to the database, and fails when it cannot be had.</summary>
public interface IJournalReader
{
    /// <summary>All that is written of a call, in order; empty for one that nobody knows.</summary>
    Task<IReadOnlyList<JournalEntry>> EntriesAsync(CallSid callSid, CancellationToken cancellation);

    /// <summary>Whether this node has taken a call; null for one that nobody knows.</summary>
    Task<bool?> IsOwnAsync(CallSid callSid, CancellationToken cancellation);

    /// <summary>The calls that have no end yet, on any node.</summary>
    Task<IReadOnlyList<UnendedCall>> UnendedCallsAsync(CancellationToken cancellation);

    /// <summary>What the business knows of a caller; null for a stranger.</summary>
    /// <param name="number">E.164, with its +.</param>
    Task<KnownCaller?> CallerAsync(string number, CancellationToken cancellation);
}

/// <summary>A call without an end: it goes on, or its process died.</summary>
/// <param name="Node">The node that took it.</param>
public sealed record UnendedCall(CallSid CallSid, string Node, DateTimeOffset StartedAt);

/// <summary>What the business knows of a caller. Data, never instructions: whoever fills it in is not the operator of the model.</summary>
/// <param name="Vip">To be treated with preference.</param>
/// <param name="Blocked">Not to be answered.</param>
public sealed record KnownCaller(string Number, string? Name, string? Company, string? Notes, IReadOnlyList<string> Tags, bool Vip, bool Blocked)
{
    /// <summary>A record prints all it has, and messages end up in logs.</summary>
    public override string ToString() => nameof(KnownCaller);
}
