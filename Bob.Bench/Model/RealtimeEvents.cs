using System.Buffers.Text;
using System.Text;
using Bob.Bench.Line;

namespace Bob.Bench.Model;

/// <summary>The events of one session, GA shape, with ids as long as OpenAI's.</summary>
/// <param name="lifetime">Of the session.</param>
internal sealed class RealtimeEvents(int session, TimeSpan lifetime)
{
    private const int EventIdDigits = 15;
    private const string DeltaBegin = "{\"type\":\"response.output_audio.delta\",\"event_id\":\"event_";
    private byte[] _deltaBegin = [];
    private long _event;
    private int _response, _turn;
    private string? _purpose;

    private string ResponseId => $"resp_{session:d6}{_response:d15}";

    private string ItemId => $"item_{session:d6}{_response:d15}";

    private string CallerItemId => $"item_{session:d6}u{_turn:d14}";

    public string SessionCreated() => Session("session.created", """{"type":"audio/pcm","rate":24000}""");

    public string SessionUpdated() => Session("session.updated", """{"type":"audio/pcmu"}""");

    public IEnumerable<string> ResponseBegins(string? purpose)
    {
        _response++;
        _purpose = purpose;
        _deltaBegin = [];
        yield return $$$"""{"type":"response.created","event_id":"{{{EventId()}}}","response":{{{Response("in_progress")}}}}""";
        yield return $$$"""{"type":"response.output_item.added","event_id":"{{{EventId()}}}","response_id":"{{{ResponseId}}}","output_index":0,"item":{{{Item("in_progress")}}}}""";
        yield return $$$"""{"type":"conversation.item.added","event_id":"{{{EventId()}}}","previous_item_id":null,"item":{{{Item("in_progress")}}}}""";
        yield return $$$"""{"type":"response.content_part.added","event_id":"{{{EventId()}}}",{{{Part()}}},"part":{"type":"audio","transcript":""}}""";
    }

    public string Words() => $$$"""{"type":"response.output_audio_transcript.delta","event_id":"{{{EventId()}}}",{{{Part()}}},"delta":" and so on","obfuscation":"zKLMcyKHK"}""";

    /// <summary>Writes a piece of the answer and returns the length of the message.</summary>
    public int AudioDelta(Span<byte> room, FrameStamp stamp, int milliseconds)
    {
        if (_deltaBegin.Length == 0)
            _deltaBegin = Encoding.ASCII.GetBytes($"{DeltaBegin}{session:d6}{0:d15}\",{Part()},\"delta\":\"");
        _deltaBegin.CopyTo(room);
        Utf8Formatter.TryFormat(++_event, room[(DeltaBegin.Length + 6)..], out _, new('D', EventIdDigits));
        var at = _deltaBegin.Length;
        stamp.Write(room[at..]);
        at += FrameStamp.Base64Length;
        var rest = StampedAudio.Of(milliseconds)[FrameStamp.Base64Length..];
        rest.CopyTo(room[at..]);
        at += rest.Length;
        "\"}"u8.CopyTo(room[at..]);
        return at + 2;
    }

    public IEnumerable<string> ResponseEnds(string status)
    {
        yield return $$$"""{"type":"response.output_audio.done","event_id":"{{{EventId()}}}",{{{Part()}}}}""";
        yield return $$$"""{"type":"response.output_audio_transcript.done","event_id":"{{{EventId()}}}",{{{Part()}}},"transcript":"It goes on and so on."}""";
        yield return $$$"""{"type":"response.content_part.done","event_id":"{{{EventId()}}}",{{{Part()}}},"part":{"type":"audio","transcript":"It goes on and so on."}}""";
        yield return $$$"""{"type":"response.output_item.done","event_id":"{{{EventId()}}}","response_id":"{{{ResponseId}}}","output_index":0,"item":{{{Item("completed")}}}}""";
        yield return $$$"""{"type":"conversation.item.done","event_id":"{{{EventId()}}}","previous_item_id":null,"item":{{{Item("completed")}}}}""";
        yield return $$$"""{"type":"response.done","event_id":"{{{EventId()}}}","response":{{{Response(status)}}}}""";
        yield return $$$"""{"type":"rate_limits.updated","event_id":"{{{EventId()}}}","rate_limits":[{"name":"tokens","limit":15000000,"remaining":14999716,"reset_seconds":0.001}]}""";
    }

    public string SpeechStarted(long audioStartMs)
    {
        _turn++;
        return $$$"""{"type":"input_audio_buffer.speech_started","event_id":"{{{EventId()}}}","audio_start_ms":{{{audioStartMs}}},"item_id":"{{{CallerItemId}}}"}""";
    }

    public IEnumerable<string> SpeechStopped(long audioEndMs)
    {
        yield return $$$"""{"type":"input_audio_buffer.speech_stopped","event_id":"{{{EventId()}}}","audio_end_ms":{{{audioEndMs}}},"item_id":"{{{CallerItemId}}}"}""";
        yield return $$$"""{"type":"input_audio_buffer.committed","event_id":"{{{EventId()}}}","previous_item_id":null,"item_id":"{{{CallerItemId}}}"}""";
        yield return $$$"""{"type":"conversation.item.added","event_id":"{{{EventId()}}}","previous_item_id":null,"item":{"id":"{{{CallerItemId}}}","object":"realtime.item","type":"message","status":"completed","role":"user","content":[{"type":"input_audio","transcript":null}]}}""";
        yield return $$$"""{"type":"conversation.item.input_audio_transcription.completed","event_id":"{{{EventId()}}}","item_id":"{{{CallerItemId}}}","content_index":0,"transcript":"And what happens then?","usage":{"type":"duration","seconds":2}}""";
    }

    public string Truncated(string asked) =>
        $$$"""{"type":"conversation.item.truncated","event_id":"{{{EventId()}}}","item_id":"{{{HttpHead.Between(asked, "\"item_id\":\"", "\"")}}}","content_index":0,"audio_end_ms":{{{HttpHead.Between(asked, "\"audio_end_ms\":", "}")}}}}""";

    public string AlreadyActive() =>
        $$$"""{"type":"error","event_id":"{{{EventId()}}}","error":{"type":"invalid_request_error","code":"conversation_already_has_active_response","message":"Conversation already has an active response in progress: {{{ResponseId}}}.","param":null,"event_id":null}}""";

    private string Session(string type, string format) =>
        $$$"""{"type":"{{{type}}}","event_id":"{{{EventId()}}}","session":{"type":"realtime","object":"realtime.session","id":"sess_{{{session:d21}}}","model":"gpt-realtime-2.1","output_modalities":["audio"],"instructions":"","tools":[],"tool_choice":"auto","max_output_tokens":"inf","tracing":null,"truncation":"auto","prompt":null,"expires_at":{{{(DateTimeOffset.UtcNow + lifetime).ToUnixTimeSeconds()}}},"audio":{"input":{"format":{{{format}}},"transcription":null,"noise_reduction":null,"turn_detection":{"type":"server_vad","threshold":0.5,"prefix_padding_ms":300,"silence_duration_ms":200,"idle_timeout_ms":null,"create_response":true,"interrupt_response":true}},"output":{"format":{{{format}}},"voice":"marin","speed":1.0}},"include":null}}""";

    private string Response(string status) =>
        $$$"""{"object":"realtime.response","id":"{{{ResponseId}}}","status":"{{{status}}}","status_details":{{{(status == "cancelled" ? "{\"type\":\"cancelled\",\"reason\":\"turn_detected\"}" : "null")}}},"output":[],"conversation_id":"conv_{{{session:d21}}}","output_modalities":["audio"],"max_output_tokens":1200,"audio":{"output":{"format":{"type":"audio/pcmu"},"voice":"marin"}},"usage":null,"metadata":{{{(_purpose is null ? "null" : $"{{\"purpose\":\"{_purpose}\"}}")}}}}""";

    private string Item(string status) =>
        $$$"""{"id":"{{{ItemId}}}","object":"realtime.item","type":"message","status":"{{{status}}}","role":"assistant","content":[]}""";

    private string Part() => $"\"response_id\":\"{ResponseId}\",\"item_id\":\"{ItemId}\",\"output_index\":0,\"content_index\":0";

    private string EventId() => $"event_{session:d6}{++_event:d15}";
}
