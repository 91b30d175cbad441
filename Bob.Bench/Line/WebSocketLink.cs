using System.Text;

namespace Bob.Bench.Line;

/// <summary>A WebSocket of the load side, from its HTTP head on.</summary>
internal abstract class WebSocketLink(Exchange exchange, System.Net.Sockets.Socket socket, bool masks) : Connection(exchange, socket)
{
    private static uint maskSeed = 0x9E3779B9;
    private bool _open;

    /// <summary>Room for the text of the next message; then <see cref="Say(int)"/>.</summary>
    protected Span<byte> Room => Exchange.Scratch.AsSpan(WebSocketFrames.MaxHeader);

    /// <summary>The head of the HTTP request or answer has come. True when the frames begin behind it.</summary>
    protected abstract bool Head(string head);

    /// <summary>A text message. Valid until the return.</summary>
    protected abstract void Heard(Span<byte> message);

    /// <summary>Sends the first bytes of <see cref="Room"/> as a text message.</summary>
    protected void Say(int length) => Say(WebSocketFrame.Text, length);

    protected void Say(ReadOnlySpan<byte> text)
    {
        text.CopyTo(Room);
        Say(text.Length);
    }

    protected void Say(string text) => Say(Encoding.UTF8.GetBytes(text, Room));

    protected void SayClose(int code)
    {
        (Room[0], Room[1]) = ((byte)(code >> 8), (byte)code);
        Say(WebSocketFrame.Close, 2);
    }

    protected void Answer(string head) => Send(Encoding.ASCII.GetBytes(head));

    protected override int Take(Span<byte> received)
    {
        if (!_open)
        {
            var end = received.IndexOf("\r\n\r\n"u8);
            if (end < 0)
                return 0;
            if (Head(Encoding.ASCII.GetString(received[..(end + 2)])))
                _open = true;
            return end + 4;
        }

        if (!WebSocketFrames.TryRead(received, out var frame))
            return 0;
        switch (frame.Opcode)
        {
            case WebSocketFrame.Text:
                Heard(frame.Payload);
                break;
            case WebSocketFrame.Ping:
                frame.Payload.CopyTo(Room);
                Say(WebSocketFrame.Pong, frame.Payload.Length);
                break;
            case WebSocketFrame.Close:
                frame.Payload.CopyTo(Room);
                Say(WebSocketFrame.Close, frame.Payload.Length);
                Close();
                Ended();
                break;
        }

        return frame.Length;
    }

    private void Say(int opcode, int length)
    {
        var begin = WebSocketFrames.Frame(Exchange.Scratch, opcode, length, masks ? NextMask() : 0);
        Send(Exchange.Scratch.AsSpan(begin, WebSocketFrames.MaxHeader - begin + length));
    }

    private static uint NextMask()
    {
        maskSeed ^= maskSeed << 13;
        maskSeed ^= maskSeed >> 17;
        return maskSeed ^= maskSeed << 5;
    }
}
