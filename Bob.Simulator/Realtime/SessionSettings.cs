using System.Text.Json;
using System.Text.Json.Nodes;
using Bob.Simulator.Audio;

namespace Bob.Simulator.Realtime;

/// <summary>What the turn detection is told. <see cref="IdleTimeoutMs"/> is null when there is none.</summary>
internal sealed record TurnSettings(double Threshold, int PrefixPaddingMs, int SilenceMs, int? IdleTimeoutMs, bool CreateResponse, bool InterruptResponse);

/// <summary>The effective configuration of a session, as <c>session.created</c> and <c>session.updated</c> show it.</summary>
internal sealed class SessionSettings
{
    private readonly JsonObject _session;

    public SessionSettings(string id, string model, long expiresAt)
    {
        _session = new JsonObject
        {
            ["type"] = "realtime",
            ["object"] = "realtime.session",
            ["id"] = id,
            ["model"] = model,
            ["output_modalities"] = new JsonArray("audio"),
            ["instructions"] = "Your knowledge cutoff is 2023-10. You are a helpful, witty, and friendly AI. Act like a human, but remember that you aren't a human.",
            ["tools"] = new JsonArray(),
            ["tool_choice"] = "auto",
            ["max_output_tokens"] = "inf",
            ["tracing"] = null,
            ["truncation"] = "auto",
            ["prompt"] = null,
            ["expires_at"] = expiresAt,
            ["audio"] = new JsonObject
            {
                ["input"] = new JsonObject
                {
                    ["format"] = Pcm(),
                    ["transcription"] = null,
                    ["noise_reduction"] = null,
                    ["turn_detection"] = Complete(new JsonObject { ["type"] = "server_vad" }),
                },
                ["output"] = new JsonObject { ["format"] = Pcm(), ["voice"] = "alloy", ["speed"] = 1.0 },
            },
            ["include"] = null,
        };
    }

    public AudioFormat InputFormat => AudioFormat.Of((string)Input["format"]!["type"]!);

    public AudioFormat OutputFormat => AudioFormat.Of((string)Output["format"]!["type"]!);

    public bool Transcribes => Input["transcription"] is not null;

    /// <summary>The whisper models are billed by the time that they hear, the others by tokens.</summary>
    public bool TranscribesByTime => Input["transcription"]?["model"]?.GetValue<string>().Contains("whisper", StringComparison.Ordinal) is true;

    public bool SpeaksText => (string)_session["output_modalities"]![0]! == "text";

    public string Instructions => (string)_session["instructions"]!;

    public int ToolCharacters => _session["tools"]!.ToJsonString().Length;

    /// <summary>Null when turns are the client's business.</summary>
    public TurnSettings? Turns => Input["turn_detection"] is not JsonObject vad ? null : new TurnSettings(
        vad["threshold"] is { } threshold ? (double)threshold : 0.5,
        vad["prefix_padding_ms"] is { } prefix ? (int)prefix : 300,
        vad["silence_duration_ms"] is { } silence ? (int)silence : (string?)vad["eagerness"] switch { "low" => 1200, "high" => 400, _ => 700 },
        vad["idle_timeout_ms"] is { } idle ? (int)idle : null,
        (bool)vad["create_response"]!,
        (bool)vad["interrupt_response"]!);

    private JsonObject Input => _session["audio"]!["input"]!.AsObject();

    private JsonObject Output => _session["audio"]!["output"]!.AsObject();

    public JsonObject ToJson() => _session.DeepClone().AsObject();

    /// <summary>What depends on the state of the session: a voice cannot be set once the conversation has assistant audio.</summary>
    public Refusal? Check(JsonElement update, bool assistantHasSpoken) =>
        assistantHasSpoken && update.TryGetProperty("audio", out var audio) && audio.TryGetProperty("output", out var output) && output.TryGetProperty("voice", out _)
            ? new Refusal("cannot_update_voice", "Cannot update a conversation's voice if assistant audio is present.", "session.audio.output.voice")
            : null;

    /// <summary>Takes over a checked update: only the fields that are present change.</summary>
    public void Update(JsonElement update)
    {
        foreach (var (name, value) in JsonObject.Create(update)!.ToList())
        {
            if (name is "type" or "model")
                continue;
            if (name == "audio")
            {
                Merge(Input, value!["input"]);
                Merge(Output, value["output"]);
            }
            else
            {
                _session[name] = value?.DeepClone();
            }
        }
    }

    /// <summary>The <c>response</c> part that repeats the configuration.</summary>
    public JsonObject ResponseAudio(JsonElement? request)
    {
        var output = new JsonObject { ["format"] = Output["format"]!.DeepClone(), ["voice"] = Output["voice"]!.DeepClone() };
        if (request is { } given && given.TryGetProperty("audio", out var audio) && audio.TryGetProperty("output", out var own))
        {
            foreach (var (name, value) in JsonObject.Create(own)!)
                output[name] = value?.DeepClone();
        }

        return new JsonObject { ["output"] = output };
    }

    public JsonNode MaxOutputTokens => _session["max_output_tokens"]!.DeepClone();

    private static void Merge(JsonObject into, JsonNode? update)
    {
        if (update is null)
            return;
        foreach (var (name, value) in update.AsObject())
        {
            into[name] = name == "turn_detection" && value is not null ? Complete(value.AsObject()) : value?.DeepClone();
            if (name == "transcription" && into[name] is JsonObject transcription)
                transcription.TryAdd("prompt", null);
        }
    }

    private static JsonObject Complete(JsonObject vad)
    {
        var whole = (string)vad["type"]! == "server_vad"
            ? new JsonObject
            {
                ["type"] = "server_vad",
                ["threshold"] = 0.5,
                ["prefix_padding_ms"] = 300,
                ["silence_duration_ms"] = 200,
                ["idle_timeout_ms"] = null,
            }
            : new JsonObject { ["type"] = "semantic_vad", ["eagerness"] = "auto" };
        whole["create_response"] = true;
        whole["interrupt_response"] = true;
        foreach (var (name, value) in vad)
            whole[name] = value?.DeepClone();
        return whole;
    }

    private static JsonObject Pcm() => new() { ["type"] = "audio/pcm", ["rate"] = 24000 };
}
