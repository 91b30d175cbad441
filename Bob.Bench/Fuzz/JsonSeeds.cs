using System.Text;

namespace Bob.Bench.Fuzz;

/// <summary>What the targets that read JSON share.</summary>
internal static class JsonSeeds
{
    /// <summary>The texts of a corpus that are short enough.</summary>
    public static IReadOnlyList<byte[]> Of(IReadOnlyList<HostileMessage> corpus) =>
    [
        .. corpus.SelectMany(hostile => hostile.After.Append(hostile.Message))
            .Where(message => message.First == WireMessage.Text && message.Payload.Length <= FuzzTarget.LongestInput)
            .Select(message => message.Payload)
            .DistinctBy(payload => Convert.ToBase64String(payload)),
    ];

    /// <summary>Whether some character is written as its number: then it may be half a pair, of which no text can be made.</summary>
    public static bool HasEscapes(ReadOnlySpan<byte> json) => json.IndexOf("\\u"u8) >= 0;

    /// <summary>Bytes that a text is the base64 of, to the letter; -1 when it is that of none.</summary>
    public static int DecodedBytes(string base64)
    {
        var decoded = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, decoded, out var bytes) && Convert.ToBase64String(decoded, 0, bytes) == base64 ? bytes : -1;
    }

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
