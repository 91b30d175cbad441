using System.Buffers.Text;
using Bob.Bench.Line;

namespace Bob.Bench.Callers;

/// <summary>What Twilio says on one media stream, with its counters.</summary>
internal sealed class TwilioMessages(string streamSid, string callSid)
{
    /// <summary>A frame of a caller, ms.</summary>
    public const int FrameMs = 20;

    public const string AccountSid = "AC00000000000000000000000000000001";

    private readonly byte[] _end = [.. "\"},\"streamSid\":\""u8, .. System.Text.Encoding.ASCII.GetBytes(streamSid), .. "\"}"u8];
    private int _sequence;
    private int _chunk;

    public static ReadOnlySpan<byte> Connected => "{\"event\":\"connected\",\"protocol\":\"Call\",\"version\":\"1.0.0\"}"u8;

    public string Start(string ticket) =>
        $$$"""
        {"event":"start","sequenceNumber":"{{{++_sequence}}}","start":{"accountSid":"{{{AccountSid}}}","streamSid":"{{{streamSid}}}","callSid":"{{{callSid}}}","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"ticket":"{{{ticket}}}"}},"streamSid":"{{{streamSid}}}"}
        """;

    public string Mark(string name) =>
        $$$"""{"event":"mark","sequenceNumber":"{{{++_sequence}}}","streamSid":"{{{streamSid}}}","mark":{"name":"{{{name}}}"}}""";

    public string Stop() =>
        $$$"""{"event":"stop","sequenceNumber":"{{{++_sequence}}}","stop":{"accountSid":"{{{AccountSid}}}","callSid":"{{{callSid}}}"},"streamSid":"{{{streamSid}}}"}""";

    /// <summary>Writes the next 20 ms of the caller's voice and returns the length of the message.</summary>
    public int Media(Span<byte> room, FrameStamp stamp)
    {
        var at = 0;
        Put(room, ref at, "{\"event\":\"media\",\"sequenceNumber\":\""u8);
        Put(room, ref at, ++_sequence);
        Put(room, ref at, "\",\"media\":{\"track\":\"inbound\",\"chunk\":\""u8);
        Put(room, ref at, ++_chunk);
        Put(room, ref at, "\",\"timestamp\":\""u8);
        Put(room, ref at, _chunk * FrameMs);
        Put(room, ref at, "\",\"payload\":\""u8);
        stamp.Write(room[at..]);
        at += FrameStamp.Base64Length;
        Put(room, ref at, StampedAudio.Of(FrameMs)[FrameStamp.Base64Length..]);
        Put(room, ref at, _end);
        return at;
    }

    private static void Put(Span<byte> room, ref int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(room[at..]);
        at += text.Length;
    }

    private static void Put(Span<byte> room, ref int at, int number)
    {
        Utf8Formatter.TryFormat(number, room[at..], out var length);
        at += length;
    }
}
