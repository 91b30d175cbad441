using System.Threading.Channels;
using Bob.Actors.Calls;
using Bob.Actors.Records;

namespace Bob.Host.Records;

/// <summary>Where the journal goes at the moment.</summary>
public enum JournalState
{
    /// <summary>To the database.</summary>
    Database,

    /// <summary>To the spool: the database does not take it.</summary>
    Spool,

    /// <summary>Nowhere: it waits in memory, which is bounded.</summary>
    Memory,

    /// <summary>Nowhere: the writer has ended before its time, by a mistake in it.</summary>
    Ended,
}

/// <summary>
/// The one writer of a node: takes entries from all calls without ever holding them up, and brings them to the database in batches. What the database
/// does not take at once goes to the spool, and from there, in order, to the database when it is back.
/// <code>
/// calls ──► channel ──► held ──┬── the spool is empty ──► database
///                              └── or it takes too long ──► spool ──► database
/// </code>
/// An entry may go both ways, when a write that was given up succeeds after all; the store takes it once. One operation on the database at a time.
/// </summary>
public sealed partial class JournalWriter : IJournal, IDisposable
{
    /// <summary>Entries that may wait for the writer: half a minute of a full node.</summary>
    public const int MaxWaiting = 20_000;

    /// <summary>Entries in one transaction.</summary>
    public const int MaxBatch = 500;

    /// <summary>How long entries are collected. With <see cref="Patience"/> it stays within the second in which they are to be durable.</summary>
    public static readonly TimeSpan BatchInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>How long the database may take before a batch goes to the spool.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);

    /// <summary>From one try of a database that failed to the next.</summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    /// <summary>Longest that the end of the process waits for the database, and for the spool where that takes nothing either.</summary>
    private static readonly TimeSpan FarewellLimit = TimeSpan.FromSeconds(3);

    private readonly JournalStore _store;
    private readonly JournalDelivery _delivery;
    private readonly Spool _spool;
    private readonly OrphanCalls _orphans;
    private readonly TimeProvider _clock;
    private readonly ILogger<JournalWriter> _log;
    private readonly Channel<JournalEntry> _entries = Channel.CreateBounded<JournalEntry>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly List<JournalEntry> _held = [];
    private readonly HashSet<CallSid> _alive = [];
    private readonly CancellationTokenSource _stopped = new();
    private Task _loop = Task.CompletedTask;
    private Task<bool>? _readable;
    private Task<DeliveryOutcome>? _work;
    private long _replayed, _replayedEntries, _lost, _lookedAt;
    private long? _failedAt, _spoolFailedAt;
    private bool _prepared, _orphansFound;
    private volatile JournalState _state;
    private volatile string? _failure;
    private volatile int _waiting;

    /// <param name="orphans">Who decides on the calls of a dead process; null: they are over.</param>
    public JournalWriter(JournalStore store, Spool spool, TimeProvider clock, ILogger<JournalWriter> log, OrphanCalls? orphans = null)
    {
        (_store, _spool, _clock, _log, _orphans) = (store, spool, clock, log, orphans ?? new OrphanCalls());
        _delivery = new JournalDelivery(store, spool, log);
        if (spool.Torn > 0)
            _delivery.Dropped(spool.Torn);
    }

    /// <summary>Calls of a dead process have got their ends, and with them what they cost on the telephone. On the writer's thread.</summary>
    public event Action? EndsAreWritten;

    /// <summary>Where the journal goes at the moment.</summary>
    public JournalState State => _state;

    /// <summary>Why it does not go to the database, in a word; null when it does.</summary>
    public string? Failure => _failure;

    /// <summary>
    /// Whether so much waits in memory that new calls would cost entries of those that are up. The other half is theirs. When the writer has ended nothing waits;
    /// what would is lost, and counts the same.
    /// </summary>
    public bool IsFull => _state is JournalState.Memory or JournalState.Ended && _waiting + _entries.Reader.Count + Interlocked.Read(ref _lost) >= MaxWaiting / 2;

    public void Write(JournalEntry entry)
    {
        if (!_entries.Writer.TryWrite(entry))
        {
            Interlocked.Increment(ref _lost);
            RecordsMetrics.Lost.Add(1);
        }
    }

    /// <summary>Brings the database up to date, and what a dead process has left into it.</summary>
    /// <exception cref="RecordsFailure">The database cannot be used.</exception>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        try
        {
            await _store.PrepareAsync(cancellation);
        }
        catch (RecordsFailure failure)
        {
            (_failure, _failedAt) = (failure.Word, _clock.GetTimestamp()); // for whoever starts without it
            throw;
        }

        _prepared = true;
        while (_failure is null && Next() is { } work)
            Settle(await work);
    }

    /// <summary>From here on entries are written.</summary>
    public void Start()
    {
        _state = _spool.Length == 0 && _prepared ? JournalState.Database : JournalState.Spool;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Everything that was told so far is in the database or in the spool when this returns.</summary>
    public Task StopAsync()
    {
        _entries.Writer.TryComplete();
        return _loop;
    }

    /// <summary>Ends the writer without its last words, should it not have been stopped.</summary>
    public void Dispose()
    {
        _entries.Writer.TryComplete();
        _stopped.Cancel();
    }

    /// <summary>Whatever happens, a shortage of memory included, does not happen in silence: nobody else would ever learn of it.</summary>
    private async Task RunAsync()
    {
        try
        {
            await WriteAllAsync();
        }
        catch (Exception bug)
        {
            (_failure, _waiting) = ("bug", _held.Count);
            _state = JournalState.Ended;
            EndedEarly(bug);
        }

        _entries.Writer.TryComplete();
        if (_held.Count + _entries.Reader.Count is var left and > 0)
        {
            RecordsMetrics.Lost.Add(left);
            LostEntries(left);
        }
    }

    private async Task WriteAllAsync()
    {
        while (await CollectAsync())
            await ProceedAsync();

        // The last words of all calls; then what the database is still to have, if it takes it now.
        var farewell = _clock.GetTimestamp();
        do
        {
            Take();
            await ProceedAsync();
            if (_work is { } work)
                await Task.WhenAny(work, Task.Delay(RetryInterval, _clock));
            else if (_held.Count > 0)
                await Task.Delay(BatchInterval, _clock);
        }
        while ((_entries.Reader.Count > 0 || _held.Count > 0 || _work is not null) && _clock.GetElapsedTime(farewell) < FarewellLimit);
        _stopped.Cancel();
    }

    /// <summary>Waits until there is something to do. False: nothing more will come.</summary>
    private async Task<bool> CollectAsync()
    {
        _readable ??= _entries.Reader.WaitToReadAsync().AsTask();
        if (_work is { } work)
            await Task.WhenAny(_readable, work);
        else if (_held.Count > 0 || _spool.Length > 0 || !_prepared || !_orphansFound || _orphans.AreOpen)
            await Task.WhenAny(_readable, Task.Delay(RetryInterval, _clock));
        else
            await Task.WhenAny(_readable, _orphans.Ends, Task.Delay(RetryInterval, _clock)); // to look whether the database is there
        if (!_readable.IsCompleted)
            return true;
        if (!await _readable)
            return false;
        _readable = null;
        await Task.Delay(BatchInterval, _clock);
        Take();
        return true;
    }

    /// <summary>What waits in the channel, up to the bound of what may be held.</summary>
    private void Take()
    {
        while (_held.Count < MaxWaiting && _entries.Reader.TryRead(out var entry))
        {
            if (entry is JournalEntry.CallEnded)
                _alive.Remove(entry.CallSid);
            else if (entry is JournalEntry.CallOpened or JournalEntry.StreamAttached)
                _alive.Add(entry.CallSid);
            _held.Add(entry);
        }

        if (Interlocked.Exchange(ref _lost, 0) is var lost and > 0)
            LostEntries(lost);
    }

    private async Task ProceedAsync()
    {
        if (_work is { IsCompleted: true } done)
        {
            _work = null;
            Settle(await done);
        }

        var mayTry = _failedAt is not { } failed || _clock.GetElapsedTime(failed) >= RetryInterval;
        if (mayTry && _work is null && _prepared && _spool.Length == 0)
            await WriteHeldAsync();
        if (_held.Count > 0 && (_spoolFailedAt is not { } full || _clock.GetElapsedTime(full) >= RetryInterval))
            SpoolHeld();
        if (mayTry && _work is null)
            _work = Next();
        _waiting = _held.Count;
        _state = _held.Count > 0 ? JournalState.Memory : _spool.Length > 0 || !_prepared ? JournalState.Spool : JournalState.Database;
        RecordsMetrics.SpoolIs(_spool.Length);
    }

    /// <summary>
    /// The usual way: what is held goes to the database, as long as that is quick, all of it together. A write that is given up may still succeed.
    /// </summary>
    private async Task WriteHeldAsync()
    {
        var begun = _clock.GetTimestamp();
        while (_held.Count > 0)
        {
            var patience = _spoolFailedAt is null ? Patience - _clock.GetElapsedTime(begun) : Patience;
            if (patience <= TimeSpan.Zero)
                return; // the rest is sooner safe in the spool
            var batch = _held.Take(MaxBatch).ToArray();
            var writing = Task.Run(() => _delivery.WriteAsync(batch, _stopped.Token));
            await Task.WhenAny(writing, Task.Delay(patience, _clock));
            if (!writing.IsCompleted)
            {
                _work = writing;
                return;
            }

            var outcome = await writing;
            Settle(outcome);
            if (outcome.Failure is not null)
                return;
            _held.RemoveRange(0, batch.Length);
        }
    }

    /// <summary>What the database is to do besides; null when there is nothing.</summary>
    private Task<DeliveryOutcome>? Next()
    {
        if (!_prepared)
            return Task.Run(() => _delivery.PrepareAsync(_stopped.Token));
        if (_spool.Length > 0)
            return Task.Run(() => _delivery.ReplayAsync(_replayed, MaxBatch, _stopped.Token));
        if (_held.Count > 0)
            return null; // among it may be the end of a call
        if (!_orphansFound)
        {
            var alive = _alive.ToHashSet();
            return Task.Run(() => _delivery.FindOrphansAsync(alive, _stopped.Token));
        }

        var over = _orphans.Over;
        if (over.Overlaps(_alive))
        {
            _orphans.Recorded(_alive); // announced again: its end is its own
            over = _orphans.Over;
        }

        if (over.Count > 0)
            return Task.Run(() => _delivery.EndLostAsync(over, _stopped.Token));
        return _clock.GetElapsedTime(_lookedAt) >= RetryInterval ? Task.Run(_delivery.LookAsync) : null; // and not here: a disk may hang
    }

    private void Settle(DeliveryOutcome outcome)
    {
        if (outcome.Failure is { } failure)
        {
            if (_failure != failure && outcome.IsGone)
                Gone(failure, RecordsFailure.Gone.Remedy);
            else if (_failure != failure && failure != "stopping")
                Unavailable(failure);
            (_failure, _failedAt) = (failure, _clock.GetTimestamp());
            _prepared &= !outcome.IsGone;
            return;
        }

        _failedAt = null;
        _lookedAt = _clock.GetTimestamp();
        _prepared |= outcome.Prepared;
        if (outcome.Orphans is { } orphans)
        {
            _orphansFound = true;
            _orphans.Found(orphans);
        }

        if (outcome.Ended is { } ended)
        {
            _orphans.Recorded(ended);
            EndsAreWritten?.Invoke();
        }

        if (outcome.ReplayedTo is { } end)
        {
            _replayed = end;
            _replayedEntries += outcome.Replayed;
        }

        if (_replayed < _spool.Length || !_prepared)
            return;
        try
        {
            if (_spool.Length > 0)
                _spool.Clear();
        }
        catch (IOException)
        {
            (_failure, _failedAt) = ("spool", _clock.GetTimestamp()); // comes here again, with nothing left to replay
            return;
        }

        if (_failure is not null || (_loop.IsCompleted && _replayedEntries > 0))
            AvailableAgain(_replayedEntries); // not after a moment of slowness
        (_replayed, _replayedEntries, _failure) = (0, 0, null);
    }

    /// <summary>All that is held goes to the spool. What that does not take stays in memory.</summary>
    private void SpoolHeld()
    {
        try
        {
            if (_spool.Length == 0 && _failure is null)
                Slow();
            _spool.Append(_held);
            RecordsMetrics.Spooled.Add(_held.Count);
            _held.Clear();
            _spoolFailedAt = null;
        }
        catch (Exception full) when (full is IOException or UnauthorizedAccessException)
        {
            _spoolFailedAt = _clock.GetTimestamp();
            if (_state != JournalState.Memory)
                SpoolFull(full.GetType().Name);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database does not take the journal: {Reason}; it goes to the spool")]
    private partial void Unavailable(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The database does not take the journal: {Reason}; it goes to the spool. {Remedy}")]
    private partial void Gone(string reason, string remedy);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The database is slow; some of the journal goes to the spool")]
    private partial void Slow();

    [LoggerMessage(Level = LogLevel.Information, Message = "The database takes the journal again; {Count} entries came from the spool")]
    private partial void AvailableAgain(long count);

    [LoggerMessage(Level = LogLevel.Error, Message = "The spool takes nothing either ({Reason}): the journal waits in memory")]
    private partial void SpoolFull(string reason);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The writer of the journal has ended by a mistake in it: nothing is written down any more; restart Bob, and please report it")]
    private partial void EndedEarly(Exception bug);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} entries of the journal were lost: neither database nor spool took them")]
    private partial void LostEntries(long count);
}
