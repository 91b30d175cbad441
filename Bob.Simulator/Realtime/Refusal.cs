using System.Text.Json.Nodes;

namespace Bob.Simulator.Realtime;

/// <summary>Why the model does not accept a client event, in the words of the real service; becomes one <c>error</c> event.</summary>
internal sealed record Refusal(string? Code, string Message, string? Param = null, string Type = "invalid_request_error")
{
    /// <summary>The service leaves <c>error.event_id</c> out for a few refusals (a colliding response, an unsupported <c>reasoning</c>).</summary>
    public bool NamesClientEvent { get; init; } = true;

    public static Refusal Missing(string path) => new("missing_required_parameter", $"Missing required parameter: '{path}'.", path);

    public static Refusal Unknown(string path) => new("unknown_parameter", $"Unknown parameter: '{path}'.", path);

    public static Refusal WrongType(string path, string expected, string got) =>
        new("invalid_type", $"Invalid type for '{path}': expected {expected}, but got {got} instead.", path);

    public static Refusal Unsupported(string path, string value, IReadOnlyList<string> supported) =>
        new("invalid_value", $"Invalid value: '{value}'. Supported values are: {Listed(supported)}.", path);

    public static Refusal TooLong(string path, int max, int length, string code = "string_above_max_length") =>
        new(code, $"Invalid '{path}': string too long. Expected a string with maximum length {max}, but got a string with length {length} instead.", path);

    /// <summary>The <c>error</c> object of the event.</summary>
    public JsonObject ToJson(string? clientEventId) => new()
    {
        ["type"] = Type,
        ["code"] = Code,
        ["message"] = Message,
        ["param"] = Param,
        ["event_id"] = NamesClientEvent ? clientEventId : null,
    };

    private static string Listed(IReadOnlyList<string> values) => values.Count switch
    {
        1 => $"'{values[0]}'",
        2 => $"'{values[0]}' and '{values[1]}'",
        _ => string.Join(", ", values.Take(values.Count - 1).Select(value => $"'{value}'")) + $", and '{values[^1]}'",
    };
}
