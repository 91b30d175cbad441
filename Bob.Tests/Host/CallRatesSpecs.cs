using AwesomeAssertions;
using Bob.Host.Calls;
using Bob.Host.Configuration;
using Bob.Host.Twilio;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Bob.Tests.Host;

public sealed class CallRatesSpecs
{
    private static readonly Caller Ada = new("+15550100001");
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void A1_One_number_may_call_ten_times_a_minute_and_nobody_else_suffers()
    {
        var rates = Rates(perCaller: 10);

        Refusals(rates, 100, Ada).Should().Equal(Enumerable.Repeat<string?>(null, 10).Concat(Enumerable.Repeat<string?>("caller-too-often", 90)));
        rates.Refuse(new Caller("+15550100002")).Should().BeNull();
        _clock.Advance(TimeSpan.FromSeconds(6));
        Refusals(rates, 2, Ada).Should().Equal(null, "caller-too-often");
        _clock.Advance(TimeSpan.FromMinutes(1));
        Refusals(rates, 11, Ada).Count(refusal => refusal is null).Should().Be(10, "refused calls do not count");
    }

    [Fact]
    public void A1_Callers_without_a_number_share_one_rate()
    {
        var rates = Rates(perCaller: 2);

        new[] { null, "anonymous", "+266696687", "" }.Select(from => rates.Refuse(Caller.Of(from))).Should().Equal(null, null, "caller-too-often", "caller-too-often");
    }

    [Fact]
    public void A2_All_together_may_come_at_twice_the_rate_for_a_moment_and_then_at_the_rate()
    {
        var rates = Rates(perSecond: 50);

        Flood(rates, 500).Should().Be(100);
        rates.IsExhausted.Should().BeTrue();
        _clock.Advance(TimeSpan.FromSeconds(1));
        rates.IsExhausted.Should().BeFalse();
        Flood(rates, 500).Should().Be(50);
    }

    [Fact]
    public void A1_A_caller_who_is_refused_takes_nothing_from_the_others()
    {
        var rates = Rates(perCaller: 1, perSecond: 50);

        Refusals(rates, 1_000, Ada);

        Flood(rates, 500).Should().Be(99);
    }

    [Fact]
    public void Without_limits_nobody_is_refused()
    {
        var rates = Rates();

        Refusals(rates, 1_000, Ada).Should().OnlyContain(refusal => refusal == null);
        rates.IsExhausted.Should().BeFalse();
    }

    [Fact]
    public void A2_However_calls_come_no_number_has_more_than_twice_its_limit_in_a_minute()
    {
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 5_000]).Array[1, 200].Sample(calls =>
        {
            var clock = new FakeTimeProvider();
            var rates = new CallRates(new AdmissionOptions(3, null, null, null), clock);
            var (now, taken) = (0, new List<(int Caller, int At)>());
            foreach (var (caller, later) in calls)
            {
                clock.Advance(TimeSpan.FromMilliseconds(later));
                now += later;
                if (rates.Refuse(new Caller($"+1555010000{caller}")) is null)
                    taken.Add((caller, now));
            }

            taken.Should().OnlyContain(call => taken.Count(other => other.Caller == call.Caller && other.At >= call.At && other.At < call.At + 60_000) <= 6);
            taken.Should().Contain(call => call.At == calls[0].Item2, "the first is taken");
        }, iter: 500);
    }

    private CallRates Rates(int? perCaller = null, int? perSecond = null) => new(new AdmissionOptions(perCaller, perSecond, null, null), _clock);

    private static List<string?> Refusals(CallRates rates, int calls, Caller caller) => [.. Enumerable.Range(0, calls).Select(_ => rates.Refuse(caller))];

    /// <summary>Calls of as many numbers; how many are taken.</summary>
    private static int Flood(CallRates rates, int calls) => Enumerable.Range(0, calls).Count(number => rates.Refuse(new Caller($"+1555020{number:0000}")) is null);
}
