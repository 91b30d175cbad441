using System.Text.Json;

namespace Bob.Simulator.Twilio;

/// <summary>A message of the server on a media stream, read as strictly as Twilio documents it: three events, no field more and none less.</summary>
internal abstract record ServerMessage
{
    public sealed record Media(byte[] Audio) : ServerMessage;

    public sealed record Mark(string Name) : ServerMessage;

    public sealed record Clear : ServerMessage;

    /// <summary>Twilio ignores it, with 31951.</summary>
    public sealed record Invalid(string Why) : ServerMessage;

    public static ServerMessage Read(ReadOnlyMemory<byte> json, string streamSid)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement, streamSid);
        }
        catch (JsonException e)
        {
            return new Invalid($"not JSON: {e.Message}");
        }
    }

    private static ServerMessage Read(JsonElement root, string streamSid)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return new Invalid("not a JSON object");
        if (Text(root, "event") is not { } name)
            return new Invalid("no event");
        if (name is not ("media" or "mark" or "clear"))
            return new Invalid($"unknown event \"{name}\"");
        if (Text(root, "streamSid") is not { } sid)
            return new Invalid($"{name} without streamSid");
        if (sid != streamSid)
            return new Invalid($"{name} with the streamSid of another stream: {sid}");
        if (Unexpected(root, name == "clear" ? ["event", "streamSid"] : ["event", "streamSid", name]) is { } field)
            return new Invalid($"{name} with an unexpected or repeated field \"{field}\"");
        return name switch
        {
            "media" => ReadMedia(root),
            "mark" => ReadMark(root),
            _ => new Clear(),
        };
    }

    private static ServerMessage ReadMedia(JsonElement root)
    {
        if (!root.TryGetProperty("media", out var media) || media.ValueKind != JsonValueKind.Object)
            return new Invalid("media without its media object");
        if (Unexpected(media, ["payload"]) is { } field)
            return new Invalid($"media.media with an unexpected or repeated field \"{field}\"");
        if (Text(media, "payload") is null)
            return new Invalid("media without payload");
        return media.GetProperty("payload").TryGetBytesFromBase64(out var audio) ? new Media(audio) : new Invalid("media whose payload is not base64");
    }

    private static ServerMessage ReadMark(JsonElement root)
    {
        if (!root.TryGetProperty("mark", out var mark) || mark.ValueKind != JsonValueKind.Object)
            return new Invalid("mark without its mark object");
        if (Unexpected(mark, ["name"]) is { } field)
            return new Invalid($"mark.mark with an unexpected or repeated field \"{field}\"");
        return Text(mark, "name") is { Length: > 0 } name ? new Mark(name) : new Invalid("mark without a name");
    }

    private static string? Text(JsonElement element, string property) =>
        element.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string? Unexpected(JsonElement element, string[] allowed)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
        {
            if (!allowed.Contains(property.Name, StringComparer.Ordinal) || !seen.Add(property.Name))
                return property.Name;
        }

        return null;
    }
}
