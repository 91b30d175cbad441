using System.Text.RegularExpressions;
using Bob.Actors.Calls;
using Bob.Actors.Realtime;
using Serilog.Events;

namespace Bob.Host.Configuration;

/// <summary>Turns settings into <see cref="BobOptions"/>, or into the full list of what is wrong with them.</summary>
public static partial class BobOptionsReader
{
    private const int ShortestApiToken = 32;

    private static readonly CallOptions Defaults = new();

    /// <exception cref="InvalidConfigurationException">At least one setting cannot be used.</exception>
    public static BobOptions Read(SettingsSources sources)
    {
        var settings = new Settings(sources.Values);
        var port = settings.Whole(Keys.Port, 3000, 0, 65535);
        var (mode, realtime) = RealtimeSettings.Read(settings, sources.ContentRoot);
        var models = FurtherModelSettings.Read(settings, realtime, mode);
        var serverUrl = ReadServerUrl(settings);
        RequireToken(settings, serverUrl);
        var (recordings, notice) = RecordingSettings.Read(settings, sources.ContentRoot);
        var costs = CostSettings.Read(settings, realtime.Model, realtime.TranscriptionModel, mode);
        var fallback = FallbackSettings.Read(settings);
        var (calls, files) = Fitting(ReadCalls(settings) with { Fallback = fallback.Kind }, OpenFiles.Limit);
        var options = new BobOptions
        {
            Port = port,
            ServerUrl = serverUrl ?? (port == 0 ? null : $"http://localhost:{port}"),
            Twilio = ReadTwilio(settings),
            Mode = mode,
            Realtime = Noticed(models[0]),
            FurtherModels = [.. models.Skip(1).Select(Noticed)],
            Calls = calls,
            Admission = AdmissionSettings.Read(settings),
            Clips = ClipSettings.Read(settings, sources.ContentRoot, realtime.Persona),
            Fallback = fallback,
            RecordingDirectory = recordings,
            RecordingsFolder = RecordingSettings.Folder(settings, sources.ContentRoot),
            Costs = costs with { FirstResponse = models.Select(Noticed).Max(FirstResponse) },
            Records = RecordsSettings.Read(settings, sources.ContentRoot),
            Retention = RetentionSettings.Read(settings),
            Drain = DrainSettings.ReadLimit(settings),
            DrainRedirect = DrainSettings.ReadRedirect(settings),
            ApiToken = ReadApiToken(settings),
            LogAsJson = settings.OneOf(Keys.LogFormat, "console", "console", "json") == "json",
            LogLevel = Enum.Parse<LogEventLevel>(settings.OneOf(
                Keys.LogLevel, nameof(LogEventLevel.Information), Enum.GetNames<LogEventLevel>())),
            Warnings =
            [
                .. UnknownKeys.Warnings(sources),
                .. RealtimeSettings.Warnings(settings),
                .. files,
                .. RecordingSettings.Warnings(recordings, mode),
                .. FallbackSettings.Warnings(settings, fallback),
                .. CostSettings.Warnings(settings, costs, realtime.Model, models.Select(model => model.TranscriptionModel).FirstOrDefault(transcription => transcription is not null), mode),
            ],
        };
        ConfigurationFault[] faults = [.. sources.Faults, .. settings.Faults];
        return faults.Length == 0 ? options : throw new InvalidConfigurationException(faults);

        decimal FirstResponse(RealtimeOptions model) =>
            (model.Prices ?? costs.Prices).FirstResponse(model.Instructions.Length + model.Greeting.Length, RealtimeWriter.MaxOutputTokens);

        RealtimeOptions Noticed(RealtimeOptions model) => notice is null ? model : model with { Greeting = $"{model.Greeting} {notice}" };
    }

    private static string? ReadServerUrl(Settings settings)
    {
        if (settings.Text(Keys.ServerUrl) is not { } text)
            return null;
        var trimmed = text.EndsWith('/') ? text[..^1] : text;
        if (!Uri.TryCreate(trimmed, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || !HostPattern().IsMatch(trimmed))
        {
            settings.Fault(Keys.ServerUrl, $"{settings.Shown(text)} is not a plain web address",
                "Write scheme and host only, such as https://bob.example.com, without a path, a query or a fragment");
            return null;
        }

        if (url.Scheme == "http" && !url.IsLoopback)
        {
            settings.Fault(Keys.ServerUrl, $"{settings.Shown(text)} is not encrypted, and Twilio opens media streams over TLS only",
                "Write https://; http:// works for localhost alone");
            return null;
        }

        return trimmed;
    }

    /// <summary>Behind a tunnel on this machine every request comes from this machine: without a token a public address would serve the whole world.</summary>
    private static void RequireToken(Settings settings, string? serverUrl)
    {
        if (serverUrl is not null && !new Uri(serverUrl).IsLoopback && settings.Text(Keys.TwilioAuthToken) is null)
        {
            settings.Fault(Keys.TwilioAuthToken, "is not set, but SERVER_URL is a public address, where anybody could claim to be Twilio",
                "Copy it from the Twilio console, or remove SERVER_URL to be called from this machine alone");
        }
    }

    /// <summary>The API tells everything that callers said: a token that can be guessed is no token.</summary>
    private static string? ReadApiToken(Settings settings)
    {
        var token = settings.Secret(Keys.ApiToken);
        if (token is null || token.Length >= ShortestApiToken)
            return token;
        settings.Fault(Keys.ApiToken, $"is shorter than {ShortestApiToken} characters", "Write what openssl rand -hex 32 prints");
        return null;
    }

    private static TwilioAccount ReadTwilio(Settings settings)
    {
        var account = settings.Text(Keys.TwilioAccountSid);
        if (account is not null && !AccountPattern().IsMatch(account))
            settings.Fault(Keys.TwilioAccountSid, $"{settings.Shown(account)} is not an account SID", "Copy it from the Twilio console: AC and 32 characters");

        var number = settings.Text(Keys.TwilioPhoneNumber);
        if (number is not null && !NumberPattern().IsMatch(number))
            settings.Fault(Keys.TwilioPhoneNumber, $"{settings.Shown(number)} is not a phone number in E.164", "Write it like +15550100002");

        var primary = settings.Secret(Keys.TwilioAuthToken);
        var secondary = settings.Secret(Keys.TwilioAuthTokenSecondary);
        if (secondary is not null && settings.Text(Keys.TwilioAuthToken) is null)
            settings.Fault(Keys.TwilioAuthTokenSecondary, "is set without TWILIO_AUTH_TOKEN", "Set TWILIO_AUTH_TOKEN too, or remove it");
        return new TwilioAccount(account, [.. new[] { primary, secondary }.OfType<string>()], number) { ApiUrl = TwilioRestSettings.Read(settings) };
    }

    private static CallOptions ReadCalls(Settings settings)
    {
        var calls = new CallOptions
        {
            MaxCalls = settings.Whole(Keys.MaxCalls, Defaults.MaxCalls, 1, 10_000),
            MaxDuration = settings.Seconds(Keys.MaxCallSeconds, Defaults.MaxDuration, 1, 86_400),
            DialEarly = settings.Flag(Keys.DialEarly, Defaults.DialEarly),
            SilencePrompt = settings.Seconds(Keys.SilencePromptSeconds, Defaults.SilencePrompt, 1, 600),
            SilenceGoodbye = settings.Seconds(Keys.SilenceGoodbyeSeconds, Defaults.SilenceGoodbye, 2, 1200),
            FillerAfter = TimeSpan.FromMilliseconds(settings.Whole(Keys.FillerAfterMs, (int)Defaults.FillerAfter.TotalMilliseconds, 0, 10_000)),
            ToolTimeout = settings.Seconds(Keys.ToolTimeoutSeconds, Defaults.ToolTimeout, 1, 120),
        };
        if (calls.SilenceGoodbye <= calls.SilencePrompt)
        {
            settings.Fault(Keys.SilenceGoodbyeSeconds,
                $"{calls.SilenceGoodbye.TotalSeconds} is not longer than SILENCE_PROMPT_SECONDS ({calls.SilencePrompt.TotalSeconds})",
                $"Write more than {calls.SilencePrompt.TotalSeconds}: both count from the start of the silence");
        }

        var longerThanSilence = calls.SilenceGoodbye + TimeSpan.FromMinutes(1);
        calls = calls with { NoProgress = settings.Seconds(Keys.NoProgressSeconds, longerThanSilence > Defaults.NoProgress ? longerThanSilence : Defaults.NoProgress, 0, 86_400) };
        if (calls.NoProgress > TimeSpan.Zero && calls.NoProgress <= calls.SilenceGoodbye)
        {
            settings.Fault(Keys.NoProgressSeconds,
                $"{calls.NoProgress.TotalSeconds} is not longer than SILENCE_GOODBYE_SECONDS ({calls.SilenceGoodbye.TotalSeconds})",
                $"Write more than {calls.SilenceGoodbye.TotalSeconds}, or 0 for never: nothing new is said in a silence either");
        }

        return calls;
    }

    /// <summary>No more calls than this process can have sockets for: those beyond would take the sockets away from those that are up.</summary>
    public static (CallOptions Calls, IEnumerable<string> Warnings) Fitting(CallOptions calls, int? openFiles)
    {
        if (openFiles is not { } limit || OpenFiles.Calls(limit) is var most && most >= calls.MaxCalls)
            return (calls, []);
        return (
            calls with { MaxCalls = most },
            [$"MAX_CALLS={calls.MaxCalls} needs more than the {limit} open files that this process may have: {most} calls at once are taken; raise ulimit -n (systemd: LimitNOFILE)"]);
    }

    // Uri would accept and quietly normalise more than Twilio could have been given.
    [GeneratedRegex(@"^https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?\z", RegexOptions.IgnoreCase)]
    private static partial Regex HostPattern();

    [GeneratedRegex(@"^AC[A-Za-z0-9]{32}\z")]
    private static partial Regex AccountPattern();

    [GeneratedRegex(@"^\+[1-9][0-9]{4,14}\z")]
    private static partial Regex NumberPattern();
}
