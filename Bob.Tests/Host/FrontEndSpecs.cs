using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Akka.Actor;
using Akka.Event;
using AwesomeAssertions;
using Serilog.Formatting.Compact;
using Xunit;

namespace Bob.Tests.Host;

public sealed class FrontEndSpecs
{
    [Fact]
    public async Task The_media_stream_is_for_sockets_only()
    {
        await using var bob = await RunningBob.StartAsync(_ => null);

        var plain = await bob.GetAsync("/media-stream");

        plain.StatusCode.Should().Be(HttpStatusCode.UpgradeRequired);
        plain.Headers.Upgrade.ToString().Should().Be("websocket");
        (await RawStatus(bob, "GET /media-stream HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")).Should().Contain(" 400 ");
        (await bob.PostAsync("/media-stream", [])).StatusCode.Should().Be(HttpStatusCode.MethodNotAllowed);
        (await bob.GetAsync("/incoming-call")).StatusCode.Should().Be(HttpStatusCode.MethodNotAllowed);
    }

    [Theory]
    [InlineData("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", " 101 ", "Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=")]
    [InlineData("Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", " 426 ", "Sec-WebSocket-Version: 13")]
    [InlineData("Sec-WebSocket-Version: 13\r\n", " 400 ", "")]
    [InlineData("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \r\n", " 400 ", "")]
    [InlineData("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAAA\r\n", " 400 ", "")]
    [InlineData("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==\r\n", " 400 ", "")]
    [InlineData("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", " 400 ", "")]
    [InlineData("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nContent-Length: 5\r\n", " 400 ", "")]
    public async Task A_handshake_is_taken_when_it_keeps_to_the_rules(string headers, string status, string header)
    {
        await using var bob = await RunningBob.StartAsync(_ => null, null, ("TWILIO_AUTH_TOKEN", ""), ("SERVER_URL", ""));

        var answer = await RawStatus(bob, $"GET /media-stream HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n{headers}\r\n");

        answer.Should().StartWith($"HTTP/1.1{status}").And.Match($"*{header}*");
    }

    [Fact]
    public async Task Pages_do_not_upgrade_and_compression_is_not_negotiated()
    {
        await using var bob = await RunningBob.StartAsync(_ => null, null, ("TWILIO_AUTH_TOKEN", ""), ("SERVER_URL", ""));
        const string handshake = "HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

        (await RawStatus(bob, $"GET /health {handshake}")).Should().Contain(" 200 ");
        (await RawStatus(bob, $"GET /media-stream {handshake}")).Should().Contain(" 101 ").And.NotContain("Extensions");
    }

    [Fact]
    public async Task Health_says_which_mode_and_no_secret()
    {
        await using var bob = await RunningBob.StartAsync(_ => null);

        var body = await RunningBob.TextAsync(await bob.GetAsync("/health"));

        JsonDocument.Parse(body).RootElement.GetProperty("mode").GetString().Should().Be("live");
        body.Should().NotContain("test-key").And.NotContain(RunningBob.AuthToken);
    }

    [Fact]
    public async Task What_an_actor_logs_comes_out_with_the_ids_of_its_call()
    {
        await using var bob = await RunningBob.StartAsync(_ => null);
        var leg = bob.System.ActorOf(Props.Create(() => new Leg()));

        await leg.Ask<string>("speak", TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);

        await bob.AwaitAsync(() => bob.Lines.Contains("[bob] WRN Frames dropped: 3 (CA1 MZ1)"));
        bob.Lines.Should().ContainInOrder("[bob] Media stream connected", "[bob] Stream started | SID: MZ1 | Caller: +15550100001");
        var json = Json(bob, "Media stream connected");
        json.GetProperty("CallSid").GetString().Should().Be("CA1");
        json.GetProperty("StreamSid").GetString().Should().Be("MZ1");
    }

    [Fact]
    public async Task A_start_is_quiet_about_the_framework()
    {
        await using var bob = await RunningBob.StartAsync(_ => null);

        bob.Lines.Should().ContainSingle().Which.Should().StartWith("[bob] Listening on port ").And.EndWith("POST https://bob.example.com/incoming-call");
    }

    private static JsonElement Json(RunningBob bob, string message)
    {
        var output = new StringWriter();
        new CompactJsonFormatter().Format(bob.LogEvents.Single(line => line.MessageTemplate.Text == message), output);
        return JsonDocument.Parse(output.ToString()).RootElement;
    }

    private static async Task<string> RawStatus(RunningBob bob, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, bob.Http.BaseAddress!.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        var buffer = new byte[4096];
        var read = await stream.ReadAsync(buffer);
        return Encoding.ASCII.GetString(buffer, 0, read);
    }

    private sealed class Leg : ReceiveActor
    {
        public Leg()
        {
            var log = Context.GetLogger().WithContext("CallSid", "CA1").WithContext("StreamSid", "MZ1");
            Receive<string>(_ =>
            {
                log.Info("Media stream connected");
                log.Info("Stream started | SID: {StreamSid} | Caller: {Caller}", "MZ1", "+15550100001");
                log.Warning("Frames dropped: {Frames}", 3);
                Sender.Tell("spoken");
            });
        }
    }
}
