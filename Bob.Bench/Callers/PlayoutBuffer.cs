using System.Diagnostics;

namespace Bob.Bench.Callers;

/// <summary>Twilio's buffer of what the caller is to hear: plays in real time, and echoes marks when it has played what stood before them.</summary>
internal sealed class PlayoutBuffer
{
    private static readonly long TicksPerByte = Stopwatch.Frequency / 8000;
    private readonly Queue<(byte[] Name, long Due)> _marks = new();
    private long _playedAt;

    public void Play(int bytes, long now) => _playedAt = Math.Max(_playedAt, now) + (bytes * TicksPerByte);

    public void Mark(ReadOnlySpan<byte> name, long now) => _marks.Enqueue((name.ToArray(), Math.Max(_playedAt, now)));

    /// <summary>Drops the audio; every pending mark is due.</summary>
    public void Clear(long now)
    {
        _playedAt = now;
        for (var i = _marks.Count; i > 0; i--)
            _marks.Enqueue((_marks.Dequeue().Name, now));
    }

    public bool TryTakeMark(long now, out byte[] name)
    {
        name = [];
        if (!_marks.TryPeek(out var next) || next.Due > now)
            return false;
        name = _marks.Dequeue().Name;
        return true;
    }
}
