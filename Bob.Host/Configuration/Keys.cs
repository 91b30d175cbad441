using System.Reflection;

namespace Bob.Host.Configuration;

/// <summary>The names of Bob's settings: the same in the process environment, in <c>.env</c> and in <c>appsettings.json</c>.</summary>
public static class Keys
{
    public const string ServerUrl = "SERVER_URL";
    public const string Port = "PORT";
    public const string TwilioAccountSid = "TWILIO_ACCOUNT_SID";
    public const string TwilioAuthToken = "TWILIO_AUTH_TOKEN";
    public const string TwilioAuthTokenSecondary = "TWILIO_AUTH_TOKEN_SECONDARY";
    public const string TwilioPhoneNumber = "TWILIO_PHONE_NUMBER";
    public const string TwilioApiUrl = "TWILIO_API_URL";
    public const string OpenAiApiKey = "OPENAI_API_KEY";
    public const string OpenAiRealtimeUrl = "OPENAI_REALTIME_URL";
    public const string OpenAiRealtimeModel = "OPENAI_REALTIME_MODEL";
    public const string OpenAiVoice = "OPENAI_VOICE";
    public const string OpenAiVoiceSpeed = "OPENAI_VOICE_SPEED";
    public const string Model2Url = "MODEL_2_URL";
    public const string Model2Name = "MODEL_2_NAME";
    public const string Model2Key = "MODEL_2_KEY";
    public const string Model2Voice = "MODEL_2_VOICE";
    public const string Model2Transcription = "MODEL_2_TRANSCRIPTION";
    public const string Model2Prices = "MODEL_2_PRICES";
    public const string Model3Url = "MODEL_3_URL";
    public const string Model3Name = "MODEL_3_NAME";
    public const string Model3Key = "MODEL_3_KEY";
    public const string Model3Voice = "MODEL_3_VOICE";
    public const string Model3Transcription = "MODEL_3_TRANSCRIPTION";
    public const string Model3Prices = "MODEL_3_PRICES";
    public const string Model4Url = "MODEL_4_URL";
    public const string Model4Name = "MODEL_4_NAME";
    public const string Model4Key = "MODEL_4_KEY";
    public const string Model4Voice = "MODEL_4_VOICE";
    public const string Model4Transcription = "MODEL_4_TRANSCRIPTION";
    public const string Model4Prices = "MODEL_4_PRICES";
    public const string Persona = "BOB_PERSONA";
    public const string Instructions = "BOB_INSTRUCTIONS";
    public const string Greeting = "BOB_GREETING";
    public const string TranscriptionModel = "TRANSCRIPTION_MODEL";
    public const string TranscriptionLanguage = "TRANSCRIPTION_LANGUAGE";
    public const string TurnDetection = "TURN_DETECTION";
    public const string VadThreshold = "VAD_THRESHOLD";
    public const string VadPrefixPaddingMs = "VAD_PREFIX_PADDING_MS";
    public const string VadSilenceDurationMs = "VAD_SILENCE_DURATION_MS";
    public const string VadEagerness = "VAD_EAGERNESS";
    public const string VadInterruptResponse = "VAD_INTERRUPT_RESPONSE";
    public const string NoiseReduction = "NOISE_REDUCTION";
    public const string MaxCallSeconds = "MAX_CALL_SECONDS";
    public const string MaxCalls = "MAX_CALLS";
    public const string MaxCallsPerCaller = "MAX_CALLS_PER_CALLER";
    public const string MaxCallsPerSecond = "MAX_CALLS_PER_SECOND";
    public const string MaxLagMs = "MAX_LAG_MS";
    public const string MaxMemoryMb = "MAX_MEMORY_MB";
    public const string DialEarly = "DIAL_EARLY";
    public const string SilencePromptSeconds = "SILENCE_PROMPT_SECONDS";
    public const string SilenceGoodbyeSeconds = "SILENCE_GOODBYE_SECONDS";
    public const string NoProgressSeconds = "NO_PROGRESS_SECONDS";
    public const string ToolTimeoutSeconds = "TOOL_TIMEOUT_SECONDS";
    public const string DrainSeconds = "DRAIN_SECONDS";
    public const string DrainRedirectUrl = "DRAIN_REDIRECT_URL";
    public const string FillerAfterMs = "FILLER_AFTER_MS";
    public const string ClipsDirectory = "CLIPS_DIRECTORY";
    public const string Fallback = "FALLBACK";
    public const string FallbackNumber = "FALLBACK_NUMBER";
    public const string Recording = "RECORDING";
    public const string RecordingDirectory = "RECORDING_DIRECTORY";
    public const string RecordingNotice = "RECORDING_NOTICE";
    public const string PriceTextIn = "PRICE_TEXT_IN";
    public const string PriceTextCached = "PRICE_TEXT_CACHED";
    public const string PriceTextOut = "PRICE_TEXT_OUT";
    public const string PriceAudioIn = "PRICE_AUDIO_IN";
    public const string PriceAudioCached = "PRICE_AUDIO_CACHED";
    public const string PriceAudioOut = "PRICE_AUDIO_OUT";
    public const string PriceTranscriptionIn = "PRICE_TRANSCRIPTION_IN";
    public const string PriceTranscriptionOut = "PRICE_TRANSCRIPTION_OUT";
    public const string PriceTranscriptionMinute = "PRICE_TRANSCRIPTION_MINUTE";
    public const string PricePhoneMinute = "PRICE_PHONE_MINUTE";
    public const string PricesDate = "PRICES_DATE";
    public const string MaxCostPerCall = "MAX_COST_PER_CALL";
    public const string MaxCostPerDay = "MAX_COST_PER_DAY";
    public const string DatabaseUrl = "DATABASE_URL";
    public const string DatabasePath = "DATABASE_PATH";
    public const string DatabaseRequired = "DATABASE_REQUIRED";
    public const string SpoolPath = "SPOOL_PATH";
    public const string KeepTranscriptsDays = "KEEP_TRANSCRIPTS_DAYS";
    public const string KeepRecordingsDays = "KEEP_RECORDINGS_DAYS";
    public const string KeepCallsDays = "KEEP_CALLS_DAYS";
    public const string KeepMessagesDays = "KEEP_MESSAGES_DAYS";
    public const string KeepCallersDays = "KEEP_CALLERS_DAYS";
    public const string KeepUsageDays = "KEEP_USAGE_DAYS";
    public const string ApiToken = "API_TOKEN";
    public const string LogFormat = "LOG_FORMAT";
    public const string LogLevel = "LOG_LEVEL";

    /// <summary>Every name above, in that order.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. typeof(Keys).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!)];

    /// <summary>Those whose values are never shown, not even in a fault line.</summary>
    public static bool IsSecret(string key) => key is TwilioAuthToken or TwilioAuthTokenSecondary or OpenAiApiKey or Model2Key or Model3Key or Model4Key or DatabaseUrl or ApiToken;
}
