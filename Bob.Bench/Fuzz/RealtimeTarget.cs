using System.Text;
using System.Text.Json;
using Bob.Actors.Realtime;

namespace Bob.Bench.Fuzz;

/// <summary>Events of the model's server, judged like the messages of a media stream; both ways of reading one must agree.</summary>
internal sealed class RealtimeTarget : FuzzTarget
{
    public override string Name => "realtime";

    public override int Share => 300;

    public override IReadOnlyList<byte[]> Seeds { get; } = JsonSeeds.Of(FrameCorpus.Realtime);

    public override void Check(ReadOnlyMemory<byte> input, ref FuzzRandom random)
    {
        var happened = RealtimeReader.Read(input.Span, out var eventId);
        var isAudio = RealtimeReader.TryReadAudioDelta(input.Span, out var delta);
        if (!JsonGrammar.Allows(input.Span))
        {
            Holds(happened is Malformed, $"{happened.GetType().Name} was read of what is no JSON");
            Holds(!isAudio, "audio was read of what is no JSON");
            return;
        }

        Holds(happened is not Malformed { Reason: "not JSON" or "invalid UTF-8" }, "this is JSON");
        using var document = JsonDocument.Parse(input);
        var root = document.RootElement;
        if (JsonSeeds.HasEscapes(input.Span))
            return;
        var type = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("type", out var named) && named.ValueKind == JsonValueKind.String ? named.GetString() : null;
        if (type is null)
        {
            Holds(happened is Malformed && !isAudio, $"{happened.GetType().Name} was read of what has no type");
            return;
        }

        var saysAudio = type is "response.output_audio.delta" or "response.audio.delta";
        Holds(saysAudio || !isAudio, $"audio was read of {type}");
        Holds(!saysAudio || isAudio || root.EnumerateObject().Count(field => field.Name == "type") > 1, "audio was not read");
        if (happened is Unknown unknown)
            Holds(type.StartsWith(unknown.Type, StringComparison.Ordinal) && unknown.Type.Length <= 64, $"{unknown.Type} is not {type}");
        if (eventId is not null)
            Holds(root.GetProperty("event_id").GetString() == eventId, "another event id");
        if (!isAudio)
            return;
        Holds(delta.Bytes == (Text(root, "delta") is { } base64 ? JsonSeeds.DecodedBytes(base64) : -1), $"{delta.Bytes} bytes of audio");
        Holds(Encoding.UTF8.GetString(delta.ItemId) == (Text(root, "item_id") ?? ""), "another item");
        Holds(Encoding.UTF8.GetString(delta.ResponseId) == (Text(root, "response_id") ?? ""), "another response");
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
