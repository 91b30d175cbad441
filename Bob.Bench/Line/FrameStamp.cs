using System.Buffers.Binary;
using System.Buffers.Text;

namespace Bob.Bench.Line;

/// <summary>What stands in the first bytes of a piece of audio, so that the far end knows whose it is, which one, and when it was sent.</summary>
/// <param name="Call">Number of the call.</param>
/// <param name="Number">Counts the pieces of one call in one direction from 0.</param>
/// <param name="SentAt">On the clock of this process, its ticks.</param>
internal readonly record struct FrameStamp(int Call, int Number, long SentAt)
{
    /// <summary>Characters of base64 it takes: 24 bytes, so that it ends at the border of a group.</summary>
    public const int Base64Length = 32;

    private const int Bytes = 24;
    private const uint Magic = 0x31626F42;

    public void Write(Span<byte> base64)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], Call);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], Number);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], 0);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], SentAt);
        Base64.EncodeToUtf8(bytes, base64, out _, out _);
    }

    /// <summary>False for audio that nobody stamped, such as silence that fills a gap.</summary>
    public static bool TryRead(ReadOnlySpan<byte> base64, out FrameStamp stamp)
    {
        stamp = default;
        Span<byte> bytes = stackalloc byte[Bytes];
        if (base64.Length < Base64Length
            || Base64.DecodeFromUtf8(base64[..Base64Length], bytes, out _, out _) != System.Buffers.OperationStatus.Done
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic)
        {
            return false;
        }

        stamp = new FrameStamp(
            BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]));
        return true;
    }
}
