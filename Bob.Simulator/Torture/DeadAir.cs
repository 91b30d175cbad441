using Bob.Simulator.Twilio;

namespace Bob.Simulator.Torture;

/// <summary>Silence on the line, and sound where there should be none.</summary>
internal static class DeadAir
{
    private const int BlockMs = 10;
    private static readonly TimeSpan ClearWindow = TimeSpan.FromMilliseconds(300);

    /// <summary>The longest time in which neither side made a sound, from the first sound to the end of the call.</summary>
    public static (TimeSpan From, TimeSpan Length) Longest(CallReport report)
    {
        var blocks = report.Heard.Length / (BlockMs * Mulaw.BytesPerMs);
        var (longest, longestAt, begun, since) = (0, 0, false, 0);
        for (var block = 0; block < blocks; block++)
        {
            var at = TimeSpan.FromMilliseconds(block * BlockMs);
            var sound = IsLoud(report.Heard, block) || report.Utterances.Any(said => said.From <= at && at < said.To);
            if (sound)
                (begun, since) = (true, block + 1);
            else if (begun && block + 1 - since > longest)
                (longest, longestAt) = (block + 1 - since, since);
        }

        return (TimeSpan.FromMilliseconds(longestAt * BlockMs), TimeSpan.FromMilliseconds(longest * BlockMs));
    }

    /// <summary>
    /// Whether the line was cleared because the caller spoke. After a lost session the next one may be heard at once; what is stale then is found by the order of
    /// what was heard, as noise or as said twice.
    /// </summary>
    public static bool IsInterruption(CallReport report, TimeSpan at) => report.Utterances.Any(words => words.From <= at && at <= words.To);

    /// <summary>How much of Bob was heard in the moment after that time, unless a new answer may have begun by then.</summary>
    public static TimeSpan BobAfter(CallReport report, TimeSpan at)
    {
        var first = (int)(at.TotalMilliseconds / BlockMs) + 1;
        var blocks = Enumerable.Range(first, (int)(ClearWindow.TotalMilliseconds / BlockMs)).Where(block => (block + 1) * BlockMs * Mulaw.BytesPerMs <= report.Heard.Length);
        return TimeSpan.FromMilliseconds(BlockMs * blocks.Count(block => IsLoud(report.Heard, block)));
    }

    private static bool IsLoud(byte[] line, int block)
    {
        foreach (var code in line.AsSpan(block * BlockMs * Mulaw.BytesPerMs, BlockMs * Mulaw.BytesPerMs))
        {
            if (Mulaw.IsLoud(code))
                return true;
        }

        return false;
    }
}
