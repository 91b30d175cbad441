namespace Bob.Simulator.Twilio;

/// <summary>
/// Twilio's outbound buffer of one stream: what the server sent is played in order at 8 bytes per millisecond. Time is a position on the call's
/// line, counted in bytes (8 per ms), so that time and audio are the same integers; there is no clock in here. Not thread-safe.
/// </summary>
/// <param name="play">Told of every stretch that is played: its position on the line and its bytes.</param>
public sealed class Playout(Playout.Play play)
{
    /// <summary>Ten minutes of audio; more is discarded (31931).</summary>
    public const long MaxBufferedBytes = 10 * 60 * 1000 * Mulaw.BytesPerMs;

    private readonly Queue<byte[]> _chunks = new();
    private readonly Queue<(string Name, long Position)> _marks = new();
    private readonly Queue<PlayedMark> _due = new();
    private int _headOffset;
    private long _cursor;
    private long _acceptedBytes;

    /// <summary>Told of a stretch that is played.</summary>
    public delegate void Play(long position, ReadOnlySpan<byte> audio);

    /// <summary>Bytes really played.</summary>
    public long PlayedBytes { get; private set; }

    /// <summary>Bytes accepted and not played yet.</summary>
    public long BufferedBytes => _acceptedBytes - PlayedBytes;

    /// <summary>Marks not answered yet.</summary>
    public int PendingMarks => _marks.Count;

    /// <summary>The place a mark would get now: bytes accepted and not cleared.</summary>
    public long AcceptedBytes => _acceptedBytes;

    /// <summary>Buffers audio that arrived at <paramref name="now"/>. False if the buffer was full and it was discarded.</summary>
    public bool Enqueue(long now, byte[] audio)
    {
        Advance(now);
        if (BufferedBytes + audio.Length > MaxBufferedBytes)
            return false;
        if (audio.Length == 0)
            return true;
        if (BufferedBytes == 0)
            _cursor = Math.Max(_cursor, now);
        _chunks.Enqueue(audio);
        _acceptedBytes += audio.Length;
        return true;
    }

    /// <summary>Sets a mark behind all that is buffered; it is due at once when nothing is.</summary>
    public void Mark(long now, string name)
    {
        Advance(now);
        _marks.Enqueue((name, _acceptedBytes));
        CollectDue(now);
    }

    /// <summary>Drops all that is buffered; every pending mark becomes due. Returns the bytes dropped.</summary>
    public long Clear(long now)
    {
        Advance(now);
        var dropped = BufferedBytes;
        _chunks.Clear();
        _headOffset = 0;
        _acceptedBytes = PlayedBytes;
        while (_marks.TryDequeue(out var mark))
            _due.Enqueue(new PlayedMark(mark.Name, now, Flushed: true));
        return dropped;
    }

    /// <summary>Plays all that is to be played until <paramref name="now"/>.</summary>
    public void Advance(long now)
    {
        while (_cursor < now && _chunks.TryPeek(out var head))
        {
            var length = (int)Math.Min(head.Length - _headOffset, now - _cursor);
            play(_cursor, head.AsSpan(_headOffset, length));
            _cursor += length;
            _headOffset += length;
            PlayedBytes += length;
            if (_headOffset == head.Length)
            {
                _chunks.Dequeue();
                _headOffset = 0;
            }

            CollectDue(_cursor);
        }
    }

    /// <summary>Takes the next mark to be echoed.</summary>
    public bool TryTakeDue(out PlayedMark mark) => _due.TryDequeue(out mark);

    private void CollectDue(long at)
    {
        while (_marks.TryPeek(out var mark) && mark.Position <= PlayedBytes)
        {
            _marks.Dequeue();
            _due.Enqueue(new PlayedMark(mark.Name, at, Flushed: false));
        }
    }
}

/// <summary>A mark to be echoed.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Position">Position on the line at which it was reached, bytes.</param>
/// <param name="Flushed">Reached by <c>clear</c> rather than by playing.</param>
public readonly record struct PlayedMark(string Name, long Position, bool Flushed);
