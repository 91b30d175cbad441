using AwesomeAssertions;
using Bob.Actors.Costs;
using Bob.Actors.Realtime;
using Bob.Host;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Bob.Tests.Costs;

public sealed class PricesSpecs
{
    private static readonly Prices Prices = new() { TextIn = 4, CachedTextIn = 0.40m, TextOut = 24, AudioIn = 32, CachedAudioIn = 0.40m, AudioOut = 64, PhoneMinute = 0.0085m };

    [Fact]
    public void A_response_costs_its_tokens_and_what_was_cached_costs_less()
    {
        Prices.Of(new RealtimeUsage(1_000_000, 0, 0, 0, 0, 0)).Should().Be(4);
        Prices.Of(new RealtimeUsage(1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000)).Should().Be(0.40m + 0.40m + 24 + 64);
        // 180 of 300 tokens of text are new; 40 of audio are a second of speech and 2 more.
        Prices.Of(new RealtimeUsage(300, 50, 120, 20, 12, 40)).Should().Be(0.004584m);
    }

    [Fact]
    public void Writing_down_a_turn_costs_its_tokens_or_its_time()
    {
        var prices = new Prices { TranscriptionIn = 1.25m, TranscriptionOut = 5, TranscriptionMinute = 0.017m };

        prices.Of(new TranscriptionUsage(2, 26, 12)).Should().Be(0.000095m);
        prices.Of(new TranscriptionUsage(0, 0, 0, 90)).Should().Be(0.0255m);
        prices.Of(new TranscriptionUsage(-1, -1, -1, double.NegativeInfinity)).Should().Be(0);
        prices.Of(new TranscriptionUsage(long.MaxValue, 0, 0, double.PositiveInfinity)).Should().BeInRange(1, 1_000);
    }

    [Fact]
    public void A_first_response_can_cost_all_that_it_may_say_after_the_instructions_and_a_minute_of_the_caller()
    {
        Prices.FirstResponse(8_000, 4_096).Should().Be(0.008m + 0.008m + 0.0192m + 0.262144m);
        (Prices with { TextOut = 128 }).FirstResponse(0, 4_096).Should().Be(0.008m + 0.0192m + 0.524288m, "what costs more counts");
    }

    [Fact]
    public async Task The_day_begins_with_what_a_first_response_of_the_dearest_server_can_cost()
    {
        await using var bob = BobApplication.Build([], overrides: new Dictionary<string, string>
        {
            ["OPENAI_API_KEY"] = "sk-test-1",
            ["MODEL_2_NAME"] = "gpt-realtime-2",
            ["MODEL_2_PRICES"] = "4,0,0,0,0,128",
            ["BOB_INSTRUCTIONS"] = new string('x', 39_997) + " is", // words, and no file
            ["BOB_GREETING"] = "Say hello to us.",
            ["MAX_COST_PER_DAY"] = "100",
            ["PRICES_DATE"] = "2026-11-22",
        });

        bob.Services.GetRequiredService<DaySpending>().Expected.Should().Be(0.524288m + 0.04m + 0.008m + 0.000016m);
    }

    [Fact]
    public void Numbers_that_cannot_be_cost_nothing_strange()
    {
        Prices.Of(new RealtimeUsage(10, 0, 1_000, 0, 0, 0)).Should().Be(0.000004m, "no more can be cached than there was");
        Prices.Of(new RealtimeUsage(-5, -5, -5, -5, -5, -5)).Should().Be(0);
        Prices.Of(new RealtimeUsage(long.MaxValue, long.MaxValue, 0, 0, long.MaxValue, long.MaxValue)).Should().BeInRange(1, 1_000_000);
    }

    [Theory]
    [InlineData(0, 0.0085)]
    [InlineData(60, 0.0085)]
    [InlineData(60.001, 0.017)]
    [InlineData(3600, 0.51)]
    public void A_minute_on_the_telephone_costs_when_it_begins(double seconds, double cost) => Prices.OfPhone(TimeSpan.FromSeconds(seconds)).Should().Be((decimal)cost);

    [Fact]
    public void Amounts_have_six_decimals_and_add_up() => Gen.Int[0, 100_000].Array[6].Sample(tokens =>
    {
        var cost = Prices.Of(new RealtimeUsage(tokens[0], tokens[1], tokens[2], tokens[3], tokens[4], tokens[5]));

        cost.Should().BeGreaterThanOrEqualTo(0);
        (cost * 1_000_000 % 1).Should().Be(0);
    });
}
