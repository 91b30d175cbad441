using System.Globalization;

namespace Bob.Bench.Line;

/// <summary>Reads the head of an HTTP request or answer.</summary>
internal static class HttpHead
{
    public static int Status(string head) => int.Parse(head.AsSpan("HTTP/1.1 ".Length, 3), CultureInfo.InvariantCulture);

    /// <summary>A header's value, or null.</summary>
    public static string? Value(string head, string name)
    {
        foreach (var line in head.Split("\r\n"))
        {
            if (line.Length > name.Length && line[name.Length] == ':' && line.StartsWith(name, StringComparison.OrdinalIgnoreCase))
                return line[(name.Length + 1)..].Trim();
        }

        return null;
    }

    /// <summary>What stands between two texts, or null.</summary>
    public static string? Between(string text, string before, string after)
    {
        var begin = text.IndexOf(before, StringComparison.Ordinal);
        if (begin < 0)
            return null;
        begin += before.Length;
        var end = text.IndexOf(after, begin, StringComparison.Ordinal);
        return end < 0 ? null : text[begin..end];
    }
}
