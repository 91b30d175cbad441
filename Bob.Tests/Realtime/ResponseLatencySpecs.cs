using AwesomeAssertions;
using Bob.Actors.Realtime;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Bob.Tests.Realtime;

public sealed class ResponseLatencySpecs
{
    private readonly FakeTimeProvider _clock = new();
    private readonly ResponseLatency _latency;

    public ResponseLatencySpecs() => _latency = new ResponseLatency(_clock);

    [Fact]
    public void A_session_is_slow_when_its_last_turns_took_three_times_as_long_as_its_first()
    {
        Answer(0.7, 0.9, 0.8);
        Answer(2.5, 2.5);
        _latency.IsSlow.Should().BeFalse("two turns may be chance");

        Answer(2.5);

        _latency.IsSlow.Should().BeTrue();
        Answer(0.8, 0.8);
        _latency.IsSlow.Should().BeFalse();
    }

    [Fact]
    public void One_slow_turn_is_no_slow_session()
    {
        Answer(0.5, 0.5, 0.5);

        for (var i = 0; i < 10; i++)
        {
            Answer(9, 0.5, 0.5);
            _latency.IsSlow.Should().BeFalse();
        }
    }

    [Fact]
    public void Two_seconds_are_not_slow_however_fast_it_was()
    {
        Answer(0.1, 0.1, 0.1, 2, 2, 2);

        _latency.IsSlow.Should().BeFalse();
    }

    [Fact]
    public void A_session_that_was_always_slow_has_not_become_it()
    {
        Answer(4, 4, 4, 5, 5, 5, 5);

        _latency.IsSlow.Should().BeFalse();
    }

    [Fact]
    public void What_nobody_waited_for_does_not_count()
    {
        Answer(0.5, 0.5, 0.5);
        for (var i = 0; i < 10; i++)
        {
            _latency.TurnEnded();
            _clock.Advance(TimeSpan.FromSeconds(9));
            _latency.TurnBegan();
            _latency.Word();
            _latency.Word();
        }

        _latency.IsSlow.Should().BeFalse();
    }

    private void Answer(params double[] seconds)
    {
        foreach (var wait in seconds)
        {
            _latency.TurnEnded();
            _clock.Advance(TimeSpan.FromSeconds(wait));
            _latency.Word();
            _clock.Advance(TimeSpan.FromSeconds(10));
            _latency.Word();
        }
    }
}
