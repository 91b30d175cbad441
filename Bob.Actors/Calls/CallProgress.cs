using Bob.Actors.Realtime;

namespace Bob.Actors.Calls;

/// <summary>
/// Whether a conversation gets anywhere. Hold music, a television and another machine talk for hours, and each of their turns is answered and paid for
/// (A5, A6). Somebody who says a thing for the first time gets on; so does who says "yes" again, as long as Bob has something new to say to it. Pure.
/// </summary>
internal sealed class CallProgress
{
    /// <summary>Turns of each side that are remembered.</summary>
    private const int Memory = 20;

    /// <summary>Turns that have so much of their words in common, of all that are in either, say the same.</summary>
    private const double Same = 0.85;

    private const string Unintelligible = "audio_unintelligible";

    /// <summary>Of each turn the hashes of its words, sorted: the words themselves would be a third of what a long call costs in memory.</summary>
    private readonly Queue<int[]> _caller = [], _bob = [];
    private bool _worded = true; // a caller whom nobody writes down is believed

    /// <summary>Another session may write down what the last one did not.</summary>
    public void NewSession() => _worded = true;

    /// <summary>Takes in what the model's leg heard.</summary>
    /// <returns>Somebody has said something new.</returns>
    public bool Heard(RealtimeEvent happened)
    {
        switch (happened)
        {
            case CallerTranscribed transcribed:
                var words = Words(transcribed.Transcript);
                _worded = words.Length > 0;
                return _worded && IsNew(_caller, words);
            case TranscriptionFailed failed:
                _worded = failed.Code != Unintelligible; // what else fails says nothing of the caller
                return false;
            case TranscriptDone done:
                return IsNew(_bob, Words(done.Transcript)) && _worded;
            default:
                return false;
        }
    }

    private static bool IsNew(Queue<int[]> said, int[] words)
    {
        var repeated = words.Length == 0 || said.Any(before => Common(before, words) is var common && common >= Same * (before.Length + words.Length - common));
        said.Enqueue(words);
        if (said.Count > Memory)
            said.Dequeue();
        return !repeated;
    }

    private static int Common(int[] some, int[] others)
    {
        var common = 0;
        for (int i = 0, j = 0; i < some.Length && j < others.Length;)
        {
            var order = some[i].CompareTo(others[j]);
            common += order == 0 ? 1 : 0;
            i += order <= 0 ? 1 : 0;
            j += order >= 0 ? 1 : 0;
        }

        return common;
    }

    private static int[] Words(string text)
    {
        var words = new SortedSet<int>();
        var begin = -1;
        for (var i = 0; i <= text.Length; i++)
        {
            var inWord = i < text.Length && (char.IsLetterOrDigit(text[i]) || char.IsSurrogate(text[i]) || text[i] is '\'' or '’');
            if (inWord && begin < 0)
                begin = i;
            else if (!inWord && begin >= 0)
                (_, begin) = (words.Add(string.GetHashCode(text.AsSpan(begin, i - begin), StringComparison.OrdinalIgnoreCase)), -1);
        }

        return [.. words];
    }
}
