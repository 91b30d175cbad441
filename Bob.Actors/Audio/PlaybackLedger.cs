namespace Bob.Actors.Audio;

/// <summary>How much of an item the caller heard.</summary>
/// <param name="HeardMs">Milliseconds of the item that were played; never more than <paramref name="ReceivedMs"/>.</param>
/// <param name="ReceivedMs">Milliseconds of the item that came from the model.</param>
public sealed record HeardItem(SpokenItem Item, long HeardMs, long ReceivedMs);

/// <summary>What an interruption leaves.</summary>
/// <param name="ClearLine">Whether Twilio may still hold audio that has to be cleared.</param>
/// <param name="Cut">The items to truncate, in the order they were spoken.</param>
public sealed record Interruption(bool ClearLine, IReadOnlyList<HeardItem> Cut);

/// <summary>
/// Knows, to the millisecond, what the caller has heard. One queue of audio with two positions in it, <i>heard</i> ≤ <i>sent</i>, serves
/// three promises: exact interruption (truncate at <i>heard</i>), a dropped media socket (the next stream gets all from <i>heard</i> on), and
/// back-pressure (a busy socket leaves audio behind <i>sent</i>). Pure: no clock, no I/O; times are offsets on one monotonic clock.
/// </summary>
/// <remarks>
/// Twilio echoes a mark when it has played what was queued before it, but a mark is one point every <see cref="MarkEveryMs"/>, and its echo is
/// late by a round trip. Between marks the position is reckoned from the moment playback began: sending audio and sending <c>clear</c> take the
/// same way, so their delays cancel out. A mark that contradicts the reckoning by more than a round trip resets it.
/// </remarks>
public sealed class PlaybackLedger
{
    /// <summary>A mark follows at least this much audio, and the end of an item, ms.</summary>
    public const int MarkEveryMs = 200;

    /// <summary>Twilio buffers 10 minutes and discards what comes then (its warning 31931), ms.</summary>
    public const int MaxQueuedMs = 10 * 60 * 1000;

    /// <summary>A mark's echo may be this late before the reckoning is doubted.</summary>
    private const long RoundTripBytes = 200 * Mulaw.BytesPerMs;

    /// <summary>Marks whose lateness is remembered: a moment of the line's round trip.</summary>
    private const int RecentMarks = 4;

    /// <summary>Responses remembered, those that were interrupted and those that may yet be: late audio comes within a second, of one or two of them.</summary>
    private const int Remembered = 32;

    private readonly PlaybackQueue _queue = new();
    private readonly List<ItemPlayback> _items = [];
    private readonly Queue<(PlaybackMark Mark, long Position, TimeSpan SentAt)> _marks = new();
    private readonly List<string> _fenced = [], _begun = [];
    private readonly Queue<long> _lateness = new();
    private SpokenItem? _lastAccepted;
    private string? _activeResponse;
    private long _end, _sent, _heard, _marked, _anchor;
    private TimeSpan _anchorTime;
    private bool _markDue;
    private int _generation = 1, _markNumber, _lostAttempt, _session;

    /// <summary>Audio refused because its response had been cancelled, bytes.</summary>
    public long FencedBytes { get; private set; }

    /// <summary>Audio refused because the queue was full, bytes.</summary>
    public long RefusedBytes { get; private set; }

    /// <summary>Whether a response is being received.</summary>
    public bool Receiving => _activeResponse is not null;

    /// <summary>Whether the marks say that all audio has been played.</summary>
    public bool AllHeard => _heard == _end;

    /// <summary>Audio that the caller still has before them, ms. By the clock alone: who waits for it must not wait for marks that are lost.</summary>
    public long RemainingMs(TimeSpan now) => (_end - ByTheClock(now)) / Mulaw.BytesPerMs;

    /// <summary>When the last of what was sent will have been heard, as far as is known now.</summary>
    public TimeSpan SentIsHeardAt => HeardAt(_sent);

    /// <summary>The time at which what has been heard by <paramref name="now"/> had been heard: now, unless the line is quiet or the marks say that it is behind.</summary>
    public TimeSpan HeardUntil(TimeSpan now) => HeardAt(Position(now));

    /// <summary>The model began a response.</summary>
    /// <param name="session">Its session's number: a server may count its responses anew in every one, so what an earlier one said is no reason to refuse it.</param>
    public void ResponseStarted(string responseId, int session = 0)
    {
        if (session != _session)
        {
            _session = session;
            _fenced.Clear();
            _begun.Clear();
        }

        _activeResponse = responseId;
        Remember(_begun, responseId);
    }

    /// <summary>The model ended a response, in whatever way.</summary>
    /// <returns>The items of it that had not come to their end.</returns>
    public IReadOnlyList<HeardItem> ResponseFinished(string responseId)
    {
        var open = _items.Where(item => !item.Complete && item.Item.ResponseId == responseId).ToList();
        var cut = open.Select(item => item.Report()).ToList();
        foreach (var item in open)
            item.Complete = true;
        if (_activeResponse == responseId)
            _activeResponse = null;
        _markDue = true;
        Forget();
        return cut;
    }

    /// <summary>The model has sent all audio of an item.</summary>
    /// <returns>Its length, ms; 0 for an item that is not to be heard.</returns>
    public long ItemFinished(SpokenItem item)
    {
        if (Find(item) is not { } playback)
            return 0;
        playback.Complete = true;
        _markDue = true;
        Forget();
        return playback.ReceivedBytes / Mulaw.BytesPerMs;
    }

    /// <summary>Takes a piece of the model's voice in. False when its response was cancelled or the queue is full: it must not be heard.</summary>
    public bool Append(VoiceAudio audio, TimeSpan now)
    {
        if (!ReferenceEquals(audio.Item, _lastAccepted) && _fenced.Contains(audio.Item.ResponseId))
        {
            FencedBytes += audio.Bytes;
            return false;
        }

        const long max = (long)MaxQueuedMs * Mulaw.BytesPerMs;
        if (_end + audio.Bytes - _heard > max)
        {
            // Marks that never return must not silence Bob for good: go by the clock then.
            Advance(ByTheClock(now));
            while (_marks.TryPeek(out var passed) && passed.Position <= _heard)
                _marks.Dequeue();
            if (_end + audio.Bytes - _heard > max)
            {
                RefusedBytes += audio.Bytes;
                return false;
            }
        }

        var item = Find(audio.Item);
        if (item is null)
            _items.Add(item = new ItemPlayback(audio.Item));
        _queue.Add(new PlaybackChunk(audio, item, _end, item.ReceivedBytes));
        item.ReceivedBytes += audio.Bytes - audio.Padding;
        _end += audio.Bytes;
        _lastAccepted = audio.Item;
        return true;
    }

    /// <summary>The next piece to send, which counts as sent now.</summary>
    public bool TrySend(TimeSpan now, out VoiceAudio audio)
    {
        if (!_queue.HasUnsent)
        {
            audio = null!;
            return false;
        }

        if (ByTheClock(now) >= _sent)
        {
            // The line was quiet, whether all marks are back or not: playback starts with this piece.
            (_anchor, _anchorTime) = (_sent, now);
        }

        audio = _queue.SendNext();
        _sent += audio.Bytes;
        return true;
    }

    /// <summary>The mark that is due behind what was sent, if one is.</summary>
    public bool TryMark(TimeSpan now, out PlaybackMark mark)
    {
        var unmarked = _sent - _marked;
        var due = unmarked >= MarkEveryMs * Mulaw.BytesPerMs || (_markDue && unmarked > 0 && !_queue.HasUnsent);
        if (!_queue.HasUnsent)
            _markDue = false;
        mark = due ? new PlaybackMark(_generation, ++_markNumber) : default;
        if (!due)
            return false;
        _marks.Enqueue((mark, _sent, now));
        _marked = _sent;
        return true;
    }

    /// <summary>Twilio echoed a mark. False for unknown names and marks of before an interruption, which change nothing.</summary>
    public bool MarkReturned(string name, TimeSpan now)
    {
        if (!PlaybackMark.TryParse(name, out var returned) || !_marks.Any(pending => pending.Mark == returned))
            return false;
        while (_marks.TryDequeue(out var pending))
        {
            // Marks return in order: one that is missing before this one has been passed as well.
            if (pending.Mark != returned)
                continue;
            // A mark that a busy socket held back is not late for what was played before it was sent.
            var late = Reckon(now) - Math.Max(pending.Position, Reckon(pending.SentAt));
            Advance(pending.Position);
            if (late is < 0 or > RoundTripBytes)
                (_anchor, _anchorTime, late) = (pending.Position, now, 0);
            if (_lateness.Count == RecentMarks)
                _lateness.Dequeue();
            _lateness.Enqueue(late);
            break;
        }

        return true;
    }

    /// <summary>The marks are overdue: what was sent counts as heard without them.</summary>
    public void MarksLost()
    {
        _marks.Clear();
        Advance(_sent);
    }

    /// <summary>The caller spoke: nothing more of what was received is to be heard, and nothing that is still to come of these responses.</summary>
    public Interruption Interrupt(TimeSpan now)
    {
        var clear = _sent > Position(now) || _marks.Count > 0;
        Stop(now, Position(now));
        var cut = _items.Where(item => !item.AllHeard || !item.Complete).Select(item => item.Report()).ToList();
        foreach (var item in _items)
            Fence(item.Item.ResponseId);
        foreach (var responseId in _begun)
            Fence(responseId); // also what counts as ended: a model that never said so may go on with it
        _begun.Clear();
        _queue.Clear();
        _items.Clear();
        _end = _sent = _marked = _heard;
        return new Interruption(clear, cut);
    }

    /// <summary>The media socket is gone with what it had buffered: what was not heard is to be sent again, on the next stream.</summary>
    public void LineLost(TimeSpan now)
    {
        // The news of the end comes as late as a mark does: then no more had been played than the reckoning said that long ago, and no mark
        // was passed that has not returned. A frame is allowed for the rest.
        var late = _lateness.Count > 0 ? _lateness.Max() : 0;
        var unpassed = _marks.TryPeek(out var next) ? next.Position : _sent;
        Stop(now, Math.Clamp(Reckon(now) - late - Mulaw.FrameBytes, _heard, Math.Max(_heard, unpassed)));
        _lateness.Clear();
        _queue.Rewind();
        if (_queue.Count > 0)
        {
            // Playback goes on at the border of a frame: a moment is heard twice, none is lost.
            ref var first = ref _queue.First;
            var whole = (int)(Math.Max(0, _heard - first.Start) / Mulaw.FrameBytes * Mulaw.FrameBytes);
            if (whole > 0)
                first = first.Without(whole);
            _heard = first.Start;
            first.Item.HeardBytes = first.ItemOffset;
        }

        _sent = _marked = _anchor = _heard;
        _markDue = true;
    }

    /// <summary>Whether a session is gone, so that what it may still say does not count.</summary>
    public bool IsGone(int attempt) => attempt <= _lostAttempt;

    /// <summary>The model's socket is gone: what was received stays to be heard, but its response will get no more.</summary>
    /// <param name="attempt">The number of its session; those of earlier ones are gone as well.</param>
    /// <returns>The items that had not come to their end.</returns>
    public IReadOnlyList<HeardItem> ModelLost(int attempt = 0)
    {
        _lostAttempt = Math.Max(_lostAttempt, attempt);
        var cut = _items.Where(item => !item.Complete).Select(item => item.Report()).ToList();
        foreach (var item in _items)
            item.Complete = true;
        // What its socket still held must not be heard: the next session is told where this one was cut.
        foreach (var item in cut)
            Fence(item.Item.ResponseId);
        if (_activeResponse is not null)
        {
            Fence(_activeResponse);
            ResponseFinished(_activeResponse);
        }

        _markDue = true;
        Forget();
        return cut;
    }

    private void Stop(TimeSpan now, long position)
    {
        Advance(position);
        _generation++;
        _marks.Clear();
        (_anchor, _anchorTime) = (_heard, now);
    }

    /// <summary>What has been played by now, bytes since the call began: at least the last mark that returned, at most a round trip past the next.</summary>
    private long Position(TimeSpan now)
    {
        var latest = _marks.TryPeek(out var next) ? Math.Min(_sent, next.Position + RoundTripBytes) : _sent;
        return Math.Clamp(Reckon(now), _heard, Math.Max(_heard, latest));
    }

    private TimeSpan HeardAt(long position) => _anchorTime + TimeSpan.FromTicks((position - _anchor) * (TimeSpan.TicksPerMillisecond / Mulaw.BytesPerMs));

    private long ByTheClock(TimeSpan now) => Math.Clamp(Reckon(now), _heard, _sent);

    private long Reckon(TimeSpan now) => _anchor + (long)((now - _anchorTime).TotalMilliseconds * Mulaw.BytesPerMs);

    private void Advance(long position)
    {
        position = Math.Max(position, _heard); // what was heard stays heard, also when its mark comes after all
        while (_queue.Count > 0 && _queue.First.Start < position)
        {
            ref var first = ref _queue.First;
            first.Item.HeardBytes = first.ItemHeard(position);
            if (position < first.End)
                break;
            _queue.RemoveFirst();
        }

        _heard = position;
        Forget();
    }

    /// <summary>An item that is complete and heard can no longer be cut.</summary>
    private void Forget() => _items.RemoveAll(item => item.Complete && item.AllHeard);

    private void Fence(string responseId)
    {
        _lastAccepted = null;
        Remember(_fenced, responseId);
    }

    private static void Remember(List<string> responses, string responseId)
    {
        if (responses.Contains(responseId))
            return;
        if (responses.Count == Remembered)
            responses.RemoveAt(0);
        responses.Add(responseId);
    }

    private ItemPlayback? Find(SpokenItem item)
    {
        for (var i = _items.Count - 1; i >= 0; i--)
        {
            if (ReferenceEquals(_items[i].Item, item) || _items[i].Item == item)
                return _items[i];
        }

        return null;
    }
}
