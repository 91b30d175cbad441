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

    [Fact]
    public void A_beat_tells_how_late_it_is_also_when_all_are()
    {
        var clock = new HeldUpClock();
        using var waking = new WakingTime(clock);
        var late = new List<double>();
        waking.Beats += by => late.Add(by.TotalMilliseconds);

        foreach (var by in new[] { 0, 70, 70, 70, 3 })
        {
            clock.Now += WakingTime.Interval + TimeSpan.FromMilliseconds(by);
            clock.Beat();
        }

        late.Should().Equal(0, 70, 70, 70, 3);
    }

    [Fact]
    public void Timers_ring_at_the_first_beat_after_their_time_in_its_order_and_again_if_they_are_to()
    {
        var rang = new List<string>();
        using var late = Timer("late", 120);
        using var early = Timer("early", 70);
        using var often = Timer("often", 60, 100);

        Pass(TimeSpan.FromMilliseconds(90));
        rang.Should().BeEmpty("the second beat is to come");
        Pass(TimeSpan.FromMilliseconds(10));
        rang.Should().Equal("often", "early");
        Pass(TimeSpan.FromMilliseconds(200));

        rang.Should().Equal("often", "early", "late", "often", "often");

        ITimer Timer(string name, int ms, int again = Timeout.Infinite) =>
            _waking.CreateTimer(_ => rang.Add(name), null, TimeSpan.FromMilliseconds(ms), TimeSpan.FromMilliseconds(again));
    }

    [Fact]
    public void A_timer_that_is_set_anew_rings_at_its_new_time_alone_and_one_that_is_stopped_or_disposed_never()
    {
        var rang = new List<string>();
        using var sooner = Timer("sooner", 5_000);
        using var later = Timer("later", 1_000);
        using var stopped = Timer("stopped", 1_000);
        var disposed = Timer("disposed", 1_000);

        sooner.Change(TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan).Should().BeTrue();
        later.Change(TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan).Should().BeTrue();
        stopped.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan).Should().BeTrue();
        disposed.Dispose();
        disposed.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan).Should().BeFalse();
        Pass(TimeSpan.FromSeconds(10));

        rang.Should().Equal("sooner", "later");

        ITimer Timer(string name, int ms) => _waking.CreateTimer(_ => rang.Add(name), null, TimeSpan.FromMilliseconds(ms), Timeout.InfiniteTimeSpan);
    }

    [Fact]
    public async Task What_is_held_up_in_a_beat_holds_up_no_other()
    {
        using var waking = new WakingTime(TimeProvider.System);
        using var release = new ManualResetEventSlim();
        var rang = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stuck = waking.CreateTimer(_ => release.Wait(), null, TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        using var other = waking.CreateTimer(_ => rang.SetResult(), null, TimeSpan.FromMilliseconds(300), Timeout.InfiniteTimeSpan);

        var waiting = rang.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        await waiting;
        release.Set();
    }

    [Fact]
    public void When_there_are_no_more_beats_what_waits_rings_and_what_comes_later_is_the_clocks_own()
    {
        var (waited, later) = (0, 0);
        using var timer = _waking.CreateTimer(_ => waited++, null, TimeSpan.FromHours(1), TimeSpan.FromHours(1));

        _waking.Dispose();
        waited.Should().Be(1);
        using var late = _waking.CreateTimer(_ => later++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        _clock.Advance(TimeSpan.FromSeconds(1));

        (waited, later).Should().Be((1, 1));
    }

    [Fact]
    public void What_rings_may_set_its_timer_anew()
    {
        var rang = 0;
        ITimer timer = null!;
        timer = _waking.CreateTimer(_ =>
        {
            if (++rang < 3)
                timer.Change(TimeSpan.FromMilliseconds(50), Timeout.InfiniteTimeSpan);
        }, null, TimeSpan.FromMilliseconds(50), Timeout.InfiniteTimeSpan);

        Pass(TimeSpan.FromSeconds(1));

        timer.Dispose();
        rang.Should().Be(3);
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
            clock.CreateTimer(static _ => { }, null, dueTime, period);
    }
}
