using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Bob.Actors.Recording;

/// <summary>The form of a recording: WAV, G.711 μ-law (format tag 7), two channels, 8 kHz, with the <c>fact</c> chunk that compressed formats have.</summary>
public static class StereoWav
{
    public const int HeaderBytes = 58;

    /// <summary>A sample of each side.</summary>
    public const int FrameBytes = 2;

    private const int SampleRate = 8_000;

    /// <summary>The header of a file with so many samples a side.</summary>
    public static byte[] Header(long samples)
    {
        var header = new byte[HeaderBytes];
        var data = (uint)(samples * FrameBytes);
        "RIFF"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), HeaderBytes - 8 + data);
        "WAVEfmt "u8.CopyTo(header.AsSpan(8));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(16), 18); // length of the format, with an extension of no bytes
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(20), 7);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(22), 2);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(24), SampleRate);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(28), SampleRate * FrameBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(32), FrameBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(34), 8);
        "fact"u8.CopyTo(header.AsSpan(38));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(42), 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(46), (uint)samples);
        "data"u8.CopyTo(header.AsSpan(50));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(54), data);
        return header;
    }

    /// <summary>Whether a file is such a recording, or was to become one, whatever length its header tells.</summary>
    public static bool Begins(SafeFileHandle file)
    {
        Span<byte> begin = stackalloc byte[38]; // up to where the number of samples stands
        begin = begin[..RandomAccess.Read(file, begin, 0)];
        var own = Header(0);
        if (begin.Length >= 8)
            begin[4..8].CopyTo(own.AsSpan(4)); // the length
        return begin.SequenceEqual(own.AsSpan(0, begin.Length));
    }

    /// <summary>How many whole samples a side a file of this length holds.</summary>
    public static long Samples(long fileBytes) => Math.Max(0, fileBytes - HeaderBytes) / FrameBytes;

    public static TimeSpan Duration(long samples) => TimeSpan.FromTicks(samples * (TimeSpan.TicksPerSecond / SampleRate));
}
