using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Bob.Bench.Line;

/// <summary>One WebSocket frame in a receive buffer, unmasked.</summary>
internal readonly ref struct WebSocketFrame(int opcode, Span<byte> payload, int length)
{
    public const int Text = 1;
    public const int Close = 8;
    public const int Ping = 9;
    public const int Pong = 10;

    public int Opcode { get; } = opcode;

    public Span<byte> Payload { get; } = payload;

    /// <summary>Bytes of the whole frame.</summary>
    public int Length { get; } = length;
}

/// <summary>The least of RFC 6455 that both ends of the bench need: whole frames, masked or not.</summary>
internal static class WebSocketFrames
{
    /// <summary>Room to leave before a payload.</summary>
    public const int MaxHeader = 14;

    /// <summary>Reads the frame at the beginning and unmasks it; false while it is not whole.</summary>
    /// <exception cref="InvalidDataException">A fragment: neither Bob nor the bench sends any.</exception>
    public static bool TryRead(Span<byte> bytes, out WebSocketFrame frame)
    {
        frame = default;
        if (bytes.Length < 2)
            return false;
        if ((bytes[0] & 0x80) == 0)
            throw new InvalidDataException("A fragmented message.");
        var masked = (bytes[1] & 0x80) != 0;
        int length = bytes[1] & 0x7F, at = 2;
        if (length == 126)
        {
            if (bytes.Length < 4)
                return false;
            (length, at) = (BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]), 4);
        }
        else if (length == 127)
        {
            if (bytes.Length < 10)
                return false;
            (length, at) = (checked((int)BinaryPrimitives.ReadUInt64BigEndian(bytes[2..])), 10);
        }

        var payload = at + (masked ? 4 : 0);
        if (bytes.Length < payload + length)
            return false;
        var content = bytes.Slice(payload, length);
        if (masked)
            Mask(content, MemoryMarshal.Read<uint>(bytes[at..]));
        frame = new WebSocketFrame(bytes[0] & 0x0F, content, payload + length);
        return true;
    }

    /// <summary>Writes the header so that it ends where the payload begins, masks the payload, and gives the place where the header begins.</summary>
    /// <param name="buffer">The payload stands at <see cref="MaxHeader"/>.</param>
    /// <param name="key">What to mask with; 0 does not mask.</param>
    public static int Frame(Span<byte> buffer, int opcode, int length, uint key)
    {
        var at = MaxHeader;
        if (key != 0)
        {
            Mask(buffer.Slice(MaxHeader, length), key);
            MemoryMarshal.Write(buffer[(at -= 4)..], key);
        }

        if (length > ushort.MaxValue)
            BinaryPrimitives.WriteUInt64BigEndian(buffer[(at -= 8)..], (ulong)length);
        else if (length > 125)
            BinaryPrimitives.WriteUInt16BigEndian(buffer[(at -= 2)..], (ushort)length);
        buffer[--at] = (byte)((key != 0 ? 0x80 : 0) | (length > ushort.MaxValue ? 127 : length > 125 ? 126 : length));
        buffer[--at] = (byte)(0x80 | opcode);
        return at;
    }

    private static void Mask(Span<byte> payload, uint key)
    {
        var wide = key | ((ulong)key << 32);
        var words = MemoryMarshal.Cast<byte, ulong>(payload);
        for (var i = 0; i < words.Length; i++)
            words[i] ^= wide;
        for (var i = words.Length * sizeof(ulong); i < payload.Length; i++)
            payload[i] ^= (byte)(key >> (8 * (i & 3)));
    }
}
