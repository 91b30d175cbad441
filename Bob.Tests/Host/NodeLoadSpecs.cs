using AwesomeAssertions;
using Bob.Actors.Sockets;
using Bob.Host.Calls;
using Bob.Host.Configuration;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Bob.Tests.Host;

public sealed class NodeLoadSpecs
{
    private readonly FakeTimeProvider _clock = new();
    private long _memory;

    [Fact]
    public async Task P13_A_pool_that_does_not_tick_takes_no_calls()
    {
        var clock = new StuckPool();
        using var waking = new WakingTime(clock);
        using var load = new NodeLoad(new AdmissionOptions(null, null, TimeSpan.FromMilliseconds(60), null), waking);
        await load.StartAsync(TestContext.Current.CancellationToken);
        clock.Advance(WakingTime.Interval + TimeSpan.FromMilliseconds(60));
        load.Full.Should().BeNull();

        clock.Advance(TimeSpan.FromMilliseconds(1));

        load.Full.Should().Be("overloaded");
    }

    [Fact]
    public async Task P15_A_pool_that_is_late_again_and_again_takes_no_calls_until_it_is_in_time_again()
    {
        var clock = new StuckPool();
        using var waking = new WakingTime(clock);
        using var load = new NodeLoad(new AdmissionOptions(null, null, TimeSpan.FromMilliseconds(60), null), waking);
        await load.StartAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < 2; i++)
            clock.Tick(late: 100);
        load.Full.Should().Be("overloaded");

        for (var i = 0; i < 65; i++)
            clock.Tick(late: 1);

        load.Full.Should().BeNull();
    }

    [Fact]
    public void Nobody_is_turned_away_before_the_first_tick()
    {
        using var waking = new WakingTime(_clock);
        using var load = new NodeLoad(new AdmissionOptions(null, null, TimeSpan.FromMilliseconds(60), null), waking);

        load.Full.Should().BeNull();
    }

    [Fact]
    public async Task A_process_short_of_memory_takes_no_calls_until_there_is_room_for_more_than_one()
    {
        using var waking = new WakingTime(_clock);
        using var load = new NodeLoad(new AdmissionOptions(null, null, null, 1_000), waking, () => _memory);
        await load.StartAsync(TestContext.Current.CancellationToken);

        AfterASecondWith(1_000).Should().BeNull();
        AfterASecondWith(1_001).Should().Be("short-of-memory");
        AfterASecondWith(960).Should().Be("short-of-memory");
        AfterASecondWith(950).Should().BeNull();

        string? AfterASecondWith(long bytes)
        {
            _memory = bytes;
            for (var passed = TimeSpan.Zero; passed < TimeSpan.FromSeconds(1); passed += WakingTime.Interval)
                _clock.Advance(WakingTime.Interval);
            return load.Full;
        }
    }

    [Fact]
    public async Task What_is_switched_off_is_not_looked_at()
    {
        using var waking = new WakingTime(_clock);
        using var load = new NodeLoad(new AdmissionOptions(null, null, null, null), waking, () => throw new InvalidOperationException("looked at"));
        await load.StartAsync(TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromMinutes(1));

        load.Full.Should().BeNull();
    }

    [Fact]
    public void The_process_tells_what_it_has_of_the_machine() => Environment.WorkingSet.Should().BeGreaterThan(10 * 1024 * 1024);

    /// <summary>A clock whose timer comes when the spec says so.</summary>
    private sealed class StuckPool : FakeTimeProvider
    {
        private TimerCallback? _tick;
        private object? _state;

        public void Tick(int late)
        {
            Advance(WakingTime.Interval + TimeSpan.FromMilliseconds(late));
            _tick!(_state);
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_tick, _state) = (callback, state);
            return base.CreateTimer(static _ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
