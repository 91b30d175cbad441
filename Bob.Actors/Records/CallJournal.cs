using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Conversation;
using Bob.Actors.Costs;
using Bob.Actors.Realtime;
using Bob.Actors.Twilio;
using static Bob.Actors.Calls.CallProtocol;
using static Bob.Actors.Records.JournalEntry;

namespace Bob.Actors.Records;

/// <summary>
/// The book of one call: keeps the log of its conversation, and writes down whatever changes it. It outlives an incarnation of the call's actor, so
/// that the conversation and the numbers go on. One owner at a time; <see cref="Ended"/> may come from another thread.
/// </summary>
/// <param name="last">The number of the last entry that is already written of this call.</param>
/// <param name="meter">What the call costs; without one it costs nothing.</param>
public sealed partial class CallJournal(CallSid callSid, IJournal journal, TimeProvider clock, int last = 0, CallMeter? meter = null)
{
    /// <summary>
    /// How long words of Bob's may wait to be written while more of them come. With the batch of the writer this stays within the second in which
    /// everything is to be durable.
    /// </summary>
    public static readonly TimeSpan WordsInterval = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (long? Started, long? Ended)> _turns = [];
    private readonly Dictionary<string, long> _tools = [];
    private readonly HashSet<string> _worded = []; // items of the response in progress that have words
    private long _opened;
    private long? _wordsWritten;
    private (string ResponseId, string ItemId) _lastWords = ("", "");
    private string? _growing;
    private int? _keys; // the entry of the first key of a number that is not whole yet
    private (CallPhase, CallEnd?, string?) _step;
    private long? _firstAudioMs;
    private int _streams;
    private bool _isOpen, _isOver;

    /// <summary>What was said, as it was heard.</summary>
    public ConversationLog Conversation { get; private init; } = new();

    /// <summary>What the call costs.</summary>
    public CallMeter Meter { get; } = meter ?? CallMeter.Free(clock);

    /// <summary>The number of the last entry that was written.</summary>
    public int Last
    {
        get
        {
            lock (_gate)
                return last;
        }
    }

    /// <summary>Why the recording is not whole, in a few words; null while it is.</summary>
    public string? RecordingFault
    {
        get
        {
            lock (_gate)
                return field;
        }

        private set;
    }

    /// <summary>Whether the caller was ever on the line.</summary>
    public bool IsReached => _streams > 0;

    /// <summary>How long ago the call was opened.</summary>
    public TimeSpan Age => clock.GetElapsedTime(_opened);

    /// <summary>How it is about to end, as was written last; null while that is open.</summary>
    public CallEnd? EndsAs => _step.Item2;

    private long NowMs => (long)clock.GetElapsedTime(_opened).TotalMilliseconds;

    /// <summary>The call was admitted.</summary>
    public void Opened(AdmitCall call, string? persona = null)
    {
        lock (_gate)
            _isOpen = true;
        _opened = clock.GetTimestamp();
        Add(new CallOpened(call.Caller, call.Called, persona));
    }

    /// <summary>A media stream came.</summary>
    public void Attached(StreamSid stream)
    {
        _streams++;
        Meter.Answered();
        Add(new StreamAttached(stream));
    }

    /// <summary>What is to come next, when it is something else than before.</summary>
    public void Step(CallState state)
    {
        var step = (state.Phase, state.EndsAs, state.LastWords);
        if (step == _step || state.Phase == CallPhase.Over)
            return; // of the end, its own entry tells
        _step = step;
        Add(new StepChanged(state.Phase, state.EndsAs, state.LastWords));
    }

    public void ToolCalled(FunctionCalled called)
    {
        _tools[called.CallId] = clock.GetTimestamp();
        Add(new JournalEntry.ToolCalled(called.CallId, called.Name, called.Arguments));
    }

    /// <param name="failure">Why the tool gave no answer of its own.</param>
    public void ToolReturned(string callId, string output, string? failure)
    {
        var ms = _tools.Remove(callId, out var started) ? (long)clock.GetElapsedTime(started).TotalMilliseconds : 0;
        Add(new ToolReturned(callId, output, ms, failure ?? "ok"));
    }

    /// <summary>A key was pressed. No model is told of it before the number is whole: see <see cref="CallerPressed"/>.</summary>
    /// <param name="soFar">The number, as far as it goes.</param>
    public void CallerPresses(string soFar)
    {
        KeepWords();
        var number = Write(new KeyPressed(soFar, _keys));
        _keys ??= number;
    }

    /// <summary>A number is whole.</summary>
    public void CallerPressed(string digits)
    {
        Add(new KeysPressed(digits, _keys));
        _keys = null;
    }

    /// <summary>The call is recorded, into that file. From the recorder, on whatever thread it has.</summary>
    public void RecordingBegun(string file)
    {
        Recording = (file, clock.GetUtcNow());
        Write(new RecordingBegun(file));
    }

    /// <summary>
    /// The recording is not whole. From the recorder, on whatever thread it has. It may come after the end: a recording is closed when its call is
    /// over, and only then it may turn out that the disk has no room for the rest.
    /// </summary>
    /// <returns>False: it is known already.</returns>
    public bool RecordingTruncated(string reason)
    {
        lock (_gate)
        {
            if (RecordingFault is not null)
                return false;
            RecordingFault = reason;
            if (_isOpen || _isOver)
                Append(new RecordingTruncated(reason));
            return true;
        }
    }

    /// <summary>Writes the words of Bob's that wait.</summary>
    public void KeepWords()
    {
        if (_growing is not { } itemId)
            return;
        _growing = null;
        _wordsWritten = clock.GetTimestamp();
        if (Conversation.GrowingText(itemId) is { } text)
            Write(new BobWords(itemId, text));
    }

    /// <summary>
    /// Writes the one end. Nothing is written after it, but that the recording is not whole, what the last words were, how much of Bob's was heard, and what the
    /// model is paid for.
    /// </summary>
    public void Ended(CallEnd end)
    {
        lock (_gate)
        {
            if (!_isOpen)
                return;
            var phone = Meter.Close();
            Write(new CallEnded(end, _firstAudioMs, Math.Max(0, _streams - 1), phone?.Seconds, phone?.Cost));
            (_isOpen, _isOver) = (false, true);
        }
    }

    /// <summary>The call is announced again, in a book that goes on where this one ends: nothing more is written in this one.</summary>
    /// <returns>The number of its last entry.</returns>
    public int Close()
    {
        lock (_gate)
        {
            (_isOpen, _isOver) = (false, false);
            return last;
        }
    }

    private bool Grow(string itemId, string delta)
    {
        if (_growing is not null && _growing != itemId)
            KeepWords();
        Conversation.BobWords(itemId, delta);
        if (Conversation.GrowingText(itemId) is null)
            return false;
        var waits = _growing is not null;
        _growing = itemId;
        if (waits)
            return false; // and somebody will call already
        if (_wordsWritten is { } before && clock.GetElapsedTime(before) < WordsInterval)
            return true;
        KeepWords();
        return false;
    }

    private void Cut(HeardItem item, long heardMs, bool lost) => Cut(item.Item.ItemId, heardMs, item.ReceivedMs, lost);

    private void Cut(string itemId, long heardMs, long receivedMs, bool lost)
    {
        KeepWords(); // how much of them was heard is judged by all that there are
        Conversation.BobCut(itemId, heardMs, receivedMs, lost);
        if (Conversation.HeardOf(itemId) is { } part)
            Write(Cut(itemId, part));
    }

    private static BobCut Cut(string itemId, ConversationLog.HeardPart part) => new(itemId, part.Text, part.HeardMs, part.ReceivedMs, part.Lost);

    /// <summary>Into the log, and into the book. Words that wait go first, so that both have the same order.</summary>
    private void Add(JournalEntry entry)
    {
        KeepWords();
        Records.Conversation.Add(Conversation, entry);
        Write(entry);
    }

    /// <returns>The number of the entry; null: it was not written.</returns>
    private int? Write(JournalEntry entry)
    {
        lock (_gate)
            return _isOpen || (_isOver && entry is CallerTurn or CallerWords or CallerWordsFailed or BobCut or TranscriptionReported or UsageReported) ? Append(entry) : null;
    }

    private int Append(JournalEntry entry)
    {
        journal.Write(entry with { CallSid = callSid, Number = ++last, At = clock.GetUtcNow() });
        return last;
    }
}
