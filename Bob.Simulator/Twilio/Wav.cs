using System.Buffers.Binary;

namespace Bob.Simulator.Twilio;

/// <summary>WAV files of phone calls.</summary>
public static class Wav
{
    private const int Pcm = 1;
    private const int MulawFormat = 7;

    /// <summary>A stereo file, mu-law (format tag 7) at 8 kHz; the shorter side is filled up with silence.</summary>
    public static byte[] WriteStereo(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var samples = Math.Max(left.Length, right.Length);
        var file = new byte[58 + (samples * 2)];
        var head = file.AsSpan();
        "RIFF"u8.CopyTo(head);
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], file.Length - 8);
        "WAVEfmt "u8.CopyTo(head[8..]);
        BinaryPrimitives.WriteInt32LittleEndian(head[16..], 18);
        BinaryPrimitives.WriteInt16LittleEndian(head[20..], MulawFormat);
        BinaryPrimitives.WriteInt16LittleEndian(head[22..], 2);
        BinaryPrimitives.WriteInt32LittleEndian(head[24..], 8000);
        BinaryPrimitives.WriteInt32LittleEndian(head[28..], 16000);
        BinaryPrimitives.WriteInt16LittleEndian(head[32..], 2);
        BinaryPrimitives.WriteInt16LittleEndian(head[34..], 8);
        "fact"u8.CopyTo(head[38..]);
        BinaryPrimitives.WriteInt32LittleEndian(head[42..], 4);
        BinaryPrimitives.WriteInt32LittleEndian(head[46..], samples);
        "data"u8.CopyTo(head[50..]);
        BinaryPrimitives.WriteInt32LittleEndian(head[54..], samples * 2);
        for (var i = 0; i < samples; i++)
        {
            file[58 + (i * 2)] = i < left.Length ? left[i] : Mulaw.Silence;
            file[59 + (i * 2)] = i < right.Length ? right[i] : Mulaw.Silence;
        }

        return file;
    }

    /// <summary>A mono file, 16-bit PCM at 8 kHz, as Twilio's recordings are.</summary>
    public static byte[] WriteMono(ReadOnlySpan<byte> mulaw)
    {
        var file = new byte[44 + (mulaw.Length * 2)];
        var head = file.AsSpan();
        "RIFF"u8.CopyTo(head);
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], file.Length - 8);
        "WAVEfmt "u8.CopyTo(head[8..]);
        BinaryPrimitives.WriteInt32LittleEndian(head[16..], 16);
        BinaryPrimitives.WriteInt16LittleEndian(head[20..], Pcm);
        BinaryPrimitives.WriteInt16LittleEndian(head[22..], 1);
        BinaryPrimitives.WriteInt32LittleEndian(head[24..], 8000);
        BinaryPrimitives.WriteInt32LittleEndian(head[28..], 16000);
        BinaryPrimitives.WriteInt16LittleEndian(head[32..], 2);
        BinaryPrimitives.WriteInt16LittleEndian(head[34..], 16);
        "data"u8.CopyTo(head[36..]);
        BinaryPrimitives.WriteInt32LittleEndian(head[40..], mulaw.Length * 2);
        for (var i = 0; i < mulaw.Length; i++)
            BinaryPrimitives.WriteInt16LittleEndian(head[(44 + (i * 2))..], Mulaw.Decode(mulaw[i]));
        return file;
    }

    /// <summary>
    /// The mu-law samples of a file: a WAV of 8 kHz mono, 16-bit PCM or mu-law, or raw mu-law without any header.
    /// </summary>
    /// <exception cref="InvalidDataException">Another kind of WAV; the message says what it is and what is needed.</exception>
    public static byte[] ReadMulaw(ReadOnlySpan<byte> file)
    {
        if (!file.StartsWith("RIFF"u8))
            return file.ToArray();
        if (file.Length < 12 || !file[8..].StartsWith("WAVE"u8))
            throw new InvalidDataException("A RIFF file, but not a WAV.");

        int format = 0, channels = 0, rate = 0, bits = 0;
        for (var at = 12; at + 8 <= file.Length;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(file[(at + 4)..]);
            var body = file[(at + 8)..];
            if (length < 0 || length > body.Length)
                length = body.Length;
            if (file[at..].StartsWith("fmt "u8) && length >= 16)
            {
                format = BinaryPrimitives.ReadUInt16LittleEndian(body);
                channels = BinaryPrimitives.ReadUInt16LittleEndian(body[2..]);
                rate = BinaryPrimitives.ReadInt32LittleEndian(body[4..]);
                bits = BinaryPrimitives.ReadUInt16LittleEndian(body[14..]);
            }
            else if (file[at..].StartsWith("data"u8))
            {
                return ReadSamples(body[..length], format, channels, rate, bits);
            }

            at += 8 + length + (length & 1);
        }

        throw new InvalidDataException("A WAV without audio data.");
    }

    private static byte[] ReadSamples(ReadOnlySpan<byte> data, int format, int channels, int rate, int bits)
    {
        var known = (format == Pcm && bits == 16) || (format == MulawFormat && bits == 8);
        if (!known || channels != 1 || rate != 8000)
        {
            throw new InvalidDataException(
                $"A WAV of format {format}, {rate} Hz, {channels} channel(s), {bits} bits; 8000 Hz mono, 16-bit PCM (1) or 8-bit mu-law (7), is needed.");
        }

        if (format == MulawFormat)
            return data.ToArray();
        var samples = new byte[data.Length / 2];
        for (var i = 0; i < samples.Length; i++)
            samples[i] = Mulaw.Encode(BinaryPrimitives.ReadInt16LittleEndian(data[(i * 2)..]));
        return samples;
    }
}
