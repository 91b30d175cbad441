using Bob.Actors.Calls;
using Bob.Actors.Conversation;
using static Bob.Actors.Calls.CallProtocol;
using static Bob.Actors.Records.JournalEntry;

namespace Bob.Actors.Records;

/// <summary>Part of what Bob was saying when his process died.</summary>
/// <param name="HeardMs">How much of it the caller heard, as far as can be known.</param>
/// <param name="ReceivedMs">How much of it had come from the model.</param>
public sealed record UnfinishedSpeech(string ItemId, long HeardMs, long ReceivedMs);

/// <summary>A call without an end, as its book tells of it: what it takes to go on with it where nobody has it any more. Pure.</summary>
public sealed record CallSoFar
{
    private CallSoFar(IReadOnlyList<JournalEntry> entries) => Entries = entries;

    /// <summary>As it was admitted.</summary>
    public required AdmitCall Call { get; init; }

    /// <summary>What was written since it was opened.</summary>
    public IReadOnlyList<JournalEntry> Entries { get; }

    /// <summary>The number of the last entry.</summary>
    public int Last => Entries[^1].Number;

    /// <summary>When it was opened, by the clock of its node.</summary>
    public DateTimeOffset OpenedAt => Entries[0].At;

    /// <summary>When its first media stream came; null: none did.</summary>
    public DateTimeOffset? AnsweredAt => Entries.OfType<StreamAttached>().FirstOrDefault()?.At;

    /// <summary>When its media streams came.</summary>
    public IEnumerable<DateTimeOffset> Streams => Entries.OfType<StreamAttached>().Select(stream => stream.At);

    /// <summary>What was to come next.</summary>
    public StepChanged? Step => Entries.OfType<StepChanged>().LastOrDefault();

    /// <summary>When Bob was first heard, about; null: never.</summary>
    public DateTimeOffset? FirstWordsAt => Entries.FirstOrDefault(entry => entry is BobWords or JournalEntry.BobSaid or BobSpoke)?.At;

    /// <summary>The recording that was begun last.</summary>
    public RecordingBegun? Recording => Entries.OfType<RecordingBegun>().LastOrDefault();

    /// <summary>What its responses cost.</summary>
    public IEnumerable<decimal> Costs => Entries.OfType<UsageReported>().Select(used => used.Cost ?? 0);

    /// <summary>What writing down the caller's words cost.</summary>
    public IEnumerable<decimal> TranscriptionCosts => Entries.OfType<TranscriptionReported>().Select(written => written.Cost);

    /// <summary>Tools that were started, and gave no answer that anybody wrote down.</summary>
    public IEnumerable<string> UnansweredTools =>
        Entries.OfType<JournalEntry.ToolCalled>().Select(called => called.CallId).Except(Entries.OfType<ToolReturned>().Select(returned => returned.CallId));

    /// <summary>The number that the caller was typing when the process died; null: none.</summary>
    public KeyPressed? UnfinishedKeys => Conversation.UnfinishedKeys(Entries);

    /// <summary>What Bob was saying when the process died.</summary>
    public required IReadOnlyList<UnfinishedSpeech> Unfinished { get; init; }

    /// <summary>What a book tells.</summary>
    /// <param name="entries">All of it, in order.</param>
    /// <param name="diedAt">The last sign of life of the process that had the call, when it is later than the last entry.</param>
    /// <param name="known">What the business knows of the caller.</param>
    /// <returns>Null for a call that nobody knows, and for one that is over.</returns>
    public static CallSoFar? Of(IReadOnlyList<JournalEntry> entries, DateTimeOffset? diedAt = null, KnownCaller? known = null)
    {
        entries = [.. entries.Where(entry => entry is not MessageLeft)]; // which is numbered apart, and comes from outside
        if (entries.LastOrDefault(entry => entry is CallOpened or StreamAttached or CallEnded) is null or CallEnded)
            return null;
        var opening = entries.LastOrDefault(entry => entry is CallOpened);
        IReadOnlyList<JournalEntry> since = opening is null ? entries : [.. entries.SkipWhile(entry => entry != opening)];
        var (caller, called) = opening is CallOpened opened ? (opened.Caller, opened.Called) : ("anonymous", ""); // the rest of the book cannot be had now
        return new CallSoFar(since)
        {
            Call = new AdmitCall(since[0].CallSid, caller, called, known),
            Unfinished = SpeechAt(diedAt is { } sign && sign > since[^1].At ? sign : since[^1].At, since),
        };
    }

    /// <summary>
    /// What was still being played then. Bob's voice comes from the model faster than it is spoken, so what is written of it says little of what was heard; but
    /// it is played in order, from when its first words came, while a stream is up.
    /// </summary>
    private static List<UnfinishedSpeech> SpeechAt(DateTimeOffset end, IReadOnlyList<JournalEntry> entries)
    {
        var line = new LineTime();
        Dictionary<string, Speech> spoken = [];
        foreach (var entry in entries)
        {
            switch (entry)
            {
                case StreamAttached:
                    line.Up(entry.At);
                    break;
                case StepChanged { Phase: not (CallPhase.Live or CallPhase.Ending) }:
                    line.Down(entry.At);
                    break;
                case BobWords { ItemId: var item }:
                    Of(item, entry);
                    break;
                case JournalEntry.BobSaid { ItemId: var item }:
                    Of(item, entry);
                    break;
                case BobSpoke spoke:
                    Of(spoke.ItemId, entry).ReceivedMs = spoke.ReceivedMs;
                    break;
                case BobCut { Lost: true } cut:
                    (Of(cut.ItemId, entry).ReceivedMs, spoken[cut.ItemId].IsKnown) = (cut.HeardMs, true);
                    break;
                case BobCut cut:
                    (Of(cut.ItemId, entry).CutAt, spoken[cut.ItemId].IsKnown) = (line.At(entry.At), true);
                    break;
            }
        }

        List<UnfinishedSpeech> unfinished = [];
        var (died, free) = (line.At(end), TimeSpan.Zero); // when the line has played all that came before
        foreach (var (item, speech) in spoken.OrderBy(item => item.Value.Place))
        {
            var from = speech.Since > free ? speech.Since : free;
            free = speech.CutAt ?? from + TimeSpan.FromMilliseconds(speech.ReceivedMs ?? 0);
            if (speech.IsKnown || (speech.ReceivedMs is not null && free <= died))
                continue;
            var heardMs = Math.Max(0, (long)(died - from).TotalMilliseconds);
            unfinished.Add(new UnfinishedSpeech(item, heardMs, speech.ReceivedMs ?? heardMs));
        }

        return unfinished;

        Speech Of(string item, JournalEntry entry)
        {
            if (!spoken.TryGetValue(item, out var speech))
                spoken.Add(item, speech = new Speech(spoken.Count, line.At(entry.At)));
            return speech;
        }
    }

    /// <summary>The time that passes while a stream is up.</summary>
    private sealed class LineTime
    {
        private TimeSpan _before;
        private DateTimeOffset? _since;

        public TimeSpan At(DateTimeOffset time) => _before + (_since is { } since && time > since ? time - since : TimeSpan.Zero);

        public void Up(DateTimeOffset time) => (_before, _since) = (At(time), time);

        public void Down(DateTimeOffset time) => (_before, _since) = (At(time), null);
    }

    /// <param name="Since">When its first words came.</param>
    private sealed record Speech(int Place, TimeSpan Since)
    {
        public long? ReceivedMs { get; set; }

        /// <summary>When the caller interrupted it.</summary>
        public TimeSpan? CutAt { get; set; }

        /// <summary>The book says what was heard of it.</summary>
        public bool IsKnown { get; set; }
    }
}
