using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Bob.Actors.Sockets;

/// <summary>What a frame is (RFC 6455, 5.2). All others are reserved.</summary>
internal enum FrameOpcode : byte
{
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

/// <summary>The head of a WebSocket frame: 2 to 14 bytes.</summary>
/// <param name="First">FIN, the reserved bits and the opcode.</param>
/// <param name="Length">Bytes of the payload.</param>
/// <param name="Key">The mask as it lies in memory; 0, which changes nothing, without one.</param>
/// <param name="Size">Bytes of the head itself.</param>
internal readonly record struct FrameHeader(byte First, bool Masked, ulong Length, uint Key, int Size)
{
    public const int MaxSize = 14;
    public const int MaxControlPayload = 125;
    private const int MaskSize = 4;

    public bool Final => (First & 0x80) != 0;

    public FrameOpcode Opcode => (FrameOpcode)(First & 0x0F);

    public bool Control => (First & 0x08) != 0;

    private bool Shortest => (Size - (Masked ? MaskSize : 0)) switch
    {
        2 => true,
        4 => Length > 125,
        _ => Length > ushort.MaxValue,
    };

    /// <summary>Reads the head that <paramref name="bytes"/> begin with; false when not all of it is there.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out FrameHeader header)
    {
        header = default;
        if (bytes.Length < 2)
            return false;
        var masked = (bytes[1] & 0x80) != 0;
        ulong length = (uint)bytes[1] & 0x7F;
        var size = 2;
        if (length == 126)
        {
            if (bytes.Length < 4)
                return false;
            (length, size) = (BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]), 4);
        }
        else if (length == 127)
        {
            if (bytes.Length < 10)
                return false;
            (length, size) = (BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]), 10);
        }

        var key = 0u;
        if (masked)
        {
            if (bytes.Length < size + MaskSize)
                return false;
            key = MemoryMarshal.Read<uint>(bytes[size..]);
            size += MaskSize;
        }

        header = new FrameHeader(bytes[0], masked, length, key, size);
        return true;
    }

    /// <summary>Which rule the frame breaks; null when none.</summary>
    /// <param name="masks">Whether the peer has to mask what it sends.</param>
    /// <param name="insideMessage">Whether a message has begun and not ended.</param>
    public string? Violation(bool masks, bool insideMessage)
    {
        if ((First & 0x70) != 0)
            return "a reserved bit is set";
        if ((First & 0x07) > 2)
            return "reserved opcode";
        if (Masked != masks)
            return masks ? "frame without a mask" : "frame with a mask";
        if (Control && !Final)
            return "fragmented control frame";
        if (Control && Length > MaxControlPayload)
            return "control frame too long";
        if (!Shortest || Length > long.MaxValue)
            return "malformed length";
        if (Opcode == FrameOpcode.Continuation && !insideMessage)
            return "continuation of no message";
        if (Opcode is FrameOpcode.Text or FrameOpcode.Binary && insideMessage)
            return "message inside a message";
        return null;
    }

    /// <summary>Bytes of the head of a frame that Bob sends.</summary>
    public static int SizeFor(int length, bool masked) => (length <= 125 ? 2 : length <= ushort.MaxValue ? 4 : 10) + (masked ? MaskSize : 0);

    /// <summary>Writes the head of an unfragmented frame, and returns its size.</summary>
    /// <param name="key">The mask; null sends none.</param>
    public static int Write(Span<byte> to, FrameOpcode opcode, int length, uint? key)
    {
        var mask = key is null ? 0 : 0x80;
        to[0] = (byte)(0x80 | (int)opcode);
        int size;
        if (length <= 125)
        {
            to[1] = (byte)(mask | length);
            size = 2;
        }
        else if (length <= ushort.MaxValue)
        {
            to[1] = (byte)(mask | 126);
            BinaryPrimitives.WriteUInt16BigEndian(to[2..], (ushort)length);
            size = 4;
        }
        else
        {
            to[1] = (byte)(mask | 127);
            BinaryPrimitives.WriteUInt64BigEndian(to[2..], (ulong)length);
            size = 10;
        }

        if (key is not { } value)
            return size;
        MemoryMarshal.Write(to[size..], value);
        return size + MaskSize;
    }
}
