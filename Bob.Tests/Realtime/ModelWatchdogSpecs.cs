using AwesomeAssertions;
using Bob.Actors.Realtime;
using Bob.Actors.Sockets;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Bob.Tests.Realtime;

/// <summary>A model that answers pings and does not get on (O17), and one that is only slow (O19).</summary>
public sealed class ModelWatchdogSpecs : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly WakingTime _waking;
    private readonly ModelProgress _progress = new();
    private readonly ModelWatchdog _watchdog;
    private int _loudFrames;

    public ModelWatchdogSpecs() => _watchdog = new ModelWatchdog(_waking = new WakingTime(_clock), _progress);

    public void Dispose() => _waking.Dispose();

    [Fact]
    public void Nothing_is_overdue_where_nothing_is_awaited() => Pass(60).Should().BeEmpty();

    [Fact]
    public void O17_A_turn_that_is_not_answered_is_answered_on_request_and_then_the_model_is_mute()
    {
        _watchdog.CallerStopped();

        Pass(2.25).Should().BeEmpty();
        Pass(0.25).Should().Equal(Finding.TurnUnanswered);
        _watchdog.Asked();

        Pass(2.25).Should().BeEmpty();
        Pass(0.25).Should().Equal(Finding.Mute);
    }

    [Fact]
    public void A_turn_that_goes_on_or_is_answered_is_not_asked_for()
    {
        _watchdog.CallerStopped();
        Pass(2);
        _watchdog.CallerStarted();
        Pass(10).Should().BeEmpty();
        _watchdog.CallerStopped();
        Pass(2);
        _watchdog.Began();
        _watchdog.Ended();

        Pass(10).Should().BeEmpty();
    }

    [Fact]
    public void The_commit_of_a_turn_does_not_start_its_wait_anew()
    {
        _watchdog.CallerStopped();
        Pass(2);
        _watchdog.CallerStopped();

        Pass(0.5).Should().Equal(Finding.TurnUnanswered);
    }

    [Fact]
    public void O17_A_response_that_says_nothing_after_its_beginning_is_mute_after_five_seconds()
    {
        _watchdog.Began();
        _progress.Opened();

        Pass(5).Should().BeEmpty();
        Pass(0.25).Should().Equal(Finding.Mute);
    }

    [Fact]
    public void O17_A_response_that_stops_in_the_middle_is_mute_after_five_seconds()
    {
        _watchdog.Began();
        for (var i = 0; i < 20; i++)
        {
            _progress.Opened();
            Pass(0.5).Should().BeEmpty();
        }

        Pass(4.5).Should().BeEmpty();
        Pass(0.5).Should().Contain(Finding.Mute);
    }

    [Fact]
    public void O19_A_slow_response_is_left_in_peace_as_long_as_it_gets_on()
    {
        _watchdog.Began();

        for (var i = 0; i < 20; i++)
        {
            Pass(4.5).Should().BeEmpty();
            _progress.Step();
        }
    }

    [Fact]
    public void A_response_that_has_said_all_lacks_only_its_end()
    {
        _watchdog.Began();
        _progress.Opened();
        _progress.Finished();

        Pass(5).Should().BeEmpty();
        Pass(0.25).Should().Equal(Finding.EndMissing);
        _watchdog.Ended();

        Pass(20).Should().BeEmpty();
    }

    [Fact]
    public void O36_A_response_that_never_shows_is_got_over_twice_and_then_the_server_is_stuck_with_it()
    {
        var found = new List<Finding>();
        for (var i = 0; i < 3; i++)
        {
            _watchdog.Asked();
            _watchdog.Refused();
            found.AddRange(Pass(2.5));
        }

        found.Should().Equal(Finding.NeverAnnounced, Finding.NeverAnnounced, Finding.Mute);
    }

    [Fact]
    public void O17_A_caller_who_speaks_to_nobody_makes_it_ask_for_a_sign_of_life()
    {
        Speak(1);
        Pass(1.5).Should().Equal(Finding.Suspicious);

        Pass(2.25).Should().BeEmpty();
        Pass(0.25).Should().Equal(Finding.Mute);
    }

    [Fact]
    public void A_sign_of_life_of_any_kind_is_enough()
    {
        Speak(1);
        Pass(1.5).Should().Equal(Finding.Suspicious);
        _progress.Came();

        Pass(60).Should().BeEmpty();
    }

    [Fact]
    public void A_silent_caller_is_no_reason_to_ask_and_neither_is_a_click()
    {
        _loudFrames += 9;

        Pass(60).Should().BeEmpty();
    }

    [Fact]
    public void A_caller_who_goes_on_speaking_is_a_reason_to_ask_again()
    {
        var found = new List<Finding>();
        for (var i = 0; i < 20; i++)
        {
            var more = Speak(1).ToList();
            found.AddRange(more);
            if (more.Count > 0)
                _progress.Came();
        }

        found.Should().HaveCountGreaterThan(4).And.OnlyContain(finding => finding == Finding.Suspicious);
    }

    [Fact]
    public void When_Bob_himself_stood_still_nothing_is_overdue_for_it()
    {
        _watchdog.CallerStopped();
        _watchdog.Began();
        Pass(1);

        _clock.Advance(TimeSpan.FromSeconds(60));
        _watchdog.Look(_loudFrames).Should().Be(Finding.Nothing);
        _watchdog.Look(_loudFrames).Should().Be(Finding.Nothing, "timers that are late come in a row");
        Pass(3.25).Should().BeEmpty();

        Pass(0.5).Should().Contain(Finding.Mute);
    }

    /// <summary>What was found while the time passed.</summary>
    private List<Finding> Pass(double seconds)
    {
        var found = new List<Finding>();
        for (var left = TimeSpan.FromSeconds(seconds); left > TimeSpan.Zero; left -= ModelWatchdog.Interval)
        {
            _clock.Advance(ModelWatchdog.Interval);
            if (_watchdog.Look(_loudFrames) is var finding and not Finding.Nothing)
                found.Add(finding);
        }

        return found;
    }

    private List<Finding> Speak(int seconds)
    {
        _loudFrames += 50 * seconds;
        return Pass(seconds);
    }
}
