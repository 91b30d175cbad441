using System.Net;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Sockets;
using Bob.Host.Calls;
using Bob.Host.Configuration;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;

namespace Bob.Tests.Faults;

/// <summary>More calls than there is room for: each is answered, none is lost, and who is on the line hears nothing of it.</summary>
public sealed class FloodSpecs
{
    private const string Answer = "yes I am still here";

    [Fact]
    public async Task T41_Five_hundred_calls_at_once_are_all_answered_and_none_is_lost()
    {
        await using var house = await StartAsync(settings: [("MAX_CALLS", "500"), ("DIAL_EARLY", "false"), ("MAX_CALLS_PER_SECOND", "0")]);

        var answers = await FloodAsync(house, 500);

        answers.Should().OnlyContain(answer => answer.Status == HttpStatusCode.OK);
        answers.Select(answer => TwilioLine.TicketOf(answer.Body)).Should().OnlyHaveUniqueItems().And.NotContain("");
        (await house.CallsAsync()).Should().Be(500);
    }

    [Fact]
    public async Task A1_A_number_that_calls_a_hundred_times_a_minute_hears_busy_and_nobody_else_does()
    {
        await using var house = await StartAsync(
            TwilioLine.Script("hello", Answer), settings: [("DIAL_EARLY", "false"), ("MAX_CALLS_PER_CALLER", "10")]);
        var live = house.Twilio.PlaceCall(new CallPlan { From = "+15550100007" });
        await live.WaitForHeardAsync(100);

        var answers = await FloodAsync(house, 100, _ => "+15550100001");

        answers.Count(answer => answer.Body.Contains("<Reject reason=\"busy\"")).Should().Be(90);
        answers.Count(answer => TwilioLine.TicketOf(answer.Body).Length > 0).Should().Be(10);
        house.Lines.Should().ContainSingle(line => line.StartsWith("[bob] WRN Call refused: caller-too-often, more than MAX_CALLS_PER_CALLER allows"));
        await ShouldStillAnswerAsync(live);
    }

    [Fact]
    public async Task A2_A_flood_from_many_numbers_is_let_in_at_the_rate_that_is_set()
    {
        await using var house = await StartAsync(
            TwilioLine.Script("hello", Answer), settings: [("DIAL_EARLY", "false"), ("MAX_CALLS", "1000"), ("MAX_CALLS_PER_SECOND", "10")]);
        var live = house.Twilio.PlaceCall(new CallPlan());
        await live.WaitForHeardAsync(100);

        var answers = await FloodAsync(house, 500);

        answers.Should().OnlyContain(answer => answer.Status == HttpStatusCode.OK);
        var taken = answers.Count(answer => TwilioLine.TicketOf(answer.Body).Length > 0);
        taken.Should().BeGreaterThanOrEqualTo(19, "so many may come at once, and one is here already").And.BeLessThan(500);
        answers.Count(answer => answer.Body.Contains("<Reject reason=\"busy\"")).Should().Be(500 - taken);
        (await house.CallsAsync()).Should().Be(taken + 1);
        await ShouldStillAnswerAsync(live);
    }

    [Fact]
    public async Task A_process_short_of_memory_refuses_new_calls_and_tells_load_balancers_and_goes_on_with_those_it_has()
    {
        var memory = 0L;
        await using var house = await StartAsync(TwilioLine.Script("hello", Answer), adjust: builder => builder.Services.AddSingleton(
            services => new NodeLoad(new AdmissionOptions(null, null, null, 1_000), services.GetRequiredService<WakingTime>(), () => Volatile.Read(ref memory))));
        var load = house.Services.GetRequiredService<NodeLoad>();
        var live = house.Twilio.PlaceCall(new CallPlan());
        await live.WaitForHeardAsync(100);

        Volatile.Write(ref memory, 1_001);
        await UntilAsync(() => load.Full is not null);

        (await ReadyAsync(house)).Should().Be((HttpStatusCode.ServiceUnavailable, """{"ready":false,"reason":"short-of-memory"}"""));
        var refused = await house.Twilio.PlaceCall(new CallPlan { From = "+15550100002" }).Completion;
        (refused.EndReason, refused.EndDetail).Should().Be((CallEndReason.Rejected, "busy"));
        await ShouldStillAnswerAsync(live);

        Volatile.Write(ref memory, 0);
        await UntilAsync(() => load.Full is null);

        (await ReadyAsync(house)).Status.Should().Be(HttpStatusCode.OK);
        var next = await house.Twilio.PlaceCall(Conversation()).Completion;
        (await house.EndOfAsync(next.CallSid)).Should().Be(CallEnd.CallerHungUp);
        house.Lines.Where(line => line.Contains("New calls are")).Should().SatisfyRespectively(
            first => first.Should().StartWith("[bob] ERR New calls are refused: short-of-memory"), second => second.Should().Contain("New calls are taken again"));
    }

    [Fact]
    public async Task A18_Sockets_that_never_say_start_are_counted_apart_from_calls()
    {
        await using var house = await StartAsync(TwilioLine.Script("hello", Answer), settings: [("MAX_CALLS", "2")]);
        var live = house.Twilio.PlaceCall(new CallPlan());
        await live.WaitForHeardAsync(100);
        var silent = new List<RawStream>();

        for (var i = 0; i < 30; i++)
            silent.Add(await RawStream.OpenAsync(house));

        silent.Count(stream => stream.Head.StartsWith("HTTP/1.1 101", StringComparison.Ordinal)).Should().BeInRange(19, 20, "2 for each call and 16 may wait");
        silent.Where(stream => !stream.Head.StartsWith("HTTP/1.1 101", StringComparison.Ordinal)).Should().OnlyContain(stream => stream.Head.StartsWith("HTTP/1.1 503"));
        (await house.CallsAsync()).Should().Be(1);
        await ShouldStillAnswerAsync(live);
        foreach (var stream in silent)
        {
            if (stream.Head.StartsWith("HTTP/1.1 101", StringComparison.Ordinal))
                (await stream.EndAsync()).Should().NotBe(0, "each is closed in good time");
            stream.Dispose();
        }

        var next = await house.Twilio.PlaceCall(Conversation() with { From = "+15550100003" }).Completion;
        (await house.EndOfAsync(next.CallSid)).Should().Be(CallEnd.CallerHungUp);
    }

    private static async Task ShouldStillAnswerAsync(SimulatedCall live)
    {
        await live.WaitForQuietAsync();
        live.Speak(Voice("are you there"));
        await live.WaitForHeardAsync(((Voice("hello").Length + Voice(Answer).Length) / 8) - 20);
        await live.WaitForQuietAsync();
        var report = await live.HangUpAsync();
        report.Playback.Single().Audio.AsSpan().IndexOf(Voice(Answer)).Should().BePositive("who is on the line hears nothing of it");
    }

    /// <summary>So many webhooks at once, of as many calls.</summary>
    private static Task<(HttpStatusCode Status, string Body)[]> FloodAsync(WholeHouse house, int calls, Func<int, string>? from = null) =>
        Task.WhenAll(Enumerable.Range(0, calls).Select(number => house.PostAsync(
            "/incoming-call",
            [
                .. TwilioLine.Form($"CA{number:00000000000000000000000000000000}", "ringing").Where(field => field.Key != "From"),
                new("From", from?.Invoke(number) ?? $"+1555020{number:0000}"),
            ])));

    private static async Task<(HttpStatusCode Status, string Body)> ReadyAsync(WholeHouse house)
    {
        using var http = new HttpClient { BaseAddress = house.Address };
        using var response = await http.GetAsync("/health/ready", TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task UntilAsync(Func<bool> happened)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!happened())
            await tick.WaitForNextTickAsync(deadline.Token);
    }
}
