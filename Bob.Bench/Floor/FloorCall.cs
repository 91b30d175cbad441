using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Bob.Bench.Line;

namespace Bob.Bench.Floor;

/// <summary>
/// One call of the floor: two sockets, and the base64 of every frame copied from one message into the other. No checks, no marks, no ledger, no
/// actors: what relaying costs when nothing is promised.
/// </summary>
internal sealed class FloorCall
{
    private const string HandshakeGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private readonly FloorSocket _caller;
    private readonly int _modelPort;
    private FloorSocket? _model;
    private string _accept = "";
    private byte[] _mediaBegin = [];
    private bool _callerOpen, _modelOpen;

    public FloorCall(Socket accepted, int modelPort)
    {
        _modelPort = modelPort;
        _caller = new FloorSocket(accepted, masks: false) { Take = FromCaller, Ended = End };
        _caller.Start();
    }

    private static ReadOnlySpan<byte> AppendBegin => "{\"type\":\"input_audio_buffer.append\",\"audio\":\""u8;

    private int FromCaller(FloorSocket caller, Memory<byte> received)
    {
        var bytes = received.Span;
        if (!_callerOpen)
            return Handshake(bytes);
        if (!WebSocketFrames.TryRead(bytes, out var frame))
            return 0;
        if (frame.Opcode == WebSocketFrame.Close)
        {
            End();
        }
        else if (frame.Payload.StartsWith("{\"event\":\"media\""u8))
        {
            var payload = Quoted(frame.Payload, "\"payload\":\""u8);
            Splice(_model!, AppendBegin, payload, "\"}"u8);
        }
        else if (frame.Payload.StartsWith("{\"event\":\"start\""u8))
        {
            _mediaBegin = [.. "{\"event\":\"media\",\"streamSid\":\""u8, .. Quoted(frame.Payload, "\"streamSid\":\""u8), .. "\",\"media\":{\"payload\":\""u8];
            Say(_model!, "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\"}}"u8);
            Say(_model!, "{\"type\":\"response.create\"}"u8);
        }

        return frame.Length;
    }

    private int FromModel(FloorSocket model, Memory<byte> received)
    {
        var bytes = received.Span;
        if (!_modelOpen)
        {
            var end = bytes.IndexOf("\r\n\r\n"u8);
            if (end < 0)
                return 0;
            (_modelOpen, _callerOpen) = (true, true);
            _caller.Send(Encoding.ASCII.GetBytes(
                $"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {_accept}\r\n\r\n"));
            return end + 4;
        }

        if (!WebSocketFrames.TryRead(bytes, out var frame))
            return 0;
        if (frame.Opcode == WebSocketFrame.Close)
            End();
        else if (frame.Payload.StartsWith("{\"type\":\"response.output_audio.delta\""u8))
            Splice(_caller, _mediaBegin, Quoted(frame.Payload, "\"delta\":\""u8), "\"}}"u8);
        return frame.Length;
    }

    /// <summary>The model first: the caller is let in when both sockets are there.</summary>
    private int Handshake(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return 0;
        var head = Encoding.ASCII.GetString(bytes[..(end + 2)]);
        if (HttpHead.Value(head, "Sec-WebSocket-Key") is not { } key)
        {
            _caller.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8); // whether the floor is up
            return end + 4;
        }

        _accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + HandshakeGuid)));
        var dialled = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        dialled.Connect(IPAddress.Loopback, _modelPort);
        _model = new FloorSocket(dialled, masks: true) { Take = FromModel, Ended = End };
        _model.Start();
        _model.Send(Encoding.ASCII.GetBytes(
            $"GET /v1/realtime?model=floor HTTP/1.1\r\nHost: 127.0.0.1:{_modelPort}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + $"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {Convert.ToBase64String(RandomNumberGenerator.GetBytes(16))}\r\n\r\n"));
        return end + 4;
    }

    private void End()
    {
        _caller.Dispose();
        _model?.Dispose();
    }

    private static void Say(FloorSocket to, ReadOnlySpan<byte> text) => Splice(to, text, default, default);

    private static void Splice(FloorSocket to, ReadOnlySpan<byte> begin, ReadOnlySpan<byte> middle, ReadOnlySpan<byte> end)
    {
        var room = to.Room.AsSpan(WebSocketFrames.MaxHeader);
        begin.CopyTo(room);
        middle.CopyTo(room[begin.Length..]);
        end.CopyTo(room[(begin.Length + middle.Length)..]);
        to.Say(WebSocketFrame.Text, begin.Length + middle.Length + end.Length);
    }

    private static ReadOnlySpan<byte> Quoted(ReadOnlySpan<byte> message, ReadOnlySpan<byte> before)
    {
        var rest = message[(message.IndexOf(before) + before.Length)..];
        return rest[..rest.IndexOf((byte)'"')];
    }
}
