using System.Text.Json;
using Bob.Simulator.Audio;

namespace Bob.Simulator.Voice;

/// <summary>
/// The simulated model's voice. Lines of <c>lines.json</c> are recordings (see <c>make-voice.py</c>); any other text is spoken as tones, one
/// pitch per letter, the same audio for the same text, so that a spec may use any text and still tell by ear which one it hears.
/// </summary>
public static class ScriptedVoice
{
    private const int ToneMsPerCharacter = 55;
    private const short ToneAmplitude = 4600; // about -20 dBFS RMS, like the recordings

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private static readonly Dictionary<string, SpokenLine> Recordings = Load();

    /// <summary>The texts that are recorded.</summary>
    public static IReadOnlyCollection<string> Recorded => Recordings.Keys;

    /// <summary>The line with that text.</summary>
    public static SpokenLine Say(string text) => Recordings.TryGetValue(text, out var line) ? line : Tones(text);

    private static SpokenLine Tones(string text)
    {
        const int bytesPerCharacter = ToneMsPerCharacter * MuLaw.BytesPerMs;
        var audio = new byte[Math.Max(1, text.Length) * bytesPerCharacter];
        var words = new List<int> { 0 };
        for (var i = 0; i < text.Length; i++)
        {
            var part = audio.AsSpan(i * bytesPerCharacter, bytesPerCharacter);
            if (text[i] == ' ')
            {
                part.Fill(MuLaw.Silence);
                words.Add((i + 1) * ToneMsPerCharacter);
                continue;
            }

            var hertz = 300 + 25 * (char.ToLowerInvariant(text[i]) % 32);
            for (var s = 0; s < part.Length; s++)
                part[s] = MuLaw.Encode((short)(ToneAmplitude * Math.Sin(2 * Math.PI * hertz * s / 8000)));
        }

        return new SpokenLine(text, audio, words);
    }

    private static Dictionary<string, SpokenLine> Load()
    {
        using var index = Open("lines.json");
        var entries = JsonSerializer.Deserialize<LineEntry[]>(index, Json) ?? [];
        return entries.ToDictionary(entry => entry.Text, entry =>
        {
            using var clip = Open($"clips.{entry.Id}.ulaw");
            using var copy = new MemoryStream();
            clip.CopyTo(copy);
            return new SpokenLine(entry.Text, copy.ToArray(), entry.WordsMs);
        });
    }

    private static Stream Open(string name) =>
        typeof(ScriptedVoice).Assembly.GetManifestResourceStream($"Bob.Simulator.Voice.{name}")
        ?? throw new InvalidOperationException($"Bob.Simulator is built without its voice: the resource {name} is missing.");

    private sealed record LineEntry(string Id, string Text, int AudioMs, int[] WordsMs);
}
