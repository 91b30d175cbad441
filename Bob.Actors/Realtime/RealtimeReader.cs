using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Unicode;
using Bob.Actors.Sockets;

namespace Bob.Actors.Realtime;

/// <summary>A piece of what the model says. Its spans are views of the received buffer and valid as long as that is.</summary>
public ref struct AudioDelta
{
    public ReadOnlySpan<byte> ResponseId;
    public ReadOnlySpan<byte> ItemId;
    public ReadOnlySpan<byte> EventId;

    /// <summary>Base64 of the session's output format, unescaped.</summary>
    public ReadOnlySpan<byte> Base64;

    public int ContentIndex;

    /// <summary>Decoded length of <see cref="Base64"/> in bytes (mu-law: 8 a millisecond), or -1 when it is not base64.</summary>
    public int Bytes;
}

/// <summary>Reads the events of OpenAI's Realtime API, GA names and the beta's. Nesting beyond 64 is malformed.</summary>
public static class RealtimeReader
{
    /// <summary>Stands for arguments of more than 64 K characters. Not JSON, so that nothing can run on it.</summary>
    public const string ArgumentsTooLong = "<arguments too long>";

    private const int MaxArguments = 64 * 1024;
    private const int MaxUnknownType = 64;

    /// <summary>Of tokens, or of seconds: nobody is billed for more at once, and a server that says so is wrong.</summary>
    private const long MostBilled = 100_000_000;

    /// <summary>Known, and nothing to do. Audio itself is here because <see cref="TryReadAudioDelta"/> reads it.</summary>
    private static readonly FrozenSet<string> Catalogue = FrozenSet.Create(
        "conversation.created", "conversation.item.retrieved", "conversation.item.deleted",
        "conversation.item.input_audio_transcription.delta", "conversation.item.input_audio_transcription.segment",
        "input_audio_buffer.cleared", "input_audio_buffer.dtmf_event_received",
        "output_audio_buffer.started", "output_audio_buffer.stopped", "output_audio_buffer.cleared",
        "response.output_item.added", "response.content_part.added", "response.content_part.done",
        "response.output_audio.delta", "response.audio.delta",
        "response.output_text.delta", "response.output_text.done", "response.text.delta", "response.text.done",
        "response.function_call_arguments.delta", "response.function_call_arguments.done",
        "response.mcp_call_arguments.delta", "response.mcp_call_arguments.done",
        "response.mcp_call.in_progress", "response.mcp_call.completed", "response.mcp_call.failed",
        "mcp_list_tools.in_progress", "mcp_list_tools.completed", "mcp_list_tools.failed");

    /// <summary>
    /// True exactly for a well-formed audio delta, whose base64 may yet be wrong. Allocates nothing, unless a value is escaped. Gives up at
    /// the first look at another type; what it declines is for <see cref="Read"/>. Never throws.
    /// </summary>
    public static bool TryReadAudioDelta(ReadOnlySpan<byte> utf8, out AudioDelta delta) =>
        ReadsUsualAudioDelta(utf8, out delta) || ReadsAnyAudioDelta(utf8, out delta);

    /// <summary>The same in any form.</summary>
    internal static bool ReadsAnyAudioDelta(ReadOnlySpan<byte> utf8, out AudioDelta delta)
    {
        delta = default;
        try
        {
            var read = new AudioDelta { Bytes = -1 };
            var reader = new Utf8JsonReader(utf8);
            var isDelta = false;
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("type"u8))
                {
                    reader.Read();
                    isDelta = reader.TokenType == JsonTokenType.String
                        && (reader.ValueTextEquals("response.output_audio.delta"u8) || reader.ValueTextEquals("response.audio.delta"u8));
                    if (!isDelta) return false;
                }
                else if (reader.ValueTextEquals("delta"u8))
                {
                    read.Base64 = Bytes(ref reader);
                    read.Bytes = reader.TokenType == JsonTokenType.String ? UsualText.DecodedLength(read.Base64) : -1;
                }
                else if (reader.ValueTextEquals("response_id"u8)) read.ResponseId = Bytes(ref reader);
                else if (reader.ValueTextEquals("item_id"u8)) read.ItemId = Bytes(ref reader);
                else if (reader.ValueTextEquals("event_id"u8)) read.EventId = Bytes(ref reader);
                else if (reader.ValueTextEquals("content_index"u8))
                {
                    reader.Read();
                    if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out read.ContentIndex)) reader.Skip();
                }
                else reader.Skip();
            }

            // Reads past the object's end, where more bytes throw. The reader itself does not look at the bytes inside of strings.
            if (!isDelta || reader.Read() || !Utf8.IsValid(utf8)) return false;

            delta = read;
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Audio in the form in which OpenAI sends it.</summary>
    private static bool ReadsUsualAudioDelta(ReadOnlySpan<byte> utf8, out AudioDelta delta)
    {
        var text = new UsualText(utf8);
        delta = default;
        return text.Says("{\"type\":\"response.output_audio.delta\",\"event_id\":\""u8) && text.SaysWord(out delta.EventId)
            && text.Says("\",\"response_id\":\""u8) && text.SaysWord(out delta.ResponseId)
            && text.Says("\",\"item_id\":\""u8) && text.SaysWord(out delta.ItemId)
            && text.Says("\",\"output_index\":"u8) && text.SaysNumber(out _)
            && text.Says(",\"content_index\":"u8) && text.SaysNumber(out delta.ContentIndex)
            && text.Says(",\"delta\":\""u8) && text.SaysBase64(out delta.Base64, out delta.Bytes)
            && (!text.Says("\",\"obfuscation\":\""u8) || text.SaysWord(out _))
            && text.Says("\"}"u8) && text.IsOver;
    }

    /// <summary>Reads any event. Never throws, whatever the bytes are.</summary>
    /// <param name="eventId">The server's id of the event, null where it has none.</param>
    public static RealtimeEvent Read(ReadOnlySpan<byte> utf8, out string? eventId)
    {
        eventId = null;
        var type = "event";
        if (!Utf8.IsValid(utf8)) return new Malformed("invalid UTF-8");
        try
        {
            var reader = new Utf8JsonReader(utf8);
            using var document = JsonDocument.ParseValue(ref reader);
            reader.Read(); // bytes after the object throw
            var e = document.RootElement;
            if (e.ValueKind != JsonValueKind.Object) return new Malformed("not an object");
            if (Text(e, "type") is not { } named) return new Malformed("no type");
            type = named.Length <= MaxUnknownType ? named : named[..MaxUnknownType];
            eventId = Text(e, "event_id");
            return Understand(e, type);
        }
        catch (JsonException)
        {
            return new Malformed("not JSON");
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            return new Malformed($"{type}: a field of a wrong type");
        }
    }

    private static RealtimeEvent Understand(JsonElement e, string type)
    {
        switch (type)
        {
            case "session.created":
                return Member(e, "session") is { } created
                    ? new SessionCreated(Id(created, "id"), Expiry(created))
                    : new Malformed("session.created without a session");
            case "session.updated":
                return Member(e, "session") is { } updated ? Updated(updated) : new Malformed("session.updated without a session");
            case "input_audio_buffer.speech_started":
                return new SpeechStarted(Id(e, "item_id"), Number(e, "audio_start_ms"));
            case "input_audio_buffer.speech_stopped":
                return new SpeechStopped(Id(e, "item_id"), Number(e, "audio_end_ms"));
            case "input_audio_buffer.committed":
                return new InputCommitted(Id(e, "item_id"));
            case "input_audio_buffer.timeout_triggered":
                return new InputTimeout(Id(e, "item_id"));
            case "conversation.item.added" or "conversation.item.created":
                return Member(e, "item") is { } added
                    ? new ItemAdded(Id(added, "id"), Id(added, "type"), Text(added, "role"), Text(added, "call_id"))
                    : new Malformed($"{type} without an item");
            case "conversation.item.done":
                return Member(e, "item") is { } done
                    ? new ItemDone(Id(done, "id"), Id(done, "type"), Text(done, "role"), Text(done, "call_id"))
                    : new Malformed($"{type} without an item");
            case "conversation.item.truncated":
                return new ItemTruncated(Id(e, "item_id"), Number(e, "audio_end_ms"));
            case "conversation.item.input_audio_transcription.completed":
                return new CallerTranscribed(Id(e, "item_id"), Id(e, "transcript"), Transcription(e));
            case "conversation.item.input_audio_transcription.failed":
                var failure = Member(e, "error") is { } inner ? Error(inner) : null;
                return new TranscriptionFailed(Id(e, "item_id"), failure?.Code, failure?.Message);
            case "response.created":
                return Member(e, "response") is { } begun && Text(begun, "id") is { } begunId
                    ? new ResponseCreated(begunId, Member(begun, "metadata") is { } metadata ? Text(metadata, "purpose") : null)
                    : new Malformed("response.created without an id");
            case "response.done":
                return Member(e, "response") is { } ended && Text(ended, "id") is { } endedId
                    ? Ended(ended, endedId)
                    : new Malformed("response.done without an id");
            case "response.output_audio.done" or "response.audio.done":
                return new AudioDone(Id(e, "response_id"), Id(e, "item_id"), Index(e));
            case "response.output_audio_transcript.delta" or "response.audio_transcript.delta":
                return new TranscriptDelta(Id(e, "response_id"), Id(e, "item_id"), Index(e), Id(e, "delta"));
            case "response.output_audio_transcript.done" or "response.audio_transcript.done":
                return new TranscriptDone(Id(e, "response_id"), Id(e, "item_id"), Index(e), Id(e, "transcript"));
            case "response.output_item.done":
                return Member(e, "item") is { } item && Text(item, "type") == "function_call" ? Called(e, item) : new Noted(type);
            case "rate_limits.updated":
                return new RateLimits(Limits(e));
            case "error":
                return Member(e, "error") is { } error ? new ErrorReported(Error(error)) : new Malformed("error without its object");
            default:
                return Catalogue.Contains(type) ? new Noted(type) : new Unknown(type);
        }
    }

    private static SessionUpdated Updated(JsonElement session)
    {
        var audio = Member(session, "audio");
        var (input, output) = audio is { } a ? (Member(a, "input"), Member(a, "output")) : (null, null);
        return new SessionUpdated(
            Format(input, "format") ?? Format(session, "input_audio_format"),
            Format(output, "format") ?? Format(session, "output_audio_format"),
            Voice(output ?? session),
            Expiry(session));
    }

    /// <summary>GA has an object; the beta had one of three words.</summary>
    private static string? Format(JsonElement? owner, string name)
    {
        if (owner is not { } o || !o.TryGetProperty(name, out var format)) return null;
        if (format.ValueKind == JsonValueKind.Object) return Text(format, "type");
        return format.GetString() switch
        {
            "g711_ulaw" => "audio/pcmu",
            "g711_alaw" => "audio/pcma",
            "pcm16" => "audio/pcm",
            var other => other,
        };
    }

    /// <summary>A name, or for a voice of one's own an object with its id.</summary>
    private static string? Voice(JsonElement owner) =>
        owner.TryGetProperty("voice", out var voice) && voice.ValueKind == JsonValueKind.Object ? Text(voice, "id") : Text(owner, "voice");

    private static RealtimeEvent Called(JsonElement e, JsonElement item)
    {
        if (Text(item, "call_id") is not { } callId || Text(item, "name") is not { } name)
            return new Malformed("function_call without call_id or name");

        var arguments = Id(item, "arguments");
        return new FunctionCalled(
            Id(e, "response_id"), Id(item, "id"), callId, name,
            arguments.Length > MaxArguments ? ArgumentsTooLong : arguments,
            Text(item, "status") ?? "completed");
    }

    private static ResponseDone Ended(JsonElement response, string id)
    {
        string? reason = null;
        RealtimeError? error = null;
        if (response.TryGetProperty("status_details", out var details))
        {
            // The reference has an object or null; a plain string has been seen.
            if (details.ValueKind == JsonValueKind.String) reason = details.GetString();
            else if (details.ValueKind == JsonValueKind.Object)
            {
                reason = Text(details, "reason");
                error = Member(details, "error") is { } inner ? Error(inner) : null;
            }
        }

        return new ResponseDone(id, Id(response, "status"), reason, error, Member(response, "usage") is { } usage ? Usage(usage) : null);
    }

    private static RealtimeUsage Usage(JsonElement usage)
    {
        var (input, output) = (Member(usage, "input_token_details"), Member(usage, "output_token_details"));
        var cached = input is { } i ? Member(i, "cached_tokens_details") : null;
        return new RealtimeUsage(
            Tokens(input, "text_tokens"), Tokens(input, "audio_tokens"),
            Tokens(cached, "text_tokens"), Tokens(cached, "audio_tokens"),
            Tokens(output, "text_tokens"), Tokens(output, "audio_tokens"));

        static long Tokens(JsonElement? owner, string name) => Math.Clamp(Number(owner, name), 0, MostBilled);
    }

    /// <summary>Whatever a server makes of it, the caller's words count more.</summary>
    private static TranscriptionUsage? Transcription(JsonElement e)
    {
        if (!e.TryGetProperty("usage", out var usage) || usage.ValueKind != JsonValueKind.Object)
            return null;
        if (usage.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("duration"u8))
            return new TranscriptionUsage(0, 0, 0, Amount(usage, "seconds"));
        var text = usage.TryGetProperty("input_token_details", out var details) && details.ValueKind == JsonValueKind.Object ? (long)Amount(details, "text_tokens") : 0;
        return new TranscriptionUsage(text, Math.Max(0, (long)Amount(usage, "input_tokens") - text), (long)Amount(usage, "output_tokens"));

        static double Amount(JsonElement owner, string name) => owner.TryGetProperty(name, out var value) ? Finite(value) : 0;
    }

    private static List<RateLimit> Limits(JsonElement e)
    {
        List<RateLimit> limits = [];
        if (!e.TryGetProperty("rate_limits", out var listed)) return limits;
        foreach (var limit in listed.EnumerateArray())
        {
            var reset = limit.TryGetProperty("reset_seconds", out var seconds) ? Finite(seconds) : 0;
            limits.Add(new RateLimit(Id(limit, "name"), Number(limit, "limit"), Number(limit, "remaining"), reset));
        }

        return limits;
    }

    private static RealtimeError Error(JsonElement error) => new(
        Text(error, "type"), Text(error, "code"), ModelRefusal.Masked(Id(error, "message")), Text(error, "param"), Text(error, "event_id"));

    private static DateTimeOffset? Expiry(JsonElement session) =>
        Number(session, "expires_at") is var seconds and > 0 and < 253_402_300_800 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    private static JsonElement? Member(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value.ValueKind == JsonValueKind.Object ? value : throw new FormatException(name)
            : null;

    private static string? Text(JsonElement owner, string name) => owner.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static string Id(JsonElement owner, string name) => Text(owner, name) ?? "";

    private static int Index(JsonElement owner) => (int)Math.Clamp(Number(owner, "content_index"), 0, int.MaxValue);

    private static long Number(JsonElement? owner, string name)
    {
        if (owner is not { } o || !o.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null) return 0;
        return value.TryGetInt64(out var whole) ? whole : (long)value.GetDouble();
    }

    /// <summary>JSON has numbers that are none in memory, such as 1e999; they count as little as those below zero.</summary>
    private static double Finite(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.GetDouble() is var number && double.IsFinite(number) ? Math.Clamp(number, 0, MostBilled) : 0;

    private static ReadOnlySpan<byte> Bytes(scoped ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            return default;
        }

        if (!reader.ValueIsEscaped) return reader.ValueSpan;

        var unescaped = new byte[reader.ValueSpan.Length];
        return unescaped.AsSpan(0, reader.CopyString(unescaped));
    }
}
