using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Bob.Actors.Calls;

namespace Bob.Actors.Records;

/// <summary>Entries of the journal as text: a word for the kind, a version of the form, and the rest as JSON.</summary>
public static class JournalCodec
{
    /// <summary>The form that this Bob writes, and the newest that it reads.</summary>
    public const int Version = 1;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(), new StreamSidConverter() },
    };

    private static readonly Dictionary<string, Type> Kinds = typeof(JournalEntry)
        .GetCustomAttributes<JsonDerivedTypeAttribute>(inherit: false)
        .ToDictionary(kind => (string)kind.TypeDiscriminator!, kind => kind.DerivedType);

    private static readonly Dictionary<Type, string> Words = Kinds.ToDictionary(kind => kind.Value, kind => kind.Key);

    /// <summary>The kind of an entry, such as <c>caller-words</c>.</summary>
    public static string Kind(JournalEntry entry) => Words[entry.GetType()];

    /// <summary>What an entry holds besides its call, number and time.</summary>
    public static string Payload(JournalEntry entry) => JsonSerializer.Serialize(entry, entry.GetType(), Json);

    /// <summary>An entry without its call, number and time.</summary>
    /// <exception cref="FormatException">A newer Bob wrote it, or it is no entry at all.</exception>
    public static JournalEntry Read(string kind, int version, string payload)
    {
        if (version > Version || !Kinds.TryGetValue(kind, out var type))
            throw new FormatException($"An entry of the kind {kind}, version {version}, is none that this version of Bob knows.");
        try
        {
            return (JournalEntry?)JsonSerializer.Deserialize(payload, type, Json) ?? throw new FormatException($"An empty entry of the kind {kind}.");
        }
        catch (JsonException broken)
        {
            throw new FormatException($"An entry of the kind {kind} cannot be read.", broken);
        }
    }

    private sealed class StreamSidConverter : JsonConverter<StreamSid>
    {
        public override StreamSid Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetString()!);

        public override void Write(Utf8JsonWriter writer, StreamSid value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
    }
}
