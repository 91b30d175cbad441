using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Bob.Actors.Calls;
using Bob.Actors.Records;

namespace Bob.Host.Records;

/// <summary>An entry as a line of the spool: a checksum of eight digits, a space, and JSON. Pure.</summary>
internal static class SpoolLine
{
    private const int ChecksumLength = 8;

    /// <summary>Writes the line of an entry, with its end.</summary>
    public static void Write(Stream lines, JournalEntry entry)
    {
        var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("call", entry.CallSid.Value);
            json.WriteNumber("number", entry.Number);
            json.WriteString("at", entry.At);
            json.WriteString("kind", JournalCodec.Kind(entry));
            json.WriteNumber("version", JournalCodec.Version);
            json.WritePropertyName("what");
            json.WriteRawValue(JournalCodec.Payload(entry));
            json.WriteEndObject();
        }

        var utf8 = body.GetBuffer().AsSpan(0, (int)body.Length);
        lines.Write(Encoding.ASCII.GetBytes(Checksum(utf8)));
        lines.WriteByte((byte)' ');
        lines.Write(utf8);
        lines.WriteByte((byte)'\n');
    }

    /// <summary>Whether a line, without its end, is as it was written.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> line) =>
        line.Length > ChecksumLength && Encoding.ASCII.GetString(line[..ChecksumLength]) == Checksum(line[(ChecksumLength + 1)..]);

    /// <summary>The entry of a whole line; null when this version of Bob does not understand it.</summary>
    public static JournalEntry? Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var json = JsonDocument.Parse(line[(ChecksumLength + 1)..]);
            var root = json.RootElement;
            var entry = JournalCodec.Read(Text(root, "kind"), root.GetProperty("version").GetInt32(), root.GetProperty("what").GetRawText());
            return entry with
            {
                CallSid = new CallSid(Text(root, "call")),
                Number = root.GetProperty("number").GetInt32(),
                At = root.GetProperty("at").GetDateTimeOffset(),
            };
        }
        catch (Exception unknown) when (unknown is FormatException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The checksum that stands before a body.</summary>
    public static string Checksum(ReadOnlySpan<byte> utf8)
    {
        var crc = uint.MaxValue;
        foreach (var octet in utf8)
            crc = BitOperations.Crc32C(crc, octet);
        return (~crc).ToString("x8", CultureInfo.InvariantCulture);
    }

    private static string Text(JsonElement root, string name) => root.GetProperty(name).GetString() ?? throw new FormatException(name);
}
