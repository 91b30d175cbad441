using System.Text.RegularExpressions;
using Bob.Actors.Realtime;

namespace Bob.Host.Configuration;

/// <summary>The settings of the model's session. Ranges are those of OpenAI's <c>session.update</c>.</summary>
public static partial class RealtimeSettings
{
    private const string DefaultUrl = "wss://api.openai.com/v1/realtime";
    internal const string NoTranscription = "none";
    private const string DefaultGreeting =
        "Greet the caller now, in one short friendly sentence: say that this is Bob, and ask how you can help.";
    private const string RehearsalGreeting = "This is a rehearsal without a real model: say so first. ";

    /// <summary>OpenAI takes 16,384 tokens of instructions and tools together; a token is about 4 characters, and tools need room too.</summary>
    private const int LongestInstructions = 40_000;
    private const int LongestGreeting = 1_000;
    private const int LongestPersona = 40;
    private const string DefaultPersona = "bob";

    private static readonly string[] OpenAiVoices =
        ["alloy", "ash", "ballad", "cedar", "coral", "echo", "marin", "sage", "shimmer", "verse"];

    public static (ModelMode Mode, RealtimeOptions Options) Read(Settings settings, string contentRoot)
    {
        var url = ReadUrl(settings, Keys.OpenAiRealtimeUrl, new Uri(DefaultUrl));
        var key = settings.Secret(Keys.OpenAiApiKey);
        var keyIsSet = settings.Text(Keys.OpenAiApiKey) is not null;
        var isDefault = url.AbsoluteUri == DefaultUrl;
        if (!keyIsSet && !isDefault && !url.IsLoopback)
        {
            settings.Fault(Keys.OpenAiApiKey, "is not set, but OPENAI_REALTIME_URL names a server that wants one",
                "Set the key, or remove OPENAI_REALTIME_URL to rehearse without a model");
        }

        var mode = keyIsSet || url.IsLoopback ? ModelMode.Live : ModelMode.Rehearsal;
        var noise = settings.OneOf(Keys.NoiseReduction, "none", "near_field", "far_field", "none");
        var greeting = ReadGreeting(settings);
        return (mode, new RealtimeOptions
        {
            Url = url,
            ApiKey = key ?? "no-key",
            Model = settings.Name(Keys.OpenAiRealtimeModel, "gpt-realtime-2.1"),
            Voice = ReadVoice(settings, Keys.OpenAiVoice, "marin", url),
            Speed = settings.Number(Keys.OpenAiVoiceSpeed, 1.0, 0.25, 1.5),
            Persona = ReadPersona(settings),
            Instructions = ReadInstructions(settings, contentRoot),
            Greeting = mode == ModelMode.Rehearsal ? RehearsalGreeting + greeting : greeting,
            TranscriptionModel = ReadTranscription(settings, Keys.TranscriptionModel, "gpt-4o-mini-transcribe"),
            TranscriptionLanguage = ReadLanguage(settings),
            TurnDetection = ReadTurnDetection(settings),
            NoiseReduction = noise == "none" ? null : noise,
        });
    }

    /// <summary>Settings that have no effect beside the chosen turn detection.</summary>
    public static IEnumerable<string> Warnings(Settings settings)
    {
        var semantic = string.Equals(settings.Text(Keys.TurnDetection), "semantic_vad", StringComparison.OrdinalIgnoreCase);
        string[] idle = semantic
            ? [Keys.VadThreshold, Keys.VadPrefixPaddingMs, Keys.VadSilenceDurationMs]
            : [Keys.VadEagerness];
        return idle.Where(key => settings.Text(key) is not null)
            .Select(key => $"{key} has no effect with TURN_DETECTION={(semantic ? "semantic_vad" : "server_vad")}");
    }

    internal static Uri ReadUrl(Settings settings, string key, Uri byDefault)
    {
        if (settings.Text(key) is not { } text)
            return byDefault;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("ws" or "wss") || url.Host.Length == 0
            || url.UserInfo.Length > 0 || url.Query.Length > 0 || url.Fragment.Length > 0)
        {
            settings.Fault(key, $"{settings.Shown(text)} is not a plain WebSocket address",
                $"Write one such as {DefaultUrl} or wss://NAME.openai.azure.com/openai/v1/realtime; Bob adds the model itself");
            return byDefault;
        }

        if (url.Scheme == "ws" && !url.IsLoopback)
        {
            settings.Fault(key, $"{settings.Shown(text)} would send the key and the calls unencrypted",
                "Write wss://; ws:// works for localhost alone");
            return byDefault;
        }

        return url;
    }

    internal static string ReadVoice(Settings settings, string key, string byDefault, Uri url)
    {
        var voice = settings.Name(key, byDefault);
        var isOpenAi = url.Host == "api.openai.com" || url.Host.EndsWith(".openai.azure.com", StringComparison.OrdinalIgnoreCase);
        if (isOpenAi && !OpenAiVoices.Contains(voice) && !voice.StartsWith("voice_", StringComparison.Ordinal))
            settings.Fault(key, $"{settings.Shown(voice)} is not a voice of {url.Host}", $"Write one of {string.Join(", ", OpenAiVoices)}");
        return voice;
    }

    /// <summary>Null: callers' words are not written down.</summary>
    internal static string? ReadTranscription(Settings settings, string key, string byDefault)
    {
        var model = settings.Name(key, byDefault);
        return model.Equals(NoTranscription, StringComparison.OrdinalIgnoreCase) ? null : model;
    }

    /// <summary>It is also the name of a folder, so it has nothing that leads out of one.</summary>
    private static string ReadPersona(Settings settings)
    {
        var persona = settings.Text(Keys.Persona) ?? DefaultPersona;
        if (persona.Length <= LongestPersona && persona.All(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_'))
            return persona;
        settings.Fault(Keys.Persona, $"{settings.Shown(persona)} is not a short name", $"Write 1 to {LongestPersona} letters, digits, spaces, - and _, such as {DefaultPersona}");
        return DefaultPersona;
    }

    private static string ReadGreeting(Settings settings)
    {
        var greeting = settings.Text(Keys.Greeting) ?? DefaultGreeting;
        if (greeting.Length > LongestGreeting)
            settings.Fault(Keys.Greeting, $"is {greeting.Length} characters long", $"Write at most {LongestGreeting}: a caller waits while it is spoken");
        return greeting;
    }

    /// <summary>The prompt itself, or the content of the file that the value names.</summary>
    private static string ReadInstructions(Settings settings, string contentRoot)
    {
        var value = settings.Text(Keys.Instructions) ?? "prompts/bob.md";
        var prompt = value;
        var path = value.Length < 1_000 ? Path.Combine(contentRoot, value) : "";
        if (FilePattern().IsMatch(value) || File.Exists(path))
        {
            if (!File.Exists(path))
            {
                settings.Fault(Keys.Instructions, $"there is no file {settings.Shown(value)}", "Write the path of a text file, or the instructions themselves");
                return value;
            }

            try
            {
                prompt = File.ReadAllText(path).Trim();
            }
            catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
            {
                settings.Fault(Keys.Instructions, $"the file {settings.Shown(value)} cannot be read", "Let the user that runs Bob read it");
                return value;
            }
        }

        if (prompt.Length is 0 or > LongestInstructions)
        {
            settings.Fault(Keys.Instructions, prompt.Length == 0 ? $"the file {settings.Shown(value)} is empty" : $"is {prompt.Length} characters long",
                $"Write 1 to {LongestInstructions} characters");
        }

        return prompt;
    }

    private static string? ReadLanguage(Settings settings)
    {
        var language = settings.Text(Keys.TranscriptionLanguage)?.ToLowerInvariant();
        if (language is null || LanguagePattern().IsMatch(language))
            return language;
        settings.Fault(Keys.TranscriptionLanguage, $"{settings.Shown(language)} is not a language code", "Write two letters such as en, or nothing to detect it");
        return null;
    }

    private static TurnDetection ReadTurnDetection(Settings settings)
    {
        var interrupts = settings.Flag(Keys.VadInterruptResponse, true);
        var byEnergy = new ServerVad(
            settings.Number(Keys.VadThreshold, 0.5, 0, 1),
            settings.Whole(Keys.VadPrefixPaddingMs, 300, 0, 5_000),
            settings.Whole(Keys.VadSilenceDurationMs, 500, 50, 10_000),
            interrupts);
        var byMeaning = new SemanticVad(settings.OneOf(Keys.VadEagerness, "auto", "low", "medium", "high", "auto"), interrupts);
        return settings.OneOf(Keys.TurnDetection, "server_vad", "server_vad", "semantic_vad") == "server_vad" ? byEnergy : byMeaning;
    }

    [GeneratedRegex(@"^[^\s<>|""*?]+\.(md|txt|prompt)\z", RegexOptions.IgnoreCase)]
    private static partial Regex FilePattern();

    [GeneratedRegex(@"^[a-z]{2}\z")]
    private static partial Regex LanguagePattern();
}
