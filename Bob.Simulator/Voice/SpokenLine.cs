using Bob.Simulator.Audio;

namespace Bob.Simulator.Voice;

/// <summary>A line as the simulated model says it.</summary>
/// <param name="Text">What is said.</param>
/// <param name="Audio">Mu-law at 8 kHz.</param>
/// <param name="WordsMs">Where each word of <paramref name="Text"/> (split at spaces) begins in the audio, in ms.</param>
public sealed record SpokenLine(string Text, ReadOnlyMemory<byte> Audio, IReadOnlyList<int> WordsMs)
{
    /// <summary>Length in ms, rounded down.</summary>
    public int AudioMs => Audio.Length / MuLaw.BytesPerMs;

    /// <summary>The words, split at spaces.</summary>
    public IReadOnlyList<string> Words => Text.Split(' ');

    /// <summary>The line from word number <paramref name="word"/> (0-based) on; its audio begins where that word begins.</summary>
    public SpokenLine From(int word)
    {
        var startMs = WordsMs[word];
        return new SpokenLine(
            string.Join(' ', Words.Skip(word)),
            Audio[(startMs * MuLaw.BytesPerMs)..],
            [.. WordsMs.Skip(word).Select(ms => ms - startMs)]);
    }
}
