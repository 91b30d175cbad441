using System.Reflection;
using System.Text.Json;
using Bob.Actors.Audio;

namespace Bob.Host.Voice;

/// <summary>
/// Clips as files: <c>greeting.ulaw</c> and so on, raw μ-law at 8 kHz, and their words in <c>clips.json</c>. A set of them comes with Bob; a folder may replace any
/// of it.
/// </summary>
public static class ClipFiles
{
    /// <summary>The file with the words of all clips: an object of names and texts.</summary>
    public const string TextsFile = "clips.json";

    /// <summary>Longest clip, ms: a caller waits while it is spoken.</summary>
    public const int LongestMs = 15_000;

    /// <summary>Shortest clip, ms: nobody says a word in less.</summary>
    public const int ShortestMs = 200;

    /// <summary>Longest text, characters.</summary>
    public const int LongestText = 300;

    /// <summary>Nobody speaks that loud, but the samples of another format do when they are taken for μ-law, dBFS.</summary>
    private const double Noise = -11;

    /// <summary>Below it nothing is said, dBFS.</summary>
    private const double Silent = -46;

    /// <summary>What is looked at as a whole, 10 ms, and the silence that is left at the ends, 40 ms; bytes.</summary>
    private const int Window = 10 * Mulaw.BytesPerMs, Edge = 40 * Mulaw.BytesPerMs;

    private const string Resources = "Bob.Host.Voice.";

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The words of the clips that come with Bob.</summary>
    public static IReadOnlyDictionary<ClipName, string> ShippedTexts { get; } = Texts(Shipped(TextsFile), out _)!;

    /// <summary>The clips that come with Bob.</summary>
    public static IReadOnlyList<Clip> ShippedClips() => [.. ShippedTexts.Select(text => new Clip(text.Key, text.Value, Shipped($"clips.{FileOf(text.Key)}")))];

    /// <summary><c>still-at-it.ulaw</c></summary>
    public static string FileOf(ClipName name) => $"{Word(name)}.ulaw";

    /// <summary><c>still-at-it</c></summary>
    public static string Word(ClipName name) => JsonNamingPolicy.KebabCaseLower.ConvertName(name.ToString());

    /// <summary>The words in a file; null, and what is wrong with it, when it cannot be used.</summary>
    public static IReadOnlyDictionary<ClipName, string>? Texts(ReadOnlySpan<byte> json, out string? problem)
    {
        var names = Enum.GetValues<ClipName>().ToDictionary(Word);
        problem = null;
        try
        {
            var texts = JsonSerializer.Deserialize<Dictionary<string, string?>>(json) ?? [];
            problem = texts.Keys.FirstOrDefault(name => !names.ContainsKey(name)) is { } unknown
                ? $"names a clip {unknown}, which is none of {string.Join(", ", names.Keys)}"
                : texts.FirstOrDefault(text => string.IsNullOrWhiteSpace(text.Value) || text.Value.Length > LongestText) is { Key: { } name }
                    ? $"has no text for {name}, or one that is longer than {LongestText} characters"
                    : null;
            return problem is null ? texts.ToDictionary(text => names[text.Key], text => text.Value!.Trim()) : null;
        }
        catch (JsonException)
        {
            problem = "is not a JSON object of names and texts";
            return null;
        }
    }

    /// <summary>What is wrong with the audio of a clip; null: nothing.</summary>
    public static string? Problem(ReadOnlySpan<byte> mulaw)
    {
        var ms = mulaw.Length / Mulaw.BytesPerMs;
        if (mulaw.StartsWith("RIFF"u8) || mulaw.StartsWith(".snd"u8) || mulaw.StartsWith("ID3"u8) || mulaw.StartsWith("OggS"u8))
            return "begins with the header of another format";
        if (ms is < ShortestMs or > LongestMs)
            return $"is {ms} ms long, and not {ShortestMs} to {LongestMs}";
        if (mulaw.Length % Mulaw.BytesPerMs != 0)
            return "ends within a millisecond, as if a part of it were missing";
        var level = Level(mulaw);
        return level > Noise ? "is noise, as samples of another format are" : double.IsNegativeInfinity(level) ? "is silent" : null;
    }

    /// <summary>The same with little silence at both ends: what is heard begins at once, and what comes next does not wait.</summary>
    public static byte[] Trim(ReadOnlySpan<byte> mulaw)
    {
        int? first = null, last = null;
        for (var at = 0; at + Window <= mulaw.Length; at += Window)
        {
            if (Level(mulaw.Slice(at, Window)) <= Silent)
                continue;
            first ??= at;
            last = at + Window;
        }

        if (first is not { } from || last is not { } to)
            return [];
        from = Math.Max(0, from - Edge);
        to = Math.Min(mulaw.Length / Mulaw.BytesPerMs * Mulaw.BytesPerMs, to + Edge);
        return mulaw[from..to].ToArray();
    }

    /// <summary>Writes a clip's audio.</summary>
    public static Task WriteAsync(string folder, ClipName name, ReadOnlyMemory<byte> mulaw, CancellationToken cancellation) =>
        File.WriteAllBytesAsync(Path.Combine(folder, FileOf(name)), mulaw.ToArray(), cancellation);

    /// <summary>Writes the words of clips.</summary>
    public static Task WriteTextsAsync(string folder, IEnumerable<KeyValuePair<ClipName, string>> texts, CancellationToken cancellation) => File.WriteAllTextAsync(
        Path.Combine(folder, TextsFile), JsonSerializer.Serialize(texts.ToDictionary(text => Word(text.Key), text => text.Value), Json) + "\n", cancellation);

    /// <summary>Root mean square, dBFS.</summary>
    private static double Level(ReadOnlySpan<byte> mulaw)
    {
        var sum = 0.0;
        foreach (var code in mulaw)
        {
            var sample = Linear(code) / 32768.0;
            sum += sample * sample;
        }

        return 10 * Math.Log10(sum / mulaw.Length);
    }

    /// <summary>G.711.</summary>
    private static int Linear(byte code)
    {
        var bits = ~code & 0xFF;
        var magnitude = ((((bits & 15) << 3) + 132) << ((bits >> 4) & 7)) - 132;
        return (bits & 0x80) != 0 ? -magnitude : magnitude;
    }

    private static byte[] Shipped(string name)
    {
        using var resource = Assembly.GetExecutingAssembly().GetManifestResourceStream(Resources + name)
            ?? throw new InvalidOperationException($"Bob.Host is built without its voice: the resource {name} is missing.");
        using var copy = new MemoryStream();
        resource.CopyTo(copy);
        return copy.ToArray();
    }
}
