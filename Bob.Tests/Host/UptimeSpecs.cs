using AwesomeAssertions;
using Bob.Host.Health;
using Xunit;

namespace Bob.Tests.Host;

public sealed class UptimeSpecs
{
    [Fact]
    public void A_clock_that_is_set_does_not_change_how_long_Bob_has_been_up()
    {
        var clock = new WallClock { Monotonic = TimeSpan.FromDays(100), Wall = DateTimeOffset.UnixEpoch };
        var uptime = new Uptime(clock);

        (clock.Monotonic, clock.Wall) = (clock.Monotonic + TimeSpan.FromSeconds(90), clock.Wall - TimeSpan.FromHours(2));

        uptime.Elapsed.Should().Be(TimeSpan.FromSeconds(90));
    }

    /// <summary>A clock that people may set, and a counter that they may not.</summary>
    private sealed class WallClock : TimeProvider
    {
        public TimeSpan Monotonic { get; set; }

        public DateTimeOffset Wall { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Wall;

        public override long GetTimestamp() => Monotonic.Ticks;
    }
}
