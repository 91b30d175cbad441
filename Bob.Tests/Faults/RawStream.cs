using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AwesomeAssertions;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;

namespace Bob.Tests.Faults;

/// <summary>A media stream over bare TCP: for what no WebSocket client can be made to send.</summary>
internal sealed class RawStream : IDisposable
{
    public const string StreamSid = "MZ0000000000000000000000000000beef";
    public const string Connected = """{"event":"connected","protocol":"Call","version":"1.0.0"}""";
    public const string Stop = $$$"""{"event":"stop","sequenceNumber":"9","stop":{"accountSid":"{{{TwilioLine.AccountSid}}}","callSid":"{{{TwilioLine.SomeCall}}}"},"streamSid":"{{{StreamSid}}}"}""";

    /// <summary>FIN and the opcodes.</summary>
    public const byte Text = 0x81, Binary = 0x82, Close = 0x88, Ping = 0x89, Pong = 0x8A;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private readonly TcpClient _client;
    private readonly NetworkStream _line;

    private RawStream(TcpClient client, string head)
    {
        (_client, Head) = (client, head);
        _line = client.GetStream();
    }

    /// <summary>The answer to the handshake.</summary>
    public string Head { get; }

    public static async Task<RawStream> OpenAsync(WholeHouse house, string moreHeaders = "", bool signed = true)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, house.Address.Port, TestContext.Current.CancellationToken);
        var signature = TwilioSignature.Compute(WholeHouse.AuthToken, $"ws://localhost:{house.Address.Port}/media-stream");
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"GET /media-stream HTTP/1.1\r\nHost: localhost:{house.Address.Port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" + (signed ? $"x-twilio-signature: {signature}\r\n" : "") + moreHeaders + "\r\n"));
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            head.Append((char)(await ReadAsync(client.GetStream(), 1))[0]);
        return new RawStream(client, head.ToString());
    }

    public static string Start(string callSid, string ticket) =>
        $$$"""{"event":"start","sequenceNumber":"1","start":{"accountSid":"{{{TwilioLine.AccountSid}}}","streamSid":"{{{StreamSid}}}","callSid":"{{{callSid}}}","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"ticket":"{{{ticket}}}"}},"streamSid":"{{{StreamSid}}}"}""";

    public static string Mark(string name) => $$$"""{"event":"mark","sequenceNumber":"2","streamSid":"{{{StreamSid}}}","mark":{"name":"{{{name}}}"}}""";

    /// <summary>Text messages, one frame each.</summary>
    public async Task SendAsync(params string[] messages)
    {
        foreach (var message in messages)
            await SendFrameAsync(Text, Encoding.UTF8.GetBytes(message));
    }

    /// <summary>One frame; its mask is four zeros, so that the payload goes as it is.</summary>
    /// <param name="first">FIN, the reserved bits and the opcode.</param>
    public Task SendFrameAsync(byte first, ReadOnlyMemory<byte> payload, bool masked = true) => SendBytesAsync([.. Header(first, payload.Length, masked), .. payload.Span]);

    public static byte[] Header(byte first, int length, bool masked = true)
    {
        var mask = (byte)(masked ? 0x80 : 0);
        byte[] head = length switch
        {
            < 126 => [first, (byte)(mask | length)],
            < 65_536 => [first, (byte)(mask | 126), (byte)(length >> 8), (byte)length],
            _ => [first, (byte)(mask | 127), 0, 0, 0, 0, (byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length],
        };
        return masked ? [.. head, 0, 0, 0, 0] : head;
    }

    /// <summary>Sends as much as Bob takes: a socket that he has closed takes nothing more.</summary>
    public async Task SendBytesAsync(byte[] bytes)
    {
        try
        {
            await _line.WriteAsync(bytes, TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);
        }
        catch (IOException)
        {
        }
    }

    /// <summary>The next frame that Bob sends.</summary>
    public async Task<(byte First, byte[] Payload)> NextAsync()
    {
        var head = await ReadAsync(_line, 2);
        var length = (head[1] & 0x7F) switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(await ReadAsync(_line, 2)),
            127 => (int)BinaryPrimitives.ReadUInt64BigEndian(await ReadAsync(_line, 8)),
            var small => small,
        };
        return (head[0], await ReadAsync(_line, length));
    }

    /// <summary>Reads on until Bob ends the stream: the code of his CLOSE frame, 1005 when it has none, or 0 when there was none.</summary>
    public async Task<int> EndAsync()
    {
        try
        {
            while (true)
            {
                var (first, payload) = await NextAsync();
                if (first == Close)
                    return payload.Length < 2 ? 1005 : BinaryPrimitives.ReadUInt16BigEndian(payload);
            }
        }
        catch (IOException)
        {
            return 0;
        }
    }

    public void Dispose() => _client.Dispose();

    private static async Task<byte[]> ReadAsync(NetworkStream line, int length)
    {
        var bytes = new byte[length];
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Patience);
        await line.ReadExactlyAsync(bytes, deadline.Token);
        return bytes;
    }
}
