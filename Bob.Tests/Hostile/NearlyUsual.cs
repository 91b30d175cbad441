namespace Bob.Tests.Hostile;

/// <summary>Messages that differ from a usual one by a byte, or by their end: what a reader of the usual form alone must not take for it.</summary>
internal static class NearlyUsual
{
    /// <summary>What means something in JSON or in base64, and what must not be in a string.</summary>
    private const string Others = "\"\\ 0129/=,:{}x\u00ff\u0001\n";

    public static IEnumerable<byte[]> Of(byte[] usual)
    {
        for (var at = 0; at < usual.Length; at++)
        {
            yield return usual[..at];
            yield return [.. usual[..at], .. usual[(at + 1)..]];
            yield return [.. usual[..at], usual[at], .. usual[at..]];
            foreach (var other in Others)
                yield return [.. usual[..at], (byte)other, .. usual[(at + 1)..]];
        }
    }
}
