namespace Bob.Simulator.Audio;

/// <summary>G.711 mu-law (ITU-T G.711), 8 kHz mono: one byte per sample, 8 bytes per millisecond.</summary>
public static class MuLaw
{
    /// <summary>The byte of silence.</summary>
    public const byte Silence = 0xFF;

    /// <summary>Bytes per millisecond.</summary>
    public const int BytesPerMs = 8;

    private static readonly short[] Linear = [.. Enumerable.Range(0, 256).Select(value => Expand((byte)value))];

    /// <summary>The 16-bit sample that <paramref name="value"/> stands for.</summary>
    public static short Decode(byte value) => Linear[value];

    /// <summary>The mu-law byte nearest to <paramref name="sample"/>.</summary>
    public static byte Encode(short sample)
    {
        var sign = sample < 0 ? 0x80 : 0;
        var magnitude = Math.Min(Math.Abs((int)sample), 32635) + 132;
        var exponent = 24 - int.LeadingZeroCount(magnitude);
        return (byte)~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0F));
    }

    private static short Expand(byte value)
    {
        var bits = ~value;
        var magnitude = ((((bits & 0x0F) << 3) + 132) << ((bits >> 4) & 7)) - 132;
        return (short)((bits & 0x80) != 0 ? -magnitude : magnitude);
    }
}
