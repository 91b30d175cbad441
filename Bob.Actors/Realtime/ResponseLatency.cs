namespace Bob.Actors.Realtime;

/// <summary>
/// How long the caller waits for the first word of an answer, and whether a session has become much slower than it was: then another one may be
/// placed better. Pure.
/// </summary>
internal sealed class ResponseLatency(TimeProvider clock)
{
    /// <summary>Turns that show what is usual, and turns that show what is new.</summary>
    private const int Turns = 3;

    /// <summary>What is usual times this is slow.</summary>
    private const int Times = 3;

    /// <summary>What is faster than this is never slow.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly List<TimeSpan> _first = [];
    private readonly Queue<TimeSpan> _last = new();
    private long? _waits;

    /// <summary>Whether the last turns were answered several times as slowly as the first, and slowly at that.</summary>
    public bool IsSlow => _last.Count == Turns && Median(_last) is var now && now > Patience && now > Times * Median(_first);

    /// <summary>The caller's turn is over: they wait.</summary>
    public void TurnEnded() => _waits = clock.GetTimestamp();

    /// <summary>They do not any more: they speak.</summary>
    public void TurnBegan() => _waits = null;

    /// <summary>A word of an answer.</summary>
    public void Word()
    {
        if (_waits is not { } since)
            return;
        _waits = null;
        if (_first.Count < Turns)
        {
            _first.Add(clock.GetElapsedTime(since));
            return;
        }

        if (_last.Count == Turns)
            _last.Dequeue();
        _last.Enqueue(clock.GetElapsedTime(since));
    }

    private static TimeSpan Median(IEnumerable<TimeSpan> latencies) => latencies.Order().ElementAt(Turns / 2);
}
