namespace Bob.Actors.Realtime;

/// <summary>
/// Whether a peer reads more slowly than the caller speaks. What waits for it is bounded by the ring, but it hears the caller ever later. A backlog
/// that shrinks, as after a pause between two sessions, is none. Pure.
/// </summary>
internal sealed class AudioBacklog(TimeProvider clock)
{
    /// <summary>So much of the caller's audio may wait here, ms: with what the sockets hold, about two seconds.</summary>
    public const int MaxMs = 1_500;

    /// <summary>Less than this is what waits on any day, ms.</summary>
    private const int UsualMs = 250;

    /// <summary>A larger backlog may take so long to begin to shrink.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private (long At, int Ms)? _before, _last;

    /// <summary>Takes in how much waits, and says whether it is too much, and not less than it was a moment ago.</summary>
    public bool IsStuck(int waitingMs)
    {
        if (waitingMs <= UsualMs)
        {
            (_before, _last) = (null, null);
            return false;
        }

        if (_last is not { } last)
            _last = (clock.GetTimestamp(), waitingMs);
        else if (clock.GetElapsedTime(last.At) >= Patience)
            (_before, _last) = (last, (clock.GetTimestamp(), waitingMs));
        return waitingMs > MaxMs && _before is { } before && waitingMs >= before.Ms;
    }
}
