using System.Net.WebSockets;
using System.Text.Json;

namespace Bob.Simulator.Realtime;

/// <summary>What the client of a session sent: read, numbered and kept. Everything runs under the session's gate.</summary>
internal sealed class ClientEventLog(RealtimeSimulatorOptions options)
{
    private readonly List<ClientEvent> _events = [];
    private readonly Dictionary<string, int> _ofType = [];
    private int _number;

    /// <summary>Those that are kept, in order.</summary>
    public IReadOnlyList<ClientEvent> Snapshot => _events.ToArray();

    public ClientEvent? Find(Func<ClientEvent, bool> fits) => _events.Find(e => fits(e));

    /// <summary>Counts another event of that type.</summary>
    public int Count(string type) => _ofType[type] = _ofType.GetValueOrDefault(type) + 1;

    /// <summary>The JSON of a message, or why it has none.</summary>
    public static Refusal? Parse(WebSocketMessageType type, ReadOnlyMemory<byte> data, out JsonElement body)
    {
        body = default;
        if (type == WebSocketMessageType.Binary)
            return new Refusal("invalid_event", "binary frames are not supported");
        try
        {
            body = JsonElement.Parse(data.Span);
            return null;
        }
        catch (JsonException)
        {
            return new Refusal("invalid_json", "We could not parse the JSON body of your event. It must be one JSON object in UTF-8.");
        }
    }

    public ClientEvent Add(JsonElement body)
    {
        string? Text(string name) => body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        var type = Text("type") ?? "";
        var isAudio = type == "input_audio_buffer.append";
        var bytes = isAudio && Text("audio") is { } audio ? audio.TrimEnd('=').Length * 3 / 4 : 0;
        var clientEvent = new ClientEvent(++_number, type, Text("event_id"), isAudio ? default : body, bytes, options.Time.GetUtcNow());
        if (options.KeepHistory || !isAudio)
            _events.Add(clientEvent);
        return clientEvent;
    }
}
