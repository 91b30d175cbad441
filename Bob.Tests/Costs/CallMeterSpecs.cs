using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Costs;
using Bob.Actors.Realtime;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Bob.Tests.Costs;

/// <summary>No cap is passed by more than one response, however many calls there are.</summary>
public sealed class CallMeterSpecs
{
    /// <summary>A token of audio costs 1, and a minute 2.</summary>
    private static readonly Prices Prices = new() { AudioOut = 1_000_000, PhoneMinute = 2 };

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 22, 0, 0, TimeSpan.Zero));

    [Fact]
    public void A_call_is_told_while_there_is_room_for_a_goodbye_and_again_when_there_is_none()
    {
        var meter = Meter(perCall: 10);

        Respond(meter, 3).Should().BeNull();
        Respond(meter, 3).Should().Be(new CostLimit(CallEnd.CallCostCap, IsPassed: false), "an answer and a goodbye do not both fit");
        Respond(meter, 4).Should().Be(new CostLimit(CallEnd.CallCostCap, IsPassed: true));
        meter.Spent.Should().Be(10);
    }

    [Fact]
    public void Minutes_that_have_begun_count_and_a_call_that_nobody_joined_costs_none()
    {
        var (meter, never) = (Meter(perCall: 10), Meter(perCall: 10));
        meter.Answered();
        _clock.Advance(TimeSpan.FromSeconds(61));

        (meter.Spent, never.Spent).Should().Be((4, 0));
        (meter.Close(), never.Close()).Should().Be(((61L, 4m), null));
    }

    [Fact]
    public void What_is_written_down_of_the_caller_counts_and_says_nothing_of_what_a_response_may_cost()
    {
        var day = new DaySpending(10, _clock);
        var meter = new CallMeter(new CostOptions(Prices with { TranscriptionOut = 1_000_000 }, PerCall: 8, PerDay: 10), day, _clock);

        meter.Transcribed(new TranscriptionUsage(0, 0, 7)).Should().Be(7);

        (meter.Spent, day.Spent, day.Expected, meter.Limit).Should().Be((7, 7, 0, null));
        meter.Transcribed(new TranscriptionUsage(0, 0, 1));
        meter.Limit.Should().Be(new CostLimit(CallEnd.CallCostCap, IsPassed: true));
    }

    [Fact]
    public void A_response_that_nobody_bills_costs_nothing_and_keeps_no_room()
    {
        var day = new DaySpending(10, _clock);
        var meter = new CallMeter(new CostOptions(Prices, PerDay: 10), day, _clock);
        Respond(meter, 4);

        meter.Began();
        RoomOf(day).Should().Be(2, "4 are spent, and 4 in flight");
        meter.Lost(); // and the session with it
        RoomOf(day).Should().Be(6);
        meter.Began();
        meter.Began(); // the end of the first one never came
        RoomOf(day).Should().Be(2);
        meter.Close();

        RoomOf(day).Should().Be(6);
        (meter.Spent, day.Spent).Should().Be((4, 4));
    }

    [Fact]
    public void After_the_end_a_response_is_paid_for_and_neither_keeps_room_nor_starts_a_minute()
    {
        var day = new DaySpending(20, _clock);
        var meter = new CallMeter(new CostOptions(Prices, PerDay: 20), day, _clock);
        meter.Answered();
        Respond(meter, 4);
        meter.Close();
        _clock.Advance(TimeSpan.FromSeconds(61));

        meter.Began();
        RoomOf(day).Should().Be(14, "4 and a minute are spent");
        meter.Ended(Usage(1));

        (meter.Spent, day.Spent).Should().Be((7, 7));
    }

    [Fact]
    public void What_was_dearer_than_a_whole_day_may_be_was_a_mistake_in_the_prices()
    {
        var day = new DaySpending(10, _clock);
        day.Expect(3);

        day.Expect(400);
        day.Ended(0, 500);

        day.Expected.Should().Be(3);
    }

    [Fact]
    public void What_stood_in_the_books_counts_and_the_last_word_on_it_counts()
    {
        var day = new DaySpending(10, _clock);
        day.Add(3);

        day.Brought(5, day.Midnight);
        day.Brought(6, day.Midnight);
        day.Brought(99, day.Midnight.AddDays(-1));

        (day.Spent, day.IsOver).Should().Be((9, false));
        day.Add(1);
        day.IsOver.Should().BeTrue();
    }

    [Fact]
    public void After_a_restart_many_calls_at_once_are_held_to_what_responses_have_cost_before()
    {
        var day = new DaySpending(100, _clock);
        day.Brought(75, day.Midnight);
        day.Expect(10);

        Begin(day).Should().Be(3, "there is room for 25");
    }

    [Fact]
    public void Before_any_response_has_told_many_calls_at_once_are_held_to_what_a_first_one_can_cost()
    {
        var day = new DaySpending(100, _clock, first: 10);

        Begin(day).Should().Be(10, "there is room for 100");
        day.IsOver.Should().BeFalse("nothing is spent: new calls may come");
    }

    [Fact]
    public void What_is_expected_follows_what_responses_cost_once_enough_have_told()
    {
        var day = new DaySpending(1_000, _clock, first: 10);
        var meter = new CallMeter(new CostOptions(Prices, PerDay: 1_000), day, _clock);

        for (var greeting = 0; greeting < 2 * DaySpending.Telling; greeting++)
            Respond(new CallMeter(new CostOptions(Prices, PerDay: 1_000), day, _clock), 1);
        day.Expected.Should().Be(10, "greetings are short");
        Respond(meter, 2);
        for (var told = 1; told < DaySpending.Telling; told++)
            Respond(meter, 2);
        day.Expected.Should().Be(10);
        meter.Began();
        meter.Ended(null); // tells nothing
        day.Expected.Should().Be(10);
        Respond(meter, 3);

        day.Expected.Should().Be(3);
    }

    [Fact]
    public void A_response_that_is_broken_off_for_want_of_room_takes_none_from_others()
    {
        var day = new DaySpending(20, _clock, first: 10);
        CallMeter[] calls = [.. Enumerable.Range(0, 3).Select(_ => new CallMeter(new CostOptions(Prices, PerDay: 20), day, _clock))];
        foreach (var call in calls)
            call.Began();
        calls.Select(call => call.Limit).Should().Equal(null, null, new CostLimit(CallEnd.DayCostCap, IsPassed: true));

        calls[2].Ended(Usage(1)); // it was begun, and is paid for
        calls[0].Ended(Usage(1));

        (day.Spent, RoomOf(day)).Should().Be((2, 8));
        calls[0].Limit.Should().BeNull("what the others have in flight says nothing of this call");
    }

    [Fact]
    public void A_cap_below_what_a_first_response_can_cost_lets_one_at_a_time_begin()
    {
        var day = new DaySpending(5, _clock, first: 200);
        var (one, other) = (new CallMeter(new CostOptions(Prices, PerDay: 5), day, _clock), new CallMeter(new CostOptions(Prices, PerDay: 5), day, _clock));

        (day.Expected, day.IsOver, one.Limit).Should().Be((5, false, null));
        one.Began();
        other.Began();
        (one.Limit, other.Limit).Should().Be((null, new CostLimit(CallEnd.DayCostCap, IsPassed: true)));
        other.Ended(null);
        one.Ended(Usage(1));

        (one.Limit, other.Limit, day.IsOver).Should().Be((null, null, false));
    }

    [Fact]
    public void At_midnight_of_UTC_a_new_day_begins()
    {
        var day = new DaySpending(10, _clock);
        day.Brought(5, day.Midnight);
        day.Add(5);
        day.IsOver.Should().BeTrue();

        _clock.Advance(TimeSpan.FromHours(1.99));
        day.IsOver.Should().BeTrue();
        _clock.Advance(TimeSpan.FromHours(0.02));

        (day.Spent, day.IsOver).Should().Be((0, false));
    }

    [Fact]
    public void Without_a_cap_there_is_always_room()
    {
        var meter = Meter(perCall: null);

        Respond(meter, 90_000_000).Should().BeNull();
    }

    [Fact]
    public void A_call_never_passes_its_cap_by_more_than_one_response() => Gen.Select(Gen.Int[1, 200], Gen.Int[0, 60].Array[1, 50]).Sample((cap, costs) =>
    {
        var meter = Meter(perCall: cap);
        var last = 0;
        foreach (var cost in costs)
        {
            if (meter.Limit is { IsPassed: true })
                break;
            meter.Spent.Should().BeLessThan(cap);
            Respond(meter, last = cost);
        }

        meter.Spent.Should().BeLessThan(cap + Math.Max(last, 1));
    });

    [Fact]
    public void A_call_that_says_goodbye_when_it_is_told_to_stays_within_its_cap() => Gen.Select(Gen.Int[1, 30], Gen.Int[3, 300]).Sample((cost, cap) =>
    {
        var meter = Meter(perCall: Math.Max(cap, 3 * cost));
        while (Respond(meter, cost) is null)
            meter.Spent.Should().BeLessThan(cap + cost);

        Respond(meter, cost); // the goodbye

        meter.Spent.Should().BeLessThanOrEqualTo(Math.Max(cap, 3 * cost));
    });

    [Fact]
    public void Many_calls_together_never_pass_the_days_cap_by_more_than_one_response() =>
        Gen.Select(Gen.Int[20, 400], Gen.Select(Gen.Int[0, 9], Gen.Int[1, 10]).Array[1, 300]).Sample((cap, steps) =>
        {
            const int dearest = 10;
            var day = new DaySpending(cap + dearest, _clock);
            var calls = Enumerable.Range(0, 10).Select(_ => new CallMeter(new CostOptions(Prices), day, _clock)).ToArray();
            Respond(calls[0], dearest); // what the day knows of responses
            var (inFlight, over) = (new bool[10], new bool[10]);
            foreach (var (which, cost) in steps)
            {
                var meter = calls[which];
                if (over[which])
                    continue;
                if (inFlight[which])
                    meter.Ended(Usage(cost));
                else
                    meter.Began();
                inFlight[which] = !inFlight[which];
                if (meter.Limit is not { IsPassed: true })
                    continue;
                (over[which], inFlight[which]) = (true, false); // one that has just begun is broken off
            }

            for (var which = 0; which < 10; which++)
            {
                if (inFlight[which])
                    calls[which].Ended(Usage(dearest));
            }

            day.Spent.Should().BeLessThan(cap + (2 * dearest), "the cap is {0}", cap + dearest);
        });

    /// <summary>How many calls may have a response at once.</summary>
    private int Begin(DaySpending day) => Enumerable.Range(0, 50).Select(_ => new CallMeter(new CostOptions(Prices, PerDay: 100), day, _clock)).Count(meter =>
    {
        meter.Began();
        return meter.Limit is null;
    });

    /// <summary>How many responses that cost 1 there is room for.</summary>
    private static int RoomOf(DaySpending day)
    {
        var begun = 0;
        while (day.Began(1))
            begun++;
        for (var i = 0; i < begun; i++)
            day.Ended(1, null);
        return begun;
    }

    private CallMeter Meter(decimal? perCall) => new(new CostOptions(Prices, perCall), new DaySpending(null, _clock), _clock);

    private static CostLimit? Respond(CallMeter meter, int cost)
    {
        meter.Began();
        meter.Ended(Usage(cost));
        return meter.Limit;
    }

    private static RealtimeUsage Usage(int cost) => new(0, 0, 0, 0, 0, cost);
}
