using AwesomeAssertions;
using Bob.Actors.Sockets;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Bob.Tests.Sockets;

/// <summary>Time that does not count while this process stood still.</summary>
public sealed class WakingTimeSpecs : IDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);
    private readonly FakeTimeProvider _clock = new();
    private readonly WakingTime _waking;
    private readonly long _began;

    public WakingTimeSpecs()
    {
        _waking = new WakingTime(_clock);
        _began = _waking.GetTimestamp();
    }

    private TimeSpan Awake => _waking.GetElapsedTime(_began);

    public void Dispose() => _waking.Dispose();

    [Fact]
    public void Time_that_passes_counts()
    {
        Pass(TimeSpan.FromSeconds(5));

        Awake.Should().Be(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void A_standstill_counts_for_half_a_second_before_the_next_beat_and_after_it()
    {
        Pass(TimeSpan.FromSeconds(1));

        _clock.Advance(TimeSpan.FromSeconds(20));
        Awake.Should().Be(TimeSpan.FromSeconds(1.5));
        Pass(TimeSpan.FromSeconds(2));

        Awake.Should().Be(TimeSpan.FromSeconds(3.5));
    }

    [Fact]
    public void Who_reads_it_before_the_beats_that_are_late_reads_the_same()
    {
        using var unpulsed = new WakingTime(new ClockWithoutTimers(_clock));
        var began = unpulsed.GetTimestamp();

        Pass(TimeSpan.FromMilliseconds(400));
        unpulsed.GetElapsedTime(began).Should().Be(TimeSpan.FromMilliseconds(400));
        Pass(TimeSpan.FromSeconds(30));

        unpulsed.GetElapsedTime(began).Should().Be(WakingTime.Longest);
    }

    [Fact]
    public void A_hiccup_of_a_busy_machine_counts_whole()
    {
        for (var i = 0; i < 10; i++)
            _clock.Advance(WakingTime.Longest);

        Awake.Should().Be(10 * WakingTime.Longest);
    }

    [Fact]
    public void A_beat_that_was_held_up_between_its_look_and_its_word_undoes_nothing_that_later_ones_said()
    {
        var clock = new HeldUpClock();
        using var waking = new WakingTime(clock);
        var began = waking.GetTimestamp();
        clock.Now = TimeSpan.FromSeconds(0.1);
        var seen = clock.Now;
        clock.HoldUp = () =>
        {
            for (var beat = 2; beat <= 20; beat++)
            {
                clock.Now = TimeSpan.FromSeconds(0.1 * beat);
                clock.Beat();
            }

            return seen;
        };

        clock.Beat();

        waking.GetElapsedTime(began).Should().Be(TimeSpan.FromSeconds(2), "it was awake all the time");
    }

    [Fact]
    public void The_time_of_day_and_timers_are_those_of_the_clock_below()
    {
        var rang = 0;
        using var timer = _waking.CreateTimer(_ => rang++, null, TimeSpan.FromSeconds(10), Timeout.InfiniteTimeSpan);

        _clock.Advance(TimeSpan.FromSeconds(10));

        rang.Should().Be(1);
        _waking.GetUtcNow().Should().Be(_clock.GetUtcNow());
        _waking.Clock.Should().BeSameAs(_clock);
    }

    private void Pass(TimeSpan time)
    {
        for (var left = time; left > TimeSpan.Zero; left -= Step)
            _clock.Advance(Step);
    }

    /// <summary>A clock whose one timer rings when it is told to, also while somebody asks for the time.</summary>
    private sealed class HeldUpClock : TimeProvider
    {
        private Action _beat = () => { };

        public TimeSpan Now { get; set; }

        /// <summary>What happens, once, before the next who asks is told a time of then.</summary>
        public Func<TimeSpan>? HoldUp { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Beat() => _beat();

        public override long GetTimestamp()
        {
            if (HoldUp is not { } heldUp)
                return Now.Ticks;
            HoldUp = null;
            return heldUp().Ticks;
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _beat = () => callback(state);
            return new ClockWithoutTimers(System).CreateTimer(callback, state, dueTime, period);
        }
    }

    /// <summary>A clock whose timers never ring: as a thread pool that is stuck.</summary>
    private sealed class ClockWithoutTimers(TimeProvider clock) : TimeProvider
    {
        public override long TimestampFrequency => clock.TimestampFrequency;

        public override long GetTimestamp() => clock.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            clock.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
