using System.Globalization;
using Bob.Actors.Costs;

namespace Bob.Host.Configuration;

/// <summary>The settings of prices and caps. All of them in one currency; the prices that Bob knows himself are US dollars.</summary>
public static class CostSettings
{
    private const decimal Dearest = 1_000_000;
    private const string DateFormat = "yyyy-MM-dd";

    /// <summary>The day that the prices below were looked up at.</summary>
    private static readonly DateOnly KnownAsOf = new(2026, 11, 22);

    private static readonly Prices Flagship = new() { TextIn = 4, CachedTextIn = 0.40m, TextOut = 24, AudioIn = 32, CachedAudioIn = 0.40m, AudioOut = 64 };

    /// <summary>OpenAI's, from its model pages.</summary>
    private static readonly Dictionary<string, Prices> Known = new()
    {
        ["gpt-realtime-2.1"] = Flagship,
        ["gpt-realtime-2"] = Flagship,
        ["gpt-realtime-2.1-mini"] = new() { TextIn = 0.60m, CachedTextIn = 0.06m, TextOut = 2.40m, AudioIn = 10, CachedAudioIn = 0.30m, AudioOut = 20 },
        ["gpt-realtime-1.5"] = Flagship with { TextOut = 16 },
    };

    /// <summary>
    /// The same of transcription: developers.openai.com/api/docs/models/gpt-4o-mini-transcribe and gpt-4o-transcribe, which list one price for all that is read, looked up on 2026-11-27;
    /// gpt-realtime-whisper is billed by the minute.
    /// </summary>
    private static readonly Dictionary<string, Prices> KnownTranscription = new()
    {
        ["gpt-4o-mini-transcribe"] = new() { TranscriptionIn = 1.25m, TranscriptionOut = 5 },
        ["gpt-4o-transcribe"] = new() { TranscriptionIn = 2.50m, TranscriptionOut = 10 },
        ["gpt-realtime-whisper"] = new() { TranscriptionMinute = 0.017m },
    };

    private static readonly string[] ModelPriceKeys =
        [Keys.PriceTextIn, Keys.PriceTextCached, Keys.PriceTextOut, Keys.PriceAudioIn, Keys.PriceAudioCached, Keys.PriceAudioOut];

    private static readonly string[] TranscriptionPriceKeys = [Keys.PriceTranscriptionIn, Keys.PriceTranscriptionOut, Keys.PriceTranscriptionMinute];

    private static readonly string[] PriceKeys =
        [.. ModelPriceKeys, .. TranscriptionPriceKeys, Keys.PricePhoneMinute, Keys.Model2Prices, Keys.Model3Prices, Keys.Model4Prices];

    /// <param name="transcription">The model that writes down what callers say; null: none does.</param>
    public static CostOptions Read(Settings settings, string model, string? transcription, ModelMode mode)
    {
        // A rehearsal costs nothing, whatever the model is called that it rehearses for.
        var byDefault = mode == ModelMode.Rehearsal ? Prices.None : Known.GetValueOrDefault(model, Prices.None);
        // The list's are in US dollars, as the model's are only when all of them are of the list, too.
        var writing = byDefault.HaveModel && !ModelPriceKeys.Any(key => settings.Text(key) is not null) ? KnownTranscription.GetValueOrDefault(transcription ?? "", Prices.None) : Prices.None;
        var prices = new Prices
        {
            TextIn = settings.Money(Keys.PriceTextIn, 0, Dearest) ?? byDefault.TextIn,
            CachedTextIn = settings.Money(Keys.PriceTextCached, 0, Dearest) ?? byDefault.CachedTextIn,
            TextOut = settings.Money(Keys.PriceTextOut, 0, Dearest) ?? byDefault.TextOut,
            AudioIn = settings.Money(Keys.PriceAudioIn, 0, Dearest) ?? byDefault.AudioIn,
            CachedAudioIn = settings.Money(Keys.PriceAudioCached, 0, Dearest) ?? byDefault.CachedAudioIn,
            AudioOut = settings.Money(Keys.PriceAudioOut, 0, Dearest) ?? byDefault.AudioOut,
            TranscriptionIn = settings.Money(Keys.PriceTranscriptionIn, 0, Dearest) ?? writing.TranscriptionIn,
            TranscriptionOut = settings.Money(Keys.PriceTranscriptionOut, 0, Dearest) ?? writing.TranscriptionOut,
            TranscriptionMinute = settings.Money(Keys.PriceTranscriptionMinute, 0, Dearest) ?? writing.TranscriptionMinute,
            PhoneMinute = settings.Money(Keys.PricePhoneMinute, 0, Dearest) ?? 0,
        };
        var costs = new CostOptions(prices, ReadCap(settings, Keys.MaxCostPerCall), ReadCap(settings, Keys.MaxCostPerDay), ReadDate(settings));
        if (mode == ModelMode.Live && !prices.HaveModel)
            RequirePrices(settings, model);
        if (costs.PerDay < costs.PerCall)
            settings.Fault(Keys.MaxCostPerDay, $"{costs.PerDay} is less than MAX_COST_PER_CALL ({costs.PerCall})", "Write at least what one call may cost");
        return costs;
    }

    /// <summary>What another server costs than the first.</summary>
    /// <param name="key">Its prices: six numbers, in the order of the settings of the first.</param>
    /// <returns>Null: as the first. So it is where nothing else is known, and where the first one's are by contract: those of the list may be in another currency.</returns>
    public static Prices? ReadFurther(Settings settings, string key, string model, string firstModel)
    {
        if (settings.Text(key) is not { } text)
            return model == firstModel || ModelPriceKeys.Any(price => settings.Text(price) is not null) ? null : Known.GetValueOrDefault(model);
        var prices = text.Split(',', StringSplitOptions.TrimEntries)
            .Select(price => decimal.TryParse(price, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) && amount <= Dearest ? amount : -1)
            .ToArray();
        if (prices.Length == ModelPriceKeys.Length && prices.All(price => price >= 0))
        {
            return new Prices
            {
                TextIn = prices[0],
                CachedTextIn = prices[1],
                TextOut = prices[2],
                AudioIn = prices[3],
                CachedAudioIn = prices[4],
                AudioOut = prices[5],
            };
        }

        settings.Fault(key, $"{settings.Shown(text)} are not six prices",
            "Write those of 1,000,000 tokens of text read, read before and written, then of audio heard, heard before and spoken, such as 4,0.4,24,32,0.4,64");
        return null;
    }

    /// <summary>Calls that nobody can add up, and caps that are kept without a part of what calls cost.</summary>
    /// <param name="transcription">The model that writes down what callers say; null: none does.</param>
    public static IEnumerable<string> Warnings(Settings settings, CostOptions costs, string model, string? transcription, ModelMode mode)
    {
        if (mode != ModelMode.Live)
            yield break;
        if (!costs.Prices.HaveModel)
            yield return $"What {model} costs is not known: calls are booked without it; set PRICE_TEXT_IN and the five other prices";
        if (transcription is not null && (costs.PerCall ?? costs.PerDay) is not null && !costs.Prices.HaveTranscription && TranscriptionPriceKeys.All(key => settings.Text(key) is null))
        {
            yield return $"What {transcription} costs is not known: {(costs.PerCall is null ? Keys.MaxCostPerDay : Keys.MaxCostPerCall)} is kept as if it cost nothing; "
                + $"set {Keys.PriceTranscriptionIn} and {Keys.PriceTranscriptionOut}, or {Keys.PriceTranscriptionMinute}";
        }
    }

    private static decimal? ReadCap(Settings settings, string key) => settings.Money(key, 0.01m, Dearest);

    private static DateOnly ReadDate(Settings settings)
    {
        if (settings.Text(Keys.PricesDate) is not { } text)
        {
            var bad = settings.Faults.Select(fault => fault.Key).ToHashSet();
            if (PriceKeys.FirstOrDefault(key => settings.Text(key) is not null && !bad.Contains(key)) is { } priced)
                settings.Fault(Keys.PricesDate, $"is not set, but {priced} is", $"Write the day that your prices are of, such as {KnownAsOf.ToString(DateFormat, CultureInfo.InvariantCulture)}");
            return KnownAsOf;
        }

        if (DateOnly.TryParseExact(text, DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
            return date;
        settings.Fault(Keys.PricesDate, $"{settings.Shown(text)} is not a date", $"Write one such as {KnownAsOf.ToString(DateFormat, CultureInfo.InvariantCulture)}");
        return KnownAsOf;
    }

    /// <summary>A cap that nothing ever reaches is none.</summary>
    private static void RequirePrices(Settings settings, string model)
    {
        foreach (var cap in new[] { Keys.MaxCostPerCall, Keys.MaxCostPerDay }.Where(key => settings.Text(key) is not null))
            settings.Fault(cap, $"is set, but what {settings.Shown(model)} costs is not known", "Set PRICE_TEXT_IN and the five other prices of the model");
    }
}
