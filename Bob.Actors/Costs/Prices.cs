using Bob.Actors.Realtime;

namespace Bob.Actors.Costs;

/// <summary>
/// What a call is billed for, in one currency. The model's prices are per 1,000,000 tokens, as vendors list them. Every amount is rounded to a
/// millionth, so that amounts add up the same wherever they are added. Pure.
/// </summary>
public sealed record Prices
{
    /// <summary>No response has more tokens than this; a server that says so is wrong.</summary>
    private const long MaxTokens = 100_000_000;

    /// <summary>A day, s; a server that says that a turn was longer is wrong.</summary>
    private const double LongestTurn = 86_400;

    private const int Decimals = 6;

    private const int CharactersPerToken = 4;

    /// <summary>Some 500 tokens of tools, and 1,500 of a caller of whom as much is known as can be.</summary>
    private const int ToldBesides = 2_000;

    /// <summary>Nothing costs anything.</summary>
    public static Prices None { get; } = new();

    public decimal TextIn { get; init; }

    public decimal CachedTextIn { get; init; }

    public decimal TextOut { get; init; }

    public decimal AudioIn { get; init; }

    public decimal CachedAudioIn { get; init; }

    public decimal AudioOut { get; init; }

    /// <summary>What a transcription reads, text and audio alike.</summary>
    public decimal TranscriptionIn { get; init; }

    public decimal TranscriptionOut { get; init; }

    /// <summary>A minute that is transcribed, where time is billed and not tokens.</summary>
    public decimal TranscriptionMinute { get; init; }

    /// <summary>A minute on the telephone that has begun.</summary>
    public decimal PhoneMinute { get; init; }

    /// <summary>Whether a model costs anything.</summary>
    public bool HaveModel => TextIn + CachedTextIn + TextOut + AudioIn + CachedAudioIn + AudioOut > 0;

    /// <summary>Whether writing down what callers say costs anything.</summary>
    public bool HaveTranscription => TranscriptionIn + TranscriptionOut + TranscriptionMinute > 0;

    /// <summary>The cost of a response. Cached tokens are part of the input's, and never more than those.</summary>
    public decimal Of(RealtimeUsage used)
    {
        var (textIn, audioIn) = (Tokens(used.TextIn), Tokens(used.AudioIn));
        var (cachedText, cachedAudio) = (Math.Min(Tokens(used.CachedTextIn), textIn), Math.Min(Tokens(used.CachedAudioIn), audioIn));
        var millions = ((textIn - cachedText) * TextIn) + (cachedText * CachedTextIn) + (Tokens(used.TextOut) * TextOut)
            + ((audioIn - cachedAudio) * AudioIn) + (cachedAudio * CachedAudioIn) + (Tokens(used.AudioOut) * AudioOut);
        return decimal.Round(millions / 1_000_000, Decimals, MidpointRounding.AwayFromZero);
    }

    /// <summary>The cost of writing down what the caller said.</summary>
    public decimal Of(TranscriptionUsage used)
    {
        var millions = ((Tokens(used.TextIn) + Tokens(used.AudioIn)) * TranscriptionIn) + (Tokens(used.TextOut) * TranscriptionOut);
        var minutes = (decimal)Math.Clamp(used.Seconds ?? 0, 0, LongestTurn) / 60;
        return decimal.Round((millions / 1_000_000) + (minutes * TranscriptionMinute), Decimals, MidpointRounding.AwayFromZero);
    }

    /// <summary>
    /// What the first response of a call can cost, before any has told: all that it may say, in whatever costs more, after all that it is told, of which nothing is cached
    /// yet. That is the instructions, at 4 characters a token; the tools, and what is known of the caller; and a minute of the caller's voice, one token for 100 ms (OpenAI's
    /// guide to the cost of Realtime).
    /// </summary>
    /// <param name="instructions">Their length, characters.</param>
    /// <param name="mostOut">The most that a response may have, tokens.</param>
    public decimal FirstResponse(int instructions, int mostOut) => Of(new RealtimeUsage(
        TextIn: (instructions / CharactersPerToken) + ToldBesides, AudioIn: 600, CachedTextIn: 0, CachedAudioIn: 0,
        TextOut: TextOut > AudioOut ? mostOut : 0, AudioOut: TextOut > AudioOut ? 0 : mostOut));

    /// <summary>The cost of that much time on the telephone, at least one minute.</summary>
    public decimal OfPhone(TimeSpan time) =>
        decimal.Round(Math.Max(1, (long)Math.Ceiling(time / TimeSpan.FromMinutes(1))) * PhoneMinute, Decimals, MidpointRounding.AwayFromZero);

    private static long Tokens(long reported) => Math.Clamp(reported, 0, MaxTokens);
}

/// <summary>What calls cost and may cost.</summary>
/// <param name="PerCall">The most that a call may cost; null: whatever it takes.</param>
/// <param name="PerDay">The most that all calls of a day (UTC) may cost; null: whatever it takes.</param>
/// <param name="AsOf">The day that the prices are of.</param>
public sealed record CostOptions(Prices Prices, decimal? PerCall = null, decimal? PerDay = null, DateOnly AsOf = default)
{
    public static CostOptions None { get; } = new(Prices.None);

    /// <summary>What the first response of a call can cost (<see cref="Prices.FirstResponse"/>), of the dearest server: whichever answers, the day is to have room for it.</summary>
    public decimal FirstResponse { get; init; }
}
