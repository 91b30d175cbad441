using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using AwesomeAssertions;
using Bob.Actors.Realtime;
using Bob.Actors.Sockets;
using Bob.Simulator.Faults;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Bob.Tests.Realtime;

/// <summary>The dialer against a server that speaks whatever bytes the spec wants.</summary>
public sealed class OpenAiDialerSpecs : IDisposable
{
    private const string Key = "sk-specs-0123456789abcdef0123456789abcdef";
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private readonly FakeTimeProvider _clock = new();

    public OpenAiDialerSpecs() => _server.Start();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private int Port => ((IPEndPoint)_server.LocalEndpoint).Port;

    [Fact]
    public async Task An_upgrade_gives_a_socket_and_carries_the_key_and_the_model()
    {
        var dialling = DialAsync();
        using var connection = await _server.AcceptTcpClientAsync(Cancellation);
        var request = await RequestAsync(connection);
        await AnswerAsync(connection, Upgrade(Accept(request)));

        var result = await dialling;

        request.Should().StartWith("GET /v1/realtime?model=gpt-realtime%20x HTTP/1.1");
        Header(request, "Authorization").Should().Be($"Bearer {Key}");
        request.Should().NotContain("api-key:").And.NotContain("permessage-deflate");
        result.Failure.Should().BeNull();
        await connection.GetStream().WriteAsync(new byte[] { 0x81, 2, (byte)'h', (byte)'i' }, Cancellation);
        var message = await result.Socket!.ReceiveAsync(Cancellation);
        (message.Kind, Encoding.UTF8.GetString(message.Utf8.Span)).Should().Be((SocketMessageKind.Text, "hi"));
        result.Socket.Abort();
    }

    [Fact]
    public async Task What_the_model_says_in_one_breath_with_its_answer_is_heard()
    {
        var dialling = DialAsync();
        using var connection = await _server.AcceptTcpClientAsync(Cancellation);
        var request = await RequestAsync(connection);
        byte[] answer = [.. Encoding.ASCII.GetBytes(Upgrade(Accept(request))), 0x81, 2, (byte)'h', (byte)'i', 0x81, 3, (byte)'y', (byte)'o', (byte)'u'];
        await connection.GetStream().WriteAsync(answer, Cancellation);

        var socket = (await dialling).Socket!;

        Encoding.UTF8.GetString((await socket.ReceiveAsync(Cancellation)).Utf8.Span).Should().Be("hi");
        Encoding.UTF8.GetString((await socket.ReceiveAsync(Cancellation)).Utf8.Span).Should().Be("you");
        socket.Abort();
    }

    [Theory]
    [InlineData(401, "invalid_api_key", FailureKind.Permanent, "invalid-api-key")]
    [InlineData(403, "unsupported_country_region_territory", FailureKind.Permanent, "unsupported-region")]
    [InlineData(403, "other", FailureKind.Permanent, "forbidden")]
    [InlineData(404, "model_not_found", FailureKind.Permanent, "model-not-found")]
    [InlineData(503, "overloaded", FailureKind.Transient, "http-503")]
    public async Task O1_O2_O3_O5_A_refusal_is_told_by_its_words_and_its_body_without_the_key(int status, string code, FailureKind kind, string reason)
    {
        var body = $$$"""{"error":{"message":"Incorrect API key provided: {{{Key}}}.","code":"{{{code}}}"}}""";

        var result = await DialAsync($"HTTP/1.1 {status} No\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");

        (result.Socket, result.Failure).Should().Be((null, new ModelFailure(kind, reason)));
        result.Detail.Should().Contain($"{status}").And.Contain("Incorrect API key").And.NotContain(Key);
    }

    [Fact]
    public async Task O4_A_rate_limit_says_when_to_come_back()
    {
        var result = await DialAsync("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 20\r\nContent-Length: 0\r\n\r\n");

        result.Failure.Should().Be(new ModelFailure(FailureKind.RateLimited, "rate-limited", TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task A_body_without_end_is_not_waited_for_longer_than_the_dial_may_take()
    {
        var dialling = DialAsync();
        using var connection = await _server.AcceptTcpClientAsync(Cancellation);
        await RequestAsync(connection);
        await AnswerAsync(connection, "HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{\"\r\n");

        var result = await TimedOutAsync(dialling);

        result.Failure!.Kind.Should().BeOneOf(FailureKind.Permanent, FailureKind.Transient);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    public async Task O6_A_redirect_is_not_followed_and_the_key_goes_nowhere_else(int status)
    {
        using var elsewhere = new TcpListener(IPAddress.Loopback, 0);
        elsewhere.Start();

        var result = await DialAsync(
            $"HTTP/1.1 {status} Found\r\nLocation: http://127.0.0.1:{((IPEndPoint)elsewhere.LocalEndpoint).Port}/v1/realtime\r\nContent-Length: 0\r\n\r\n");

        result.Failure.Should().Be(new ModelFailure(FailureKind.Permanent, "redirected"));
        elsewhere.Pending().Should().BeFalse();
    }

    [Fact]
    public async Task O7_A_closed_port_is_told_as_refused()
    {
        var port = Port;
        _server.Stop();

        var result = await Dialer(port).DialAsync(Cancellation);

        result.Failure.Should().Be(new ModelFailure(FailureKind.Transient, "connection-refused"));
    }

    [Fact]
    public async Task O8_A_connection_without_an_upgrade_is_given_up_in_time()
    {
        var dialling = DialAsync();
        using var connection = await _server.AcceptTcpClientAsync(Cancellation);
        await RequestAsync(connection);

        var result = await TimedOutAsync(dialling);

        result.Failure.Should().Be(new ModelFailure(FailureKind.Transient, "timeout"));
        (await ReadToEndAsync(connection)).Should().BeTrue("the connection is freed");
    }

    [Fact]
    public async Task A_dial_nobody_wants_any_more_is_given_up()
    {
        using var cancelled = new CancellationTokenSource();
        var dialling = Dialer(Port).DialAsync(cancelled.Token);
        using var connection = await _server.AcceptTcpClientAsync(Cancellation);
        await RequestAsync(connection);

        await cancelled.CancelAsync();

        (await dialling.WaitAsync(TimeSpan.FromSeconds(10), Cancellation)).Socket.Should().BeNull();
    }

    [Theory]
    [InlineData("bm90IHRoZSByaWdodCBoYXNoIQ==", FailureKind.Permanent, "bad-handshake")]
    [InlineData(null, FailureKind.Transient, "protocol-error")]
    public async Task O10_A_handshake_that_does_not_fit_is_no_session(string? accept, FailureKind kind, string reason)
    {
        var result = await DialAsync(Upgrade(accept));

        result.Should().Be(new DialResult(null, new ModelFailure(kind, reason)));
    }

    [Theory]
    [InlineData("Sec-WebSocket-Extensions: permessage-deflate\r\n")]
    [InlineData("Sec-WebSocket-Protocol: realtime\r\n")]
    public async Task O10_Nothing_is_accepted_that_was_not_asked_for(string granted)
    {
        var result = await DialAsync(request => Upgrade(Accept(request), granted));

        result.Should().Be(new DialResult(null, new ModelFailure(FailureKind.Permanent, "bad-handshake")));
    }

    [Theory]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nConnection: close\r\nUpgrade: websocket\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n")]
    public async Task O10_An_upgrade_to_something_else_is_no_session(string head)
    {
        var result = await DialAsync(request => $"{head}Sec-WebSocket-Accept: {Accept(request)}\r\n\r\n");

        result.Should().Be(new DialResult(null, new ModelFailure(FailureKind.Permanent, "bad-handshake")));
    }

    [Fact]
    public async Task O10_A_certificate_that_nobody_vouches_for_is_told_before_the_first_dial()
    {
        using var impostor = new SelfSignedServer();

        var failure = await Dialer(impostor.Port, "wss://localhost").PrepareAsync(Cancellation);

        failure.Should().Be(new ModelFailure(FailureKind.Permanent, "tls-refused"));
        (impostor.Connections, impostor.Trusted).Should().Be((1, 0));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_told_before_the_first_dial()
    {
        var port = Port;
        _server.Stop();

        (await Dialer(port, "wss://127.0.0.1").PrepareAsync(Cancellation)).Should().Be(new ModelFailure(FailureKind.Transient, "connection-refused"));
    }

    [Fact]
    public async Task Where_there_is_no_TLS_nothing_is_prepared()
    {
        (await Dialer(Port).PrepareAsync(Cancellation)).Should().BeNull();

        _server.Pending().Should().BeFalse();
    }

    [Fact]
    public async Task O1_A_refusal_whose_body_breaks_off_is_still_that_refusal()
    {
        var result = await DialAsync("HTTP/1.1 401 No\r\nContent-Length: 100\r\n\r\n{\"error\"");

        result.Should().Be(new DialResult(null, new ModelFailure(FailureKind.Permanent, "invalid-api-key"), "HTTP 401: {\"error\""));
    }

    [Fact]
    public async Task The_end_of_a_socket_frees_its_connection()
    {
        var dialling = DialAsync();
        using var connection = await _server.AcceptTcpClientAsync(Cancellation);
        await AnswerAsync(connection, Upgrade(Accept(await RequestAsync(connection))));
        var result = await dialling;

        result.Socket!.Abort();

        (await ReadToEndAsync(connection)).Should().BeTrue();
    }

    [Fact]
    public async Task A_message_that_comes_with_the_upgrade_is_not_lost()
    {
        var dialling = DialAsync();
        using var connection = await _server.AcceptTcpClientAsync(Cancellation);
        var upgrade = Encoding.ASCII.GetBytes(Upgrade(Accept(await RequestAsync(connection))));
        await connection.GetStream().WriteAsync((byte[])[.. upgrade, 0x81, 2, .. "hi"u8], Cancellation);

        var message = await (await dialling).Socket!.ReceiveAsync(Cancellation);

        Encoding.UTF8.GetString(message.Utf8.Span).Should().Be("hi");
    }

    [Theory]
    [InlineData("nonsense\r\n\r\n")]
    [InlineData("HTTP/1.1 10")]
    public async Task A_server_that_is_none_is_tried_again(string answer)
    {
        var result = await DialAsync(answer);

        result.Failure!.Kind.Should().Be(FailureKind.Transient);
    }

    public void Dispose() => _server.Dispose();

    private static string Upgrade(string? accept, string more = "") =>
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + (accept is null ? "" : $"Sec-WebSocket-Accept: {accept}\r\n") + more + "\r\n";

#pragma warning disable CA5350 // RFC 6455 asks for SHA-1
    private static string Accept(string request) => Convert.ToBase64String(
        SHA1.HashData(Encoding.ASCII.GetBytes(Header(request, "Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350

    private static string Header(string request, string name) =>
        request.Split("\r\n").Single(line => line.StartsWith($"{name}:", StringComparison.OrdinalIgnoreCase))[(name.Length + 1)..].Trim();

    private static async Task<string> RequestAsync(TcpClient connection)
    {
        var request = new StringBuilder();
        var buffer = new byte[4096];
        while (!request.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var length = await connection.GetStream().ReadAsync(buffer, Cancellation);
            length.Should().BePositive("the whole request comes");
            request.Append(Encoding.ASCII.GetString(buffer, 0, length));
        }

        return request.ToString();
    }

    private static Task AnswerAsync(TcpClient connection, string answer) => connection.GetStream().WriteAsync(Encoding.UTF8.GetBytes(answer), Cancellation).AsTask();

    private static async Task<bool> ReadToEndAsync(TcpClient connection)
    {
        try
        {
            return await connection.GetStream().ReadAsync(new byte[1], Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(10), Cancellation) == 0;
        }
        catch (IOException)
        {
            return true; // reset
        }
    }

    private OpenAiDialer Dialer(int port, string host = "ws://127.0.0.1") => new(
        new RealtimeOptions
        {
            Url = new Uri($"{host}:{port}/v1/realtime"),
            Model = "gpt-realtime x",
            ApiKey = Key,
            Instructions = "i",
            Greeting = "g",
        },
        _clock);

    private Task<DialResult> DialAsync() => Dialer(Port).DialAsync(Cancellation);

    /// <summary>Dials, and answers what comes with these bytes and the end of the connection.</summary>
    private Task<DialResult> DialAsync(string answer) => DialAsync(_ => answer);

    private async Task<DialResult> DialAsync(Func<string, string> answer)
    {
        var dialling = DialAsync();
        using (var connection = await _server.AcceptTcpClientAsync(Cancellation))
            await AnswerAsync(connection, answer(await RequestAsync(connection)));

        return await dialling.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
    }

    /// <summary>The dial's time is over.</summary>
    private async Task<DialResult> TimedOutAsync(Task<DialResult> dialling)
    {
        dialling.IsCompleted.Should().BeFalse();
        _clock.Advance(TimeSpan.FromSeconds(3.1));
        return await dialling.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
    }
}
