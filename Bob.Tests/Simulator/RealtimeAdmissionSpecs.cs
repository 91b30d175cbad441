using System.Net;
using System.Net.WebSockets;
using AwesomeAssertions;
using Bob.Simulator.Realtime;
using Xunit;

namespace Bob.Tests.Simulator;

public class RealtimeAdmissionSpecs
{
    public static TheoryData<string, string?, string?, int, string> Refusals => new()
    {
        { "?model=gpt-realtime-2.1", "sk-wrong", null, 3000, "invalid_request_error.invalid_api_key" },
        { "?model=gpt-realtime-2.1", null, null, 3000, "invalid_request_error.invalid_api_key" },
        { "", "sk-right", null, 4000, "invalid_request_error.missing_model" },
        { "?model=gpt-4o", "sk-right", null, 4000, "invalid_request_error.invalid_model" },
        { "?model=gpt-live-1", "sk-right", null, 4000, "invalid_request_error.invalid_model" },
        { "?model=my-realtime", "sk-right", null, 4004, "invalid_request_error.model_not_found" },
        { "?model=gpt-realtime-2.1", "sk-right", "realtime=v1", 4000, "invalid_request_error.beta_api_shape_disabled" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_refusal_comes_in_band_after_the_upgrade(string query, string? key, string? beta, int code, string reason)
    {
        await using var simulator = await RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions { ApiKey = "sk-right" }, TestContext.Current.CancellationToken);

        await using var client = await RealtimeTestClient.ConnectAsync(simulator, query, key, beta is null ? [] : [("OpenAI-Beta", beta)]);
        var error = await client.UntilAsync("error");
        var after = await client.NextAsync();

        after.Should().BeNull();
        $"{error.GetProperty("error").GetProperty("type")}.{error.GetProperty("error").GetProperty("code")}".Should().Be(reason);
        ((int?)client.Socket.CloseStatus).Should().Be(code);
        client.Socket.CloseStatusDescription.Should().Be(reason);
        simulator.Connections.Should().Be(1);
    }

    [Fact]
    public async Task A_key_in_the_api_key_header_is_as_good()
    {
        await using var simulator = await RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions { ApiKey = "sk-right" }, TestContext.Current.CancellationToken);

        await using var client = await RealtimeTestClient.ConnectAsync(simulator, key: null, headers: ("api-key", "sk-right"));
        var created = await client.UntilAsync("session.created");

        created.GetProperty("session").GetProperty("expires_at").GetInt64().Should().BeCloseTo(DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds(), 5);
    }

    [Fact]
    public async Task A_beta_update_ends_the_session()
    {
        await using var simulator = await RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions(), TestContext.Current.CancellationToken);
        await using var client = await RealtimeTestClient.ConnectAsync(simulator);

        await client.SendAsync("""{"type":"session.update","session":{"modalities":["text","audio"],"input_audio_format":"g711_ulaw"}}""");
        await client.UntilAsync("error");
        var after = await client.NextAsync();

        after.Should().BeNull();
        client.Socket.CloseStatusDescription.Should().Be("invalid_request_error.beta_api_shape_disabled");
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(302)]
    public async Task A_script_refuses_the_upgrade_with_an_http_status(int status)
    {
        var fault = new Fault { At = new FaultPoint { On = FaultMoment.Connect }, Do = FaultAction.Http, Status = status, RetryAfter = 20, Location = "http://127.0.0.1:9/" };
        await using var simulator = await RealtimeSimulator.StartAsync(WithFaults(fault), TestContext.Current.CancellationToken);

        await FluentActions.Awaiting(() => RealtimeTestClient.ConnectAsync(simulator)).Should().ThrowAsync<WebSocketException>();
        await using var second = await RealtimeTestClient.ConnectAsync(simulator);

        await second.UntilAsync("session.created");
        simulator.Connections.Should().Be(2);
        simulator.Sessions.Should().ContainSingle().Which.Number.Should().Be(2);
    }

    [Fact]
    public async Task A_refused_upgrade_carries_status_body_and_headers()
    {
        var fault = new Fault { At = new FaultPoint { On = FaultMoment.Connect }, Do = FaultAction.Http, Status = 429, RetryAfter = 20, Body = """{"error":{}}""", Times = 0 };
        await using var simulator = await RealtimeSimulator.StartAsync(WithFaults(fault), TestContext.Current.CancellationToken);
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder(simulator.Url) { Scheme = "http", Query = "model=gpt-realtime" }.Uri);
        foreach (var (name, value) in new[] { ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==") })
            request.Headers.TryAddWithoutValidation(name, value);

        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);

        answer.StatusCode.Should().Be(HttpStatusCode.TooManyRequests);
        answer.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(20));
        (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Be("""{"error":{}}""");
    }

    [Fact]
    public async Task A_wrong_accept_header_fails_the_upgrade()
    {
        await using var simulator = await RealtimeSimulator.StartAsync(
            WithFaults(new Fault { At = new FaultPoint { On = FaultMoment.Connect }, Do = FaultAction.WrongAccept }), TestContext.Current.CancellationToken);

        await FluentActions.Awaiting(() => RealtimeTestClient.ConnectAsync(simulator)).Should().ThrowAsync<WebSocketException>();
    }

    [Fact]
    public async Task An_upgrade_may_never_be_answered()
    {
        await using var simulator = await RealtimeSimulator.StartAsync(
            WithFaults(new Fault { At = new FaultPoint { On = FaultMoment.Connect }, Do = FaultAction.NoUpgrade }), TestContext.Current.CancellationToken);
        using var socket = new ClientWebSocket();
        using var patience = new CancellationTokenSource();

        var connecting = socket.ConnectAsync(simulator.Url, patience.Token);

        SpinWait.SpinUntil(() => simulator.Connections == 1, TimeSpan.FromSeconds(30)).Should().BeTrue();
        patience.CancelAfter(200);
        await FluentActions.Awaiting(() => connecting).Should().ThrowAsync<Exception>();
        simulator.Sessions.Should().BeEmpty();
    }

    [Fact]
    public async Task A_script_refuses_in_band_for_want_of_credit()
    {
        var script = RealtimeScript.Parse(
            """
            { "faults": [ { "at": { "session": 1, "on": "connect" }, "do": "refuse", "code": 1013,
              "error": { "type": "insufficient_quota", "code": "credit_balance_exhausted", "message": "You have no credits remaining." } } ] }
            """);
        await using var simulator = await RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions { Script = script }, TestContext.Current.CancellationToken);
        await using var client = await RealtimeTestClient.ConnectAsync(simulator);

        await client.UntilAsync("error");
        var after = await client.NextAsync();

        after.Should().BeNull();
        ((int?)client.Socket.CloseStatus).Should().Be(1013);
        client.Socket.CloseStatusDescription.Should().Be("insufficient_quota.credit_balance_exhausted");
    }

    private static RealtimeSimulatorOptions WithFaults(params Fault[] faults) => new() { Script = new RealtimeScript { Faults = faults } };
}
