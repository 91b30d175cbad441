using System.Buffers;
using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Bob.Actors.Conversation;
using Microsoft.Extensions.AI;

namespace Bob.Actors.Realtime;

/// <summary>
/// Writes the events that Bob sends to OpenAI's Realtime API, in the GA shape. Each gives the caller an array of its own; only the
/// caller's audio, 50 times a second, is spliced into the memory it is sent from.
/// </summary>
public static class RealtimeWriter
{
    /// <summary>
    /// The largest number that every model takes. Speech is 20 tokens a second, so this is three minutes: no answer on the phone is longer,
    /// while "inf" would let one runaway response of the newer models speak (and bill) for 26.
    /// </summary>
    public const int MaxOutputTokens = 4096;

    /// <summary>Buffers that one long prompt made bigger than this are not kept.</summary>
    private const int MaxKeptBuffer = 64 * 1024;

    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Writer)? _spare;

    private static ReadOnlySpan<byte> AppendBegin => "{\"type\":\"input_audio_buffer.append\",\"audio\":\""u8;

    private static ReadOnlySpan<byte> AppendEnd => "\"}"u8;

    /// <summary>Bytes of an <c>input_audio_buffer.append</c> with that much audio.</summary>
    public static int AppendLength(int audioBytes) => AppendBegin.Length + Base64.GetMaxEncodedToUtf8Length(audioBytes) + AppendEnd.Length;

    /// <summary>Writes an <c>input_audio_buffer.append</c> and returns its bytes.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <see cref="AppendLength"/>.</exception>
    public static int WriteAppend(Span<byte> destination, ReadOnlySpan<byte> audio)
    {
        AppendBegin.CopyTo(destination);
        if (Base64.EncodeToUtf8(audio, destination[AppendBegin.Length..], out _, out var written) != OperationStatus.Done)
            throw new ArgumentException("Too short for the audio.", nameof(destination));
        AppendEnd.CopyTo(destination[(AppendBegin.Length + written)..]);
        return AppendBegin.Length + written + AppendEnd.Length;
    }

    /// <summary>A <c>session.update</c> that changes nothing: its answer is a sign of life of the model, which a pong is not.</summary>
    public static byte[] Probe(string eventId) =>
        Event("session.update", eventId, w =>
        {
            w.WriteStartObject("session");
            w.WriteString("type", "realtime");
            w.WriteEndObject();
        });

    /// <summary>
    /// The whole configuration of a session. The model is in the URL and cannot be changed; temperature is no GA parameter; older models
    /// refuse the whole update over reasoning.
    /// </summary>
    public static byte[] SessionUpdate(RealtimeOptions o, IEnumerable<AIFunctionDeclaration> tools, string eventId) =>
        Event("session.update", eventId, w =>
        {
            w.WriteStartObject("session");
            w.WriteString("type", "realtime");
            w.WriteStartArray("output_modalities");
            w.WriteStringValue("audio");
            w.WriteEndArray();
            w.WriteString("instructions", o.Instructions);

            w.WriteStartObject("audio");
            w.WriteStartObject("input");
            WriteFormat(w);
            WriteTranscription(w, o);
            WriteNoiseReduction(w, o);
            WriteTurnDetection(w, o.TurnDetection);
            w.WriteEndObject();
            w.WriteStartObject("output");
            WriteFormat(w);
            WriteVoice(w, o.Voice);
            w.WriteNumber("speed", o.Speed);
            w.WriteEndObject();
            w.WriteEndObject();

            w.WriteStartArray("tools");
            foreach (var tool in tools) WriteTool(w, tool);
            w.WriteEndArray();
            w.WriteString("tool_choice", "auto");
            w.WriteNumber("max_output_tokens", MaxOutputTokens);

            // Dropping a fifth at once leaves the prompt cache whole for many turns; the default breaks it at every turn.
            w.WriteStartObject("truncation");
            w.WriteString("type", "retention_ratio");
            w.WriteNumber("retention_ratio", 0.8);
            w.WriteEndObject();
            w.WriteEndObject();
        });

    /// <summary>Tells a new session one thing of the conversation so far: no event for an empty text, two for a tool that has answered.</summary>
    /// <param name="eventId">Id of the event; that of a tool's output is this with <c>-output</c>.</param>
    public static IReadOnlyList<byte[]> ItemCreate(ConversationItem item, string eventId) => item switch
    {
        CallerSaid said => Message("user", "input_text", said.Text, eventId),
        CallerSounded sounded => [Sound(sounded.Mulaw, eventId)],
        CallerPressed pressed when pressed.Digits.Length > 0 =>
            Message("user", "input_text", $"The caller pressed {pressed.Digits} on the keypad.", eventId),
        CallerPressed => [],
        BobSaid said => Message("assistant", "output_text", said.Interrupted ? Broken(said.Text) : said.Text, eventId),
        Note note => Message("system", "input_text", note.Text, eventId),
        ToolCalled { Output: { } output } call => [FunctionCall(call, eventId), FunctionCallOutput(call.CallId, output, eventId + "-output")],
        ToolCalled call => [FunctionCall(call, eventId)],
        _ => throw new ArgumentOutOfRangeException(nameof(item), item, "A kind of item the model cannot be told about."),
    };

    /// <summary>What a tool gave back, or its error in words. Does not by itself make the model speak.</summary>
    public static byte[] FunctionCallOutput(string callId, string output, string eventId) =>
        Item(eventId, w =>
        {
            w.WriteString("type", "function_call_output");
            w.WriteString("call_id", callId);
            w.WriteString("output", output);
        });

    /// <summary>Asks the model to speak.</summary>
    /// <param name="instructions">For this response instead of the session's, not in addition to them.</param>
    /// <param name="toolChoice"><c>none</c>, <c>auto</c> or <c>required</c>.</param>
    /// <param name="purpose">Comes back as <see cref="ResponseCreated.Purpose"/>; at most 512 characters.</param>
    public static byte[] ResponseCreate(string eventId, string? instructions = null, string? toolChoice = null, string? purpose = null) =>
        Event("response.create", eventId, w =>
        {
            if (instructions is null && toolChoice is null && purpose is null) return;
            w.WriteStartObject("response");
            if (instructions is not null) w.WriteString("instructions", instructions);
            if (toolChoice is not null) w.WriteString("tool_choice", toolChoice);
            if (purpose is not null)
            {
                w.WriteStartObject("metadata");
                w.WriteString("purpose", purpose);
                w.WriteEndObject();
            }

            w.WriteEndObject();
        });

    /// <summary>Stops a response, or the running one. With nothing to stop the server answers with a harmless error.</summary>
    public static byte[] ResponseCancel(string? responseId, string eventId) =>
        Event("response.cancel", eventId, w =>
        {
            if (responseId is not null) w.WriteString("response_id", responseId);
        });

    /// <summary>Makes the model forget what the caller did not hear.</summary>
    /// <param name="audioEndMs">Milliseconds of the item that were heard. More than were sent is an error, and the item stays whole.</param>
    public static byte[] Truncate(string itemId, int contentIndex, long audioEndMs, string eventId) =>
        Event("conversation.item.truncate", eventId, w =>
        {
            w.WriteString("item_id", itemId);
            w.WriteNumber("content_index", contentIndex);
            w.WriteNumber("audio_end_ms", audioEndMs);
        });

    /// <summary>G.711 mu-law. GA has no rate for it, and some models refuse the whole update over one.</summary>
    private static void WriteFormat(Utf8JsonWriter w)
    {
        w.WriteStartObject("format");
        w.WriteString("type", "audio/pcmu");
        w.WriteEndObject();
    }

    private static void WriteTranscription(Utf8JsonWriter w, RealtimeOptions o)
    {
        if (o.TranscriptionModel is null)
        {
            w.WriteNull("transcription");
            return;
        }

        w.WriteStartObject("transcription");
        w.WriteString("model", o.TranscriptionModel);
        if (o.TranscriptionLanguage is not null) w.WriteString("language", o.TranscriptionLanguage);
        w.WriteEndObject();
    }

    private static void WriteNoiseReduction(Utf8JsonWriter w, RealtimeOptions o)
    {
        if (o.NoiseReduction is null)
        {
            w.WriteNull("noise_reduction");
            return;
        }

        w.WriteStartObject("noise_reduction");
        w.WriteString("type", o.NoiseReduction);
        w.WriteEndObject();
    }

    private static void WriteTurnDetection(Utf8JsonWriter w, TurnDetection detection)
    {
        w.WriteStartObject("turn_detection");
        switch (detection)
        {
            case ServerVad vad:
                w.WriteString("type", "server_vad");
                w.WriteNumber("threshold", vad.Threshold);
                w.WriteNumber("prefix_padding_ms", vad.PrefixPaddingMs);
                w.WriteNumber("silence_duration_ms", vad.SilenceDurationMs);
                break;
            case SemanticVad vad:
                w.WriteString("type", "semantic_vad");
                w.WriteString("eagerness", vad.Eagerness);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(detection), detection, "A turn detection the model does not have.");
        }

        w.WriteBoolean("create_response", true);
        w.WriteBoolean("interrupt_response", detection.InterruptResponse);
        w.WriteEndObject();
    }

    /// <summary>A name, or for a voice of one's own an object with its id.</summary>
    private static void WriteVoice(Utf8JsonWriter w, string voice)
    {
        if (!voice.StartsWith("voice_", StringComparison.Ordinal))
        {
            w.WriteString("voice", voice);
            return;
        }

        w.WriteStartObject("voice");
        w.WriteString("id", voice);
        w.WriteEndObject();
    }

    private static void WriteTool(Utf8JsonWriter w, AIFunctionDeclaration tool)
    {
        w.WriteStartObject();
        w.WriteString("type", "function");
        w.WriteString("name", tool.Name);
        if (!string.IsNullOrEmpty(tool.Description)) w.WriteString("description", tool.Description);
        w.WritePropertyName("parameters");
        tool.JsonSchema.WriteTo(w);
        w.WriteEndObject();
    }

    private static string Broken(string heard)
    {
        var trimmed = heard.TrimEnd();
        return trimmed.Length == 0 || trimmed.EndsWith('—') ? trimmed : trimmed + "—";
    }

    private static IReadOnlyList<byte[]> Message(string role, string contentType, string text, string eventId)
    {
        if (string.IsNullOrWhiteSpace(text)) return [];
        return
        [
            Item(eventId, w =>
            {
                w.WriteString("type", "message");
                w.WriteString("role", role);
                w.WriteStartArray("content");
                w.WriteStartObject();
                w.WriteString("type", contentType);
                w.WriteString("text", text);
                w.WriteEndObject();
                w.WriteEndArray();
            }),
        ];
    }

    private static byte[] Sound(byte[] mulaw, string eventId) =>
        Item(eventId, w =>
        {
            w.WriteString("type", "message");
            w.WriteString("role", "user");
            w.WriteStartArray("content");
            w.WriteStartObject();
            w.WriteString("type", "input_audio");
            w.WriteBase64String("audio", mulaw);
            w.WriteEndObject();
            w.WriteEndArray();
        });

    private static byte[] FunctionCall(ToolCalled call, string eventId) =>
        Item(eventId, w =>
        {
            w.WriteString("type", "function_call");
            w.WriteString("call_id", call.CallId);
            w.WriteString("name", call.Name);
            w.WriteString("arguments", call.Arguments);
        });

    private static byte[] Item(string eventId, Action<Utf8JsonWriter> fields) =>
        Event("conversation.item.create", eventId, w =>
        {
            w.WriteStartObject("item");
            fields(w);
            w.WriteEndObject();
        });

    private static byte[] Event(string type, string eventId, Action<Utf8JsonWriter> fields)
    {
        var (buffer, writer) = _spare ?? Create();
        _spare = null; // a tool's schema is foreign code, and might write an event itself
        buffer.ResetWrittenCount();
        writer.Reset(buffer);

        writer.WriteStartObject();
        writer.WriteString("type", type);
        writer.WriteString("event_id", eventId);
        fields(writer);
        writer.WriteEndObject();
        writer.Flush();

        var utf8 = buffer.WrittenSpan.ToArray();
        if (buffer.Capacity <= MaxKeptBuffer) _spare = (buffer, writer);
        return utf8;
    }

    private static (ArrayBufferWriter<byte>, Utf8JsonWriter) Create()
    {
        // The reader is no browser: only JSON's own escapes are needed, and a prompt in Greek does not grow sixfold.
        var buffer = new ArrayBufferWriter<byte>(4096);
        return (buffer, new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }
}
