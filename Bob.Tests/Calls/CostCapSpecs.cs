using System.Net;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Costs;
using Bob.Host.Records;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Faults;
using Bob.Tests.Records;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;

namespace Bob.Tests.Calls;

/// <summary>What calls cost, and what happens when they cost too much, over real sockets.</summary>
public sealed class CostCapSpecs : IDisposable
{
    private const string Talk = "I could go on like this for a good while";
    private readonly RecordsFolder _books = RecordsFolder.Make();

    private static readonly (string, string)[] Prices =
    [
        ("BOB_INSTRUCTIONS", "You are Bob."), ("PRICES_DATE", "2026-11-22"), ("PRICE_TEXT_IN", "0"), ("PRICE_TEXT_CACHED", "0"), ("PRICE_TEXT_OUT", "0"),
        ("PRICE_AUDIO_IN", "0"), ("PRICE_AUDIO_CACHED", "0"), ("PRICE_AUDIO_OUT", "10000"), ("PRICE_PHONE_MINUTE", "0.25"),
        ("PRICE_TRANSCRIPTION_IN", "0"), ("PRICE_TRANSCRIPTION_OUT", "0"),
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private (string, string)[] Books => [.. Prices, ("DATABASE_PATH", _books.Database), ("SPOOL_PATH", _books.Spool)];

    [Fact]
    public async Task The_record_of_a_call_adds_up_its_responses_and_its_minutes()
    {
        await using var house = await StartAsync(Script(), settings: Books);

        var report = await house.Twilio.PlaceCall(Conversation("hello")).Completion;
        await house.EndOfAsync(report.CallSid);
        var call = await RecordAsync(report.CallSid);

        await using var db = RecordsDatabase.InFile(_books.Database).Open();
        var usage = await db.Usage.Where(row => row.CallSid == report.CallSid).OrderBy(row => row.Number).ToListAsync(Cancellation);
        usage.Should().ContainSingle(row => row.Kind == UsageKind.Transcription).Which.Should().BeEquivalentTo(new { CostMicros = 0L, Seconds = (double?)null });
        usage.RemoveAll(row => row.Kind == UsageKind.Transcription); // it may come before the second response, and after
        usage.Select(row => row.Kind).Should().Equal(UsageKind.Model, UsageKind.Model, UsageKind.Telephony);
        usage.Take(2).Should().OnlyContain(row => row.CostMicros == row.AudioOut * 10_000);
        usage[2].Should().BeEquivalentTo(new { CostMicros = 250_000L });
        usage[2].Seconds.Should().BeInRange(1, 60);
        call.CostMicros.Should().Be(usage.Sum(row => row.CostMicros)).And.BePositive();
    }

    [Theory]
    [InlineData("gpt-4o-mini-transcribe")]
    [InlineData("gpt-realtime-whisper")]
    public async Task Writing_down_what_the_caller_says_is_booked_beside_the_responses(string transcription)
    {
        (string, string)[] prices = [("PRICE_TRANSCRIPTION_IN", "1000"), ("PRICE_TRANSCRIPTION_OUT", "4000"), ("PRICE_TRANSCRIPTION_MINUTE", "6")];
        await using var house = await StartAsync(Script(), settings: [.. Books, .. prices, ("TRANSCRIPTION_MODEL", transcription)]);

        var report = await house.Twilio.PlaceCall(Conversation("hello")).Completion;
        await house.EndOfAsync(report.CallSid);
        var call = await RecordAsync(report.CallSid);

        await using var db = RecordsDatabase.InFile(_books.Database).Open();
        var usage = await db.Usage.Where(row => row.CallSid == report.CallSid).ToListAsync(Cancellation);
        var written = usage.Should().ContainSingle(row => row.Kind == UsageKind.Transcription).Subject;
        written.CostMicros.Should().BePositive();
        if (transcription == "gpt-realtime-whisper")
            written.CostMicros!.Value.Should().BeCloseTo((long)(written.Seconds!.Value * 100_000), 1);
        else
            (written.Seconds, written.CostMicros).Should().Be((null, (written.AudioIn * 1_000) + (written.TextOut * 4_000)));
        (await db.Turns.AnyAsync(turn => turn.CallSid == report.CallSid && turn.ItemId == written.ResponseId && turn.Role == TurnRole.Caller, Cancellation)).Should().BeTrue();
        call.CostMicros.Should().Be(usage.Sum(row => row.CostMicros));
        house.Services.GetRequiredService<DaySpending>().Spent.Should().Be(call.CostMicros / 1_000_000m);
    }

    [Fact]
    public async Task A_response_is_booked_at_the_prices_of_the_server_that_gave_it()
    {
        await using var servers = await TwoServers.StartAsync([], [.. Books, ("OPENAI_REALTIME_URL", "ws://localhost:1/v1/realtime"), ("MODEL_2_PRICES", "0,0,0,0,0,30000")]);

        var report = await servers.CallAsync(ModelFaults.WhenOpen);
        await servers.House.EndOfAsync(report.CallSid);
        var call = await RecordAsync(report.CallSid);

        await using var db = RecordsDatabase.InFile(_books.Database).Open();
        var usage = await db.Usage.Where(row => row.CallSid == report.CallSid && row.Kind == UsageKind.Model).ToListAsync(Cancellation);
        usage.Should().HaveCount(2).And.OnlyContain(row => row.AudioOut > 0 && row.CostMicros == row.AudioOut * 30_000);
        call.CostMicros.Should().Be(250_000 + usage.Sum(row => row.CostMicros));
    }

    [Fact]
    public async Task A_call_that_has_cost_enough_ends_with_Bobs_goodbye_and_within_its_cap()
    {
        var response = ResponseCost();
        var cap = 0.25m + (4.5m * response);
        await using var house = await StartAsync(Script(), settings: [.. Books, ("MAX_COST_PER_CALL", Spell(cap))]);

        var report = await house.Twilio.PlaceCall(Conversation("one", "two", "three", "four", "five", "six")).Completion;

        report.EndReason.Should().Be(CallEndReason.HungUpByTwiml);
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.CallCostCap);
        report.TwimlDocuments[^1].Should().NotContain("<Say>", "Bob said goodbye himself");
        house.Model.Sessions.Single().Responses[^1].Instructions.Should().Contain("say goodbye");
        var call = await RecordAsync(report.CallSid);
        (call.Reason, call.Result, call.Side).Should().Be(("call-cost-cap", CallResult.Completed, CallSide.Bob));
        call.CostMicros.Should().BeLessThanOrEqualTo((long)(cap * 1_000_000));
        house.Lines.Should().ContainSingle(line => line.Contains("Call ended: Completed by Bob, call-cost-cap"));
    }

    [Fact]
    public async Task A_call_that_passes_its_cap_at_once_is_heard_to_its_end_and_then_Twilio_says_goodbye()
    {
        var response = ResponseCost();
        await using var house = await StartAsync(Script(), settings: [.. Books, ("MAX_COST_PER_CALL", Spell(0.25m + (response / 2)))]);

        var report = await house.Twilio.PlaceCall(Conversation("one", "two", "three")).Completion;

        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.CallCostCap);
        report.TwimlDocuments[^1].Should().Contain($"<Say>{CallState.EarlyFarewell}</Say><Hangup />");
        report.Playback.Single().Audio.AsSpan().IndexOf(Voice(Talk)).Should().BeGreaterThanOrEqualTo(0, "what has been paid for is heard");
        house.Model.Sessions.Single().Responses.Should().ContainSingle("the model is not asked again");
        (await RecordAsync(report.CallSid)).CostMicros.Should().BeLessThanOrEqualTo((long)((0.25m + (1.5m * response)) * 1_000_000));
    }

    [Fact]
    public async Task When_other_calls_reach_the_days_cap_the_next_answer_is_not_begun_or_it_is_broken_off_and_paid_for()
    {
        await using var house = await StartAsync(Script() with { CallerSays = ["one"] }, settings: [.. Books, ("MAX_COST_PER_DAY", "1000")]);
        var call = house.Twilio.PlaceCall(new CallPlan());
        await call.WaitForHeardAsync(Voice(Talk).Length / 8);
        await call.WaitForQuietAsync();

        house.Services.GetRequiredService<DaySpending>().Add(1_000);
        call.Speak(Voice("one"));
        var report = await call.Completion;

        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.DayCostCap);
        report.TwimlDocuments[^1].Should().Contain($"<Say>{CallState.EarlyFarewell}</Say><Hangup />");
        report.Playback.Single().Audio.Length.Should().BeInRange(Voice(Talk).Length, (2 * Voice(Talk).Length) - 1, "the greeting, and no whole answer");
        var made = house.Model.Sessions.Single().Responses.Select(response => response.Id).ToList();
        (await _books.WhenAsync(db => db.Usage.Where(row => row.Kind == UsageKind.Model).Select(row => row.ResponseId!).ToListAsync(Cancellation), paid => paid.Count == made.Count))
            .Should().Equal(made);
        (await _books.WhenAsync(db => db.Turns.Where(turn => turn.Role == TurnRole.Caller).Select(turn => turn.Text).ToListAsync(Cancellation), said => said is [{ Length: > 0 }]))
            .Should().Equal(["one"], "what the caller said is on record");
    }

    [Fact]
    public async Task A_greeting_that_nobody_came_to_hear_is_paid_for()
    {
        var script = new RealtimeScript { Greeting = new Reply { Say = [Talk] } };
        await using var house = await StartAsync(script, options => options with { Speed = 0.5 }, options => options with { StreamOpenDelay = TimeSpan.FromSeconds(5) }, settings: Books);

        var report = await house.Twilio.PlaceCall(new CallPlan { HangUpAfter = TimeSpan.FromSeconds(1) }).Completion;
        await house.EndOfAsync(report.CallSid);

        report.Heard.Should().OnlyContain(sample => sample == 0xFF);
        (await _books.WhenAsync(db => db.Usage.CountAsync(row => row.CallSid == report.CallSid && row.Kind == UsageKind.Model, Cancellation), paid => paid > 0)).Should().Be(1);
    }

    [Fact]
    public async Task Over_the_days_cap_new_callers_hear_busy_also_after_a_restart()
    {
        (string, string)[] settings = [.. Books, ("MAX_COST_PER_DAY", Spell(0.25m + (ResponseCost() / 2)))];
        await using (var house = await StartAsync(Script(), settings: settings))
        {
            var first = await house.Twilio.PlaceCall(Conversation("one", "two")).Completion;
            (await house.EndOfAsync(first.CallSid)).Should().Be(CallEnd.DayCostCap);
            await ShouldBeClosedAsync(house);
        }

        await using var next = await StartAsync(Script(), settings: settings);

        await ShouldBeClosedAsync(next);
        next.Model.Connections.Should().Be(0);
        next.Ends.Should().BeEmpty();
    }

    public void Dispose() => _books.Dispose();

    private static async Task ShouldBeClosedAsync(WholeHouse house)
    {
        var report = await house.Twilio.PlaceCall(Conversation("one")).Completion;
        (report.EndReason, report.EndDetail).Should().Be((CallEndReason.Rejected, "busy"));
        using var http = new HttpClient { BaseAddress = house.Address };
        var ready = await http.GetAsync("health/ready", Cancellation);
        ready.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        (await ready.Content.ReadAsStringAsync(Cancellation)).Should().Be("""{"ready":false,"reason":"the day has cost what it may"}""");
        house.Lines.Should().ContainSingle(line => line.Contains("New calls are refused: day-cost-cap"));
    }

    private static RealtimeScript Script() => new() { Greeting = new Reply { Say = [Talk] }, Otherwise = new Reply { Say = [Talk] } };

    /// <summary>What the script's sentence costs: a cent for 50 ms of it.</summary>
    private static decimal ResponseCost() => Voice(Talk).Length / 8 / 50 * 0.01m;

    private static string Spell(decimal amount) => amount.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private async Task<CallRow> RecordAsync(string callSid)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (true)
        {
            await using var db = RecordsDatabase.InFile(_books.Database).Open();
            if (await db.Calls.AsNoTracking().SingleOrDefaultAsync(row => row.CallSid == callSid && row.EndedAt != null, Cancellation) is { } record)
                return record;
            await tick.WaitForNextTickAsync(deadline.Token);
        }
    }
}
