using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bob.Simulator.Realtime;

/// <summary>An event that the client sent.</summary>
/// <param name="Number">1-based, in order of arrival.</param>
/// <param name="Type">Its <c>type</c>; empty when it has none.</param>
/// <param name="EventId">Its <c>event_id</c>.</param>
/// <param name="Body">The whole event; undefined for audio and for what is not JSON.</param>
/// <param name="AudioBytes">Decoded bytes of an <c>input_audio_buffer.append</c>.</param>
/// <param name="At">When it arrived.</param>
public sealed record ClientEvent(int Number, string Type, string? EventId, JsonElement Body, int AudioBytes, DateTimeOffset At);

/// <summary>An <c>error</c> event that the client was sent.</summary>
/// <param name="Type"><c>error.type</c>.</param>
/// <param name="Code"><c>error.code</c>.</param>
/// <param name="Message"><c>error.message</c>.</param>
/// <param name="Param"><c>error.param</c>.</param>
/// <param name="ClientEventId"><c>error.event_id</c>.</param>
/// <param name="ClientEventType">The type of the client event it answers, when it answers one.</param>
public sealed record SimulatedError(string Type, string? Code, string Message, string? Param, string? ClientEventId, string? ClientEventType);

/// <summary>An accepted <c>conversation.item.truncate</c>.</summary>
/// <param name="ItemId">The assistant's item.</param>
/// <param name="AudioEndMs">Where the caller stopped hearing, in ms.</param>
/// <param name="AudioMs">How much audio of the item had been sent until then, in ms.</param>
/// <param name="Text">What the item said in that audio, before the truncation deleted it.</param>
public sealed record Truncation(string ItemId, int AudioEndMs, int AudioMs, string? Text);

/// <summary>A response of the model.</summary>
/// <param name="Number">1-based, in the session.</param>
/// <param name="Id">Its id.</param>
/// <param name="Status"><c>in_progress</c>, <c>completed</c>, <c>cancelled</c>, <c>incomplete</c> or <c>failed</c>.</param>
/// <param name="Reason">Of a cancelled or incomplete one.</param>
/// <param name="Text">What its message items said, joined by spaces.</param>
/// <param name="AudioMs">Audio sent, in ms.</param>
/// <param name="Instructions">Of its <c>response.create</c>.</param>
/// <param name="EndedAt">When its <c>response.done</c> was sent.</param>
public sealed record SimulatedResponse(int Number, string Id, string Status, string? Reason, string Text, int AudioMs, string? Instructions, DateTimeOffset? EndedAt);

/// <summary>A fault of the script that has struck.</summary>
/// <param name="Fault">Which.</param>
/// <param name="Session">The number of the connection.</param>
/// <param name="At">When.</param>
public sealed record StruckFault(Fault Fault, int Session, DateTimeOffset At);

/// <summary>An item of the conversation as the model knows it.</summary>
public sealed record ConversationEntry
{
    /// <summary>Item id.</summary>
    public required string Id { get; init; }

    /// <summary><c>message</c>, <c>function_call</c> or <c>function_call_output</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Of a message: <c>system</c>, <c>user</c> or <c>assistant</c>.</summary>
    public string? Role { get; init; }

    /// <summary>Of a message's first part: <c>input_text</c>, <c>input_audio</c>, <c>output_text</c>, <c>output_audio</c>.</summary>
    public string? ContentType { get; init; }

    /// <summary>What was said or written; null when unknown or deleted by a truncation.</summary>
    public string? Text { get; init; }

    /// <summary><c>in_progress</c>, <c>completed</c> or <c>incomplete</c>.</summary>
    public string Status { get; init; } = "completed";

    /// <summary>Of a function call or its output.</summary>
    public string? CallId { get; init; }

    /// <summary>The function's name.</summary>
    public string? Name { get; init; }

    /// <summary>The function call's arguments.</summary>
    public string? Arguments { get; init; }

    /// <summary>The function's result.</summary>
    public string? Output { get; init; }

    /// <summary>Length of the audio, in ms; after a truncation what is left of it.</summary>
    public int AudioMs { get => AudioBytes / Audio.MuLaw.BytesPerMs; init => AudioBytes = value * Audio.MuLaw.BytesPerMs; }

    /// <summary>Silence that <c>idle_timeout_ms</c> made an item of.</summary>
    public bool Idle { get; init; }

    /// <summary>The client created the item.</summary>
    public bool FromClient => Given is not null;

    internal bool Truncated { get; init; }

    /// <summary>Counted as mu-law whatever the format on the wire, so that odd deltas add up.</summary>
    internal int AudioBytes { get; init; }

    internal Voice.SpokenLine? Spoken { get; init; }

    internal ReadOnlyMemory<byte> Sound { get; init; }

    internal JsonObject? Given { get; init; }

    /// <summary>The item as the API shows it, without audio bytes.</summary>
    internal JsonObject ToJson()
    {
        var json = new JsonObject { ["id"] = Id, ["object"] = "realtime.item", ["type"] = Type, ["status"] = Status };
        if (Given is not null)
        {
            foreach (var (name, value) in Given)
            {
                if (!json.ContainsKey(name))
                    json[name] = value?.DeepClone();
            }

            return json;
        }

        if (Type == "function_call")
        {
            json["name"] = Name;
            json["call_id"] = CallId;
            json["arguments"] = Arguments;
            return json;
        }

        json["role"] = Role;
        json["content"] = ContentType switch
        {
            null => new JsonArray(),
            "output_text" => new JsonArray(new JsonObject { ["type"] = ContentType, ["text"] = Text }),
            "input_audio" => new JsonArray(new JsonObject { ["type"] = ContentType, ["transcript"] = null }),
            _ => new JsonArray(new JsonObject { ["type"] = ContentType, ["transcript"] = Text }),
        };
        return json;
    }
}
