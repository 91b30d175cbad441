using System.Text;

namespace Bob.Bench.Line;

/// <summary>Base64 of some milliseconds of μ-law, to be stamped at its beginning.</summary>
internal static class StampedAudio
{
    private const int BytesPerMs = 8;
    private static readonly Dictionary<int, byte[]> Made = [];

    /// <summary>Bytes of that many characters of base64 with at most two characters of padding.</summary>
    public static int DecodedBytes(ReadOnlySpan<byte> base64) =>
        (base64.Length / 4 * 3) - (base64.EndsWith("=="u8) ? 2 : base64.EndsWith("="u8) ? 1 : 0);

    /// <summary>The same voice for everyone: what it sounds like costs nobody anything.</summary>
    public static ReadOnlySpan<byte> Of(int milliseconds)
    {
        if (!Made.TryGetValue(milliseconds, out var base64))
        {
            var bytes = new byte[milliseconds * BytesPerMs];
            new Random(1).NextBytes(bytes);
            Made[milliseconds] = base64 = Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes));
        }

        return base64;
    }
}
