using Bob.Actors.Calls;
using Bob.Actors.Records;

namespace Bob.Host.Records;

/// <summary>What came of an operation on the database.</summary>
internal sealed record DeliveryOutcome
{
    /// <summary>In a word; null is a success.</summary>
    public string? Failure { get; init; }

    /// <summary>The database is to be prepared again.</summary>
    public bool IsGone => Failure == RecordsFailure.GoneWord;

    public bool Prepared { get; init; }

    /// <summary>The calls that the last process left open.</summary>
    public IReadOnlyList<OrphanCall>? Orphans { get; init; }

    /// <summary>Calls that have their end now.</summary>
    public IReadOnlySet<CallSid>? Ended { get; init; }

    /// <summary>Up to where the spool is in the database.</summary>
    public long? ReplayedTo { get; init; }

    public int Replayed { get; init; }
}

/// <summary>What the writer does to the database; when it does it is the writer's business. The failures that are to be expected are outcomes.</summary>
internal sealed partial class JournalDelivery(JournalStore store, Spool spool, ILogger log)
{
    /// <summary>What was reported already.</summary>
    private string? _bug;

    public Task<DeliveryOutcome> PrepareAsync(CancellationToken cancellation) =>
        AttemptAsync(() => store.PrepareAsync(cancellation), new DeliveryOutcome { Prepared = true });

    /// <summary>Looks whether the database is there.</summary>
    public Task<DeliveryOutcome> LookAsync() => AttemptAsync(
        () =>
        {
            store.Look();
            return Task.CompletedTask;
        },
        new DeliveryOutcome());

    public Task<DeliveryOutcome> WriteAsync(IReadOnlyList<JournalEntry> entries, CancellationToken cancellation) =>
        AttemptAsync(() => StoreAsync(entries, cancellation), new DeliveryOutcome());

    /// <summary>Brings a part of the spool into the database.</summary>
    public async Task<DeliveryOutcome> ReplayAsync(long offset, int most, CancellationToken cancellation)
    {
        SpooledEntries? read = null;
        var outcome = await AttemptAsync(
            async () =>
            {
                read = spool.Read(offset, most);
                await StoreAsync(read.Entries, cancellation);
                if (read.Unread.Count > 0)
                    PutAside(read.Unread, "unknown");
                if (read.Damaged > 0)
                    Dropped(read.Damaged);
            },
            new DeliveryOutcome());
        return outcome.Failure is null ? outcome with { ReplayedTo = read!.End, Replayed = read.Entries.Count } : outcome;
    }

    /// <summary>Looks for the calls that a dead process left open.</summary>
    /// <param name="alive">The calls of this one.</param>
    public async Task<DeliveryOutcome> FindOrphansAsync(IReadOnlySet<CallSid> alive, CancellationToken cancellation)
    {
        IReadOnlyList<OrphanCall> orphans = [];
        var outcome = await AttemptAsync(async () => orphans = await store.OrphansAsync(alive, cancellation), new DeliveryOutcome());
        return outcome.Failure is null ? outcome with { Orphans = orphans } : outcome;
    }

    /// <summary>Gives the calls of a dead process their end.</summary>
    public async Task<DeliveryOutcome> EndLostAsync(IReadOnlySet<CallSid> lost, CancellationToken cancellation)
    {
        var ended = 0;
        var outcome = await AttemptAsync(async () => ended = await store.EndLostAsync(lost, cancellation), new DeliveryOutcome { Ended = lost });
        if (ended > 0)
            EndedLost(ended);
        return outcome;
    }

    /// <summary>Lines of the spool were not whole.</summary>
    public void Dropped(int lines)
    {
        RecordsMetrics.SpoolDamaged.Add(lines);
        Damaged(lines);
    }

    /// <summary>Writes entries. What the database refuses for what it is, is put aside, alone, and holds up nothing else.</summary>
    private async Task StoreAsync(IReadOnlyList<JournalEntry> entries, CancellationToken cancellation)
    {
        if (entries.Count == 0)
            return;
        try
        {
            await store.WriteAsync(entries, cancellation);
            RecordsMetrics.Written.Add(entries.Count);
        }
        catch (Exception refused) when (refused is RecordsFailure { IsRefusal: true } or not (RecordsFailure or OperationCanceledException or OutOfMemoryException))
        {
            // Also a bug in the projection: it costs an entry, and not the books of all calls. A shortage of memory is no entry's fault.
            if (entries.Count == 1)
            {
                PutAside([Spool.Line(entries[0])], (refused.InnerException ?? refused).GetType().Name);
                return;
            }

            foreach (var entry in entries)
                await StoreAsync([entry], cancellation);
        }
    }

    private void PutAside(IReadOnlyList<string> lines, string why)
    {
        spool.PutAside(lines);
        RecordsMetrics.PutAside.Add(lines.Count);
        EntriesPutAside(lines.Count, why);
    }

    private async Task<DeliveryOutcome> AttemptAsync(Func<Task> work, DeliveryOutcome success)
    {
        try
        {
            await work();
            return success;
        }
        catch (RecordsFailure failure)
        {
            return new DeliveryOutcome { Failure = failure.Word };
        }
        catch (OperationCanceledException)
        {
            return new DeliveryOutcome { Failure = "stopping" };
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            return new DeliveryOutcome { Failure = "spool" };
        }
        catch (Exception bug)
        {
            // It is tried again like any other failure, and the journal goes to the spool meanwhile: the books of all calls do not end by it.
            if (_bug != (_bug = bug.GetType().Name))
                Unexpected(bug);
            return new DeliveryOutcome { Failure = "bug" };
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "What the journal asks of the database fails in an unexpected way; please report it")]
    private partial void Unexpected(Exception bug);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} lines of the spool were not whole and are dropped: something died while writing them")]
    private partial void Damaged(int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} entries of the journal were put aside into journal.unread: {Reason}")]
    private partial void EntriesPutAside(int count, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} calls were cut off when the last process died; they have their end now")]
    private partial void EndedLost(int count);
}
