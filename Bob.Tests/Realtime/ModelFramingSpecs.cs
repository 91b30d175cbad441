using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using AwesomeAssertions;
using Bob.Actors.Realtime;
using Bob.Actors.Sockets;
using Bob.Tests.Sockets;
using Xunit;

namespace Bob.Tests.Realtime;

/// <summary>The groups of the Autobahn suite from a hostile model's server, over real connections that Bob has dialled.</summary>
public sealed class ModelFramingSpecs : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private readonly OpenAiDialer _dialer;

    public ModelFramingSpecs()
    {
        _server.Start();
        var options = new RealtimeOptions
        {
            Url = new Uri($"ws://127.0.0.1:{((IPEndPoint)_server.LocalEndpoint).Port}/v1/realtime"),
            Model = "gpt-realtime",
            ApiKey = "sk-specs",
            Instructions = "i",
            Greeting = "g",
        };
        _dialer = new OpenAiDialer(options, TimeProvider.System);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task O22_O25_Every_rule_holds_whether_its_bytes_come_at_once_or_one_by_one()
    {
        var broken = new List<string>();
        foreach (var (what, sent, comes) in FramingRules.For(OpenAiDialer.MaxMessageBytes))
        {
            var bytes = Frame.Bytes(sent, masked: false);
            foreach (var piece in new[] { bytes.Length, 1 }.Where(piece => piece > 1 || bytes.Length < 1500))
            {
                var came = await ComesAsync(bytes, piece);
                if (!came.SequenceEqual(comes))
                    broken.Add($"{what}, in pieces of {piece}: [{string.Join("] [", came)}] in the place of [{string.Join("] [", comes)}]");
            }
        }

        broken.Should().BeEmpty();
    }

    public void Dispose() => _server.Dispose();

    /// <summary>Dials the server, which says these bytes and then nothing more; what came of them in words, with the code that the server was closed with.</summary>
    private async Task<List<string>> ComesAsync(byte[] bytes, int piece)
    {
        var dialling = _dialer.DialAsync(Cancellation);
        using var line = await _server.AcceptTcpClientAsync(Cancellation);
        line.NoDelay = true;
        await UpgradeAsync(line.GetStream());
        var socket = (await dialling).Socket!;
        var heard = HeardAsync(line.GetStream());
        var saying = SayAsync(line, bytes, piece);
        var came = await ReceiveAsync(socket);
        await socket.CloseAsync(1009, "");
        await saying;
        var frames = Frame.ReadAll(await heard.WaitAsync(Patience, Cancellation));

        frames.Should().OnlyContain(frame => frame.Masked == true);
        var close = frames.SingleOrDefault(frame => frame.First == (Frame.Fin | 8))?.Code;
        if (came[^1] == "violation")
            came[^1] = $"violation {close}";
        else if (came[^1].StartsWith("close", StringComparison.Ordinal))
            came[^1].Should().StartWith($"close {close}", "a CLOSE is answered with its code");
        return came;
    }

    private static async Task<List<string>> ReceiveAsync(IMessageSocket socket)
    {
        var came = new List<string>();
        while (true)
        {
            SocketMessage message;
            try
            {
                message = await socket.ReceiveAsync(Cancellation).AsTask().WaitAsync(Patience, Cancellation);
            }
            catch (WebSocketException end)
            {
                came.Add(end.WebSocketErrorCode == WebSocketError.ConnectionClosedPrematurely ? "eof" : "violation");
                return came;
            }

            came.Add(message.Kind switch
            {
                SocketMessageKind.Text => $"text {FramingRules.Told(Encoding.UTF8.GetString(message.Utf8.Span))}",
                SocketMessageKind.Binary => "binary",
                SocketMessageKind.TooBig => "too big",
                _ => $"close {message.CloseCode} {message.CloseReason}",
            });
            if (message.Kind is SocketMessageKind.TooBig or SocketMessageKind.Close)
                return came;
        }
    }

    private static async Task UpgradeAsync(NetworkStream line)
    {
        var request = new StringBuilder();
        var buffer = new byte[4096];
        while (!request.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            request.Append(Encoding.ASCII.GetString(buffer, 0, await line.ReadAsync(buffer, Cancellation)));
        var key = request.ToString().Split("\r\n").Single(header => header.StartsWith("Sec-WebSocket-Key:", StringComparison.OrdinalIgnoreCase)).Split(": ")[1];
        await line.WriteAsync(
            Encoding.ASCII.GetBytes($"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {WebSocketHandshake.Accept(key)}\r\n\r\n"),
            Cancellation);
    }

    private static async Task SayAsync(TcpClient line, byte[] bytes, int piece)
    {
        try
        {
            foreach (var part in bytes.Chunk(Math.Max(1, piece)))
                await line.GetStream().WriteAsync(part, Cancellation);
            line.Client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception gone) when (gone is IOException or SocketException)
        {
            // Bob has hung up in the middle of it.
        }
    }

    private static async Task<byte[]> HeardAsync(NetworkStream line)
    {
        using var heard = new MemoryStream();
        var buffer = new byte[4096];
        try
        {
            while (await line.ReadAsync(buffer, Cancellation) is var length and > 0)
                heard.Write(buffer, 0, length);
        }
        catch (IOException)
        {
            // Reset: an end as well.
        }

        return heard.ToArray();
    }
}
