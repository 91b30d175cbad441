using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Bob.Simulator.Audio;
using Bob.Simulator.Realtime;

namespace Bob.Tests.Simulator;

/// <summary>A client of the Realtime API that does exactly what a spec says, right or wrong. Every wait ends after 10 s.</summary>
internal sealed class RealtimeTestClient : IAsyncDisposable
{
    public const string PcmuSession =
        """{"type":"realtime","audio":{"input":{"format":{"type":"audio/pcmu"},"transcription":{"model":"gpt-4o-mini-transcribe"},"turn_detection":{"type":"server_vad","silence_duration_ms":500}},"output":{"format":{"type":"audio/pcmu"},"voice":"marin"}}}""";

    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(10));

    public ClientWebSocket Socket { get; } = new();

    public CancellationToken Deadline => _deadline.Token;

    /// <summary>Everything that was received.</summary>
    public List<JsonElement> Events { get; } = [];

    public static async Task<RealtimeTestClient> ConnectAsync(
        RealtimeSimulator simulator, string query = "?model=gpt-realtime-2.1", string? key = "sk-test", params (string Name, string Value)[] headers)
    {
        var client = new RealtimeTestClient();
        client.Socket.Options.CollectHttpResponseDetails = true;
        client.Socket.Options.KeepAliveInterval = TimeSpan.Zero;
        if (key is not null)
            client.Socket.Options.SetRequestHeader("Authorization", $"Bearer {key}");
        foreach (var (name, value) in headers)
            client.Socket.Options.SetRequestHeader(name, value);
        await client.Socket.ConnectAsync(new Uri(simulator.Url + query), client.Deadline);
        return client;
    }

    /// <summary>A session that is ready for a call.</summary>
    public static async Task<RealtimeTestClient> ConfiguredAsync(RealtimeSimulator simulator, string session = PcmuSession)
    {
        var client = await ConnectAsync(simulator);
        await client.UntilAsync("session.created");
        await client.SendAsync($$"""{"type":"session.update","session":{{session}}}""");
        await client.UntilAsync("session.updated");
        return client;
    }

    public Task SendAsync(string json) => Socket.SendAsync(Encoding.UTF8.GetBytes(json), WebSocketMessageType.Text, true, Deadline).WaitAsync(Deadline);

    public async Task SendAudioAsync(byte[] audio)
    {
        foreach (var frame in audio.Chunk(160))
            await SendAsync($$"""{"type":"input_audio_buffer.append","audio":"{{Convert.ToBase64String(frame)}}"}""");
    }

    /// <summary>A turn of the caller: 1 s of tone and 600 ms of silence.</summary>
    public async Task SpeakAsync(int hertz = 440)
    {
        await SendAudioAsync(Tone(1000, hertz));
        await SendAudioAsync(Silence(600));
    }

    public static byte[] Tone(int ms, int hertz = 440) =>
        [.. Enumerable.Range(0, ms * MuLaw.BytesPerMs).Select(i => MuLaw.Encode((short)(6000 * Math.Sin(2 * Math.PI * hertz * i / 8000))))];

    public static byte[] Silence(int ms) => [.. Enumerable.Repeat(MuLaw.Silence, ms * MuLaw.BytesPerMs)];

    /// <summary>Receives until an event of that type has come, and returns it.</summary>
    public async Task<JsonElement> UntilAsync(string type, int times = 1)
    {
        for (var seen = 0; ;)
        {
            var next = await NextAsync() ?? throw new InvalidOperationException($"The socket ended ({Socket.CloseStatus}) before {type}; received {string.Join(", ", Types())}.");
            if (Type(next) == type && ++seen == times)
                return next;
        }
    }

    /// <summary>Receives the next event, or null at the end of the socket.</summary>
    public async Task<JsonElement?> NextAsync()
    {
        var (type, text) = await ReceiveAsync();
        if (type == WebSocketMessageType.Close)
            return null;
        var json = JsonElement.Parse(text);
        Events.Add(json);
        return json;
    }

    public async Task<(WebSocketMessageType Type, byte[] Data)> ReceiveAsync()
    {
        var buffer = new byte[64 * 1024];
        using var message = new MemoryStream();
        while (true)
        {
            var part = await Socket.ReceiveAsync(buffer.AsMemory(), Deadline);
            message.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
                return (part.MessageType, message.ToArray());
        }
    }

    /// <summary>Sends an event and receives until the error that answers it.</summary>
    public async Task<JsonElement> ErrorOfAsync(string json)
    {
        await SendAsync(json);
        return (await UntilAsync("error")).GetProperty("error");
    }

    public IEnumerable<string> Types() => Events.Select(Type);

    public IEnumerable<JsonElement> Of(string type) => Events.Where(json => Type(json) == type);

    /// <summary>The audio of a response's deltas, or of all.</summary>
    public byte[] AudioOf(string? item = null) =>
        [.. Of("response.output_audio.delta").Where(json => item is null || json.GetProperty("item_id").GetString() == item).SelectMany(json => json.GetProperty("delta").GetBytesFromBase64())];

    public static string Type(JsonElement json) => json.GetProperty("type").GetString()!;

    public ValueTask DisposeAsync()
    {
        Socket.Abort();
        Socket.Dispose();
        _deadline.Dispose();
        return ValueTask.CompletedTask;
    }
}
