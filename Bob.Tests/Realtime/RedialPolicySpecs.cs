using AwesomeAssertions;
using Bob.Actors.Realtime;
using CsCheck;
using Xunit;

namespace Bob.Tests.Realtime;

public sealed class RedialPolicySpecs
{
    private static readonly ModelFailure Reset = new(FailureKind.Transient, "connection-reset");
    private static readonly ModelFailure Refused = new(FailureKind.Transient, "connection-refused");
    private static readonly ModelFailure Stalled = new(FailureKind.Transient, "timeout");
    private readonly RedialPolicy _policy = new();

    [Fact]
    public void O13_A_session_that_drops_again_and_again_is_dialled_five_times_a_minute()
    {
        _policy.Dialled(At(0));
        _policy.Connected();

        var delays = Enumerable.Range(0, 6).Select(drop => Ms(Again(Reset, wasConnected: true, At(drop * 5_000)))).ToList();

        delays.Should().Equal(0, 250, 500, 1_000, 2_000, null);
    }

    [Fact]
    public void Failures_of_long_ago_do_not_count()
    {
        _policy.Connected();

        var delays = Enumerable.Range(0, 20).Select(drop => Ms(Again(Reset, wasConnected: true, At(drop * 61_000)))).ToList();

        delays.Should().OnlyContain(delay => delay == 0);
    }

    [Fact]
    public void O1_A_refusal_for_good_is_not_tried_again() =>
        _policy.Failed(new ModelFailure(FailureKind.Permanent, "invalid-api-key"), wasConnected: false, At(0), Alternatives.None).Should().BeNull();

    [Theory] // O4
    [InlineData(1_200, 1_200)]
    [InlineData(2_000, 2_000)]
    [InlineData(2_001, null)]
    [InlineData(20_000, null)]
    [InlineData(null, null)]
    public void O4_Only_a_rate_limit_that_lifts_at_once_is_waited_for(int? retryAfter, int? expected)
    {
        var limited = new ModelFailure(FailureKind.RateLimited, "rate-limited", retryAfter is { } ms ? At(ms) : null);

        Ms(Again(limited, wasConnected: false, At(0))).Should().Be(expected);
    }

    [Fact]
    public void O4_A_rate_limit_is_waited_for_once()
    {
        var limited = new ModelFailure(FailureKind.RateLimited, "rate-limited", At(500));
        Again(limited, wasConnected: false, At(0)).Should().NotBeNull();

        Again(limited, wasConnected: false, At(600)).Should().BeNull();
    }

    [Fact]
    public void O7_Before_the_first_word_a_closed_port_is_tried_for_a_second_and_a_half()
    {
        _policy.Dialled(At(0));

        Outage(Refused).Should().Be(750); // dialled at 0, 0, 250 and 750; the next would be at 1,750
    }

    [Fact]
    public void O8_What_stalls_is_waited_for_six_seconds()
    {
        _policy.Dialled(At(0));

        Ms(Again(Stalled, wasConnected: false, At(3_000))).Should().Be(0);
        Ms(Again(Stalled, wasConnected: false, At(6_000))).Should().BeNull();
    }

    [Fact]
    public void O5_Before_the_first_word_a_server_in_trouble_is_given_up_in_time_for_an_apology_within_four_seconds()
    {
        _policy.Dialled(At(0));

        Outage(new ModelFailure(FailureKind.Transient, "http-503")).Should().Be(1_750); // dialled at 0, 0, 250, 750 and 1,750; the next would be at 3,750
    }

    [Fact]
    public void A_conversation_under_way_is_worth_more_patience()
    {
        _policy.Dialled(At(0));
        _policy.Connected();
        Ms(Again(Reset, wasConnected: true, At(60_000))).Should().Be(0);

        Ms(Again(Refused, wasConnected: false, At(61_500))).Should().Be(250);
        Ms(Again(Refused, wasConnected: false, At(64_000))).Should().BeNull();
    }

    [Theory]
    [InlineData(FailureKind.Permanent, "invalid-api-key")]
    [InlineData(FailureKind.RateLimited, "rate-limited")]
    [InlineData(FailureKind.Transient, "timeout")]
    [InlineData(FailureKind.Transient, "connection-refused")]
    public void O1_to_O8_Whatever_a_dial_fails_with_another_server_is_dialled_at_once(FailureKind kind, string reason)
    {
        var policy = new RedialPolicy(servers: 2);
        policy.Dialled(At(0));

        policy.Failed(new ModelFailure(kind, reason), wasConnected: false, At(3_000), Alternatives.Other).Should().Be(new NextDial(TimeSpan.Zero, MovesOn: true));
    }

    [Fact]
    public void O8_Nobody_is_tried_after_the_time_that_a_caller_waits()
    {
        var policy = new RedialPolicy(servers: 4);
        policy.Dialled(At(0));
        policy.Failed(Stalled, wasConnected: false, At(3_000), Alternatives.Other).Should().NotBeNull();

        policy.Failed(Stalled, wasConnected: false, At(6_000), Alternatives.Other).Should().BeNull();
    }

    [Fact]
    public void O13_A_session_that_drops_is_dialled_again_and_at_the_third_time_elsewhere()
    {
        var policy = new RedialPolicy(servers: 2);
        policy.Dialled(At(0));
        policy.Connected();

        var dials = Enumerable.Range(0, 4).Select(drop => policy.Failed(Reset, wasConnected: true, At(drop * 5_000), Alternatives.Other)).ToList();

        dials.Should().Equal(new(At(0), false), new(At(250), false), new(At(0), true), new(At(0), false));
    }

    [Fact]
    public void O35_A_session_that_ends_for_good_is_not_dialled_again_where_it_was()
    {
        var policy = new RedialPolicy(servers: 2);
        policy.Connected();

        policy.Failed(new ModelFailure(FailureKind.Permanent, "no-credit"), wasConnected: true, At(0), Alternatives.Other).Should().Be(new NextDial(At(0), MovesOn: true));
    }

    [Fact]
    public void A_refusal_for_good_leaves_the_others_their_second_try()
    {
        var policy = new RedialPolicy(servers: 2);
        policy.Dialled(At(0));
        policy.Failed(new ModelFailure(FailureKind.Transient, "http-503"), wasConnected: false, At(100), Alternatives.Other).Should().NotBeNull();

        policy.Failed(new ModelFailure(FailureKind.Permanent, "invalid-api-key"), wasConnected: false, At(200), Alternatives.Again)
            .Should().Be(new NextDial(At(0), MovesOn: false));
    }

    [Fact]
    public void However_it_fails_there_are_never_more_than_five_dials_in_a_minute_and_no_wait_is_over_two_seconds()
    {
        var kinds = Gen.Int[0, 2].Select(kind => new[] { Reset, Stalled, new ModelFailure(FailureKind.RateLimited, "rate-limited", At(1_000)) }[kind]);
        Gen.Select(kinds, Gen.Bool, Gen.Int[0, 20_000]).Array[1, 40].Sample(failures =>
        {
            var policy = new RedialPolicy();
            policy.Dialled(At(0));
            var (now, dials) = (0, new List<int>());
            foreach (var (failure, wasConnected, later) in failures)
            {
                now += later;
                if (policy.Failed(failure, wasConnected, At(now), Alternatives.Again) is not { } dial)
                    continue;
                dial.Delay.Should().BeGreaterThanOrEqualTo(TimeSpan.Zero).And.BeLessThanOrEqualTo(At(2_000));
                dials.Add(now);
            }

            dials.Should().OnlyContain(dial => dials.Count(other => other >= dial && other <= dial + 60_000) <= RedialPolicy.MaxFailures);
        }, iter: 2_000);
    }

    /// <summary>Fails every dial at once; gives the moment of the last one, ms.</summary>
    private int Outage(ModelFailure failure)
    {
        var now = 0;
        while (Again(failure, wasConnected: false, At(now)) is { } dial)
            now += (int)dial.Delay.TotalMilliseconds;
        return now;
    }

    /// <summary>A failure where there is one server.</summary>
    private NextDial? Again(ModelFailure failure, bool wasConnected, TimeSpan now) => _policy.Failed(failure, wasConnected, now, Alternatives.Again);

    private static TimeSpan At(int ms) => TimeSpan.FromMilliseconds(ms);

    private static int? Ms(NextDial? dial) => (int?)dial?.Delay.TotalMilliseconds;
}
