using AwesomeAssertions;
using Bob.Actors.Sockets;
using Bob.Host.Calls;
using Xunit;

namespace Bob.Tests.Host;

public sealed class LagWindowSpecs
{
    private readonly LagWindow _window = new(TimeSpan.FromMilliseconds(60));
    private TimeSpan _now;

    [Fact]
    public void P15_A_process_in_time_is_open()
    {
        Tick(1_000, late: 5);

        _window.IsOver.Should().BeFalse();
    }

    [Fact]
    public void P15_One_late_tick_is_no_load()
    {
        Tick(100, late: 1);
        Tick(1, late: 900);
        Tick(100, late: 1);

        _window.IsOver.Should().BeFalse();
    }

    [Fact]
    public void P15_The_door_closes_when_two_ticks_are_over_60_ms_and_opens_when_no_more_than_one_is_over_30_ms()
    {
        Tick(60, late: 5);
        Tick(2, late: 61);
        _window.IsOver.Should().BeTrue();

        Tick(80, late: 31);
        _window.IsOver.Should().BeTrue("it is not over until it is well over");
        Tick(56, late: 29);
        _window.IsOver.Should().BeTrue("the last seconds count");
        Tick(10, late: 29);
        _window.IsOver.Should().BeFalse();
    }

    [Fact]
    public void P15_Between_the_two_an_open_door_stays_open()
    {
        Tick(500, late: 59);

        _window.IsOver.Should().BeFalse();
    }

    private void Tick(int times, int late)
    {
        for (var i = 0; i < times; i++)
            _window.Add(TimeSpan.FromMilliseconds(late), _now += WakingTime.Interval);
    }
}
