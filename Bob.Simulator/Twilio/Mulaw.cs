namespace Bob.Simulator.Twilio;

/// <summary>G.711 mu-law at 8 kHz, the only format of a phone line here: one byte is one sample, eight bytes are one millisecond.</summary>
internal static class Mulaw
{
    /// <summary>Bytes of one millisecond.</summary>
    public const int BytesPerMs = 8;

    /// <summary>Bytes of one frame of 20 ms, as Twilio sends it.</summary>
    public const int FrameBytes = 160;

    /// <summary>The code of digital silence. 0x00 would be a full-scale click.</summary>
    public const byte Silence = 0xFF;

    /// <summary>Amplitude (16-bit PCM) from which a sample counts as sound; idle lines stay far below it.</summary>
    private const int LoudFrom = 128;

    private static readonly short[] Decoded = BuildDecoder();
    private static readonly bool[] Loud = [.. Decoded.Select(sample => Math.Abs((int)sample) >= LoudFrom)];
    private static readonly byte[] IdleNoise = BuildIdleNoise();

    public static short Decode(byte code) => Decoded[code];

    public static byte Encode(int sample)
    {
        var sign = sample < 0 ? 0x80 : 0;
        var magnitude = Math.Min(Math.Abs(sample), 32635) + 132;
        var exponent = 31 - int.LeadingZeroCount(magnitude) - 7;
        var mantissa = (magnitude >> (exponent + 3)) & 15;
        return (byte)~(sign | (exponent << 4) | mantissa);
    }

    public static bool IsLoud(byte code) => Loud[code];

    /// <summary>What a line carries while nobody speaks: a mixture of the quietest codes, as captured from real calls, never one constant.</summary>
    public static ReadOnlySpan<byte> IdleFrame(long slot) =>
        IdleNoise.AsSpan((int)(slot % (IdleNoise.Length / FrameBytes)) * FrameBytes, FrameBytes);

    public static TimeSpan Duration(long bytes) => TimeSpan.FromTicks(bytes * (TimeSpan.TicksPerMillisecond / BytesPerMs));

    public static long Bytes(TimeSpan duration) => duration.Ticks / (TimeSpan.TicksPerMillisecond / BytesPerMs);

    private static short[] BuildDecoder()
    {
        var table = new short[256];
        for (var code = 0; code < 256; code++)
        {
            var inverted = ~code & 0xFF;
            var magnitude = ((((inverted & 15) << 3) + 132) << ((inverted >> 4) & 7)) - 132;
            table[code] = (short)((inverted & 0x80) != 0 ? -magnitude : magnitude);
        }

        return table;
    }

    private static byte[] BuildIdleNoise()
    {
        ReadOnlySpan<byte> codes = [0xFF, 0xFF, 0xFF, 0x7F, 0x7F, 0xFE, 0xFE, 0x7E];
        var noise = new byte[50 * FrameBytes];
        var random = new Random(8000);
        for (var i = 0; i < noise.Length; i++)
            noise[i] = codes[random.Next(codes.Length)];
        return noise;
    }
}
