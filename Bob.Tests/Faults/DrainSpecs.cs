using System.Diagnostics;
using System.Globalization;
using System.Net;
using AwesomeAssertions;
using Bob.Host.Calls;
using Bob.Host.Records;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Bob.Tests.Faults;

/// <summary>
/// The real process, told to leave: nobody is cut off. <c>BOB_DRAIN_CALLS</c> says how many calls are up; 6 when it says nothing. <c>BOB_DRAIN_SECONDS</c> says how
/// long they go on; 3.
/// </summary>
public sealed class DrainSpecs(ITestOutputHelper output)
{
    private const string Answer = "yes indeed";

    private static readonly int Calls = Number("BOB_DRAIN_CALLS", 6);
    private static readonly TimeSpan GoOn = TimeSpan.FromSeconds(Number("BOB_DRAIN_SECONDS", 3));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P3_P6_Told_to_leave_Bob_takes_no_new_call_and_lets_those_that_are_up_go_on_to_their_end()
    {
        await using var house = await StartAsync(("MAX_CALLS", "1000"), ("MAX_CALLS_PER_SECOND", "0"));
        var calls = Enumerable.Range(0, Calls).Select(_ => house.Twilio.PlaceCall(new CallPlan { MaxDuration = TimeSpan.FromMinutes(5) })).ToList();
        foreach (var call in calls)
            await call.WaitForHeardAsync(300, TimeSpan.FromMinutes(1));

        house.Bob.Terminate();
        await UntilReadyIsAsync(house, "draining");
        var refused = await house.Twilio.PlaceCall(new CallPlan()).Completion;
        calls[0].DropMedia(reset: true); // a dropped socket is a pause now as ever
        await calls[0].WaitForStreamAsync(2, TimeSpan.FromSeconds(30));
        var goOn = calls[0].Time + GoOn;
        await calls[0].WaitForAsync(call => call.Time >= goOn, "the calls going on", GoOn + TimeSpan.FromSeconds(30));
        var heard = calls.Select(call => call.HeardMs).ToList();
        foreach (var call in calls)
            call.Speak(WholeHouse.Voice("good day"));
        foreach (var (call, before) in calls.Zip(heard))
            await call.WaitForHeardAsync((int)before + 300, TimeSpan.FromMinutes(1));
        house.Bob.Ended.IsCompleted.Should().BeFalse("calls are up");
        var reports = await Task.WhenAll(calls.Select(call => call.HangUpAsync()));
        var last = Stopwatch.GetTimestamp();
        await house.Bob.Ended.WaitAsync(TimeSpan.FromSeconds(20), Cancellation);

        output.WriteLine($"{Calls} calls, 0 cut; the process ended {Stopwatch.GetElapsedTime(last).TotalMilliseconds:0} ms after the last call");
        house.Bob.ExitCode.Should().Be(0);
        (refused.EndReason, refused.EndDetail).Should().Be((CallEndReason.Rejected, "busy"));
        reports.Should().OnlyContain(report => report.EndReason == CallEndReason.CallerHungUp);
        reports.Skip(1).Should().OnlyContain(report => report.Streams.Count == 1);
        foreach (var report in reports)
            (await house.Records.OfEndedAsync(report.CallSid)).Reason.Should().Be("caller-hung-up");
    }

    [Fact]
    public async Task P4_At_the_limit_Bob_says_goodbye_to_those_that_are_left()
    {
        await using var house = await StartAsync(("DRAIN_SECONDS", "2"));
        var call = house.Twilio.PlaceCall(new CallPlan());
        await call.WaitForHeardAsync(300);
        await call.WaitForQuietAsync();

        house.Bob.Terminate();
        var report = await call.Completion;
        await house.Bob.Ended.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);

        report.EndReason.Should().Be(CallEndReason.HungUpByTwiml);
        report.Playback.Single().Audio.AsSpan().IndexOf(WholeHouse.Voice(Goodbye).AsSpan(0, 800)).Should().BePositive(report.Story());
        house.Bob.ExitCode.Should().Be(0);
        var record = await house.Records.OfEndedAsync(call.CallSid);
        $"{record.Result} by {record.Side}: {record.Reason}".Should().Be("Completed by Bob: node-drained");
    }

    [Fact]
    public void P5_What_may_take_time_after_the_second_signal_leaves_some_of_the_15_seconds() =>
        (Drain.GoodbyeLimit + Drain.ClosingLimit + Drain.Afterwards).Should().BeLessThan(TimeSpan.FromSeconds(14));

    [Fact]
    public async Task P5_Told_twice_Bob_says_goodbye_at_once_and_is_gone()
    {
        await using var house = await StartAsync();
        var call = house.Twilio.PlaceCall(new CallPlan());
        await call.WaitForHeardAsync(300);
        await call.WaitForQuietAsync();

        house.Bob.Terminate();
        await UntilReadyIsAsync(house, "draining");
        var asked = Stopwatch.GetTimestamp();
        house.Bob.Terminate();
        var report = await call.Completion;
        await house.Bob.Ended.WaitAsync(TimeSpan.FromSeconds(40), Cancellation);

        output.WriteLine($"gone {Stopwatch.GetElapsedTime(asked).TotalMilliseconds:0} ms after the second signal");
        report.EndReason.Should().Be(CallEndReason.HungUpByTwiml);
        report.Playback.Single().Audio.AsSpan().IndexOf(WholeHouse.Voice(Goodbye).AsSpan(0, 800)).Should().BePositive(report.Story());
        house.Bob.ExitCode.Should().Be(0);
        (await house.Records.OfEndedAsync(call.CallSid)).Reason.Should().Be("node-drained");
    }

    [Fact]
    public async Task P5_A_model_that_is_gone_does_not_hold_the_process_up()
    {
        await using var house = await StartAsync(("FALLBACK", "hangup"));
        var call = house.Twilio.PlaceCall(new CallPlan());
        await call.WaitForHeardAsync(300);
        await call.WaitForQuietAsync();
        await house.Model.DisposeAsync();

        house.Bob.Terminate();
        house.Bob.Terminate();
        var report = await call.Completion;
        await house.Bob.Ended.WaitAsync(TimeSpan.FromSeconds(40), Cancellation);

        report.EndReason.Should().Be(CallEndReason.HungUpByTwiml, report.Story());
        house.Bob.ExitCode.Should().Be(0);
        (await house.Records.OfEndedAsync(call.CallSid)).EndedAt.Should().NotBeNull();
    }

    [Fact]
    public async Task P3_A_caller_who_is_leaving_a_message_is_waited_for()
    {
        await using var house = await StartAsync();
        var call = await LeavingAsync(house, new RecordOutcome(TimeSpan.FromSeconds(30), "#"));

        house.Bob.Terminate();
        var report = await call.Completion;
        await house.Bob.Ended.WaitAsync(TimeSpan.FromSeconds(20), Cancellation);

        report.TwimlDocuments[^1].Should().Contain(CallFallback.Thanks, report.Story());
        house.Bob.ExitCode.Should().Be(0);
        await using var db = RecordsDatabase.InFile(house.Records.Database).Open();
        (await db.Messages.SingleAsync(Cancellation)).Should().BeEquivalentTo(new { report.CallSid, Seconds = 30 });
    }

    [Fact]
    public async Task P5_Told_twice_Bob_does_not_wait_for_a_message()
    {
        await using var house = await StartAsync();
        var call = await LeavingAsync(house, new RecordOutcome(TimeSpan.FromSeconds(120), "#"));

        house.Bob.Terminate();
        await UntilReadyIsAsync(house, "draining");
        house.Bob.Terminate();
        await house.Bob.Ended.WaitAsync(TimeSpan.FromSeconds(15), Cancellation);

        call.Status.Should().Be("in-progress", "the caller is still speaking");
        house.Bob.ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task P6_New_calls_go_to_another_node_where_there_is_one()
    {
        await using var house = await StartAsync(("DRAIN_REDIRECT_URL", "https://bob2.example.com/incoming-call"));
        var call = house.Twilio.PlaceCall(new CallPlan());
        await call.WaitForHeardAsync(300);

        house.Bob.Terminate();
        await UntilReadyIsAsync(house, "draining");
        var other = await house.Twilio.PlaceCall(new CallPlan()).Completion; // there is nobody at that address
        await call.HangUpAsync();

        other.Transcript.Should().Contain(line => line.What.Contains("https://bob2.example.com/incoming-call"));
        await house.Bob.Ended.WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
    }

    [Fact]
    public async Task A_process_without_calls_leaves_at_once()
    {
        await using var house = await StartAsync();

        house.Bob.Terminate();
        await house.Bob.Ended.WaitAsync(TimeSpan.FromSeconds(20), Cancellation);

        house.Bob.ExitCode.Should().Be(0);
    }

    private const string Goodbye = "farewell my friend";

    private static Task<SurvivingHouse> StartAsync(params (string Key, string Value)[] settings) => SurvivingHouse.StartAsync(
        TwilioLine.Script(
            "hello there", Answer, new Bob.Simulator.Realtime.ScriptRule { When = new Bob.Simulator.Realtime.Occasion { Instructions = ["cannot go on"] }, Say = [Goodbye] }),
        credentials: false,
        fallback: null,
        settings: [("SILENCE_PROMPT_SECONDS", "300"), ("SILENCE_GOODBYE_SECONDS", "600"), .. settings]);

    /// <summary>A call that no model can be had for, while its caller leaves a message.</summary>
    private static async Task<SimulatedCall> LeavingAsync(SurvivingHouse house, RecordOutcome message)
    {
        await house.Model.DisposeAsync();
        var call = house.Twilio.PlaceCall(new CallPlan { Records = [message], MaxDuration = TimeSpan.FromMinutes(5) });
        await call.WaitForAsync(one => one.Transcript.Any(line => line.What == "records the caller"), "the caller being recorded", TimeSpan.FromSeconds(40));
        return call;
    }

    private static async Task UntilReadyIsAsync(SurvivingHouse house, string reason)
    {
        using var http = new HttpClient { BaseAddress = house.Address };
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var deadline = DateTime.UtcNow.AddSeconds(20);
        while (true)
        {
            using var answer = await http.GetAsync("health/ready", Cancellation);
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable && (await answer.Content.ReadAsStringAsync(Cancellation)).Contains($"\"{reason}\"", StringComparison.Ordinal))
                return;
            DateTime.UtcNow.Should().BeBefore(deadline);
            await tick.WaitForNextTickAsync(Cancellation);
        }
    }

    private static int Number(string variable, int byDefault) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : byDefault;
}
