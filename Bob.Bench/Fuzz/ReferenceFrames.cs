using Bob.Actors.Sockets;

namespace Bob.Bench.Fuzz;

/// <summary>One thing that a stream of frames says.</summary>
/// <param name="Hash">Of its payload; 0 where it is not handed out.</param>
internal readonly record struct FramesSay(ReceivedKind Kind, int Code, ulong Hash)
{
    public static ulong HashOf(ReadOnlySpan<byte> bytes)
    {
        var hash = 14695981039346656037UL; // FNV-1a
        foreach (var octet in bytes)
            hash = (hash ^ octet) * 1099511628211UL;
        return hash;
    }
}

/// <summary>RFC 6455 read slowly: byte by byte from the beginning, with UTF-8 as an automaton, and nothing of Bob's.</summary>
internal static class ReferenceFrames
{
    private const int ProtocolError = 1002, InvalidText = 1007;

    /// <param name="masks">Whether the sender has to mask.</param>
    /// <param name="cap">Most bytes of one message.</param>
    public static void Read(ReadOnlySpan<byte> bytes, bool masks, int cap, List<FramesSay> said)
    {
        List<byte>? message = null;
        var (isText, text) = (false, default(TextSoFar));
        while (bytes.Length >= 2)
        {
            int first = bytes[0], opcode = first & 15, size = 2;
            var (masked, length) = ((bytes[1] & 0x80) != 0, (ulong)(bytes[1] & 0x7F));
            var extended = length switch { 126 => 2, 127 => 8, _ => 0 };
            if (bytes.Length < 2 + extended + (masked ? 4 : 0))
                return;
            var (shortest, announced) = (extended switch { 2 => 126UL, 8 => 65_536UL, _ => 0UL }, extended == 0 ? length : 0UL);
            for (var i = 0; i < extended; i++)
                announced = (announced << 8) | bytes[size++];
            var key = masked ? bytes.Slice(size, 4) : [0, 0, 0, 0];
            size += masked ? 4 : 0;

            var control = opcode >= 8;
            if ((first & 0x70) != 0 || opcode is (> 2 and < 8) or > 10 || masked != masks || announced < shortest || announced > long.MaxValue
                || (control && ((first & 0x80) == 0 || announced > 125)) || (!control && opcode == 0 != message is not null))
            {
                said.Add(new FramesSay(ReceivedKind.Violation, ProtocolError, 0));
                return;
            }

            if (!control && announced > (ulong)(cap - (message?.Count ?? 0)))
            {
                said.Add(new FramesSay(ReceivedKind.TooBig, 0, 0));
                return;
            }

            if ((ulong)(bytes.Length - size) < announced)
                return;
            var payload = new byte[(int)announced];
            for (var i = 0; i < payload.Length; i++)
                payload[i] = (byte)(bytes[size + i] ^ key[i & 3]);
            bytes = bytes[(size + payload.Length)..];

            if (control)
            {
                var told = Control(opcode, payload);
                said.Add(told);
                if (told.Kind is ReceivedKind.Close or ReceivedKind.Violation)
                    return;
                continue;
            }

            if (message is null)
                (message, isText, text) = ([], opcode == 1, default);
            message.AddRange(payload);
            if (isText && (!text.Takes(payload) || ((first & 0x80) != 0 && !text.IsWhole)))
            {
                said.Add(new FramesSay(ReceivedKind.Violation, InvalidText, 0));
                return;
            }

            if ((first & 0x80) == 0)
                continue;
            said.Add(isText ? new FramesSay(ReceivedKind.Text, 0, FramesSay.HashOf([.. message])) : new FramesSay(ReceivedKind.Binary, 0, 0));
            message = null;
        }
    }

    private static FramesSay Control(int opcode, byte[] payload)
    {
        if (opcode == 9)
            return new FramesSay(ReceivedKind.Ping, 0, FramesSay.HashOf(payload));
        if (opcode == 10)
            return new FramesSay(ReceivedKind.Pong, 0, FramesSay.HashOf(payload));
        if (payload.Length == 0)
            return new FramesSay(ReceivedKind.Close, 0, FramesSay.HashOf(payload));
        var code = payload.Length == 1 ? 0 : (payload[0] << 8) | payload[1];
        if (code is < 1000 or (> 1003 and < 1007) or (> 1014 and < 3000) or > 4999)
            return new FramesSay(ReceivedKind.Violation, ProtocolError, 0);
        var reason = default(TextSoFar);
        return reason.Takes(payload.AsSpan(2)) && reason.IsWhole
            ? new FramesSay(ReceivedKind.Close, code, FramesSay.HashOf(payload))
            : new FramesSay(ReceivedKind.Violation, InvalidText, 0);
    }

    /// <summary>Bytes of UTF-8 as they come (RFC 3629, 4): how many continuations are missing, and between which the next one must be.</summary>
    private struct TextSoFar
    {
        private int _missing, _least, _most;

        public readonly bool IsWhole => _missing == 0;

        public bool Takes(ReadOnlySpan<byte> bytes)
        {
            foreach (var octet in bytes)
            {
                if (_missing > 0)
                {
                    if (octet < _least || octet > _most)
                        return false;
                    (_missing, _least, _most) = (_missing - 1, 0x80, 0xBF);
                    continue;
                }

                (_missing, _least, _most) = octet switch
                {
                    < 0x80 => (0, 0, 0),
                    >= 0xC2 and <= 0xDF => (1, 0x80, 0xBF),
                    0xE0 => (2, 0xA0, 0xBF),
                    0xED => (2, 0x80, 0x9F),
                    >= 0xE1 and <= 0xEF => (2, 0x80, 0xBF),
                    0xF0 => (3, 0x90, 0xBF),
                    >= 0xF1 and <= 0xF3 => (3, 0x80, 0xBF),
                    0xF4 => (3, 0x80, 0x8F),
                    _ => (-1, 0, 0),
                };
                if (_missing < 0)
                    return false;
            }

            return true;
        }
    }
}
