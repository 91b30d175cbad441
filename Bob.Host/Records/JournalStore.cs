using Bob.Actors.Calls;
using Bob.Actors.Costs;
using Bob.Actors.Records;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bob.Host.Records;

/// <summary>The journal in a database, and the tables that are made from it.</summary>
/// <param name="node">Who writes: a name that a node keeps over its restarts.</param>
/// <param name="prices">For the calls that nobody else has added up.</param>
/// <param name="life">When processes died; without it, with what they wrote last.</param>
public sealed partial class JournalStore(RecordsDatabase database, string node, Prices? prices = null, SignOfLife? life = null, ILogger<JournalStore>? log = null) : IJournalReader
{
    private readonly ILogger _log = log ?? NullLogger<JournalStore>.Instance;

    /// <summary>Open calls that could not be read, and are named already.</summary>
    private readonly HashSet<string> _unreadable = [];

    /// <exception cref="RecordsFailure">The database is a file that is not there any more: it is to be prepared again.</exception>
    public void Look() => database.Look();

    /// <summary>Makes the database, or brings its tables up to date.</summary>
    /// <exception cref="RecordsFailure">It cannot be used.</exception>
    public Task PrepareAsync(CancellationToken cancellation) => database.PrepareAndHoldAsync(cancellation);

    /// <summary>
    /// Writes entries, and what follows from them, in one transaction. Those that are there already change nothing. The entries of one call are to
    /// come in order.
    /// </summary>
    /// <exception cref="RecordsFailure">Nothing was written, or nowhere where anybody would find it.</exception>
    public async Task WriteAsync(IReadOnlyCollection<JournalEntry> entries, CancellationToken cancellation)
    {
        try
        {
            await using var db = database.Open();
            await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
            var fresh = await FreshAsync(db, entries, cancellation);
            if (fresh.Count > 0)
            {
                var projection = await Projection.LoadAsync(db, node, fresh, cancellation);
                foreach (var entry in fresh)
                    projection.Take(entry);
                await db.SaveChangesAsync(cancellation);
                await transaction.CommitAsync(cancellation);
            }

            database.Look(); // a file that was removed meanwhile has taken it all the same
        }
        catch (Exception failure) when (RecordsFailure.Of(failure) is { } reason)
        {
            throw reason;
        }
    }

    /// <summary>The calls that a dead process of this node left open.</summary>
    /// <param name="alive">Calls of this process.</param>
    /// <exception cref="RecordsFailure">The database cannot be had.</exception>
    public async Task<IReadOnlyList<OrphanCall>> OrphansAsync(IReadOnlySet<CallSid> alive, CancellationToken cancellation)
    {
        try
        {
            var open = await OpenCallsAsync(call => !alive.Contains(call), cancellation);
            return [.. open.Select(one => new OrphanCall(new CallSid(one.Call.CallSid), one.Last?.At > one.Call.StartedAt ? one.Last.At : one.Call.StartedAt, one.Call.Step))];
        }
        catch (Exception failure) when (RecordsFailure.Of(failure) is { } reason)
        {
            throw reason;
        }
    }

    /// <summary>Gives calls that a dead process of this node left open their end; those that have one stay as they are.</summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="RecordsFailure">The database cannot be had.</exception>
    public async Task<int> EndLostAsync(IReadOnlySet<CallSid> lost, CancellationToken cancellation)
    {
        try
        {
            List<JournalEntry> ends = [];
            foreach (var (call, last) in await OpenCallsAsync(lost.Contains, cancellation))
            {
                if (await ReadAsync(call.CallSid, () => EntriesAsync(new CallSid(call.CallSid), cancellation)) is { } book)
                    ends.AddRange(LostCallBook.End(call, book, life?.DeathAfter(last?.At ?? call.StartedAt), prices ?? Prices.None));
            }

            foreach (var some in ends.Chunk(100))
                await WriteAsync(some, cancellation);
            return ends.Count(entry => entry is JournalEntry.CallEnded);
        }
        catch (Exception failure) when (RecordsFailure.Of(failure) is { } reason)
        {
            throw reason;
        }
    }

    public async Task<IReadOnlyList<JournalEntry>> EntriesAsync(CallSid callSid, CancellationToken cancellation)
    {
        await using var db = database.Open();
        var rows = await db.Journal.AsNoTracking().Where(row => row.CallSid == callSid.Value && row.Number < JournalRow.Erased).OrderBy(row => row.Number).ToListAsync(cancellation);
        return
        [
            .. rows.Select(row => JournalCodec.Read(row.Kind, row.Version, row.Payload) with
            {
                CallSid = callSid, Number = row.Number, At = row.At,
            }),
        ];
    }

    /// <summary>Whether this node had a call last; null: no call of that name is in the database.</summary>
    /// <exception cref="RecordsFailure">The database cannot be had.</exception>
    public async Task<bool?> IsOwnAsync(CallSid callSid, CancellationToken cancellation)
    {
        try
        {
            await using var db = database.Open();
            return await db.Calls.Where(row => row.CallSid == callSid.Value).Select(row => row.Node).SingleOrDefaultAsync(cancellation) is { } last ? last == node : null;
        }
        catch (Exception failure) when (RecordsFailure.Of(failure) is { } reason)
        {
            throw reason;
        }
    }

    public async Task<IReadOnlyList<UnendedCall>> UnendedCallsAsync(CancellationToken cancellation)
    {
        await using var db = database.Open();
        var rows = await db.Calls.Where(row => row.EndedAt == null).OrderBy(row => row.StartedAt)
            .Select(row => new { row.CallSid, row.Node, row.StartedAt }).ToListAsync(cancellation);
        return [.. rows.Select(row => new UnendedCall(new CallSid(row.CallSid), row.Node, row.StartedAt))];
    }

    /// <exception cref="RecordsFailure">The database cannot be had.</exception>
    public async Task<KnownCaller?> CallerAsync(string number, CancellationToken cancellation)
    {
        try
        {
            await using var db = database.Open();
            return await db.Callers.AsNoTracking().SingleOrDefaultAsync(row => row.Number == number, cancellation) is { } row
                ? new KnownCaller(row.Number, row.Name, row.Company, row.Notes, row.Tags, row.Vip, row.Blocked)
                : null;
        }
        catch (Exception failure) when (RecordsFailure.Of(failure) is { } reason)
        {
            throw reason;
        }
    }

    /// <summary>The numbers of callers who are not to be answered, those that were changed last.</summary>
    /// <exception cref="RecordsFailure">The database cannot be had.</exception>
    public async Task<IReadOnlyList<string>> BlockedAsync(int most, CancellationToken cancellation)
    {
        try
        {
            await using var db = database.Open();
            return await db.Callers.Where(row => row.Blocked).OrderByDescending(row => row.UpdatedAt).Select(row => row.Number).Take(most).ToListAsync(cancellation);
        }
        catch (Exception failure) when (RecordsFailure.Of(failure) is { } reason)
        {
            throw reason;
        }
    }

    /// <summary>What the calls of this node cost in a time, and those of which nobody knows any more whose they were.</summary>
    /// <exception cref="RecordsFailure">The database cannot be had.</exception>
    public async Task<decimal> SpentAsync(DateTimeOffset from, DateTimeOffset until, CancellationToken cancellation)
    {
        try
        {
            await using var db = database.Open();
            var ours = db.Usage.Where(row => row.At >= from && row.At < until && !db.Calls.Any(call => call.CallSid == row.CallSid && call.Node != node));
            return (await ours.SumAsync(row => row.CostMicros, cancellation) ?? 0) / 1_000_000m;
        }
        catch (Exception failure) when (RecordsFailure.Of(failure) is { } reason)
        {
            throw reason;
        }
    }

    /// <summary>What the dearest response cost, since then, on all nodes; 0: there was none.</summary>
    /// <exception cref="RecordsFailure">The database cannot be had.</exception>
    public async Task<decimal> DearestResponseAsync(DateTimeOffset from, CancellationToken cancellation)
    {
        try
        {
            await using var db = database.Open();
            return (await db.Usage.Where(row => row.At >= from && row.Kind == UsageKind.Model).MaxAsync(row => row.CostMicros, cancellation) ?? 0) / 1_000_000m;
        }
        catch (Exception failure) when (RecordsFailure.Of(failure) is { } reason)
        {
            throw reason;
        }
    }

    /// <summary>
    /// Calls of this node without an end, and the last entry of each. One that cannot be read, because another version of Bob wrote a word that this one does not
    /// know, is passed over: it must not cost the others their end.
    /// </summary>
    private async Task<List<(CallRow Call, JournalRow? Last)>> OpenCallsAsync(Func<CallSid, bool> wanted, CancellationToken cancellation)
    {
        List<(CallRow, JournalRow?)> open = [];
        await using var db = database.Open();
        var calls = await db.Calls.Where(row => row.EndedAt == null && row.Node == node).Select(row => row.CallSid).ToListAsync(cancellation);
        foreach (var callSid in calls.Where(call => wanted(new CallSid(call))))
        {
            var read = await ReadAsync(callSid, async () =>
            {
                var call = await db.Calls.AsNoTracking().SingleOrDefaultAsync(row => row.CallSid == callSid, cancellation);
                var last = await db.Journal.AsNoTracking().Where(row => row.CallSid == callSid && row.Number < JournalEntry.MessageLeft.FirstNumber)
                    .OrderByDescending(row => row.Number).FirstOrDefaultAsync(cancellation);
                return Tuple.Create(call, last);
            });
            if (read is ({ } there, var end)) // or it was erased meanwhile
                open.Add((there, end));
        }

        return open;
    }

    /// <summary>What is read of an open call; null: it cannot be, and is named once.</summary>
    private async Task<T?> ReadAsync<T>(string callSid, Func<Task<T>> read)
        where T : class
    {
        try
        {
            return await read();
        }
        catch (Exception unreadable) when (unreadable is not (OperationCanceledException or OutOfMemoryException) && RecordsFailure.Of(unreadable) is null)
        {
            if (_unreadable.Add(callSid))
                Unreadable(unreadable.GetType().Name, callSid);
            return null;
        }
    }

    /// <summary>The entries that are not written yet, each once, and not those of calls that are erased.</summary>
    private static async Task<List<JournalEntry>> FreshAsync(RecordsContext db, IReadOnlyCollection<JournalEntry> entries, CancellationToken cancellation)
    {
        var calls = entries.Select(entry => entry.CallSid.Value).Distinct().ToArray();
        var first = entries.Min(entry => entry.Number);
        var there = await db.Journal.Where(row => calls.Contains(row.CallSid) && row.Number >= first)
            .Select(row => new { row.CallSid, row.Number }).ToListAsync(cancellation);
        var known = there.Select(row => (row.CallSid, row.Number)).ToHashSet();
        var erased = there.Where(row => row.Number == JournalRow.Erased).Select(row => row.CallSid).ToHashSet();
        return [.. entries.Where(entry => !erased.Contains(entry.CallSid.Value) && known.Add((entry.CallSid.Value, entry.Number)))];
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A call that the last process left open cannot be read, and gets no end: {Reason} (CallSid {CallSid})")]
    private partial void Unreadable(string reason, string callSid);
}
