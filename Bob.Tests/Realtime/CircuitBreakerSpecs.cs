using AwesomeAssertions;
using Bob.Actors.Realtime;
using CsCheck;
using Xunit;

namespace Bob.Tests.Realtime;

public sealed class CircuitBreakerSpecs
{
    private static readonly ModelFailure BadKey = new(FailureKind.Permanent, "invalid-api-key");
    private static readonly ModelFailure NoCredit = new(FailureKind.Permanent, "no-credit");
    private static readonly ModelFailure Reset = new(FailureKind.Transient, "connection-reset");
    private static readonly ModelFailure Stalled = new(FailureKind.Transient, "timeout");
    private readonly CircuitBreaker _circuit = new();

    [Fact]
    public void O1_What_is_refused_is_dialled_by_nobody_but_one_after_each_rest_and_rests_get_longer()
    {
        _circuit.Failed(BadKey, At(0));
        List<int> trials = [];

        for (var now = 0; now < 200; now++)
        {
            if (_circuit.Bar(At(now), first: false) is not null)
                continue;
            _circuit.TryTrial(At(now)).Should().BeTrue();
            _circuit.Bar(At(now), first: false).Should().Be(BadKey, "one is enough");
            _circuit.Failed(BadKey, At(now));
            trials.Add(now);
        }

        trials.Should().Equal(15, 45, 105, 165);
        _circuit.Refusal.Should().Be(BadKey);
    }

    [Fact]
    public void O1_A_session_ends_a_refusal()
    {
        _circuit.Failed(BadKey, At(0));

        _circuit.Reached();

        (_circuit.Refusal, _circuit.Doubt(At(0)), _circuit.ProbeAt).Should().Be((null, null, null));
    }

    [Fact]
    public void O35_A_refusal_that_an_answer_met_ends_with_an_answer()
    {
        _circuit.Failed(NoCredit, At(0), needsAnswer: true);
        _circuit.ProbeAt.Should().BeNull();

        _circuit.Reached();
        _circuit.Answered(refusals: 0);
        _circuit.Refusal.Should().Be(NoCredit);

        _circuit.Answered(refusals: 1);
        _circuit.Refusal.Should().BeNull();
    }

    [Fact]
    public void A_trial_that_nobody_hears_of_again_does_not_bar_the_way_for_ever()
    {
        _circuit.Failed(BadKey, At(0));
        _circuit.TryTrial(At(15)).Should().BeTrue();

        _circuit.TryTrial(At(24)).Should().BeFalse();
        _circuit.TryTrial(At(25)).Should().BeTrue();
    }

    [Theory]
    [InlineData(20, 20)]
    [InlineData(null, 5)]
    [InlineData(86_400, 300)]
    public void O4_A_rate_limit_is_kept_for_as_long_as_the_server_says(int? says, int seconds)
    {
        _circuit.Failed(new ModelFailure(FailureKind.RateLimited, "rate-limited", says is { } wait ? At(wait) : null), At(100));

        _circuit.Bar(At(101), first: false).Should().Be(new ModelFailure(FailureKind.RateLimited, "rate-limited", At(seconds - 1)));
        _circuit.Bar(At(100 + seconds), first: false).Should().BeNull();
        _circuit.Doubt(At(100 + seconds)).Should().BeNull();
    }

    [Fact]
    public void O4_O8_What_stalls_after_its_rate_limit_is_over_is_known_to_stall()
    {
        _circuit.Failed(new ModelFailure(FailureKind.RateLimited, "rate-limited", At(5)), At(0));

        _circuit.Failed(Stalled, At(6));
        _circuit.Failed(Stalled, At(9));

        _circuit.Bar(At(10), first: true).Should().Be(Stalled);
        _circuit.Doubt(At(10)).Should().Be(Stalled);
    }

    [Fact]
    public void O17_A_mind_that_is_gone_is_back_with_an_answer_and_not_with_a_session()
    {
        var mute = new ModelFailure(FailureKind.Transient, ModelFailure.Mute);
        _circuit.Failed(mute, At(0), needsAnswer: true);

        _circuit.Reached();
        (_circuit.Doubt(At(1)), _circuit.Bar(At(1), first: true), _circuit.Bar(At(1), first: false)).Should().Be((mute, mute, null));
        _circuit.ProbeAt.Should().BeNull("a probe asks for no answer");
        _circuit.Bar(At(5), first: true).Should().BeNull("one caller finds out");

        _circuit.Answered(refusals: 0);
        _circuit.Doubt(At(6)).Should().Be(mute, "that session is older than what is known since");
        _circuit.Answered(refusals: 1);
        _circuit.Doubt(At(6)).Should().BeNull();
    }

    [Fact]
    public void O5_A_server_that_fails_again_and_again_is_dialled_where_there_is_no_other()
    {
        _circuit.Failed(Reset, At(0));
        _circuit.Failed(Reset, At(0));
        _circuit.Doubt(At(0)).Should().BeNull();

        _circuit.Failed(Reset, At(0));

        _circuit.Doubt(At(0)).Should().Be(Reset);
        _circuit.Bar(At(0), first: true).Should().BeNull();
        _circuit.ProbeAt.Should().Be(At(5));
    }

    [Fact]
    public void O8_What_stalls_twice_keeps_the_next_caller_waiting_for_nothing()
    {
        _circuit.Failed(Stalled, At(0));
        _circuit.Failed(Stalled, At(3));

        _circuit.Bar(At(4), first: true).Should().Be(Stalled);
        _circuit.Bar(At(4), first: false).Should().BeNull("a conversation is worth the wait");
        _circuit.Bar(At(8), first: true).Should().BeNull("its rest is over");
    }

    [Fact]
    public void A_success_in_between_is_a_new_beginning()
    {
        for (var i = 0; i < 10; i++)
        {
            _circuit.Failed(Stalled, At(i));
            _circuit.Reached();
        }

        _circuit.Doubt(At(10)).Should().BeNull();
    }

    [Fact]
    public void Many_that_fail_at_once_make_one_rest()
    {
        for (var i = 0; i < 100; i++)
            _circuit.Failed(BadKey, At(0));

        _circuit.TryTrial(At(15)).Should().BeTrue();
    }

    [Fact]
    public void Whatever_happens_it_is_tried_again_within_five_minutes()
    {
        ModelFailure[] failures = [BadKey, Reset, Stalled, new(FailureKind.RateLimited, "rate-limited", At(1_000)), new(FailureKind.RateLimited, "rate-limited")];
        Gen.Select(Gen.Int[0, failures.Length + 1], Gen.Int[0, 90], Gen.Bool).Array[1, 30].Sample(steps =>
        {
            var (circuit, now) = (new CircuitBreaker(), 0);
            foreach (var (step, later, needsAnswer) in steps)
            {
                now += later;
                if (step < failures.Length)
                    circuit.Failed(failures[step], At(now), needsAnswer);
                else if (step == failures.Length)
                    circuit.Reached();
                else
                    circuit.TryTrial(At(now));
            }

            circuit.Bar(At(now + 300), first: true).Should().BeNull();
        }, iter: 3_000);
    }

    private static TimeSpan At(int seconds) => TimeSpan.FromSeconds(seconds);
}
