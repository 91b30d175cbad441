using System.Text.Json;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Faults;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Xunit;
using static Bob.Tests.Faults.TwilioLine;

namespace Bob.Tests.Calls;

/// <summary>Who looks for a call in the log finds all of it by its ids.</summary>
public sealed class CallLogSpecs
{
    private const string Greeting = "abcdefghijklm nopqrstuvwxyz";

    [Fact]
    public async Task Every_line_of_a_call_carries_its_CallSid_and_since_it_has_a_stream_its_StreamSid()
    {
        var reset = new Fault { At = new FaultPoint { Response = 1, AudioMs = 400 }, Do = FaultAction.Drop };
        await using var house = await WholeHouse.StartAsync(Script(Greeting) with { Faults = [reset] });
        var before = house.LogEvents.Count;
        var call = house.Twilio.PlaceCall(new CallPlan());

        await call.WaitForHeardAsync(1200);
        call.DropMedia(reset: true);
        await call.WaitForStreamAsync(2);
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();
        await house.EndOfAsync(report.CallSid);

        var lines = house.LogEvents.Skip(before).Select(Json).ToList();
        lines.Should().HaveCountGreaterThan(6).And.OnlyContain(line => Text(line, "CallSid") == report.CallSid);
        lines.Select(line => Text(line, "@mt")).Should().ContainMatch("*lost*");
        var streams = report.Streams.Select(stream => stream.StreamSid).ToList();
        var started = lines.FindIndex(line => Text(line, "@mt")!.StartsWith("Stream started", StringComparison.Ordinal));
        lines.Skip(started).Where(line => !streams.Contains(Text(line, "StreamSid") ?? "")).Select(line => line.ToString()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_stream_in_another_format_is_refused_with_its_ids_in_the_log()
    {
        await using var house = await WholeHouse.StartAsync(Script(Greeting));
        var ticket = await house.AnnounceAsync();
        using var stream = await RawStream.OpenAsync(house);

        await stream.SendAsync(RawStream.Connected, RawStream.Start(SomeCall, ticket).Replace("8000", "16000"));
        (await stream.EndAsync()).Should().Be(1008);

        var line = Json(house.LogEvents.Single(line => line.MessageTemplate.Text.Contains("its format is")));
        (Text(line, "CallSid"), Text(line, "StreamSid")).Should().Be((SomeCall, RawStream.StreamSid));
    }

    private static JsonElement Json(LogEvent line)
    {
        var output = new StringWriter();
        new CompactJsonFormatter().Format(line, output);
        return JsonDocument.Parse(output.ToString()).RootElement;
    }

    private static string? Text(JsonElement line, string name) => line.TryGetProperty(name, out var value) ? value.GetString() : null;
}
