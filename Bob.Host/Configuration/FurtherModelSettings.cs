using Bob.Actors.Realtime;

namespace Bob.Host.Configuration;

/// <summary>
/// The settings of the model servers after the first, <c>MODEL_2_…</c> to <c>MODEL_4_…</c>: they are dialled when those before them cannot be had. What is
/// not set is as with the first, but for a key, which goes to its own host alone.
/// </summary>
public static class FurtherModelSettings
{
    private static readonly Numbered[] All =
    [
        new(2, Keys.Model2Url, Keys.Model2Name, Keys.Model2Key, Keys.Model2Voice, Keys.Model2Transcription, Keys.Model2Prices),
        new(3, Keys.Model3Url, Keys.Model3Name, Keys.Model3Key, Keys.Model3Voice, Keys.Model3Transcription, Keys.Model3Prices),
        new(4, Keys.Model4Url, Keys.Model4Name, Keys.Model4Key, Keys.Model4Voice, Keys.Model4Transcription, Keys.Model4Prices),
    ];

    /// <summary>All servers, the first included, each with the time a caller can wait for it.</summary>
    public static IReadOnlyList<RealtimeOptions> Read(Settings settings, RealtimeOptions first, ModelMode mode)
    {
        var models = new List<RealtimeOptions> { first };
        foreach (var keys in All)
        {
            if (keys.All.FirstOrDefault(key => settings.Text(key) is not null) is not { } set)
                continue;
            if (settings.Text(keys.Url) is null && settings.Text(keys.Name) is null)
                settings.Fault(set, $"is set, but neither {keys.Url} nor {keys.Name} is", $"Set one of them, or remove {set}");
            else if (mode == ModelMode.Rehearsal)
                settings.Fault(set, "is set, but without OPENAI_API_KEY calls are rehearsed", $"Set OPENAI_API_KEY, or remove {set}");
            else if (models.Count != keys.Number - 1)
                settings.Fault(set, $"is set, but there is no MODEL_{keys.Number - 1}", "Number the servers without a gap, from MODEL_2");
            else
                models.Add(Read(settings, keys, first));
        }

        // The caller is to hear the apology within 3 s. While one of several is waited for, the next one could be talking.
        var wait = TimeSpan.FromSeconds(models.Count switch { 1 => 2.8, 2 => 2, _ => 1.5 });
        return models.ConvertAll(model => model with { ConnectTimeout = wait, SessionTimeout = wait });
    }

    private static RealtimeOptions Read(Settings settings, Numbered keys, RealtimeOptions first)
    {
        var url = RealtimeSettings.ReadUrl(settings, keys.Url, first.Url);
        var model = settings.Name(keys.Name, first.Model);
        return first with
        {
            Url = url,
            Model = model,
            Prices = CostSettings.ReadFurther(settings, keys.Prices, model, first.Model),
            ApiKey = ReadKey(settings, keys, url, first),
            Voice = RealtimeSettings.ReadVoice(settings, keys.Voice, first.Voice, url),
            TranscriptionModel = RealtimeSettings.ReadTranscription(settings, keys.Transcription, first.TranscriptionModel ?? RealtimeSettings.NoTranscription),
        };
    }

    private static string ReadKey(Settings settings, Numbered keys, Uri url, RealtimeOptions first)
    {
        if (settings.Text(keys.Key) is not null)
            return settings.Secret(keys.Key) ?? "";
        if (url.Authority == first.Url.Authority)
            return first.ApiKey;
        if (!url.IsLoopback)
            settings.Fault(keys.Key, $"is not set, but {keys.Url} names a server that wants one", "Set the key of that server");
        return "no-key";
    }

    private sealed record Numbered(int Number, string Url, string Name, string Key, string Voice, string Transcription, string Prices)
    {
        public string[] All => [Url, Name, Key, Voice, Transcription, Prices];
    }
}
