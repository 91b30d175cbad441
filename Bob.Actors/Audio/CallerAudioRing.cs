namespace Bob.Actors.Audio;

/// <summary>
/// The caller's last seconds. One ring with a position in it serves three promises: nothing goes out before the session is configured, a busy socket
/// leaves audio behind, and a new session gets what the lost one had not understood. Outlives a session; positions are bytes since the call began.
/// </summary>
/// <remarks>
/// It holds μ-law in one array and no frames: thousands of small objects that live for seconds are what a garbage collector is worst at.
/// </remarks>
public sealed class CallerAudioRing
{
    /// <summary>Older audio is stale: it is dropped and counted, ms.</summary>
    public const int MaxMs = 10_000;

    /// <summary>
    /// Kept although it was sent, ms: a peer that froze takes audio in until its pongs are missed, 5 s later. What the model did hear of it was no
    /// speech, or it would be an open turn or a settled one, so that sending it again does no harm.
    /// </summary>
    public const int TailMs = 6_000;

    /// <summary>Given to a session that takes over in silence, ms: a first word may have begun that the other had not noticed yet.</summary>
    public const int OverlapMs = 500;

    /// <summary>Turns that may be open at a time; of more, the oldest and the latest count.</summary>
    private const int MaxOpenTurns = 16;

    private const int MaxBytes = MaxMs * Mulaw.BytesPerMs;
    private const int TailBytes = TailMs * Mulaw.BytesPerMs;

    /// <summary>What a call needs that goes well: the tail, and a second of audio that waits.</summary>
    private const int UsualBytes = TailBytes + (1_000 * Mulaw.BytesPerMs);

    /// <summary>As all sizes of the ring, whole frames: then none is cut in two where the ring wraps.</summary>
    private const int FirstBytes = 40 * Mulaw.FrameBytes;

    private readonly List<long> _openTurns = [];
    private byte[] _ring = new byte[FirstBytes];
    private long _start, _sent, _end, _sessionStart, _settled, _answered, _caughtUp;
    private (long From, long To)? _taken;

    /// <summary>Audio dropped unsent because the ring was full, bytes.</summary>
    public long DroppedBytes { get; private set; }

    /// <summary>Audio that has not been sent yet, ms.</summary>
    public int WaitingMs => (int)((_end - _sent) / Mulaw.BytesPerMs);

    /// <summary>
    /// Where the session may still find speech. It gets what waited for it at once, and needs a while to listen to that: being sent is not being
    /// understood, so all of it stays until the session is past it.
    /// </summary>
    private long Unheard => _sent < _caughtUp ? _sessionStart : _sent - TailBytes;

    /// <summary>Takes audio in, at most <see cref="MaxMs"/> of it.</summary>
    public void Add(ReadOnlySpan<byte> mulaw)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(mulaw.Length, MaxBytes);
        MakeRoom(mulaw.Length);
        var at = (int)(_end % _ring.Length);
        var untilWrap = Math.Min(mulaw.Length, _ring.Length - at);
        mulaw[..untilWrap].CopyTo(_ring.AsSpan(at));
        mulaw[untilWrap..].CopyTo(_ring);
        _end += mulaw.Length;
    }

    /// <summary>The next audio to send, which counts as sent now; empty when nothing waits. Valid until the next call of any method.</summary>
    /// <param name="maxBytes">No more than this; less where the ring wraps.</param>
    public ReadOnlySpan<byte> Send(int maxBytes)
    {
        var at = (int)(_sent % _ring.Length);
        var next = _ring.AsSpan(at, (int)Math.Min(Math.Min(maxBytes, _end - _sent), _ring.Length - at));
        _sent += next.Length;
        Trim();
        return next;
    }

    /// <summary>The model heard the caller begin; <paramref name="audioStartMs"/> counts the audio of this session.</summary>
    public void SpeechStarted(long audioStartMs)
    {
        if (_openTurns.Count == MaxOpenTurns)
            _openTurns.RemoveAt(1);
        _openTurns.Add(_sessionStart + (audioStartMs * Mulaw.BytesPerMs));
    }

    /// <summary>The caller's turn up to <paramref name="audioEndMs"/> is in words now, or was answered: its audio is not needed again.</summary>
    public void TurnSettled(long audioEndMs)
    {
        _settled = Math.Max(_settled, Math.Min(_sent, _sessionStart + (audioEndMs * Mulaw.BytesPerMs)));
        _openTurns.RemoveAll(start => start < _settled);
        Trim();
    }

    /// <summary>An answer to the caller's turns up to <paramref name="audioEndMs"/> is whole: with it those that an earlier session had begun to answer are done, too.</summary>
    public void AnswerEnded(long audioEndMs)
    {
        _taken = null;
        TurnSettled(audioEndMs);
    }

    /// <summary>The model begins to answer the caller's turns up to <paramref name="audioEndMs"/>.</summary>
    public void AnswerBegan(long audioEndMs) => _answered = Math.Min(_sent, _sessionStart + (audioEndMs * Mulaw.BytesPerMs));

    /// <summary>
    /// The caller's turns whose answer the last session had begun and not finished, as far as they are not in words. A session that is to go on with
    /// that answer must know them, but not hear them as if they were said now. Given again to the session after it, should that one be lost before
    /// the answer is whole. Empty when there are none, and when they are so long ago that they are not here any more.
    /// </summary>
    public byte[] TakeAnswered()
    {
        if (_openTurns.Count > 0 && _openTurns[0] < _answered)
        {
            _taken = (_taken?.From ?? BeginOfFrame(_openTurns[0]), _answered);
            _settled = Math.Max(_settled, _answered);
            _openTurns.RemoveAll(start => start < _settled);
        }

        if (_taken is not var (from, to) || Math.Max(_start, from) >= to)
            return [];
        var turns = new byte[to - Math.Max(_start, from)];
        for (var i = 0; i < turns.Length; i++)
            turns[i] = _ring[(to - turns.Length + i) % _ring.Length];
        return turns;
    }

    /// <summary>A new session begins: it gets what the last one had not understood.</summary>
    public void NewSession() => Begin(_openTurns.Count > 0 ? _openTurns[0] : Math.Max(_settled, Unheard));

    /// <summary>Another session takes over in silence, from one that has understood all there was, and answered it.</summary>
    public void HandOver()
    {
        _taken = null;
        Begin(Math.Max(_settled, _sent - (OverlapMs * Mulaw.BytesPerMs)));
    }

    private void Begin(long from)
    {
        _sent = _sessionStart = Math.Max(_start, BeginOfFrame(Math.Min(from, _sent)));
        _caughtUp = _end + TailBytes;
        _answered = 0;
        _openTurns.Clear();
    }

    private void Trim()
    {
        var keep = Math.Min(_taken?.From ?? (_openTurns.Count > 0 ? _openTurns[0] : long.MaxValue), Unheard);
        _start = Math.Max(_start, BeginOfFrame(Math.Min(keep, _sent)));
    }

    /// <summary>Room for that much: first by growing, and at the limit by dropping the oldest.</summary>
    private void MakeRoom(int bytes)
    {
        var needed = _end - _start + bytes;
        if (needed > MaxBytes)
        {
            _start += needed - MaxBytes;
            needed = MaxBytes;
            if (_start > _sent)
            {
                // The session never gets these bytes, so its clock must not count them.
                var unsent = _start - _sent;
                DroppedBytes += unsent;
                _sessionStart += unsent;
                _sent = _start;
            }
        }

        if (needed > _ring.Length)
            Grow(needed);
    }

    private void Grow(long needed)
    {
        var length = _ring.Length;
        while (length < needed)
            length = length >= UsualBytes ? MaxBytes : Math.Min(length * 2, UsualBytes);
        var larger = new byte[length];
        for (var position = _start; position < _end;)
        {
            var (from, to) = ((int)(position % _ring.Length), (int)(position % larger.Length));
            var part = (int)Math.Min(_end - position, Math.Min(_ring.Length - from, larger.Length - to));
            _ring.AsSpan(from, part).CopyTo(larger.AsSpan(to));
            position += part;
        }

        _ring = larger;
    }

    private static long BeginOfFrame(long position) => position - (position % Mulaw.FrameBytes);
}
