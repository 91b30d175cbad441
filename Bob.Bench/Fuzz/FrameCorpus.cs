using System.Text;
using System.Text.Json;

namespace Bob.Bench.Fuzz;

/// <summary>A message as it goes on the wire, in one frame.</summary>
/// <param name="First">FIN and the opcode.</param>
internal readonly record struct WireMessage(byte First, byte[] Payload)
{
    public const byte Text = 0x81, Binary = 0x82, Close = 0x88;
}

/// <summary>One case of a corpus: an odd, broken, hostile or merely unusual message, and what is to come of it.</summary>
/// <param name="Id">Names it, once in its corpus.</param>
/// <param name="Rows">The rows of the fault catalogue that it belongs to; empty for none.</param>
/// <param name="About">What is odd about it, in words.</param>
/// <param name="Started">False: nobody has said <c>start</c> on this media stream.</param>
/// <param name="After">What came before it, and is not judged.</param>
/// <param name="Times">How often it is sent.</param>
/// <param name="Verdict">
/// <c>understood: …</c> with what reached the call; <c>ignored</c>; <c>counted: …</c> with the kind that the metric has; <c>closed: …</c> with the code;
/// <c>replaced: …</c> with the reason, for a model's session that another one takes the place of; <c>refused: …</c> for one that nothing does.
/// </param>
internal sealed record HostileMessage(
    string Id, string Rows, string About, bool Started, IReadOnlyList<WireMessage> After, WireMessage Message, int Times, string Verdict);

/// <summary>
/// Messages to torture a reader with, one a line of a file. A message is a string, or an array of parts: strings, <c>{"bytes":"C328"}</c> and
/// <c>{"repeat":"x","times":70000}</c>; or it is <c>{"binary":"00FF"}</c> or <c>{"close":1011}</c>.
/// </summary>
internal static class FrameCorpus
{
    public static IReadOnlyList<HostileMessage> MediaStreams { get; } = Read("media-stream-torture.jsonl");

    public static IReadOnlyList<HostileMessage> Realtime { get; } = Read("realtime-torture.jsonl");

    private static List<HostileMessage> Read(string file) =>
        [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Fixtures", file)).Select(line => Case(JsonDocument.Parse(line).RootElement))];

    private static HostileMessage Case(JsonElement line) => new(
        line.GetProperty("id").GetString()!,
        line.TryGetProperty("rows", out var rows) ? rows.GetString()! : "",
        line.GetProperty("about").GetString()!,
        !line.TryGetProperty("started", out var started) || started.GetBoolean(),
        line.TryGetProperty("after", out var after) ? [.. after.EnumerateArray().Select(Message)] : [],
        Message(line.GetProperty("frame")),
        line.TryGetProperty("times", out var times) ? times.GetInt32() : 1,
        line.GetProperty("verdict").GetString()!);

    private static WireMessage Message(JsonElement message)
    {
        if (message.ValueKind != JsonValueKind.Object)
            return new WireMessage(WireMessage.Text, message.ValueKind == JsonValueKind.Array ? [.. message.EnumerateArray().SelectMany(Part)] : Part(message));
        if (message.TryGetProperty("close", out var close))
            return new WireMessage(WireMessage.Close, [(byte)(close.GetInt32() >> 8), (byte)close.GetInt32()]);
        return new WireMessage(WireMessage.Binary, Convert.FromHexString(message.GetProperty("binary").GetString()!));
    }

    private static byte[] Part(JsonElement part)
    {
        if (part.ValueKind == JsonValueKind.String)
            return Encoding.UTF8.GetBytes(part.GetString()!);
        if (part.TryGetProperty("bytes", out var bytes))
            return Convert.FromHexString(bytes.GetString()!);
        var repeated = new StringBuilder().Insert(0, part.GetProperty("repeat").GetString()!, part.GetProperty("times").GetInt32());
        return Encoding.UTF8.GetBytes(repeated.ToString());
    }
}
