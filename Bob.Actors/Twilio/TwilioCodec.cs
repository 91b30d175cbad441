using System.Buffers.Text;
using System.Text.Json;
using System.Text.Unicode;
using Bob.Actors.Sockets;

namespace Bob.Actors.Twilio;

/// <summary>What one text message of a media stream is.</summary>
public enum TwilioEventKind
{
    /// <summary>First message of every socket.</summary>
    Connected,

    /// <summary>Which call and stream this is, with the custom parameters.</summary>
    Start,

    /// <summary>Audio of the caller, usually 20 ms.</summary>
    Media,

    /// <summary>One key pressed by the caller.</summary>
    Dtmf,

    /// <summary>A mark of ours came back: everything before it was played or flushed.</summary>
    Mark,

    /// <summary>The stream or the call ended. May never come.</summary>
    Stop,

    /// <summary>Well-formed, but of a kind that is not in Twilio's documentation.</summary>
    Unknown,

    /// <summary>Not JSON, or a field of a wrong type, or a required field missing.</summary>
    Malformed,
}

/// <summary>One message from Twilio. Its spans are views of the received buffer and valid as long as that is.</summary>
public ref struct TwilioEvent
{
    public TwilioEventKind Kind;

    /// <summary>Stream id, empty on <c>connected</c>.</summary>
    public ReadOnlySpan<byte> StreamSid;

    /// <summary>Number of the message in the stream from 1; -1 when absent, or no number that a stream can have.</summary>
    public long SequenceNumber;

    /// <summary>Number of the media message from 1; -1 when absent, or no number that a stream can have.</summary>
    public long Chunk;

    /// <summary>Milliseconds since the stream's start; -1 when absent, negative, or no number that a stream can have.</summary>
    public long TimestampMs;

    /// <summary>Whether this is the caller's own track. Anything else is Bob's voice coming back.</summary>
    public bool Inbound;

    /// <summary>Base64 of mu-law at 8 kHz, unescaped.</summary>
    public ReadOnlySpan<byte> Payload;

    /// <summary>Decoded length of <see cref="Payload"/> in bytes (8 a millisecond), or -1 when it is not base64.</summary>
    public int PayloadBytes;

    /// <summary>The mark's name, the digit, the unknown event's name, or what is malformed.</summary>
    public string? Text;

    /// <summary>Set on <see cref="TwilioEventKind.Start"/>.</summary>
    public StreamStart? Start;
}

/// <summary>What <c>start</c> says about the stream.</summary>
/// <param name="Encoding">MIME type; Twilio documents <c>audio/x-mulaw</c> only.</param>
/// <param name="SampleRate">Hz; Twilio documents 8000 only.</param>
/// <param name="Channels">Twilio documents 1 only.</param>
/// <param name="Parameters">The TwiML's custom parameters, at most 50 and 8 KB together. Whoever finds the URL can forge them.</param>
public sealed record StreamStart(
    string AccountSid,
    string StreamSid,
    string CallSid,
    string Encoding,
    int SampleRate,
    int Channels,
    IReadOnlyList<string> Tracks,
    IReadOnlyDictionary<string, string> Parameters);

/// <summary>Reads the messages of Twilio Media Streams. <c>media</c> allocates nothing, unless its payload is escaped.</summary>
public static class TwilioCodec
{
    private const int MaxParameters = 50;
    private const int MaxParameterBytes = 8 * 1024;
    private const int MaxTracks = 8;
    private const int MaxUnknownName = 64;

    /// <summary>No count of a stream comes near it (it is 31 years of milliseconds), and whoever reckons with one must not overflow.</summary>
    private const long MaxCounter = 1_000_000_000_000;

    /// <summary>Never throws, whatever the bytes are.</summary>
    public static void Read(ReadOnlySpan<byte> utf8, out TwilioEvent e)
    {
        if (!ReadsUsualMedia(utf8, out e))
            ReadAny(utf8, out e);
    }

    /// <summary>Reads whatever it may be, in any form. Never throws.</summary>
    internal static void ReadAny(ReadOnlySpan<byte> utf8, out TwilioEvent e)
    {
        // Utf8JsonReader looks at the structure only; bad bytes inside of strings would pass it.
        if (!Utf8.IsValid(utf8))
        {
            e = Malformed("invalid UTF-8");
            return;
        }

        try
        {
            e = Parse(utf8);
        }
        catch (FormatException wrong)
        {
            e = Malformed(wrong.Message);
        }
        catch (JsonException)
        {
            e = Malformed("not JSON");
        }
        catch (InvalidOperationException)
        {
            e = Malformed("half a surrogate pair");
        }
    }

    /// <summary>The caller's audio in the form in which Twilio sends it.</summary>
    private static bool ReadsUsualMedia(ReadOnlySpan<byte> utf8, out TwilioEvent e)
    {
        var text = new UsualText(utf8);
        e = default;
        if (!text.Says("{\"event\":\"media\",\"sequenceNumber\":\""u8) || !text.SaysNumber(out var number)
            || !text.Says("\",\"media\":{\"track\":\"inbound\",\"chunk\":\""u8) || !text.SaysNumber(out var chunk)
            || !text.Says("\",\"timestamp\":\""u8) || !text.SaysNumber(out var timestamp)
            || !text.Says("\",\"payload\":\""u8) || !text.SaysBase64(out e.Payload, out e.PayloadBytes)
            || !text.Says("\"},\"streamSid\":\""u8) || !text.SaysWord(out e.StreamSid)
            || !text.Says("\"}"u8) || !text.IsOver)
        {
            return false;
        }

        (e.Kind, e.Inbound, e.SequenceNumber, e.Chunk, e.TimestampMs) = (TwilioEventKind.Media, true, number, chunk, timestamp);
        return true;
    }

    private static TwilioEvent Malformed(string reason) => new()
    {
        Kind = TwilioEventKind.Malformed,
        Text = reason,
        SequenceNumber = -1,
        Chunk = -1,
        TimestampMs = -1,
        PayloadBytes = -1,
    };

    private static TwilioEvent Parse(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8);
        var e = Malformed("no event");
        string? mark = null, digit = null, unknown = null;
        var hasPayload = false;

        reader.Read();
        EnterObject(ref reader, "not an object");
        while (NextField(ref reader))
        {
            if (reader.ValueTextEquals("event"u8)) e.Kind = Kind(ref reader, out unknown);
            else if (reader.ValueTextEquals("streamSid"u8)) e.StreamSid = Bytes(ref reader, "streamSid is not a string");
            else if (reader.ValueTextEquals("sequenceNumber"u8)) e.SequenceNumber = Counter(ref reader);
            else if (reader.ValueTextEquals("media"u8)) hasPayload = Media(ref reader, ref e);
            else if (reader.ValueTextEquals("mark"u8)) mark = Member(ref reader, "name"u8, "mark without a name", ref e);
            else if (reader.ValueTextEquals("dtmf"u8)) digit = Member(ref reader, "digit"u8, "dtmf without a digit", ref e);
            else if (reader.ValueTextEquals("start"u8)) e.Start = Start(ref reader);
            else reader.Skip();
        }

        reader.Read(); // bytes after the object throw

        if (e.Kind != TwilioEventKind.Start) e.Start = null;
        e.Text = e.Kind switch
        {
            TwilioEventKind.Media when !hasPayload => throw new FormatException("media without a payload"),
            TwilioEventKind.Start when e.Start is null => throw new FormatException("start without its object"),
            TwilioEventKind.Mark => mark ?? throw new FormatException("mark without a name"),
            TwilioEventKind.Dtmf => digit ?? throw new FormatException("dtmf without a digit"),
            TwilioEventKind.Unknown => unknown,
            TwilioEventKind.Malformed => throw new FormatException("no event"),
            _ => null,
        };
        return e;
    }

    private static TwilioEventKind Kind(scoped ref Utf8JsonReader reader, out string? unknown)
    {
        unknown = null;
        Expect(ref reader, JsonTokenType.String, "event is not a string");
        if (reader.ValueTextEquals("media"u8)) return TwilioEventKind.Media;
        if (reader.ValueTextEquals("mark"u8)) return TwilioEventKind.Mark;
        if (reader.ValueTextEquals("dtmf"u8)) return TwilioEventKind.Dtmf;
        if (reader.ValueTextEquals("connected"u8)) return TwilioEventKind.Connected;
        if (reader.ValueTextEquals("start"u8)) return TwilioEventKind.Start;
        if (reader.ValueTextEquals("stop"u8)) return TwilioEventKind.Stop;

        var name = reader.GetString()!;
        unknown = name.Length <= MaxUnknownName ? name : name[..MaxUnknownName];
        return TwilioEventKind.Unknown;
    }

    private static bool Media(ref Utf8JsonReader reader, ref TwilioEvent e)
    {
        var hasPayload = false;
        reader.Read();
        EnterObject(ref reader, "media is not an object");
        while (NextField(ref reader))
        {
            if (reader.ValueTextEquals("payload"u8))
            {
                e.Payload = Bytes(ref reader, "payload is not a string");
                e.PayloadBytes = UsualText.DecodedLength(e.Payload);
                hasPayload = true;
            }
            else if (reader.ValueTextEquals("track"u8)) e.Inbound = IsInbound(ref reader);
            else if (reader.ValueTextEquals("chunk"u8)) e.Chunk = Counter(ref reader);
            else if (reader.ValueTextEquals("timestamp"u8)) e.TimestampMs = Counter(ref reader);
            else reader.Skip();
        }

        return hasPayload;
    }

    private static string? Member(ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name, string missing, ref TwilioEvent e)
    {
        string? value = null;
        reader.Read();
        EnterObject(ref reader, missing);
        while (NextField(ref reader))
        {
            if (reader.ValueTextEquals(name)) value = Text(ref reader, missing);
            else if (reader.ValueTextEquals("track"u8)) e.Inbound = IsInbound(ref reader);
            else reader.Skip();
        }

        return value;
    }

    private static StreamStart Start(scoped ref Utf8JsonReader reader)
    {
        string account = "", stream = "", call = "", encoding = "";
        int rate = 0, channels = 0;
        List<string> tracks = [];
        Dictionary<string, string> parameters = [];

        reader.Read();
        EnterObject(ref reader, "start is not an object");
        while (NextField(ref reader))
        {
            if (reader.ValueTextEquals("accountSid"u8)) account = Text(ref reader, "accountSid is not a string");
            else if (reader.ValueTextEquals("streamSid"u8)) stream = Text(ref reader, "start.streamSid is not a string");
            else if (reader.ValueTextEquals("callSid"u8)) call = Text(ref reader, "callSid is not a string");
            else if (reader.ValueTextEquals("tracks"u8)) Tracks(ref reader, tracks);
            else if (reader.ValueTextEquals("customParameters"u8)) Parameters(ref reader, parameters);
            else if (reader.ValueTextEquals("mediaFormat"u8))
            {
                reader.Read();
                EnterObject(ref reader, "mediaFormat is not an object");
                while (NextField(ref reader))
                {
                    if (reader.ValueTextEquals("encoding"u8)) encoding = Text(ref reader, "encoding is not a string");
                    else if (reader.ValueTextEquals("sampleRate"u8)) rate = (int)Math.Clamp(Counter(ref reader), 0, int.MaxValue);
                    else if (reader.ValueTextEquals("channels"u8)) channels = (int)Math.Clamp(Counter(ref reader), 0, int.MaxValue);
                    else reader.Skip();
                }
            }
            else reader.Skip();
        }

        if (stream.Length == 0) throw new FormatException("start without a streamSid");
        if (call.Length == 0) throw new FormatException("start without a callSid");
        return new StreamStart(account, stream, call, encoding, rate, channels, tracks, parameters);
    }

    private static void Tracks(scoped ref Utf8JsonReader reader, List<string> tracks)
    {
        Expect(ref reader, JsonTokenType.StartArray, "tracks is not an array");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.String) throw new FormatException("a track is not a string");
            if (tracks.Count == MaxTracks) throw new FormatException("too many tracks");
            tracks.Add(reader.GetString()!);
        }
    }

    private static void Parameters(scoped ref Utf8JsonReader reader, Dictionary<string, string> parameters)
    {
        var (count, bytes) = (0, 0);
        reader.Read();
        EnterObject(ref reader, "customParameters is not an object");
        while (NextField(ref reader))
        {
            bytes += reader.ValueSpan.Length;
            var name = reader.GetString()!;
            Expect(ref reader, JsonTokenType.String, "a custom parameter is not a string");
            bytes += reader.ValueSpan.Length;
            if (++count > MaxParameters || bytes > MaxParameterBytes) throw new FormatException("too many custom parameters");
            parameters[name] = reader.GetString()!;
        }
    }

    private static bool IsInbound(scoped ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.String, "track is not a string");
        return reader.ValueTextEquals("inbound"u8) || reader.ValueTextEquals("inbound_track"u8); // media says the one, dtmf the other
    }

    /// <summary>Twilio writes its counters as strings; a number is as good.</summary>
    private static long Counter(scoped ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Number))
        {
            reader.Skip();
            return -1;
        }

        var digits = reader.ValueSpan;
        return Utf8Parser.TryParse(digits, out long value, out var used) && used == digits.Length && value is >= 0 and <= MaxCounter ? value : -1;
    }

    private static string Text(scoped ref Utf8JsonReader reader, string wrong)
    {
        Expect(ref reader, JsonTokenType.String, wrong);
        return reader.GetString()!;
    }

    private static ReadOnlySpan<byte> Bytes(scoped ref Utf8JsonReader reader, string wrong)
    {
        Expect(ref reader, JsonTokenType.String, wrong);
        if (!reader.ValueIsEscaped) return reader.ValueSpan;

        var unescaped = new byte[reader.ValueSpan.Length];
        return unescaped.AsSpan(0, reader.CopyString(unescaped));
    }

    private static void EnterObject(scoped ref Utf8JsonReader reader, string wrong)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw new FormatException(wrong);
    }

    private static bool NextField(scoped ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    private static void Expect(scoped ref Utf8JsonReader reader, JsonTokenType type, string wrong)
    {
        reader.Read();
        if (reader.TokenType != type) throw new FormatException(wrong);
    }
}
