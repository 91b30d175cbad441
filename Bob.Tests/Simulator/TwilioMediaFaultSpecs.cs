using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using AwesomeAssertions;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Simulator.TwilioSimulatorLine;

namespace Bob.Tests.Simulator;

/// <summary>What the server sees of each fault that the simulator can cause.</summary>
[Collection(Alone.Name)]
public sealed class TwilioMediaFaultSpecs : IAsyncLifetime
{
    private readonly List<JsonElement> _seen = [];
    private readonly TaskCompletionSource<string> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TwilioSimulatorLine _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await StartAsync();
        _server.Connect();
        _server.Stream = async socket =>
        {
            try
            {
                while (await ReadAsync(socket) is { } message)
                    _seen.Add(message);
                _end.TrySetResult("closed");
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
            }
            catch (WebSocketException)
            {
                _end.TrySetResult("broke");
                throw;
            }
        };
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_dropped_socket_breaks_off_without_stop_and_without_close(bool reset)
    {
        var report = await RunAsync(new MediaFaults { DropAt = TimeSpan.FromMilliseconds(200), DropByReset = reset });

        (await _end.Task).Should().Be("broke");
        Events.Should().NotContain("stop");
        report.Streams.Single().ErrorCode.Should().Be(31903);
        report.EndReason.Should().Be(CallEndReason.StreamFailed);
    }

    [Fact]
    public async Task A_call_may_end_without_stop()
    {
        await RunAsync(new MediaFaults { OmitStop = true }, hangUpAfter: 300);

        (await _end.Task).Should().Be("broke");
        Events.Should().Contain("media").And.NotContain("stop");
    }

    [Fact]
    public async Task A_frozen_socket_is_silent_until_Twilio_notices()
    {
        var report = await RunAsync(new MediaFaults { FreezeAt = TimeSpan.FromMilliseconds(200), FreezeFor = TimeSpan.FromMilliseconds(600) });

        Events.Count(e => e == "media").Should().BeLessThan(20);
        Events.Should().NotContain("stop");
        (report.Streams[0].Ended - report.Streams[0].Started).Should().BeGreaterThan(TimeSpan.FromMilliseconds(790));
        report.Streams[0].ErrorCode.Should().Be(31903);
    }

    [Fact]
    public async Task Media_can_come_before_start_and_start_never()
    {
        await RunAsync(new MediaFaults { MediaBeforeStart = true, NoStart = true }, hangUpAfter: 300);

        Events.Should().Equal("connected", "media", "stop");
    }

    [Fact]
    public async Task Frames_can_be_lost_doubled_swapped_shifted_long_and_wrong()
    {
        await RunAsync(
            new MediaFaults { FrameMs = 40, LoseEvery = 5, DuplicateEvery = 4, SwapEvery = 3, TimestampJumpFrame = 7, TimestampJumpMs = -500, BadBase64Frame = 2 },
            hangUpAfter: 600);

        var media = _seen.Where(m => m.GetProperty("event").GetString() == "media").Select(m => m.GetProperty("media")).ToList();
        media.Select(m => m.GetProperty("chunk").GetString()).Take(8).Should().Equal("1", "2", "4", "4", "3", "7", "6", "8");
        media[0].GetProperty("payload").GetBytesFromBase64().Should().HaveCount(320);
        media[1].GetProperty("payload").TryGetBytesFromBase64(out _).Should().BeFalse();
        media[0].GetProperty("timestamp").GetString().Should().Be("40");
        media[5].GetProperty("timestamp").GetString().Should().Be("-220");
    }

    [Fact]
    public async Task Start_can_lie_about_the_call_the_format_and_the_parameters()
    {
        _server.Connect(parameters: "<Parameter name=\"ticket\" value=\"t1\"/>");

        await RunAsync(
            new MediaFaults
            {
                StartCallSid = "CAother",
                Encoding = "audio/l16",
                SampleRate = 16000,
                Track = "outbound",
                Parameters = new Dictionary<string, string?> { ["ticket"] = null, ["role"] = "admin" },
            },
            hangUpAfter: 200);

        var start = _seen[1].GetProperty("start");
        start.GetProperty("callSid").GetString().Should().Be("CAother");
        start.GetProperty("mediaFormat").GetRawText().Should().Be("""{"encoding":"audio/l16","sampleRate":16000,"channels":1}""");
        start.GetProperty("customParameters").GetRawText().Should().Be("""{"role":"admin"}""");
        _seen[2].GetProperty("media").GetProperty("track").GetString().Should().Be("outbound");
    }

    [Fact]
    public async Task A_server_that_does_not_read_loses_the_callers_audio()
    {
        var left = new TaskCompletionSource();
        _server.Stream = async socket =>
        {
            await ReadAsync(socket, "start");
            await left.Task;
            socket.Abort();
        };

        var report = await FloodAsync(keys: 150_000, wait: TimeSpan.FromSeconds(1.5));
        left.SetResult();

        report.Warnings.Should().ContainSingle(warning => warning.Code == 31930);
    }

    [Fact]
    public async Task Ever_so_many_keys_in_one_moment_are_no_fault_of_a_server_that_reads()
    {
        var report = await FloodAsync(keys: 20_000, wait: TimeSpan.FromSeconds(1));

        Events.Count(e => e == "dtmf").Should().Be(20_000);
        report.Warnings.Should().BeEmpty();
    }

    [Fact]
    public async Task No_frames_come_in_silence()
    {
        await using var twilio = new TwilioSimulator(_server.Options);

        var call = twilio.PlaceCall(new CallPlan { Faults = new MediaFaults { NoFramesInSilence = true }, HangUpAfter = TimeSpan.FromMilliseconds(600) });
        await call.WaitForStreamAsync();
        call.Speak(Babble.Speak(TimeSpan.FromMilliseconds(100)));
        await call.Completion;

        Events.Count(e => e == "media").Should().BeInRange(5, 6);
    }

    [Fact]
    public async Task A_server_that_is_configured_with_another_public_URL_is_reached_and_signed_for_that_URL()
    {
        _server.Twiml["/voice"] = _ => "<Response><Connect action=\"/next\"><Stream url=\"wss://bob.example.com/media\"/></Connect></Response>";
        await using var twilio = new TwilioSimulator(_server.Options with { PublicUrl = new Uri("https://bob.example.com:8443/voice") });

        var call = twilio.PlaceCall(new CallPlan());
        await call.WaitForStreamAsync();
        var report = await call.HangUpAsync();

        _server.Handshakes.Single()["x-twilio-signature"].ToString().Should().Be(TwilioSignature.Compute(Token, "wss://bob.example.com/media"));
        var (_, form, headers) = _server.Posts.First();
        headers["X-Twilio-Signature"].ToString().Should().Be(
            TwilioSignature.Compute(Token, "https://bob.example.com/voice", form.Select(f => KeyValuePair.Create(f.Key, f.Value.ToString()))));
        report.Webhooks.Select(w => w.Url).Should().Equal(
            "https://bob.example.com:8443/voice", "https://bob.example.com:8443/next", "https://bob.example.com:8443/call-status");
        report.Warnings.Should().BeEmpty();
    }

    [Fact]
    public async Task Webhooks_and_callbacks_can_come_twice()
    {
        _server.Twiml["/voice"] = _ => "<Response/>";
        await using var twilio = new TwilioSimulator(_server.Options with { WebhookDelivery = WebhookDelivery.TwiceAtOnce, CallbacksTwice = true });

        await twilio.PlaceCall(new CallPlan()).Completion;

        _server.Paths.Should().Equal("/voice", "/voice", "/call-status", "/call-status");
        _server.Posts.Take(2).Select(p => p.Headers["I-Twilio-Idempotency-Token"].ToString()).Distinct().Should().ContainSingle();
    }

    [Fact]
    public async Task Stopping_the_simulator_ends_its_calls_soon()
    {
        var twilio = new TwilioSimulator(_server.Options);
        var call = twilio.PlaceCall(new CallPlan());
        await call.WaitForStreamAsync();
        var started = Stopwatch.GetTimestamp();

        await twilio.DisposeAsync();

        Stopwatch.GetElapsedTime(started).Should().BeLessThan(TimeSpan.FromSeconds(4));
        (await call.Completion).EndReason.Should().Be(CallEndReason.SimulatorStopped);
    }

    private IEnumerable<string> Events => _seen.Select(m => m.GetProperty("event").GetString()!);

    private async Task<CallReport> FloodAsync(int keys, TimeSpan wait)
    {
        await using var twilio = new TwilioSimulator(_server.Options with { MaxUnread = TimeSpan.FromSeconds(0.5) });
        var call = twilio.PlaceCall(new CallPlan());
        await call.WaitForStreamAsync();
        call.Dtmf(new string('5', keys));
        await Task.Delay(wait);
        return await call.HangUpAsync();
    }

    private async Task<CallReport> RunAsync(MediaFaults faults, int? hangUpAfter = null)
    {
        await using var twilio = new TwilioSimulator(_server.Options);
        return await twilio.PlaceCall(new CallPlan
        {
            Faults = faults,
            HangUpAfter = hangUpAfter is { } ms ? TimeSpan.FromMilliseconds(ms) : null,
        }).Completion;
    }
}
