using System.Globalization;

namespace Bob.Actors.Audio;

/// <summary>A mark to send behind the audio: comes back when all audio before it has been played, or was flushed by a <c>clear</c>.</summary>
/// <param name="Generation">Counts the interruptions and streams of a call, so that a flushed mark cannot pass for a heard one.</param>
/// <param name="Number">Counts the marks of a call.</param>
public readonly record struct PlaybackMark(int Generation, int Number)
{
    /// <summary>Longest name on the wire, bytes.</summary>
    public const int MaxLength = 24;

    /// <summary>The name on the wire: <c>g2:m17</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"g{Generation}:m{Number}");

    /// <summary>Writes the name in ASCII and returns its length.</summary>
    public int Write(Span<byte> destination) =>
        System.Text.Unicode.Utf8.TryWrite(destination, CultureInfo.InvariantCulture, $"g{Generation}:m{Number}", out var written)
            ? written
            : throw new ArgumentException("A mark's name needs up to 24 bytes.", nameof(destination));

    /// <summary>Reads a name back; false for a name that is not one of these.</summary>
    public static bool TryParse(string name, out PlaybackMark mark)
    {
        mark = default;
        var colon = name.IndexOf(":m", StringComparison.Ordinal);
        if (colon < 2 || name[0] != 'g'
            || !int.TryParse(name.AsSpan(1, colon - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var generation)
            || !int.TryParse(name.AsSpan(colon + 2), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        mark = new PlaybackMark(generation, number);
        return true;
    }
}
