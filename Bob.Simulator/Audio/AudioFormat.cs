namespace Bob.Simulator.Audio;

/// <summary>
/// An audio format of the Realtime API: what one millisecond weighs, and how mu-law at 8 kHz becomes it. The simulator's voice is recorded
/// in mu-law; a client that forgets to ask for <c>audio/pcmu</c> gets the other formats just as the real service would send them.
/// </summary>
/// <param name="Name">As in <c>format.type</c>.</param>
/// <param name="BytesPerMs">Bytes per millisecond.</param>
public sealed record AudioFormat(string Name, int BytesPerMs)
{
    /// <summary>G.711 mu-law, 8 kHz.</summary>
    public static readonly AudioFormat Pcmu = new("audio/pcmu", 8);

    /// <summary>G.711 A-law, 8 kHz.</summary>
    public static readonly AudioFormat Pcma = new("audio/pcma", 8);

    /// <summary>16-bit little-endian PCM, 24 kHz.</summary>
    public static readonly AudioFormat Pcm = new("audio/pcm", 48);

    /// <summary>The format of that name.</summary>
    public static AudioFormat Of(string name) => name == Pcmu.Name ? Pcmu : name == Pcma.Name ? Pcma : Pcm;

    /// <summary>The 16-bit samples of <paramref name="audio"/>, at this format's own rate; a lone last byte is left out.</summary>
    public short[] Samples(ReadOnlySpan<byte> audio)
    {
        var samples = new short[this == Pcm ? audio.Length / 2 : audio.Length];
        for (var i = 0; i < samples.Length; i++)
            samples[i] = this == Pcm ? BitConverter.ToInt16(audio[(2 * i)..]) : this == Pcma ? FromALaw(audio[i]) : MuLaw.Decode(audio[i]);
        return samples;
    }

    /// <summary>Mu-law at 8 kHz in this format.</summary>
    public byte[] FromMuLaw(ReadOnlySpan<byte> audio)
    {
        if (this == Pcmu)
            return audio.ToArray();
        var result = new byte[audio.Length * BytesPerMs / MuLaw.BytesPerMs];
        for (var i = 0; i < audio.Length; i++)
        {
            var sample = MuLaw.Decode(audio[i]);
            if (this == Pcma)
                result[i] = ToALaw(sample);
            else
                for (var copy = 0; copy < 3; copy++)
                    BitConverter.TryWriteBytes(result.AsSpan(6 * i + 2 * copy), sample);
        }

        return result;
    }

    /// <summary>This format's audio as mu-law at 8 kHz.</summary>
    public byte[] ToMuLaw(ReadOnlySpan<byte> audio)
    {
        if (this == Pcmu)
            return audio.ToArray();
        var samples = Samples(audio);
        var step = this == Pcm ? 3 : 1;
        var result = new byte[samples.Length / step];
        for (var i = 0; i < result.Length; i++)
            result[i] = MuLaw.Encode(samples[i * step]);
        return result;
    }

    private static short FromALaw(byte value)
    {
        var bits = value ^ 0x55;
        var exponent = (bits >> 4) & 7;
        var magnitude = ((bits & 0x0F) << 4) + 8;
        if (exponent > 0)
            magnitude = (magnitude + 0x100) << (exponent - 1);
        return (short)((bits & 0x80) != 0 ? magnitude : -magnitude);
    }

    private static byte ToALaw(short sample)
    {
        var sign = sample >= 0 ? 0x80 : 0;
        var magnitude = Math.Min(Math.Abs((int)sample), 32767);
        var exponent = magnitude < 256 ? 0 : 24 - int.LeadingZeroCount(magnitude);
        var mantissa = (magnitude >> (exponent == 0 ? 4 : exponent + 3)) & 0x0F;
        return (byte)((sign | (exponent << 4) | mantissa) ^ 0x55);
    }
}
