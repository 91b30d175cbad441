namespace Bob.Actors.Sockets;

/// <summary>
/// The time in which this process was awake: what counts when a far end says nothing. When it is Bob who stood still (a stopped machine, a starved
/// pool), all deadlines are over at once, while what would have met them waits unread in the sockets; by this clock he slept for half a second at most.
/// The time of day is that of the clock below, and so is that of timers: a deadline that is a timer, as that of a dial, is not spared a standstill. Safe from any thread.
/// </summary>
/// <remarks>
/// Timers ring with its beat, as do those who listen to <see cref="Beats"/>, so that threads are woken for all of them at once: to wake one costs as much as some frames.
///
/// One for the process, because one pulse tells it of all: a look of each waiter's own would know only that its own look was late. Whatever has a place on the
/// line's axis of time, such as what was played or recorded, goes by the clock below: the line went on meanwhile.
/// </remarks>
public sealed class WakingTime : TimeProvider, IDisposable
{
    /// <summary>So much of a standstill counts: shorter ones are those of any busy machine.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(500);

    /// <summary>From one beat to the next, and so what a timer is late by at most while the process is in time.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly TimeProvider _clock;
    private readonly BeatTimers _timers;
    private readonly ITimer _pulse;
    private readonly long _longest;
    private volatile Pulse _last;
    private long _wound;

    public WakingTime(TimeProvider clock)
    {
        _clock = clock;
        _timers = new BeatTimers(clock);
        _longest = (long)(Longest.TotalSeconds * clock.TimestampFrequency);
        _last = new Pulse(clock.GetTimestamp(), Slept: 0);
        _pulse = clock.CreateTimer(static self => ((WakingTime)self!).Beat(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Wind();
    }

    /// <summary>A beat, on a thread of the pool, and how late it was. Whoever hears it is done in no time.</summary>
    public event Action<TimeSpan>? Beats;

    /// <summary>The clock below.</summary>
    public TimeProvider Clock => _clock;

    public override TimeZoneInfo LocalTimeZone => _clock.LocalTimeZone;

    public override long TimestampFrequency => _clock.TimestampFrequency;

    public override long GetTimestamp()
    {
        var last = _last;
        var now = _clock.GetTimestamp();
        return now - last.Slept - Asleep(last, now);
    }

    public override DateTimeOffset GetUtcNow() => _clock.GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        _timers.Create(callback, state, dueTime, period);

    /// <summary>There are no more beats. What waits for one rings at once: nobody's end should wait for ever.</summary>
    public void Dispose()
    {
        _pulse.Dispose();
        _timers.End();
    }

    private void Beat()
    {
        var late = _clock.GetElapsedTime(_wound) - Interval;
        Tell();
        Wind(); // first, so that nobody who hears it can hold up the next
        Beats?.Invoke(late > TimeSpan.Zero ? late : TimeSpan.Zero);
        _timers.Ring();
    }

    /// <summary>Anew for every beat: of a timer that rings by itself, nobody would see that it is always late.</summary>
    private void Wind()
    {
        _wound = _clock.GetTimestamp();
        _pulse.Change(Interval, Timeout.InfiniteTimeSpan);
    }

    private void Tell()
    {
        // Beats may meet on two threads: an older one must not undo what a newer one wrote.
        while (true)
        {
            var last = _last;
            var now = _clock.GetTimestamp();
            if (now <= last.At || Interlocked.CompareExchange(ref _last, new Pulse(now, last.Slept + Asleep(last, now)), last) == last)
                return;
        }
    }

    private long Asleep(Pulse last, long now) => Math.Max(0, now - last.At - _longest);

    /// <param name="At">When it was, a timestamp of the clock.</param>
    /// <param name="Slept">What did not count up to then, in the same unit.</param>
    private sealed record Pulse(long At, long Slept);
}
