using Bob.Actors.Costs;

namespace Bob.Actors.Realtime;

/// <summary>Where the Realtime model is and how its session is configured. Units and ranges follow OpenAI's <c>session.update</c>.</summary>
public sealed record RealtimeOptions
{
    /// <summary>Endpoint without the query: <c>wss://api.openai.com/v1/realtime</c>, Azure's <c>wss://NAME.openai.azure.com/openai/v1/realtime</c>, or a compatible server's.</summary>
    public required Uri Url { get; init; }

    /// <summary>Model name (Azure: deployment name), sent as the <c>model</c> query parameter.</summary>
    public required string Model { get; init; }

    /// <summary>The key. Sent as <c>Authorization: Bearer</c>, to Azure hosts as <c>api-key</c>. Never logged.</summary>
    public required string ApiKey { get; init; }

    /// <summary>Voice name; fixed for a session once it has spoken.</summary>
    public string Voice { get; init; } = "marin";

    /// <summary>Speed of speech, 0.25 to 1.5.</summary>
    public double Speed { get; init; } = 1.0;

    /// <summary>Who Bob is by these instructions, a short name; it is written down with each call. Null: he has none.</summary>
    public string? Persona { get; init; }

    /// <summary>The system prompt.</summary>
    public required string Instructions { get; init; }

    /// <summary>What Bob says first, as an instruction to the model or the sentence itself.</summary>
    public required string Greeting { get; init; }

    /// <summary>Transcription model, or null for no transcripts of the caller.</summary>
    public string? TranscriptionModel { get; init; } = "gpt-4o-mini-transcribe";

    /// <summary>ISO 639-1 code of the callers' language, or null to detect it.</summary>
    public string? TranscriptionLanguage { get; init; }

    /// <summary>When the caller's turn begins and ends.</summary>
    public TurnDetection TurnDetection { get; init; } = new ServerVad();

    /// <summary><c>near_field</c>, <c>far_field</c>, or null for none.</summary>
    public string? NoiseReduction { get; init; }

    /// <summary>What it costs; null: what the first of the servers costs.</summary>
    public Prices? Prices { get; init; }

    /// <summary>Longest a dial may take until the HTTP upgrade is answered.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Longest from the upgrade to <c>session.created</c>, and from <c>session.update</c> to its answer.</summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Ping interval on the model's socket.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Longest a pong may take; with the interval it bounds how long a frozen peer goes unnoticed.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Without the key: a record prints all it has, and options end up in logs.</summary>
    public override string ToString() => $"{Model} at {Url}";
}

/// <summary>How the model finds the ends of the caller's turns.</summary>
/// <param name="InterruptResponse">Whether the server cancels its running response when the caller speaks. Bob clears the line either way.</param>
public abstract record TurnDetection(bool InterruptResponse);

/// <summary>By the energy of the caller's voice.</summary>
/// <param name="Threshold">0 to 1; higher needs a louder voice.</param>
/// <param name="PrefixPaddingMs">Audio kept from before the detected start, ms.</param>
/// <param name="SilenceDurationMs">Silence that ends a turn, ms.</param>
public sealed record ServerVad(double Threshold = 0.5, int PrefixPaddingMs = 300, int SilenceDurationMs = 500, bool InterruptResponse = true)
    : TurnDetection(InterruptResponse);

/// <summary>By what the caller says.</summary>
/// <param name="Eagerness"><c>low</c>, <c>medium</c>, <c>high</c> or <c>auto</c>.</param>
public sealed record SemanticVad(string Eagerness = "auto", bool InterruptResponse = true) : TurnDetection(InterruptResponse);
