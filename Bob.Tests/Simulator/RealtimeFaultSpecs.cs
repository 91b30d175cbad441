using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using AwesomeAssertions;
using Bob.Simulator.Realtime;
using Xunit;

namespace Bob.Tests.Simulator;

public class RealtimeFaultSpecs
{
    [Theory]
    [InlineData("drop")]
    [InlineData("fin")]
    public async Task The_socket_ends_at_a_moment_of_the_audio_without_a_close_frame(string action)
    {
        await using var simulator = await StartAsync($$"""{ "at": { "session": 1, "response": 1, "item": 1, "audioMs": 700 }, "do": "{{action}}" }""", speed: 20);
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);

        await client.SendAsync("""{"type":"response.create"}""");

        await FluentActions.Awaiting(() => client.UntilAsync("response.done")).Should().ThrowAsync<WebSocketException>();
        client.AudioOf().Length.Should().BeLessThanOrEqualTo(700 * 8);
        if (action == "fin")
            client.AudioOf().Should().HaveCount(700 * 8);
        simulator.Sessions[0].Responses[0].Status.Should().Be("in_progress");
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(1001)]
    [InlineData(1008)]
    [InlineData(1011)]
    [InlineData(1012)]
    [InlineData(1013)]
    [InlineData(4000)]
    public async Task The_socket_closes_with_code_and_reason_when_an_event_is_received(int code)
    {
        await using var simulator = await StartAsync($$"""{ "at": { "received": "response.create" }, "do": "close", "code": {{code}}, "reason": "scripted" }""");
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);

        await client.SendAsync("""{"type":"response.create"}""");
        while (await client.NextAsync() is not null)
        {
        }

        ((int?)client.Socket.CloseStatus).Should().Be(code);
        client.Socket.CloseStatusDescription.Should().Be("scripted");
    }

    [Fact]
    public async Task A_withheld_event_never_comes_and_the_rest_does()
    {
        await using var simulator = await StartAsync("""{ "at": { "event": "response.done", "response": 1 }, "do": "withhold" }""");
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);

        await client.SendAsync("""{"type":"response.create"}""");
        await client.UntilAsync("rate_limits.updated");

        client.Types().Should().Contain("response.output_item.done").And.NotContain("response.done");
    }

    [Fact]
    public async Task A_duplicate_has_the_same_event_id()
    {
        await using var simulator = await StartAsync("""{ "at": { "event": "response.output_audio.delta", "nth": 2 }, "do": "duplicate" }""");
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);

        await client.SendAsync("""{"type":"response.create"}""");
        await client.UntilAsync("response.done");

        var ids = client.Of("response.output_audio.delta").Select(json => json.GetProperty("event_id").GetString()).ToList();
        ids.Should().HaveCount(ids.Distinct().Count() + 1);
        ids[1].Should().Be(ids[2]);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("base64")]
    [InlineData("utf8")]
    [InlineData("truncated")]
    public async Task An_event_comes_damaged(string kind)
    {
        await using var simulator = await StartAsync($$"""{ "at": { "event": "response.output_audio.delta" }, "do": "corrupt", "kind": "{{kind}}" }""");
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);
        await client.SendAsync("""{"type":"response.create"}""");

        switch (kind)
        {
            case "json":
                await FluentActions.Awaiting(() => client.UntilAsync("response.done")).Should().ThrowAsync<JsonException>();
                break;
            case "base64":
                await client.UntilAsync("response.done");
                client.Of("response.output_audio.delta").First().GetProperty("delta").TryGetBytesFromBase64(out _).Should().BeFalse();
                break;
            default:
                await FluentActions.Awaiting(() => client.UntilAsync("response.done")).Should().ThrowAsync<WebSocketException>();
                break;
        }
    }

    [Fact]
    public async Task Late_audio_of_a_cancelled_response_comes_after_its_end()
    {
        await using var simulator = await StartAsync("""{ "at": { "response": 1 }, "do": "lateAudio", "ms": 300 }""", speed: 4);
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);
        await client.SendAsync("""{"type":"response.create"}""");
        await client.UntilAsync("response.output_audio.delta");

        await client.SendAsync("""{"type":"response.cancel"}""");
        var done = await client.UntilAsync("response.done");
        var late = await client.UntilAsync("response.output_audio.delta");

        done.GetProperty("response").GetProperty("status_details").GetProperty("reason").GetString().Should().Be("client_cancelled");
        late.GetProperty("response_id").GetString().Should().Be(done.GetProperty("response").GetProperty("id").GetString());
        late.GetProperty("item_id").GetString().Should().Be(done.GetProperty("response").GetProperty("output")[0].GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_burst_brings_five_minutes_at_once()
    {
        await using var simulator = await StartAsync("""{ "at": { "response": 1 }, "do": "burst", "ms": 300000 }""", speed: 1);
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);

        await client.SendAsync("""{"type":"response.create"}""");
        await client.UntilAsync("response.done");

        client.AudioOf().Should().HaveCount(300_000 * 8);
    }

    [Fact]
    public async Task A_frozen_session_takes_nothing_and_answers_no_ping()
    {
        await using var simulator = await StartAsync("""{ "at": { "on": "configured" }, "do": "freeze" }""");
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Bearer sk-test");
        socket.Options.KeepAliveInterval = TimeSpan.FromMilliseconds(100);
        socket.Options.KeepAliveTimeout = TimeSpan.FromMilliseconds(200);
        await socket.ConnectAsync(new Uri(simulator.Url + "?model=gpt-realtime-2.1"), TestContext.Current.CancellationToken);
        await socket.SendAsync(Encoding.UTF8.GetBytes($$"""{"type":"session.update","session":{{RealtimeTestClient.PcmuSession}}}"""), WebSocketMessageType.Text, true, TestContext.Current.CancellationToken);

        var reading = async () =>
        {
            while (true)
                await socket.ReceiveAsync(new byte[16 * 1024], TestContext.Current.CancellationToken);
        };

        await reading.Should().ThrowAsync<Exception>();
        socket.State.Should().Be(WebSocketState.Aborted);
        simulator.Sessions[0].Configured.Should().BeTrue();
        await simulator.Sessions[0].Ended.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_mute_session_answers_pings_but_no_event()
    {
        await using var simulator = await StartAsync("""{ "at": { "received": "response.create" }, "do": "mute" }""");
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);
        var session = await simulator.NextSessionAsync(client.Deadline);

        await client.SendAsync("""{"type":"response.create"}""");
        await client.SendAsync("""{"type":"nope"}""");
        await session.SendRawAsync("""{"type":"still.open"}""");
        await client.UntilAsync("still.open");

        client.Types().Should().NotContain("response.created").And.NotContain("error");
    }

    [Fact]
    public async Task Scripted_events_and_odd_frames_are_sent_word_for_word()
    {
        await using var simulator = await StartAsync(
            """{ "at": { "event": "response.output_audio.done" }, "do": "send", "repeat": 3, "events": [ { "type": "response.new_thing", "response_id": "$response" } ] }""",
            """{ "at": { "event": "response.done" }, "do": "oversize", "bytes": 2097152 }""",
            """{ "at": { "event": "rate_limits.updated" }, "do": "binary", "bytes": 100 }""");
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);

        await client.SendAsync("""{"type":"response.create"}""");
        await client.UntilAsync("response.done");
        var (type, data) = await client.ReceiveAsync();

        client.Of("response.new_thing").Select(json => json.GetProperty("response_id").GetString()).Should().HaveCount(3).And.AllBe(simulator.Sessions[0].Responses[0].Id);
        client.Types().Should().Contain("response.padding");
        (type, data.Length).Should().Be((WebSocketMessageType.Binary, 100));
    }

    [Fact]
    public async Task An_update_is_rejected_by_script_without_naming_the_event()
    {
        await using var simulator = await StartAsync(
            """{ "at": { "received": "session.update" }, "do": "reject", "error": { "code": "invalid_value", "message": "No.", "anonymous": true } }""");
        await using var client = await RealtimeTestClient.ConnectAsync(simulator);

        var error = await client.ErrorOfAsync($$"""{"type":"session.update","event_id":"cfg","session":{{RealtimeTestClient.PcmuSession}}}""");

        error.GetProperty("event_id").GetString().Should().BeNull();
        simulator.Sessions[0].Configured.Should().BeFalse();
    }

    [Fact]
    public async Task A_live_session_can_be_dropped_and_closed_by_a_spec()
    {
        await using var simulator = await StartAsync();
        await using var dropped = await RealtimeTestClient.ConfiguredAsync(simulator);
        await using var closed = await RealtimeTestClient.ConfiguredAsync(simulator);
        var first = await simulator.NextSessionAsync(dropped.Deadline);
        var second = await simulator.NextSessionAsync(dropped.Deadline);

        await first.DropAsync();
        var closing = second.CloseAsync(1012, "restart");
        var end = await closed.NextAsync();
        await closed.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, closed.Deadline);
        closed.Socket.Dispose();
        await closing;

        await FluentActions.Awaiting(dropped.NextAsync).Should().ThrowAsync<WebSocketException>();
        end.Should().BeNull();
        simulator.OpenSessions.Should().Be(0);
    }

    [Fact]
    public async Task A_spec_waits_for_what_the_client_sends()
    {
        await using var simulator = await StartAsync();
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);
        var session = await simulator.NextSessionAsync(client.Deadline);
        var waiting = session.WaitForAsync(received => received.Type == "response.create", client.Deadline);

        await client.SendAsync("""{"type":"response.create","event_id":"greet"}""");
        var found = await waiting;
        await session.WaitUntilAsync(s => s.Responses is [{ Status: "completed" }], client.Deadline);

        found.EventId.Should().Be("greet");
        (await session.WaitForAsync(received => received.Type == "session.update", client.Deadline)).Number.Should().Be(1);
    }

    private static Task<RealtimeSimulator> StartAsync(params string[] faults) => StartAsync(faults, 100);

    private static Task<RealtimeSimulator> StartAsync(string fault, double speed) => StartAsync([fault], speed);

    private static Task<RealtimeSimulator> StartAsync(string[] faults, double speed)
    {
        var script = RealtimeScript.Parse($$"""{ "greeting": { "say": ["Hello, this is a greeting of some length."] }, "faults": [ {{string.Join(", ", faults)}} ] }""");
        return RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions { Script = script, Speed = speed }, TestContext.Current.CancellationToken);
    }
}
