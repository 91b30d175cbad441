using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Recording;
using Bob.Actors.Tools;
using Bob.Host.Records;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Bob.Tests.Recording;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Serilog.Formatting.Compact;
using Xunit;

namespace Bob.Tests.Records;

/// <summary>The record of a whole call over real sockets.</summary>
public sealed class CallRecordSpecs
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_call_leaves_a_record_of_what_was_said_and_of_its_one_end()
    {
        await using var house = await WholeHouse.StartAsync();
        var call = house.Twilio.PlaceCall(WholeHouse.Conversation("When are you open?"));

        var report = await call.Completion;
        await house.EndOfAsync(report.CallSid);
        var record = await house.Records.OfEndedAsync(report.CallSid);

        record.Should().BeEquivalentTo(new
        {
            Caller = "+15550100001",
            Called = "+15550100002",
            Persona = "bob",
            Result = CallResult.Completed,
            Side = CallSide.Caller,
            Reason = "caller-hung-up",
            Reconnects = 0,
            Step = CallPhase.Over,
        });
        record.FirstAudioMs.Should().BeInRange(1, 10_000);
        await using var db = RecordsDatabase.InFile(house.Records.Database).Open();
        var turns = await db.Turns.OrderBy(turn => turn.Number).ToListAsync(Cancellation);
        var said = house.Model.Sessions.Single().Conversation.Where(item => item is { Type: "message", FromClient: false }).Select(item => item.Text).ToList();
        turns.Select(turn => turn.Text).Should().Equal(said!);
        turns.Where(turn => turn.Role == TurnRole.Caller).Should().NotBeEmpty().And.OnlyContain(turn => turn.StartedMs < turn.EndedMs);
        (await db.Usage.CountAsync(row => row.Kind == UsageKind.Model, Cancellation)).Should().Be(house.Model.Sessions.Single().Responses.Count);
    }

    [Fact]
    public async Task D12_What_callers_say_stands_in_no_log_and_their_number_only_in_the_two_lines_of_the_guide()
    {
        const string canary = "canary bird in the kitchen";
        await using var house = await WholeHouse.StartAsync(
            new RealtimeScript { Greeting = new Reply { Say = [canary] }, Otherwise = new Reply { Say = [canary] } }, adjust: _ => { }, settings: ("LOG_LEVEL", "Information"));
        var call = house.Twilio.PlaceCall(WholeHouse.Conversation("Hello."));

        var report = await call.Completion;
        await house.EndOfAsync(report.CallSid);
        await house.Records.OfEndedAsync(report.CallSid);

        var lines = Whole(house);
        lines.Should().NotContain(line => line.Contains("canary"));
        lines.Where(line => line.Contains("15550100001")).Should().HaveCount(2);
    }

    [Fact]
    public async Task D12_Nor_does_it_when_everything_goes_wrong_and_when_the_caller_is_erased()
    {
        const string canary = "canary bird in the kitchen";
        var folder = Directory.CreateTempSubdirectory("bob-recordings-").FullName;
        await using var house = await WholeHouse.StartAsync(
            new RealtimeScript
            {
                Greeting = new Reply { Say = [canary] },
                Rules = [new ScriptRule { When = new Occasion { Turn = 1 }, Call = [new ScriptedCall { Tool = "fail", RawArguments = """{"of":"canary"}""" }] }],
                Otherwise = new Reply { Say = [canary] },
                Faults = [new Fault { At = new FaultPoint { Response = 1, AudioMs = 400 }, Do = FaultAction.Drop }],
            },
            adjust: builder =>
            {
                builder.Services.AddSingleton<IRecordings>(new SmallDisk(new Recordings(folder), 10_000));
                builder.Services.AddSingleton<ToolFactory>(_ => [AIFunctionFactory.Create((string of) => Task.FromException<string>(new InvalidOperationException(of)), "fail")]);
            },
            settings: [("LOG_LEVEL", "Information"), ("RECORDING", "true"), ("RECORDING_DIRECTORY", folder)]);
        var call = house.Twilio.PlaceCall(new CallPlan());

        await call.WaitForHeardAsync(1_000);
        call.DropMedia(reset: true);
        await call.WaitForStreamAsync(2);
        await call.WaitForQuietAsync();
        call.Dtmf("47119082");
        call.Speak(WholeHouse.Voice("hello"));
        await house.UntilAsync(() => house.Lines.Any(line => line.Contains("fail")), "the tool's failure");
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();
        await house.Records.OfEndedAsync(report.CallSid);
        (await house.Services.GetRequiredService<Erasure>().EraseAsync("+15550100001", Cancellation)).Rows.Calls.Should().Be(1);

        var lines = Whole(house);
        lines.Should().Contain(line => line.Contains("Recording truncated")).And.Contain(line => line.Contains("lost")).And.Contain(line => line.Contains("A caller was erased"));
        lines.Should().NotContain(line => line.Contains("canary") || line.Contains("47119082"));
        lines.Where(line => line.Contains("15550100001")).Should().HaveCount(2);
        Directory.Delete(folder, recursive: true);
    }

    private static List<string> Whole(WholeHouse house) => [.. house.LogEvents.Select(line =>
    {
        var output = new StringWriter();
        new CompactJsonFormatter().Format(line, output);
        return output.ToString();
    })];
}
