using System.Text.Json;
using Bob.Simulator.Voice;

namespace Bob.Simulator.Torture;

/// <summary>What Bob says without a model, as tones, so that every byte of it tells what it is: the folder that replaces his own voice.</summary>
internal static class ClipsOfBob
{
    private static readonly Dictionary<string, string> Texts = new()
    {
        ["greeting"] = "Bob here, please wait.",
        ["filler"] = "One moment.",
        ["still-at-it"] = "Still looking.",
        ["apology"] = "Bob is sorry.",
        ["transfer"] = "A colleague comes.",
        ["call-again"] = "Please call again.",
        ["cut-off"] = "We were cut off.",
    };

    /// <summary>By the names that scenarios use.</summary>
    public static IReadOnlyList<(string Name, byte[] Audio)> All { get; } =
        [.. Texts.Select(clip => (Ear.ClipPrefix + clip.Key, ScriptedVoice.Say(clip.Value).Audio.ToArray()))];

    /// <summary>Writes the folder.</summary>
    public static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var (name, text) in Texts)
            File.WriteAllBytes(Path.Combine(folder, $"{name}.ulaw"), ScriptedVoice.Say(text).Audio.ToArray());
        File.WriteAllText(Path.Combine(folder, "clips.json"), JsonSerializer.Serialize(Texts));
    }
}
