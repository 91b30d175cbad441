using System.Threading.Channels;
using Bob.Actors.Calls;

namespace Bob.Host.Records;

/// <summary>A call that a dead process of this node left without its end.</summary>
/// <param name="LastSign">When something of it was written last.</param>
/// <param name="Step">What was to come next.</param>
public sealed record OrphanCall(CallSid CallSid, DateTimeOffset LastSign, CallPhase Step);

/// <summary>
/// The calls that a dead process of this node left open, from when they are found to when it is known what becomes of each: its caller comes back, or it is over.
/// The one place where that is decided, so that no call gets its end that goes on, and none goes on that has got it. Safe from any thread.
/// </summary>
/// <param name="awaits">Whether somebody waits for the callers to come back; otherwise all that are found are over at once.</param>
public sealed class OrphanCalls(bool awaits = false)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<CallSid, Orphan> _orphans = [];
    private readonly Channel<OrphanCall> _found = Channel.CreateUnbounded<OrphanCall>();
    private TaskCompletionSource _ends = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private enum Fate
    {
        /// <summary>Nobody knows yet.</summary>
        Awaited,

        /// <summary>Its caller is here.</summary>
        Back,

        /// <summary>It is over, and its end is to be written.</summary>
        Over,

        /// <summary>Its end is written.</summary>
        Recorded,
    }

    /// <summary>Those that somebody is to look after, as they are found.</summary>
    public ChannelReader<OrphanCall> Awaited => _found.Reader;

    /// <summary>Whether ends may still have to be written.</summary>
    public bool AreOpen
    {
        get
        {
            lock (_gate)
                return _orphans.Values.Any(orphan => orphan.Fate is Fate.Awaited or Fate.Over);
        }
    }

    /// <summary>Whether nobody knows yet what becomes of the call.</summary>
    public bool Awaits(CallSid callSid)
    {
        lock (_gate)
            return _orphans.TryGetValue(callSid, out var orphan) && orphan.Fate == Fate.Awaited;
    }

    /// <summary>Completes when there is an end to be written.</summary>
    public Task Ends
    {
        get
        {
            lock (_gate)
                return _ends.Task;
        }
    }

    /// <summary>Those whose end is to be written.</summary>
    public IReadOnlySet<CallSid> Over
    {
        get
        {
            lock (_gate)
                return _orphans.Where(call => call.Value.Fate == Fate.Over).Select(call => call.Key).ToHashSet();
        }
    }

    /// <summary>The books have these open, and this process does not have them.</summary>
    public void Found(IEnumerable<OrphanCall> calls)
    {
        lock (_gate)
        {
            foreach (var call in calls.Where(call => !_orphans.ContainsKey(call.CallSid)))
            {
                var orphan = new Orphan();
                _orphans.Add(call.CallSid, orphan);
                if (awaits)
                    _found.Writer.TryWrite(call);
                else
                    End(orphan);
            }
        }
    }

    /// <summary>The ends of these are written.</summary>
    public void Recorded(IEnumerable<CallSid> calls)
    {
        lock (_gate)
        {
            foreach (var call in calls.Where(call => _orphans.TryGetValue(call, out var orphan) && orphan.Fate == Fate.Over))
                _orphans[call].Fate = Fate.Recorded;
            if (_ends.Task.IsCompleted && _orphans.Values.All(orphan => orphan.Fate != Fate.Over))
                _ends = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>The caller of a call is here, who may not have been found yet: from here on it is not over.</summary>
    /// <returns>False: it is over already.</returns>
    public bool ComesBack(CallSid callSid)
    {
        lock (_gate)
        {
            var orphan = Of(callSid);
            if (orphan.Fate is Fate.Over or Fate.Recorded)
                return false;
            orphan.Fate = Fate.Back;
            orphan.Return.TrySetResult();
            return true;
        }
    }

    /// <summary>The call will not go on: it is over, or its caller could not be helped.</summary>
    /// <param name="evenIfBack">Also one that has come back.</param>
    /// <returns>False: it goes on.</returns>
    public bool GiveUp(CallSid callSid, bool evenIfBack = false)
    {
        lock (_gate)
        {
            if (!_orphans.TryGetValue(callSid, out var orphan) || (orphan.Fate == Fate.Back && !evenIfBack))
                return false;
            if (orphan.Fate != Fate.Recorded)
                End(orphan);
            return true;
        }
    }

    /// <summary>There is no such call.</summary>
    public void Forget(CallSid callSid)
    {
        lock (_gate)
            _orphans.Remove(callSid);
    }

    /// <summary>Completes when it is known what becomes of the call.</summary>
    public Task DecidedAsync(CallSid callSid)
    {
        lock (_gate)
            return Of(callSid).Return.Task;
    }

    /// <summary>Somebody does something about a call of which nobody knows yet, and which must not come back in the middle of it.</summary>
    /// <returns>To be disposed when it is done; null: the call is decided.</returns>
    public IDisposable? TryBegin(CallSid callSid)
    {
        lock (_gate)
        {
            var orphan = Of(callSid);
            return orphan.Fate == Fate.Awaited ? orphan.Work = new Work() : null;
        }
    }

    /// <summary>Completes when nobody does anything about the call.</summary>
    public Task IdleAsync(CallSid callSid)
    {
        lock (_gate)
            return _orphans.TryGetValue(callSid, out var orphan) && orphan.Work is { } work ? work.Done : Task.CompletedTask;
    }

    private void End(Orphan orphan)
    {
        orphan.Fate = Fate.Over;
        orphan.Return.TrySetResult();
        _ends.TrySetResult();
    }

    private Orphan Of(CallSid callSid)
    {
        if (!_orphans.TryGetValue(callSid, out var orphan))
            _orphans.Add(callSid, orphan = new Orphan());
        return orphan;
    }

    private sealed class Orphan
    {
        public Fate Fate { get; set; } = Fate.Awaited;

        public TaskCompletionSource Return { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Work? Work { get; set; }
    }

    private sealed class Work : IDisposable
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Done => _done.Task;

        public void Dispose() => _done.TrySetResult();
    }
}
