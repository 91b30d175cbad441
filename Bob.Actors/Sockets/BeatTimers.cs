namespace Bob.Actors.Sockets;

/// <summary>
/// Timers that ring at the first beat after their time: however many there are, a thread is woken for the beat alone. Safe from any thread.
/// </summary>
internal sealed class BeatTimers(TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<(BeatTimer Timer, int Setting), long> _set = new();
    private volatile bool _ended;

    /// <summary>
    /// A timer as those of <see cref="TimeProvider"/>, whose callback is done in no time: others ring after it. Disposing it does not wait for a callback that is under way.
    /// </summary>
    public ITimer Create(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (_ended)
            return clock.CreateTimer(callback, state, dueTime, period);
        var timer = new BeatTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>A beat: those that are due by now ring.</summary>
    public void Ring() => Ring(clock.GetTimestamp());

    /// <summary>There will be no beat any more: all ring, once.</summary>
    public void End()
    {
        _ended = true;
        Ring(long.MaxValue);
    }

    private void Ring(long now)
    {
        while (Next(now) is { } due)
            due.Callback(due.State);
    }

    private (TimerCallback Callback, object? State)? Next(long now)
    {
        lock (_lock)
        {
            while (_set.TryPeek(out var next, out var at) && at <= now)
            {
                _set.Dequeue();
                if (next.Timer.Takes(next.Setting) is { } callback)
                    return callback;
            }

            return null;
        }
    }

    private void Set(BeatTimer timer, int setting, TimeSpan dueTime)
    {
        if (dueTime != Timeout.InfiniteTimeSpan && !_ended)
            _set.Enqueue((timer, setting), clock.GetTimestamp() + (long)(dueTime.TotalSeconds * clock.TimestampFrequency));
    }

    private sealed class BeatTimer(BeatTimers timers, TimerCallback callback, object? state) : ITimer
    {
        private (TimerCallback Callback, object? State)? _rings = (callback, state);
        private TimeSpan _period;

        /// <summary>Counts what was set: what the queue still has of earlier settings does not ring.</summary>
        private int _setting;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (timers._lock)
            {
                if (_rings is null)
                    return false;
                _period = period;
                timers.Set(this, ++_setting, dueTime);
                return true;
            }
        }

        /// <summary>What rings now, if the setting still holds.</summary>
        public (TimerCallback Callback, object? State)? Takes(int setting)
        {
            if (setting != _setting || _rings is null)
                return null;
            if (_period > TimeSpan.Zero)
                timers.Set(this, setting, _period);
            return _rings;
        }

        /// <summary>What the timer was for is let go at once, though the queue may keep its place until it is due.</summary>
        public void Dispose()
        {
            lock (timers._lock)
                _rings = null;
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
