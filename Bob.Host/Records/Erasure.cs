using Bob.Host.Configuration;
using Bob.Host.Twilio;
using Microsoft.EntityFrameworkCore;

namespace Bob.Host.Records;

/// <summary>What was erased of a caller.</summary>
/// <param name="Rows">Of their calls; their usage is kept, and no longer says of which call it was.</param>
/// <param name="Messages">Messages that they left.</param>
/// <param name="Known">Whether the business had a record of the caller.</param>
/// <param name="Recordings">Audio files.</param>
/// <param name="SpoolLines">Lines of the spool, and of what was put aside.</param>
public sealed record ErasedCaller(RemovedRows Rows, int Messages, bool Known, int Recordings, int SpoolLines)
{
    /// <summary>Calls that still go on. They are left as they are: erase again when they are over.</summary>
    public int LiveCalls { get; init; }

    /// <summary>Lines that still wait in the spool. They never reach the database: a Bob who brings them there drops them.</summary>
    public int WaitingLines { get; init; }

    /// <summary>Audio files that could not be removed. Their calls and messages are left as they are, so that they are found again.</summary>
    public int StuckRecordings { get; init; }

    /// <summary>Both together, of two turns at it.</summary>
    internal ErasedCaller And(ErasedCaller second) => new(Rows + second.Rows, Messages + second.Messages, Known || second.Known, Recordings + second.Recordings, SpoolLines)
    {
        StuckRecordings = second.StuckRecordings,
    };
}

/// <summary>
/// Erases a caller: calls, turns, tool runs, messages, the journal, what the business knows of them, recordings, and what waits in the spool of this
/// node. Any process may do it, also while Bob takes calls: each erased call leaves its CallSid behind, and whatever is written of it later, by any
/// node, is dropped (<see cref="JournalRow.Erased"/>).
/// </summary>
public sealed partial class Erasure(RecordsDatabase database, BobOptions options, TimeProvider clock, ILogger<Erasure> log)
{
    /// <summary>Longest that the end waits for a spool to be brought in.</summary>
    private static readonly TimeSpan SpoolPatience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan SpoolInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>A call without an end that is older than a call can be does not go on: its process died, and no other came.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    private readonly SpooledCalls _spool = new(options.Records.Spool);

    /// <param name="number">E.164.</param>
    /// <exception cref="RecordsFailure">The database cannot be had. Nothing, or a part, was erased: do it again.</exception>
    public async Task<ErasedCaller> EraseAsync(string number, CancellationToken cancellation)
    {
        if (!PhoneNumber.IsE164(number))
            throw new ArgumentException("Not a number in the form of E.164", nameof(number));
        try
        {
            await using var db = database.Open();
            var (calls, live) = await CallsOfAsync(db, number, cancellation);
            var spooled = _spool.Waiting(calls);
            var erased = await EraseAsync(db, number, calls, cancellation);
            var waiting = await SpoolAsync(calls, cancellation);
            if (spooled > 0)
                erased = erased.And(await EraseAsync(db, number, calls, cancellation)); // what was on its way into the database meanwhile
            await CallRemoval.ForgetAsync(db, cancellation);
            erased = erased with { SpoolLines = spooled + _spool.RemovePutAside(calls), LiveCalls = live, WaitingLines = waiting };
            Erased(erased.Rows.Calls, erased.Recordings);
            return erased;
        }
        catch (Exception failure) when (RecordsFailure.Of(failure) is { } reason)
        {
            throw reason;
        }
    }

    /// <summary>The calls of a caller that are over, in the database or in the spool, and how many are not.</summary>
    private async Task<(IReadOnlySet<string> Over, int Live)> CallsOfAsync(RecordsContext db, string number, CancellationToken cancellation)
    {
        var rows = await db.Calls.AsNoTracking().Where(row => row.Caller == number)
            .Select(row => new { row.CallSid, row.StartedAt, Ended = row.EndedAt != null }).ToListAsync(cancellation);
        var left = await db.Messages.AsNoTracking() // of calls whose beginning was lost
            .Where(row => row.Caller == number && row.CallSid != null && row.RecordingSid != null && !db.Calls.Any(call => call.CallSid == row.CallSid))
            .Select(row => new { CallSid = row.CallSid!, row.At }).ToListAsync(cancellation);
        var all = rows.Select(row => new SpooledCalls.Opened(row.CallSid, row.StartedAt, row.Ended))
            .Concat(left.Select(row => new SpooledCalls.Opened(row.CallSid, row.At, Ended: true)))
            .Concat(_spool.Of(number)).ToLookup(call => call.CallSid);
        var ended = _spool.Ended(all.Select(call => call.Key).ToHashSet());
        var dead = clock.GetUtcNow() - options.Calls.MaxDuration - Margin;
        var over = all.Where(call => ended.Contains(call.Key) || call.Any(told => told.Ended || told.At < dead)).Select(call => call.Key).ToHashSet();
        return (over, all.Count - over.Count);
    }

    private async Task<ErasedCaller> EraseAsync(RecordsContext db, string number, IReadOnlySet<string> calls, CancellationToken cancellation)
    {
        var stuck = 0;
        var files = new RecordingFiles(options.RecordingsFolder, failure =>
        {
            stuck++;
            Stuck(failure.GetType().Name);
        });
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var messages = db.Messages.Where(row => row.Caller == number || (row.CallSid != null && calls.Contains(row.CallSid)));
        var spoken = await messages.Where(row => row.RecordingSid != null).Select(row => row.RecordingSid!).ToListAsync(cancellation);
        var recordings = files.RemoveOf([.. calls, .. spoken]); // first: a file whose row is gone would never be found again
        var gone = calls.Except(files.Stuck).ToHashSet(); // the rows of the others stay, for who comes to try again
        var rows = await CallRemoval.CallsAsync(db, gone, cancellation);
        var taken = await messages.Where(row => !files.Stuck.Contains(row.RecordingSid) && !files.Stuck.Contains(row.CallSid)).ExecuteDeleteAsync(cancellation);
        var known = await db.Callers.Where(row => row.Number == number).ExecuteDeleteAsync(cancellation) > 0;
        var marked = await db.Journal.Where(row => gone.Contains(row.CallSid)).Select(row => row.CallSid).ToListAsync(cancellation);
        db.Journal.AddRange(gone.Except(marked).Select(call => JournalRow.OfErased(call, clock.GetUtcNow())));
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return new ErasedCaller(rows, taken, known, recordings, 0) { StuckRecordings = stuck };
    }

    /// <summary>Waits until the lines of these calls are out of the spool; who holds it brings it in all the time, when the database takes it.</summary>
    private async Task<int> SpoolAsync(IReadOnlySet<string> calls, CancellationToken cancellation)
    {
        var began = clock.GetTimestamp();
        while (true)
        {
            var waiting = _spool.Waiting(calls);
            if (waiting == 0 || clock.GetElapsedTime(began) > SpoolPatience)
                return waiting;
            await Task.Delay(SpoolInterval, clock, cancellation);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "A caller was erased: {Calls} calls, {Recordings} recordings")]
    private partial void Erased(int calls, int recordings);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A recording cannot be removed: {Reason}")]
    private partial void Stuck(string reason);
}
