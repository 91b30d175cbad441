using System.Buffers.Binary;
using System.Text;

namespace Bob.Tests.Sockets;

/// <summary>How the length of a frame is written.</summary>
public enum LengthForm
{
    Shortest,
    Bits16,
    Bits64,
}

/// <summary>A WebSocket frame, written and read without any of Bob's code; every rule can be broken.</summary>
/// <param name="First">FIN, the reserved bits and the opcode.</param>
/// <param name="Masked">Whether it has a mask; null is as the role asks.</param>
/// <param name="Announced">The length in the head, if not the payload's own.</param>
public sealed record Frame(byte First, byte[] Payload, LengthForm Form = LengthForm.Shortest, bool? Masked = null, ulong? Announced = null)
{
    public const byte Fin = 0x80;

    private static readonly byte[] Key = [0x37, 0xFA, 0x21, 0x3D];

    public string Text => Encoding.UTF8.GetString(Payload);

    /// <summary>The code of a CLOSE, 0 when it has none.</summary>
    public int Code => Payload.Length < 2 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(Payload);

    public static Frame Of(string text, byte first = Fin | 1) => new(first, Encoding.UTF8.GetBytes(text));

    public static Frame Ping(string text = "") => Of(text, Fin | 9);

    public static Frame Close(int code, string reason = "") => new(Fin | 8, [(byte)(code >> 8), (byte)code, .. Encoding.UTF8.GetBytes(reason)]);

    /// <param name="masked">Whether the sender has to mask.</param>
    public byte[] Bytes(bool masked)
    {
        masked = Masked ?? masked;
        var length = Announced ?? (ulong)Payload.Length;
        var mask = (byte)(masked ? 0x80 : 0);
        var head = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(head, length);
        byte[] size = Form switch
        {
            LengthForm.Shortest when length < 126 => [(byte)(mask | head[7])],
            LengthForm.Shortest or LengthForm.Bits16 when length <= ushort.MaxValue => [(byte)(mask | 126), head[6], head[7]],
            _ => [(byte)(mask | 127), .. head],
        };
        return masked
            ? [First, .. size, .. Key, .. Payload.Select((octet, i) => (byte)(octet ^ Key[i % 4]))]
            : [First, .. size, .. Payload];
    }

    public static byte[] Bytes(IEnumerable<Frame> frames, bool masked) => [.. frames.SelectMany(frame => frame.Bytes(masked))];

    public static IReadOnlyList<Frame> ReadAll(ReadOnlySpan<byte> bytes)
    {
        var frames = new List<Frame>();
        while (!bytes.IsEmpty)
        {
            var masked = (bytes[1] & 0x80) != 0;
            var (length, size) = (bytes[1] & 0x7F) switch
            {
                126 => (BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]), 4),
                127 => ((int)BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]), 10),
                var small => (small, 2),
            };
            var key = masked ? bytes.Slice(size, 4).ToArray() : new byte[4];
            size += masked ? 4 : 0;
            var payload = bytes.Slice(size, length).ToArray().Select((octet, i) => (byte)(octet ^ key[i % 4])).ToArray();
            frames.Add(new Frame(bytes[0], payload, Masked: masked));
            bytes = bytes[(size + length)..];
        }

        return frames;
    }
}
