using System.Text.Json;
using System.Text.Json.Nodes;
using Bob.Simulator.Audio;

namespace Bob.Simulator.Realtime;

/// <summary>What one response is to be: the session's settings with the overrides of its <c>response.create</c>.</summary>
internal sealed record ResponseRequest(
    string? Instructions, bool OutOfBand, bool SpeaksText, AudioFormat Format, JsonNode? Metadata, JsonObject Audio, JsonNode MaxOutputTokens, string? ClientEventId)
{
    public static ResponseRequest From(JsonElement? request, SessionSettings settings, string? clientEventId)
    {
        var own = request is { ValueKind: JsonValueKind.Object } given ? given : (JsonElement?)null;
        var audio = settings.ResponseAudio(own);
        return new ResponseRequest(
            Member(own, "instructions")?.GetString(),
            Member(own, "conversation")?.GetString() == "none",
            Member(own, "output_modalities") is { } modalities ? modalities[0].ValueEquals("text") : settings.SpeaksText,
            AudioFormat.Of((string)audio["output"]!["format"]!["type"]!),
            Member(own, "metadata") is { ValueKind: JsonValueKind.Object } metadata ? JsonObject.Create(metadata) : null,
            audio,
            Member(own, "max_output_tokens") is { } tokens ? JsonSerializer.SerializeToNode(tokens)! : settings.MaxOutputTokens,
            clientEventId);
    }

    private static JsonElement? Member(JsonElement? holder, string name) =>
        holder is { } element && element.TryGetProperty(name, out var value) ? value : null;
}
