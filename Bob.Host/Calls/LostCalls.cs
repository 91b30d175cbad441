using Bob.Actors.Calls;
using Bob.Actors.Records;
using Bob.Host.Records;
using Bob.Host.Twilio;

namespace Bob.Host.Calls;

/// <summary>
/// Looks up the calls of callers whom nobody here knows: in the spool, which has the newest, and in the database, as far as it answers in time. A call that a node
/// has which is alive is left to that node, and one that is over stays over.
/// </summary>
public sealed partial class LostCalls(
    IJournalReader store, Spool spool, OrphanCalls orphans, SignOfLife life, CallerLookup callers, TimeProvider clock, ILogger<LostCalls> log) : ILostCalls
{
    /// <summary>Longest that the database may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Longest that a caller waits for their turn at it: they are kept in silence, but what comes after it is the voicemail.</summary>
    private static readonly TimeSpan Queue = TimeSpan.FromSeconds(3.5);

    /// <summary>Searches at once. All calls of a node come back in the same second, and SQLite's driver holds a thread for each.</summary>
    private const int MaxSearches = 8;

    private readonly SemaphoreSlim _places = new(MaxSearches);

    public async Task<LostCall> FindAsync(CallSid callSid)
    {
        if (!orphans.ComesBack(callSid))
            return new LostCall.Gone();
        // Twilio asks because it was told to, or by itself. In the second case it may be told in this very moment, and the stream that it is given now would be
        // taken away again.
        var told = Task.WhenAny(orphans.IdleAsync(callSid), Task.Delay(TwilioCalls.Deadline, clock));
        LostCall found = new LostCall.Gone();
        try
        {
            found = await SearchAsync(callSid);
        }
        catch (Exception failure) when (failure is RecordsFailure or OperationCanceledException or FormatException or IOException or UnauthorizedAccessException)
        {
            NotFound(failure is RecordsFailure known ? known.Word : failure.GetType().Name, callSid.Value);
        }

        await told;
        if (found is LostCall.Gone)
            orphans.GiveUp(callSid, evenIfBack: true);
        else if (found is LostCall.Unknown)
            orphans.Forget(callSid);
        return found;
    }

    private async Task<LostCall> SearchAsync(CallSid callSid)
    {
        // First the spool: what leaves it meanwhile is in the database by then.
        var spooled = await Task.Run(() => Spooled(callSid));
        var stored = await StoredAsync(callSid, required: spooled.Count == 0);
        if (stored is { IsOwn: false })
        {
            OfAnotherNode(callSid.Value);
            return new LostCall.Gone();
        }

        JournalEntry[] entries = [.. (stored?.Entries ?? []).UnionBy(spooled, entry => entry.Number).Where(entry => entry is not JournalEntry.MessageLeft).OrderBy(entry => entry.Number)];
        if (entries.Length == 0)
            return new LostCall.Unknown();
        if (CallSoFar.Of(entries, life.DeathAfter(entries[^1].At)) is not { } soFar)
            return new LostCall.Gone();
        return new LostCall.Found(soFar with { Call = soFar.Call with { Known = await callers.FindAsync(Caller.Of(soFar.Call.Caller)) } });
    }

    /// <summary>What the database has; null when it does not say so in time, and there is something else to go on with.</summary>
    /// <param name="required">There is not.</param>
    private async Task<Stored?> StoredAsync(CallSid callSid, bool required)
    {
        using var deadline = new CancellationTokenSource();
        try
        {
            using (var queue = new CancellationTokenSource(Queue, clock))
                await _places.WaitAsync(queue.Token);
            await using var patience = clock.CreateTimer(static passed => ((CancellationTokenSource)passed!).Cancel(), deadline, Patience, Timeout.InfiniteTimeSpan);
            var reading = ReadAsync(callSid, deadline.Token);
            return await reading.WaitAsync(deadline.Token); // a driver may not notice
        }
        catch (Exception failure) when (!required && failure is RecordsFailure or OperationCanceledException)
        {
            NotFound(failure is RecordsFailure known ? known.Word : "slow", callSid.Value);
            return null;
        }
    }

    /// <summary>Has a place, and gives it back.</summary>
    private async Task<Stored> ReadAsync(CallSid callSid, CancellationToken cancellation)
    {
        try
        {
            return await Task.Run(
                async () => new Stored(await store.IsOwnAsync(callSid, cancellation) ?? true, await store.EntriesAsync(callSid, cancellation)), CancellationToken.None);
        }
        catch (Exception failure) when (RecordsFailure.Of(failure) is { } reason)
        {
            throw reason;
        }
        finally
        {
            _places.Release();
        }
    }

    private List<JournalEntry> Spooled(CallSid callSid)
    {
        List<JournalEntry> entries = [];
        for (var offset = 0L; offset < spool.Length;)
        {
            var read = spool.Read(offset, JournalWriter.MaxBatch);
            if (read.End <= offset)
                break;
            entries.AddRange(read.Entries.Where(entry => entry.CallSid == callSid));
            offset = read.End;
        }

        return entries;
    }

    private sealed record Stored(bool IsOwn, IReadOnlyList<JournalEntry> Entries);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A call cannot be looked up whole: {Reason} (CallSid {CallSid})")]
    private partial void NotFound(string reason, string callSid);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Call left to the node that has it (CallSid {CallSid})")]
    private partial void OfAnotherNode(string callSid);
}
