using Bob.Actors.Audio;

namespace Bob.Actors.Conversation;

/// <summary>
/// What has been said in a call, as the caller heard it: enough to tell a fresh model session where it is. Pure, mutable, one owner.
/// </summary>
public sealed class ConversationLog
{
    /// <summary>Entries replayed to a new session, and kept: about half an hour of talk.</summary>
    public const int MaxReplayed = 200;

    /// <summary>The longest name a tool may have, characters; the model may make longer ones up.</summary>
    public const int MaxToolName = 64;

    /// <summary>Speech in characters per second, until this call has shown its own: English at a normal pace.</summary>
    private const double UsualPace = 15;

    /// <summary>Thai is the first of the scripts in Unicode's order that do not put spaces between words; all the others are above it.</summary>
    private const char FirstUnspacedScript = '\u0E00';

    /// <summary>Items shorter than this say little of the pace, ms.</summary>
    private const int ShortestLesson = 500;

    private readonly List<Entry> _entries = [];
    private readonly Dictionary<string, Entry> _byId = [];
    private double _pacedCharacters, _pacedSeconds;

    /// <summary>The caller's turn began to exist; its words may come later.</summary>
    public void CallerTurn(string itemId) => Of(itemId, () => new CallerEntry());

    /// <summary>The words of a caller's turn.</summary>
    public void CallerWords(string itemId, string text)
    {
        if (Of(itemId, () => new CallerEntry()) is CallerEntry caller)
            caller.Text = text.Trim();
    }

    /// <summary>Bob says something; its words follow.</summary>
    public void BobTurn(string itemId) => Of(itemId, () => new BobEntry());

    /// <summary>More words of Bob's.</summary>
    public void BobWords(string itemId, string delta)
    {
        if (Of(itemId, () => new BobEntry()) is BobEntry { Whole: false } bob)
            bob.Text += delta;
    }

    /// <summary>All words of Bob's so far, where they were not counted one by one.</summary>
    public void BobWordsSoFar(string itemId, string text)
    {
        if (Of(itemId, () => new BobEntry()) is BobEntry { Whole: false } bob)
            bob.Text = text;
    }

    /// <summary>All words of an item of Bob's.</summary>
    /// <param name="clip">The clip that it was; null for the model's own words.</param>
    public void BobSaid(string itemId, string text, ClipName? clip = null)
    {
        if (Of(itemId, () => new BobEntry { Clip = clip }) is not BobEntry bob)
            return;
        (bob.Text, bob.Whole) = (text, true);
        LearnPace(bob);
    }

    /// <summary>Only the first <paramref name="heardMs"/> of an item were heard, or will be.</summary>
    /// <param name="receivedMs">Length of the audio that came from the model, ms.</param>
    /// <param name="lost">Cut by a lost session and not by the caller: Bob should go on with it.</param>
    public void BobCut(string itemId, long heardMs, long receivedMs, bool lost)
    {
        if (Of(itemId, () => new BobEntry()) is BobEntry bob)
            (bob.HeardMs, bob.ReceivedMs, bob.Lost) = (heardMs, receivedMs, lost);
    }

    /// <summary>The response of an item ended before it was whole: Bob should go on with it.</summary>
    public void BobBrokeOff(string itemId)
    {
        if (_byId.GetValueOrDefault(itemId) is BobEntry bob)
            bob.Lost = true;
    }

    /// <summary>All audio of an item is here.</summary>
    public void BobSpoke(string itemId, long receivedMs)
    {
        if (Of(itemId, () => new BobEntry()) is not BobEntry bob)
            return;
        (bob.SpokenMs, bob.IsSpoken) = (receivedMs, true);
        LearnPace(bob);
    }

    /// <summary>An item whose words and audio are both whole, in whichever order they came, teaches the pace of this voice. Once.</summary>
    private void LearnPace(BobEntry bob)
    {
        if (!bob.Whole || bob.SpokenMs < ShortestLesson || bob.Clip is not null)
            return;
        _pacedCharacters += bob.Text.Length;
        _pacedSeconds += bob.SpokenMs / 1000.0;
        bob.SpokenMs = 0;
    }

    public void ToolCalled(string callId, string name, string arguments) => Of(callId, () => new ToolEntry(name, arguments));

    /// <summary>A tool's result is here. It is the last word now, whatever was said meanwhile: somebody waits for it.</summary>
    public void ToolReturned(string callId, string output)
    {
        if (_byId.GetValueOrDefault(callId) is not ToolEntry { Output: null } tool)
            return;
        tool.Output = output;
        _entries.Remove(tool);
        _entries.Add(tool);
    }

    public void CallerPressed(string digits)
    {
        if (_entries.LastOrDefault() is PressedEntry last)
            last.Digits += digits;
        else
            Add(new PressedEntry { Digits = digits });
    }

    /// <summary>Whether the last words of Bob's were cut by a lost model session, so that there is something to go on with.</summary>
    public bool EndsInCutSpeech => _entries.FindLast(entry => !SaysNothing(entry) && entry is not CallerEntry { Text: null }) is BobEntry { Lost: true };

    /// <summary>Whether the last word is the caller's, and still unanswered. Not while a tool is at work: its result is answered.</summary>
    public bool EndsWithCaller =>
        !_entries.Exists(entry => entry is ToolEntry { Output: null })
        && _entries.FindLast(entry => !SaysNothing(entry)) is CallerEntry { Text: not null } or PressedEntry or ToolEntry;

    /// <summary>Whether all that was said is a greeting without the model, which the model has to go on from.</summary>
    public bool IsOnlyGreeted => _entries.TrueForAll(entry => SaysNothing(entry) || entry is BobEntry { Clip: ClipName.Greeting }) && _entries.Exists(entry => !SaysNothing(entry));

    /// <summary>The words so far of an item of Bob's that still grows; null for any other.</summary>
    public string? GrowingText(string itemId) => _byId.GetValueOrDefault(itemId) is BobEntry { Whole: false } bob ? bob.Text : null;

    /// <summary>Whether an item is not too long ago.</summary>
    public bool Knows(string itemId) => _byId.ContainsKey(itemId);

    /// <summary>Whether an item of Bob's has words, and nothing is known of its sound.</summary>
    public bool IsUnheard(string itemId) => _byId.GetValueOrDefault(itemId) is BobEntry { HeardMs: null, IsSpoken: false };

    /// <summary>What was heard of an item of Bob's that was cut; null for any other.</summary>
    public HeardPart? HeardOf(string itemId) => _byId.GetValueOrDefault(itemId) is BobEntry { HeardMs: { } heardMs } bob
        ? new HeardPart(HeardText(bob), heardMs, bob.ReceivedMs, bob.Lost)
        : null;

    /// <summary>
    /// The conversation for a fresh session: heard text only, finished tool calls only; of others it is told that they are at work. That the caller was
    /// asked to wait is not in it: it would stand between a question and its answer.
    /// </summary>
    public IReadOnlyList<ConversationItem> Replay() =>
        _entries.Select(entry => entry switch
        {
            CallerEntry { Text: { Length: > 0 } text } => (ConversationItem)new CallerSaid(text),
            BobEntry bob when !bob.IsBridge => HeardText(bob) is { Length: > 0 } heard ? new BobSaid(heard, bob.HeardMs is not null) : null,
            ToolEntry { Output: not null } tool => new ToolCalled(tool.Id!, tool.Name, tool.Arguments, tool.Output),
            ToolEntry { Name.Length: <= MaxToolName } tool => new Note($"The tool {tool.Name} was called and is still at work; its result follows. Do not call it again."),
            PressedEntry pressed => new CallerPressed(pressed.Digits),
            _ => null,
        }).OfType<ConversationItem>().ToList();

    /// <summary>
    /// The words of the heard part. Words and audio come without any pairing, so a whole item is cut in proportion, a part of one by the pace of
    /// the voice; always between words. Where all was heard that came, more was to come: of a whole item there is nothing to cut.
    /// </summary>
    private string HeardText(BobEntry bob)
    {
        if (bob.HeardMs is not { } heardMs)
            return bob.Text;
        var pace = _pacedSeconds > 0 ? _pacedCharacters / _pacedSeconds : UsualPace;
        var characters = bob.Whole && bob.ReceivedMs > heardMs
            ? bob.Text.Length * (double)heardMs / bob.ReceivedMs
            : heardMs / 1000.0 * pace;
        if (characters >= bob.Text.Length)
            return bob.Text.TrimEnd();
        var border = (int)characters;
        while (border > 0 && !IsBorder(bob.Text, border))
            border--;
        return bob.Text[..border].TrimEnd();
    }

    /// <summary>Between words; in a script that writes none apart (from Thai to Chinese), between characters.</summary>
    private static bool IsBorder(string text, int at) =>
        text[at] == ' ' || (text[at - 1] >= FirstUnspacedScript && !char.IsLowSurrogate(text[at]));

    /// <summary>A turn without a word, an answer whose session was lost before its first, or a word to wait: as if it had not been.</summary>
    private bool SaysNothing(Entry entry) => entry switch
    {
        CallerEntry { Text: "" } => true,
        BobEntry { IsBridge: true } => true,
        BobEntry { Lost: true } bob => HeardText(bob).Length == 0,
        _ => false,
    };

    private Entry Of(string id, Func<Entry> make)
    {
        if (_byId.TryGetValue(id, out var entry))
            return entry;
        entry = make();
        entry.Id = id;
        _byId[id] = entry;
        Add(entry);
        return entry;
    }

    /// <summary>What is too long ago for any session goes; nothing of it is played, cut or put into words any more.</summary>
    private void Add(Entry entry)
    {
        _entries.Add(entry);
        if (_entries.Count <= MaxReplayed)
            return;
        if (_entries[0].Id is { } oldest)
            _byId.Remove(oldest);
        _entries.RemoveAt(0);
    }

    /// <summary>The heard part of an item that was cut; see <see cref="BobCut"/>.</summary>
    public readonly record struct HeardPart(string Text, long HeardMs, long ReceivedMs, bool Lost);

    private abstract class Entry
    {
        /// <summary>The id of its item or its call; null for keys.</summary>
        public string? Id { get; set; }
    }

    private sealed class CallerEntry : Entry
    {
        public string? Text { get; set; }
    }

    private sealed class BobEntry : Entry
    {
        public string Text { get; set; } = "";

        public bool Whole { get; set; }

        public ClipName? Clip { get; init; }

        public bool IsBridge => Audio.Clip.IsBridging(Clip);

        public long? HeardMs { get; set; }

        public long ReceivedMs { get; set; }

        public bool Lost { get; set; }

        public long SpokenMs { get; set; }

        public bool IsSpoken { get; set; }
    }

    private sealed class ToolEntry(string name, string arguments) : Entry
    {
        public string Name { get; } = name;

        public string Arguments { get; } = arguments;

        public string? Output { get; set; }
    }

    private sealed class PressedEntry : Entry
    {
        public string Digits { get; set; } = "";
    }
}
