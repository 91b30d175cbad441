using Bob.Host.Configuration;
using Microsoft.EntityFrameworkCore;

namespace Bob.Host.Records;

/// <summary>What was removed because its time was over.</summary>
/// <param name="Callers">Records of callers.</param>
/// <param name="Usage">Rows of what was paid for.</param>
public sealed record Outdated(RemovedRows Rows, int Recordings, int Messages, int Callers = 0, int Usage = 0)
{
    public bool IsNothing => this == new Outdated(new RemovedRows(), 0, 0);
}

/// <summary>Removes what is older than the settings let it be. Every node may do it at any time; it is done in small steps, so that the journal waits for none.</summary>
public sealed partial class Retention(RecordsDatabase database, BobOptions options, TimeProvider clock, ILogger<Retention> log)
{
    /// <summary>Calls, or messages, in one transaction.</summary>
    private const int Step = 100;

    /// <summary>Callers that one statement looks at.</summary>
    private const int CallersStep = 500;

    /// <summary>Rows of usage in one transaction.</summary>
    private const int UsageStep = 5_000;

    /// <summary>No call lasts longer, so one without an end that is older has none to come.</summary>
    private static readonly TimeSpan LongestCall = TimeSpan.FromDays(2);

    /// <exception cref="RecordsFailure">The database cannot be had; a part may be removed.</exception>
    public async Task<Outdated> ApplyAsync(CancellationToken cancellation)
    {
        try
        {
            await using var db = database.Open();
            Outdated? outdated = null;
            try
            {
                outdated = await RemoveOutdatedAsync(db, cancellation);
            }
            finally
            {
                if (outdated is not { IsNothing: true })
                    await CallRemoval.ForgetAsync(db, cancellation); // also what was removed before something could not be
            }

            if (!outdated.IsNothing)
                Removed(outdated.Rows.Calls, outdated.Rows.Turns, outdated.Recordings, outdated.Messages, outdated.Callers, outdated.Usage);
            return outdated;
        }
        catch (Exception failure) when (RecordsFailure.Of(failure) is { } reason)
        {
            throw reason;
        }
    }

    private async Task<Outdated> RemoveOutdatedAsync(RecordsContext db, CancellationToken cancellation)
    {
        var keep = options.Retention;
        var outdated = new Outdated(new RemovedRows(), 0, 0);
        if (keep.Messages is { } messages)
            outdated = outdated with { Messages = await MessagesAsync(db, Before(messages), cancellation) };
        if (keep.Recordings is { } recordings)
            outdated = outdated with { Recordings = await RecordingsAsync(db, Before(recordings), cancellation) };
        if (keep.Transcripts is { } transcripts)
            outdated = outdated with { Rows = await TranscriptsAsync(db, Before(transcripts), cancellation) };
        if (keep.Calls is { } calls)
        {
            var (rows, files) = await CallsAsync(db, Before(calls), cancellation);
            outdated = outdated with { Rows = outdated.Rows + rows, Recordings = outdated.Recordings + files };
        }

        if (keep.Callers is { } callers)
            outdated = outdated with { Callers = await CallersAsync(db, Before(callers), cancellation) };
        if (keep.Usage is { } usage)
            outdated = outdated with { Usage = await UsageAsync(db, Before(usage), cancellation) };
        return outdated;
    }

    private async Task<int> MessagesAsync(RecordsContext db, DateTimeOffset before, CancellationToken cancellation)
    {
        var (removed, files) = (0, Files());
        var outdated = db.Messages.Where(row => row.At < before && !files.Stuck.Contains(row.RecordingSid)).OrderBy(row => row.At);
        while (await outdated.Take(Step).Select(row => new { row.Id, row.RecordingSid, row.Caller, row.At }).ToListAsync(cancellation) is { Count: > 0 } messages)
        {
            files.RemoveOf([.. messages.Select(row => row.RecordingSid).OfType<string>()]);
            var gone = messages.Where(row => row.RecordingSid is null || !files.Stuck.Contains(row.RecordingSid)).ToList();
            var ids = gone.Select(row => row.Id).ToArray();
            await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
            await CallRemoval.RememberCallersAsync(db, options.Retention, gone.Select(row => (row.Caller, row.At)), cancellation);
            removed += await db.Messages.Where(row => ids.Contains(row.Id)).ExecuteDeleteAsync(cancellation);
            await transaction.CommitAsync(cancellation);
        }

        return removed;
    }

    /// <summary>Files of this node; also those that no record names.</summary>
    private async Task<int> RecordingsAsync(RecordsContext db, DateTimeOffset before, CancellationToken cancellation)
    {
        var files = Files();
        var recorded = await Over(db, before).Where(row => row.Recording != null).Select(row => row.CallSid).ToListAsync(cancellation);
        var removed = files.RemoveOf(recorded.ToHashSet());
        foreach (var calls in recorded.Except(files.Stuck).Chunk(Step))
            await db.Calls.Where(row => calls.Contains(row.CallSid)).ExecuteUpdateAsync(set => set.SetProperty(row => row.Recording, (string?)null), cancellation);
        // What belongs to a message is kept as long as that.
        var spoken = await db.Messages.Where(row => row.RecordingSid != null).Select(row => row.RecordingSid!).ToListAsync(cancellation);
        return removed + files.RemoveOlder(before, spoken.ToHashSet());
    }

    private async Task<RemovedRows> TranscriptsAsync(RecordsContext db, DateTimeOffset before, CancellationToken cancellation)
    {
        var over = Over(db, before).Where(row => db.Journal.Any(entry => entry.CallSid == row.CallSid)).OrderBy(row => row.StartedAt).Select(row => row.CallSid);
        return await StepwiseAsync(over, RemoveAsync, cancellation) + await StepwiseAsync(WithoutRecord(db, before), RemoveAsync, cancellation);

        async Task<RemovedRows> RemoveAsync(IReadOnlyCollection<string> calls)
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
            var removed = await CallRemoval.TranscriptsAsync(db, calls, cancellation);
            await transaction.CommitAsync(cancellation);
            return removed;
        }
    }

    private async Task<(RemovedRows Rows, int Recordings)> CallsAsync(RecordsContext db, DateTimeOffset before, CancellationToken cancellation)
    {
        var (recordings, files) = (0, Files());
        var over = Over(db, before).OrderBy(row => row.StartedAt).Select(row => row.CallSid);
        var rows = await StepwiseAsync(over.Where(call => !files.Stuck.Contains(call)), RemoveAsync, cancellation);
        rows += await StepwiseAsync(WithoutRecord(db, before).Where(call => !files.Stuck.Contains(call)), RemoveAsync, cancellation);
        await db.Journal.Where(entry => entry.At < before && entry.Number == JournalRow.Erased).ExecuteDeleteAsync(cancellation);
        return (rows, recordings);

        // The files first: one whose row is gone would never be found again. And before the transaction: in a file nobody else writes meanwhile.
        async Task<RemovedRows> RemoveAsync(IReadOnlyCollection<string> calls)
        {
            recordings += files.RemoveOf(calls);
            string[] gone = [.. calls.Except(files.Stuck)];
            await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
            var callers = await db.Calls.Where(row => gone.Contains(row.CallSid)).Select(row => new { row.Caller, row.StartedAt }).ToListAsync(cancellation);
            await CallRemoval.RememberCallersAsync(db, options.Retention, callers.Select(row => (row.Caller, row.StartedAt)), cancellation);
            var removed = await CallRemoval.CallsAsync(db, gone, cancellation);
            await transaction.CommitAsync(cancellation);
            return removed;
        }
    }

    /// <summary>Who is blocked stays: to forget them would let them in again.</summary>
    private static async Task<int> CallersAsync(RecordsContext db, DateTimeOffset before, CancellationToken cancellation)
    {
        var (removed, after, day) = (0, "", CallRemoval.DayOf(before));
        while (await db.Callers.Where(row => string.Compare(row.Number, after) > 0).OrderBy(row => row.Number).Select(row => row.Number).Take(CallersStep).ToListAsync(cancellation) is { Count: > 0 } some)
        {
            removed += await db.Callers
                .Where(row => some.Contains(row.Number) && !row.Blocked && row.UpdatedAt < before && (row.LastCallAt == null || row.LastCallAt < day)
                    && !db.Calls.Any(call => call.Caller == row.Number && call.StartedAt >= before) && !db.Messages.Any(message => message.Caller == row.Number && message.At >= before))
                .ExecuteDeleteAsync(cancellation);
            after = some[^1];
        }

        return removed;
    }

    private static async Task<int> UsageAsync(RecordsContext db, DateTimeOffset before, CancellationToken cancellation)
    {
        var (removed, step) = (0, 0);
        do
            removed += step = await db.Usage.Where(row => db.Usage.Where(old => old.At < before).OrderBy(old => old.At).Select(old => old.Id).Take(UsageStep).Contains(row.Id)).ExecuteDeleteAsync(cancellation);
        while (step > 0);
        return removed;
    }

    /// <summary>Calls whose beginning was lost.</summary>
    private static IQueryable<string> WithoutRecord(RecordsContext db, DateTimeOffset before) => db.Journal
        .Where(entry => entry.At < before && entry.Number < JournalRow.Erased && !db.Calls.Any(row => row.CallSid == entry.CallSid))
        .Select(entry => entry.CallSid).Distinct();

    private static async Task<RemovedRows> StepwiseAsync(
        IQueryable<string> outdated, Func<IReadOnlyCollection<string>, Task<RemovedRows>> remove, CancellationToken cancellation)
    {
        var removed = new RemovedRows();
        while (await outdated.Take(Step).ToListAsync(cancellation) is { Count: > 0 } calls)
            removed += await remove(calls);
        return removed;
    }

    private IQueryable<CallRow> Over(RecordsContext db, DateTimeOffset before)
    {
        var dead = clock.GetUtcNow() - LongestCall;
        return db.Calls.Where(row => row.StartedAt < before && (row.EndedAt != null || row.StartedAt < dead));
    }

    private DateTimeOffset Before(int days) => clock.GetUtcNow().AddDays(-days);

    private RecordingFiles Files() => new(options.RecordingsFolder, failure => Stuck(failure.GetType().Name));

    [LoggerMessage(Level = LogLevel.Information, Message = "Removed what has been kept long enough: {Calls} calls, {Turns} turns, {Recordings} recordings, {Messages} messages, {Callers} callers, {Usage} rows of usage")]
    private partial void Removed(int calls, int turns, int recordings, int messages, int callers, int usage);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A recording cannot be removed: {Reason}")]
    private partial void Stuck(string reason);
}

/// <summary>Applies the <see cref="Retention"/> at the start and every day.</summary>
public sealed partial class RetentionService(Retention retention, BobOptions options, TimeProvider clock, ILogger<RetentionService> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromDays(1);

    /// <summary>After the database could not be had.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Retention == new RetentionOptions(null, null, null, null))
            return;
        while (!stoppingToken.IsCancellationRequested)
        {
            var next = Interval;
            try
            {
                await retention.ApplyAsync(stoppingToken);
            }
            catch (RecordsFailure failure)
            {
                PutOff(failure.Word);
                next = RetryInterval;
            }

            await Task.Delay(next, clock, stoppingToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What has been kept long enough cannot be removed now: the database is {Reason}; tried again in an hour")]
    private partial void PutOff(string reason);
}
