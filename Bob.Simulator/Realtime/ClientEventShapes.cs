using System.Text.Json;
using static Bob.Simulator.Realtime.Shape;

namespace Bob.Simulator.Realtime;

/// <summary>The client events that the model accepts, and the shape of each.</summary>
internal static class ClientEventShapes
{
    private const int MaxItemId = 32;
    private const int MaxEventId = 512;
    private const int MaxAudioBytes = 15 * 1024 * 1024;

    private static readonly (string Name, Shape Shape)[] OfEveryItem =
        [("id", TextUpTo(MaxItemId)), ("object", OneOf("realtime.item")), ("status", OneOf("completed", "incomplete", "in_progress"))];

    private static readonly FieldsShape InputText = Fields(("text!", Text));
    private static readonly FieldsShape OutputText = Fields(("text!", Text));
    private static readonly FieldsShape InputAudio = Fields(("audio!", Text), ("transcript", Nullable(Text)));
    private static readonly FieldsShape InputImage = Fields(("image_url!", Text), ("detail", OneOf("auto", "low", "high")));

    private static readonly Shape Message = Tagged("role",
        ("system", Content(("input_text", InputText))),
        ("user", Content(("input_text", InputText), ("input_audio", InputAudio), ("input_image", InputImage))),
        ("assistant", Content(("output_text", OutputText))));

    private static readonly Shape OtherItem = Tagged("type",
        ("function_call", Fields([.. OfEveryItem, ("call_id", TextUpTo(32)), ("name!", Text), ("arguments!", Text)])),
        ("function_call_output", Fields([.. OfEveryItem, ("call_id!", TextUpTo(32)), ("output!", Text)])),
        ("mcp_approval_response", Fields([.. OfEveryItem, ("approval_request_id!", Text), ("approve!", Flag), ("reason", Nullable(Text))])));

    private static readonly Shape Response = Fields(
        ("output_modalities", SessionShapes.Modalities), ("instructions", Text),
        ("audio", Fields(("output", Fields(("format", SessionShapes.Format), ("voice", SessionShapes.Voice))))),
        ("tools", SessionShapes.Tools), ("tool_choice", SessionShapes.ToolChoice), ("parallel_tool_calls", Flag),
        ("reasoning", SessionShapes.Reasoning), ("max_output_tokens", SessionShapes.MaxOutputTokens),
        ("conversation", OneOf("auto", "none")), ("metadata", Nullable(FreeObject)), ("prompt", SessionShapes.Prompt), ("input", ListOf(Anything)));

    private static readonly Dictionary<string, FieldsShape> Events = new()
    {
        ["session.update"] = Event(("session!", Anything)),
        ["session.close"] = Event(),
        ["input_audio_buffer.append"] = Event(("audio!", Text)),
        ["input_audio_buffer.commit"] = Event(),
        ["input_audio_buffer.clear"] = Event(),
        ["conversation.item.create"] = Event(("previous_item_id", Nullable(Text)), ("item!", Anything)),
        ["conversation.item.truncate"] = Event(("item_id!", Text), ("content_index!", Integer(0)), ("audio_end_ms!", Integer(0))),
        ["conversation.item.delete"] = Event(("item_id!", Text)),
        ["conversation.item.retrieve"] = Event(("item_id!", Text)),
        ["response.create"] = Event(("response", Nullable(Response))),
        ["response.cancel"] = Event(("response_id", Nullable(Text))),
    };

    /// <summary>The first fault of a client event, or null. What depends on the state of the session is not looked at here.</summary>
    public static Refusal? Check(JsonElement clientEvent, string model)
    {
        if (clientEvent.ValueKind != JsonValueKind.Object)
            return new Refusal("invalid_event", "The event must be a JSON object.");
        if (!clientEvent.TryGetProperty("type", out var type))
            return Refusal.Missing("type");
        if (type.ValueKind != JsonValueKind.String)
            return Refusal.WrongType("type", "a string", "something else");
        if (!Events.TryGetValue(type.GetString()!, out var shape))
            return Refusal.Unsupported("type", type.GetString()!, [.. Events.Keys]);
        return shape.Check(clientEvent, "") ?? type.GetString() switch
        {
            "session.update" => SessionShapes.Check(clientEvent.GetProperty("session"), model),
            "input_audio_buffer.append" => CheckAudio(clientEvent.GetProperty("audio"), "audio"),
            "conversation.item.create" => CheckItem(clientEvent.GetProperty("item"), "item"),
            "response.create" when clientEvent.TryGetProperty("response", out var response) && response.ValueKind == JsonValueKind.Object => CheckResponse(response),
            _ => null,
        };
    }

    private static FieldsShape Event(params (string Name, Shape Shape)[] fields) =>
        Fields([("type!", Text), ("event_id", TextUpTo(MaxEventId)), .. fields]);

    private static FieldsShape Content(params (string Value, FieldsShape Shape)[] parts) =>
        Fields([.. OfEveryItem, ("type!", OneOf("message")), ("content!", ListOf(Tagged("type", parts), min: 1))]);

    private static Refusal? CheckItem(JsonElement item, string path)
    {
        if (item.ValueKind != JsonValueKind.Object)
            return Refusal.WrongType(path, "an object", "something else");
        if (!item.TryGetProperty("type", out var type))
            return Refusal.Missing($"{path}.type");
        if (OneOf("message", "function_call", "function_call_output", "mcp_approval_response").Check(type, $"{path}.type") is { } refusal)
            return refusal;
        if (type.GetString() != "message")
            return OtherItem.Check(item, path);
        return Message.Check(item, path) ?? item.GetProperty("content").EnumerateArray()
            .Select((part, i) => part.TryGetProperty("audio", out var audio) ? CheckAudio(audio, $"{path}.content[{i}].audio") : null)
            .FirstOrDefault(fault => fault is not null);
    }

    private static Refusal? CheckResponse(JsonElement response)
    {
        if (SessionShapes.CheckModalities(response, "response") is { } refusal)
            return refusal;
        if (response.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object && CheckMetadata(metadata) is { } fault)
            return fault;
        if (!response.TryGetProperty("input", out var input))
            return null;
        return input.EnumerateArray().Select((item, i) => IsReference(item)
                ? Fields(("type!", Text), ("id!", Text)).Check(item, $"response.input[{i}]")
                : CheckItem(item, $"response.input[{i}]"))
            .FirstOrDefault(found => found is not null);
    }

    private static bool IsReference(JsonElement item) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("item_reference");

    private static Refusal? CheckMetadata(JsonElement metadata)
    {
        var pairs = metadata.EnumerateObject().ToList();
        if (pairs.Count > 16)
            return new Refusal("object_above_max_properties", $"Invalid 'response.metadata': too many properties. Expected an object with at most 16 properties, but got an object with {pairs.Count} properties instead.", "response.metadata");
        foreach (var pair in pairs)
        {
            if (pair.Name.Length > 64)
                return Refusal.TooLong("response.metadata", 64, pair.Name.Length);
            if (TextUpTo(512).Check(pair.Value, $"response.metadata.{pair.Name}") is { } refusal)
                return refusal;
        }

        return null;
    }

    private static Refusal? CheckAudio(JsonElement audio, string path)
    {
        if (!audio.TryGetBytesFromBase64(out var bytes))
            return new Refusal("invalid_value", $"Invalid '{path}'. Expected base64-encoded audio bytes, but got an invalid base64 string instead.", path);
        return bytes.Length > MaxAudioBytes ? Refusal.TooLong(path, MaxAudioBytes, bytes.Length) : null;
    }
}
