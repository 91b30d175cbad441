using AwesomeAssertions;
using Bob.Actors.Realtime;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Bob.Tests.Realtime;

/// <summary>A peer that reads more slowly than the caller speaks (O18).</summary>
public sealed class AudioBacklogSpecs
{
    private readonly FakeTimeProvider _clock = new();
    private AudioBacklog _backlog;

    public AudioBacklogSpecs() => _backlog = new AudioBacklog(_clock);

    [Fact]
    public void Two_seconds_may_wait_for_ever() => Stuck(600, _ => 2_000).Should().BeNull();

    [Fact]
    public void O18_A_backlog_that_grows_is_noticed_a_second_later() => Stuck(20, frame => frame * 20).Should().BeInRange(149, 153);

    [Fact]
    public void A_backlog_that_stays_is_as_bad() => Stuck(20, _ => 5_000).Should().BeInRange(49, 52);

    [Fact]
    public void What_waited_for_a_new_session_and_goes_out_now_is_no_backlog() => Stuck(20, frame => Math.Max(0, 10_000 - (frame * 15))).Should().BeNull();

    [Fact]
    public void A_short_pause_is_forgotten()
    {
        for (var i = 0; i < 10; i++)
        {
            Stuck(0.9, _ => 3_000).Should().BeNull();
            Stuck(0.1, _ => 0).Should().BeNull();
        }
    }

    /// <summary>The frame at which it is too much, or null.</summary>
    private int? Stuck(double seconds, Func<int, int> waitingMs)
    {
        for (var frame = 0; frame < seconds * 50; frame++)
        {
            if (_backlog.IsStuck(waitingMs(frame)))
                return frame;
            _clock.Advance(TimeSpan.FromMilliseconds(20));
        }

        return null;
    }
}
