using Bob.Simulator.Twilio;

namespace Bob.Simulator.CommandLine;

/// <summary>What a caller may expect of a call, judged from its report alone.</summary>
public sealed record CallExpectations
{
    /// <summary>Longest silence before the greeting, after the caller has spoken and after a dropped stream.</summary>
    public TimeSpan DeadAir { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long Bob may talk on over a caller who interrupts him.</summary>
    public TimeSpan Yield { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>Most of Bob's audio that may be played in the moment after a <c>clear</c>.</summary>
    public TimeSpan AfterClear { get; init; } = TimeSpan.FromMilliseconds(60);

    /// <summary>The plan itself drops the first stream: its error is no failure.</summary>
    public bool DropPlanned { get; init; }

    private static readonly TimeSpan ClearWindow = TimeSpan.FromMilliseconds(300);
    private const int RepeatBytes = 8000;

    /// <summary>One sentence per expectation that was not met.</summary>
    public IReadOnlyList<string> Failures(CallReport report) =>
    [
        .. Greeting(report), .. Answers(report), .. Resumption(report), .. Interruptions(report), .. Repetition(report), .. Warnings(report), .. End(report),
    ];

    private IEnumerable<string> Greeting(CallReport report)
    {
        if (report.FirstAudio is not { } first)
            yield return "Bob was never heard.";
        else if (first > DeadAir)
            yield return $"Bob was first heard after {Seconds(first)}, later than {Seconds(DeadAir)}.";
        else if (report.Utterances.Count > 0 && report.Utterances[0].From < first)
            yield return "The caller spoke before Bob had greeted.";
    }

    private IEnumerable<string> Answers(CallReport report)
    {
        for (var i = 0; i < report.Utterances.Count; i++)
        {
            var said = report.Utterances[i];
            var end = i + 1 < report.Utterances.Count ? report.Utterances[i + 1].From : report.Duration;
            var answer = FirstSound(report.Heard, said.To);
            if (answer is { } at && at - said.To <= DeadAir)
                continue;
            if (answer is not null || end - said.To > DeadAir)
                yield return $"The caller spoke until {Seconds(said.To)}; no answer was heard within {Seconds(DeadAir)}.";
        }
    }

    private IEnumerable<string> Resumption(CallReport report)
    {
        foreach (var stream in report.Streams.Where(s => s is { Ended: not null, ErrorCode: not (null or 31921) }))
        {
            var ended = stream.Ended!.Value;
            var sound = FirstSound(report.Heard, ended);
            if ((sound is null || sound - ended > DeadAir) && report.Duration - ended > DeadAir)
                yield return $"Stream {stream.Number} broke at {Seconds(ended)}; nothing was heard within {Seconds(DeadAir)}.";
        }
    }

    private IEnumerable<string> Interruptions(CallReport report)
    {
        foreach (var clear in report.Streams.SelectMany(s => s.Clears))
        {
            var after = Audible(report.Heard, clear.At, clear.At + ClearWindow);
            if (after > AfterClear)
                yield return $"After the clear at {Seconds(clear.At)}, {after.TotalMilliseconds:0} ms of Bob were still played.";
        }

        foreach (var said in report.Utterances.Where(u => u.OverBob && u.To - u.From >= TimeSpan.FromMilliseconds(400)))
        {
            var yielded = report.Streams.Any(s => s.Clears.Any(c => c.At >= said.From && c.At <= said.From + Yield));
            var window = TimeSpan.FromMilliseconds(500);
            var limit = said.From + Yield;
            if (!yielded && limit + window < said.To + window && limit + window <= report.Duration
                && Audible(report.Heard, limit, limit + window) > TimeSpan.FromMilliseconds(100))
            {
                yield return $"The caller interrupted at {Seconds(said.From)}; Bob still talked {Seconds(Yield)} later.";
            }
        }
    }

    private IEnumerable<string> Warnings(CallReport report) => report.Warnings
        .Where(w => w.Level != WarningLevel.Notice && !(DropPlanned && w.Code == 31903))
        .Select(w => w.Code == 0 ? $"At {Seconds(w.At)}: {w.Message}." : $"Twilio {w.Level.ToString().ToLowerInvariant()} {w.Code} at {Seconds(w.At)}: {w.Message}");

    private static IEnumerable<string> Repetition(CallReport report)
    {
        var audio = report.Playback.SelectMany(p => p.Audio).ToArray();
        if (FindRepeat(audio) is { } repeat)
            yield return $"A second of Bob's speech was heard two times (after {repeat.First / 8} ms and {repeat.Second / 8} ms of his audio).";
    }

    private static IEnumerable<string> End(CallReport report)
    {
        if (report.EndReason is not (CallEndReason.CallerHungUp or CallEndReason.HungUpByTwiml or CallEndReason.TwimlEnded or CallEndReason.EndedByApi))
            yield return $"The call ended wrongly: {report.EndReason} ({report.EndDetail}).";
    }

    /// <summary>The first second of speech that occurs two times, byte for byte: a rolling hash over all positions, candidates compared in full.</summary>
    internal static (int First, int Second)? FindRepeat(ReadOnlySpan<byte> audio)
    {
        const ulong Factor = 1_000_003;
        if (audio.Length < RepeatBytes * 2)
            return null;
        ulong power = 1, hash = 0;
        for (var i = 0; i < RepeatBytes; i++)
            (hash, power) = (unchecked((hash * Factor) + audio[i]), i == 0 ? 1 : unchecked(power * Factor));
        var seen = new Dictionary<ulong, int>();
        for (var at = 0; ; at++)
        {
            // Every eighth position is remembered, every position looked up: a repeat of a second and a millisecond is always found.
            var window = audio.Slice(at, RepeatBytes);
            if (seen.TryGetValue(hash, out var first) && at - first >= RepeatBytes && IsSpeech(window) && window.SequenceEqual(audio.Slice(first, RepeatBytes)))
                return (first, at);
            if (at % 8 == 0)
                seen.TryAdd(hash, at);
            if (at + RepeatBytes >= audio.Length)
                return null;
            hash = unchecked(((hash - (audio[at] * power)) * Factor) + audio[at + RepeatBytes]);
        }
    }

    private static bool IsSpeech(ReadOnlySpan<byte> audio)
    {
        var loud = 0;
        foreach (var code in audio)
            loud += Mulaw.IsLoud(code) ? 1 : 0;
        return loud > audio.Length / 4;
    }

    private static TimeSpan? FirstSound(byte[] line, TimeSpan from)
    {
        for (var i = Mulaw.Bytes(from); i < line.Length; i++)
        {
            if (Mulaw.IsLoud(line[i]))
                return Mulaw.Duration(i);
        }

        return null;
    }

    /// <summary>Time with sound, counted in blocks of 10 ms.</summary>
    private static TimeSpan Audible(byte[] line, TimeSpan from, TimeSpan to)
    {
        const int Block = 80;
        var end = (int)Math.Min(Mulaw.Bytes(to), line.Length);
        var blocks = 0;
        for (var at = (int)Mulaw.Bytes(from); at + Block <= end; at += Block)
            blocks += line.AsSpan(at, Block).ContainsAnyLoud() ? 1 : 0;
        return Mulaw.Duration(blocks * Block);
    }

    private static string Seconds(TimeSpan time) => FormattableString.Invariant($"{time.TotalSeconds:0.00} s");
}

file static class LoudSpan
{
    public static bool ContainsAnyLoud(this Span<byte> audio)
    {
        foreach (var code in audio)
        {
            if (Mulaw.IsLoud(code))
                return true;
        }

        return false;
    }
}
