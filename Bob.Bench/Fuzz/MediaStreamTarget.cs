using System.Text;
using System.Text.Json;
using Bob.Actors.Twilio;

namespace Bob.Bench.Fuzz;

/// <summary>Messages of a media stream, judged by the grammar of JSON and by what the framework's document finds in them.</summary>
internal sealed class MediaStreamTarget : FuzzTarget
{
    public override string Name => "media-stream";

    public override int Share => 300;

    public override IReadOnlyList<byte[]> Seeds { get; } = JsonSeeds.Of(FrameCorpus.MediaStreams);

    public override void Check(ReadOnlyMemory<byte> input, ref FuzzRandom random)
    {
        TwilioCodec.Read(input.Span, out var read);
        if (!JsonGrammar.Allows(input.Span))
        {
            Holds(read.Kind == TwilioEventKind.Malformed, $"{read.Kind} was read of what is no JSON");
            return;
        }

        using var document = JsonDocument.Parse(input);
        if (JsonSeeds.HasEscapes(input.Span))
            return; // a name or a text that cannot be unescaped throws in the document, too
        var root = document.RootElement;
        var right = root.ValueKind == JsonValueKind.Object ? Right(root) : null;
        if (right is null)
            Holds(read.Kind == TwilioEventKind.Malformed, $"{read.Kind} was read of what lacks something");
        else if (right is { } kind && (read.Kind != TwilioEventKind.Malformed || !root.TryGetProperty("start", out _)))
            Holds(read.Kind == kind, $"{read.Kind} ({read.Text}) was read of a message that is {kind}");
        switch (read.Kind)
        {
            case TwilioEventKind.Media:
                var payload = root.GetProperty("media").GetProperty("payload").GetString()!;
                Holds(Encoding.UTF8.GetString(read.Payload) == payload, "another payload");
                Holds(read.PayloadBytes == JsonSeeds.DecodedBytes(payload), $"{read.PayloadBytes} bytes in a payload of {JsonSeeds.DecodedBytes(payload)}");
                break;
            case TwilioEventKind.Mark:
                Holds(read.Text == root.GetProperty("mark").GetProperty("name").GetString(), "another name of a mark");
                break;
            case TwilioEventKind.Dtmf:
                Holds(read.Text == root.GetProperty("dtmf").GetProperty("digit").GetString(), "another key");
                break;
            case TwilioEventKind.Start:
                Holds(read.Start is { CallSid.Length: > 0, StreamSid.Length: > 0, Parameters.Count: <= 50, Tracks.Count: <= 8 }, "a start without its ids, or with too much");
                break;
        }
    }

    /// <summary>What the message is, if all fields that count have the types they must have; null when one has not.</summary>
    private static TwilioEventKind? Right(JsonElement root)
    {
        TwilioEventKind? kind = null;
        var (payload, name, digit, start) = (false, false, false, false);
        foreach (var field in root.EnumerateObject())
        {
            var value = field.Value;
            switch (field.Name)
            {
                case "event":
                    if (value.ValueKind != JsonValueKind.String)
                        return null;
                    kind = value.GetString() switch
                    {
                        "connected" => TwilioEventKind.Connected,
                        "start" => TwilioEventKind.Start,
                        "media" => TwilioEventKind.Media,
                        "dtmf" => TwilioEventKind.Dtmf,
                        "mark" => TwilioEventKind.Mark,
                        "stop" => TwilioEventKind.Stop,
                        _ => TwilioEventKind.Unknown,
                    };
                    break;
                case "streamSid" when value.ValueKind != JsonValueKind.String:
                    return null;
                case "media" when !Texts(value, "payload", out payload):
                case "mark" when !Texts(value, "name", out name):
                case "dtmf" when !Texts(value, "digit", out digit):
                    return null;
                case "start":
                    start = true;
                    break;
            }
        }

        return kind switch
        {
            TwilioEventKind.Media when !payload => null,
            TwilioEventKind.Mark when !name => null,
            TwilioEventKind.Dtmf when !digit => null,
            TwilioEventKind.Start when !start => null,
            _ => kind,
        };
    }

    /// <summary>Whether it is an object whose named text and track, where it has them, are texts.</summary>
    private static bool Texts(JsonElement value, string name, out bool there)
    {
        there = false;
        if (value.ValueKind != JsonValueKind.Object)
            return false;
        foreach (var field in value.EnumerateObject())
        {
            if ((field.Name == name || field.Name == "track") && field.Value.ValueKind != JsonValueKind.String)
                return false;
            there |= field.Name == name;
        }

        return true;
    }
}
