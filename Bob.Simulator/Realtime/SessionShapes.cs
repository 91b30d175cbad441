using System.Text.Json;
using static Bob.Simulator.Realtime.Shape;

namespace Bob.Simulator.Realtime;

/// <summary>The shape of <c>session</c> in <c>session.update</c>: the GA schema, nothing of the beta.</summary>
internal static class SessionShapes
{
    private static readonly string[] BetaFields =
    [
        "modalities", "input_audio_format", "output_audio_format", "input_audio_transcription", "input_audio_noise_reduction",
        "turn_detection", "voice", "speed", "max_response_output_tokens", "temperature",
    ];

    internal static readonly Shape Format = Tagged("type",
        ("audio/pcm", Fields(("rate!", Integer(24000, 24000)))),
        ("audio/pcmu", Fields()),
        ("audio/pcma", Fields()));

    internal static readonly Shape Voice = TextOr(
        OneOf("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar"), Fields(("id!", Text)));

    internal static readonly Shape MaxOutputTokens = TextOr(OneOf("inf"), Integer(1, 4096));

    internal static readonly Shape Reasoning = Fields(("effort", OneOf("minimal", "low", "medium", "high", "xhigh")));

    internal static readonly Shape Modalities = ListOf(OneOf("audio", "text"), min: 1);

    internal static readonly Shape ToolChoice = TextOr(OneOf("none", "auto", "required"), Tagged("type",
        ("function", Fields(("name!", Text))),
        ("mcp", Fields(("server_label!", Text), ("name", Nullable(Text))))));

    internal static readonly Shape Prompt = Nullable(Fields(("id!", Text), ("version", Nullable(Text)), ("variables", Nullable(FreeObject))));

    internal static readonly Shape Tools = ListOf(Tagged("type",
        ("function", Fields(("name!", Name("^[a-zA-Z0-9_-]{1,64}$")), ("description", Text), ("parameters", FreeObject))),
        ("mcp", Fields(("server_label!", Text), ("server_url", Text), ("connector_id", Text), ("tunnel_id", Text), ("server_description", Text),
            ("authorization", Nullable(Text)), ("headers", Nullable(FreeObject)), ("allowed_tools", Anything), ("require_approval", Anything),
            ("defer_loading", Flag)))));

    private static readonly Shape Transcription = Nullable(Fields(
        ("model", Text), ("language", Text), ("languages", ListOf(Text)), ("keywords", ListOf(Text)), ("prompt", Nullable(Text)),
        ("delay", OneOf("minimal", "low", "medium", "high", "xhigh"))));

    private static readonly Shape TurnDetection = Nullable(Tagged("type",
        ("server_vad", Fields(("threshold", Number(0, 1)), ("prefix_padding_ms", Integer(0)), ("silence_duration_ms", Integer(0)),
            ("idle_timeout_ms", Nullable(Integer(5000, 30000))), ("create_response", Flag), ("interrupt_response", Flag))),
        ("semantic_vad", Fields(("eagerness", OneOf("low", "medium", "high", "auto")), ("create_response", Flag), ("interrupt_response", Flag)))));

    private static readonly Shape Session = Fields(
        ("type!", OneOf("realtime", "transcription")),
        ("model", Text),
        ("output_modalities", Modalities),
        ("instructions", Text),
        ("audio", Fields(
            ("input", Fields(
                ("format", Format), ("transcription", Transcription), ("turn_detection", TurnDetection),
                ("noise_reduction", Nullable(Fields(("type!", OneOf("near_field", "far_field"))))))),
            ("output", Fields(("format", Format), ("voice", Voice), ("speed", Number(0.25, 1.5)))))),
        ("tools", Tools),
        ("tool_choice", ToolChoice),
        ("parallel_tool_calls", Flag),
        ("reasoning", Reasoning),
        ("max_output_tokens", MaxOutputTokens),
        ("truncation", TextOr(OneOf("auto", "disabled"), Tagged("type",
            ("retention_ratio", Fields(("retention_ratio!", Number(0, 1)), ("token_limits", Fields(("post_instructions", Integer(0))))))))),
        ("include", Nullable(ListOf(OneOf("item.input_audio_transcription.logprobs")))),
        ("tracing", Nullable(TextOr(OneOf("auto"), Fields(("workflow_name", Text), ("group_id", Text), ("metadata", FreeObject))))),
        ("prompt", Prompt));

    /// <summary>An update without <c>type</c> and with a field of the beta: the service ends the session over it.</summary>
    public static bool IsBeta(JsonElement session) =>
        session.ValueKind == JsonValueKind.Object && !session.TryGetProperty("type", out _) && BetaFields.Any(field => session.TryGetProperty(field, out _));

    /// <summary>The first fault of an update, or null.</summary>
    public static Refusal? Check(JsonElement session, string model)
    {
        if (session.ValueKind == JsonValueKind.Object && !session.TryGetProperty("type", out _))
            return Refusal.Missing("session.type");
        if (Session.Check(session, "session") is { } refusal)
            return refusal;
        if (session.TryGetProperty("type", out var type) && type.GetString() != "realtime")
            return new Refusal("invalid_value", "Passing a transcription session update event to a realtime session is not allowed.", "session.type");
        if (session.TryGetProperty("model", out var wanted) && wanted.GetString() != model)
            return new Refusal("invalid_value", "The model of a session cannot be changed.", "session.model");
        return CheckModalities(session, "session") ?? CheckReasoning(session, model);
    }

    /// <summary><c>["audio"]</c> or <c>["text"]</c>, never both.</summary>
    public static Refusal? CheckModalities(JsonElement holder, string path) =>
        holder.TryGetProperty("output_modalities", out var modalities) && modalities.GetArrayLength() != 1
            ? new Refusal("invalid_value", $"Invalid modalities: {modalities.GetRawText()}. Supported combinations are: ['text'] and ['audio'].", $"{path}.output_modalities")
            : null;

    private static Refusal? CheckReasoning(JsonElement session, string model)
    {
        if (!session.TryGetProperty("reasoning", out _))
            return null;
        var reasons = model.StartsWith("gpt-realtime-2", StringComparison.Ordinal) && !model.StartsWith("gpt-realtime-2025", StringComparison.Ordinal);
        return reasons ? null
            : new Refusal("unsupported_parameter", $"Unsupported parameter: 'session.reasoning' is not supported with the '{model}' model.", "session.reasoning") { NamesClientEvent = false };
    }
}
