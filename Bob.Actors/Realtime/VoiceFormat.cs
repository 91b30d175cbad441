using System.Buffers;
using System.Buffers.Text;

namespace Bob.Actors.Realtime;

/// <summary>
/// Listens into the beginning of each response whether it is μ-law at all: a server that sends 16-bit samples after all would be noise at full volume
/// in the caller's ear. Pure.
/// </summary>
/// <remarks>
/// In 16-bit samples every other byte is a high byte, and near 0x00 or 0xFF unless the sound is very loud. As μ-law, 0x0… to 0x2… are loud negative
/// samples and 0xD… to 0xF… quiet positive ones; 0x8… to 0xA… and 0x5… to 0x7… are the same with the other sign. A sound has both signs of each, and
/// the same of them at even and at odd places. So it goes by signs and places, and not by volume, and takes neither music, nor noise, nor silence, nor
/// a shout for it.
/// </remarks>
internal sealed class VoiceFormat
{
    /// <summary>Judged at a time, bytes: 200 ms of μ-law, 33 ms of 16-bit samples at 24 kHz.</summary>
    public const int Window = 1_600;

    /// <summary>Listened to in each response, bytes: the second in which it must be noticed.</summary>
    private const int Listened = 5 * Window;

    /// <summary>Windows that must be wrong: one might be a machine's whistle.</summary>
    private const int Enough = 2;

    /// <summary>Bytes of a window at even places, and at odd ones.</summary>
    private const int All = Window / 2;

    private const int Most = All * 6 / 10;

    private readonly int[] _even = new int[16], _odd = new int[16];
    private int _heard, _wrong;

    /// <summary>A response begins.</summary>
    public void Begin()
    {
        (_heard, _wrong) = (0, 0);
        Forget();
    }

    /// <summary>Takes a piece of voice in, which is well-formed base64; true when this is no μ-law.</summary>
    public bool IsWrong(ReadOnlySpan<byte> base64)
    {
        if (_heard >= Listened)
            return false;
        const int Characters = 400; // 300 bytes, whole groups of four
        Span<byte> bytes = stackalloc byte[Characters / 4 * 3];
        while (_heard < Listened && !base64.IsEmpty)
        {
            var piece = base64[..Math.Min(Characters, base64.Length)];
            base64 = base64[piece.Length..];
            if (Base64.DecodeFromUtf8(piece, bytes, out _, out var length) != OperationStatus.Done)
                return false;
            foreach (var octet in bytes[..length])
            {
                (_heard % 2 == 0 ? _even : _odd)[octet >> 4]++;
                if (++_heard % Window != 0)
                    continue;
                if (((AreHighBytes(_even) && AreLowBytes(_odd)) || (AreHighBytes(_odd) && AreLowBytes(_even))) && ++_wrong == Enough)
                    return true;
                Forget();
            }
        }

        return false;
    }

    private static bool AreHighBytes(int[] counts) =>
        LoudNegative(counts) is > All / 10 and < All * 9 / 10
        && LoudNegative(counts) + QuietPositive(counts) > Most
        && counts[0x5] + counts[0x6] + counts[0x7] + counts[0x8] + counts[0x9] + counts[0xA] < All / 20;

    /// <summary>They may be anything.</summary>
    private static bool AreLowBytes(int[] counts) => LoudNegative(counts) + QuietPositive(counts) < Most;

    private static int LoudNegative(int[] counts) => counts[0x0] + counts[0x1] + counts[0x2];

    private static int QuietPositive(int[] counts) => counts[0xD] + counts[0xE] + counts[0xF];

    private void Forget()
    {
        Array.Clear(_even);
        Array.Clear(_odd);
    }
}
