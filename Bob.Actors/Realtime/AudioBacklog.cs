namespace Bob.Actors.Realtime;

/// <summary>
/// Whether a peer reads more slowly than the caller speaks. What waits for it is bounded by the ring, but it hears the caller ever later. A backlog
/// that shrinks, as after a pause between two sessions, is none. Pure.
/// </summary>
internal struct AudioBacklog(TimeProvider clock)
{
    /// <summary>So much of the caller's audio may wait, ms.</summary>
    public const int MaxMs = 2_000;

    /// <summary>A larger backlog may take so long to begin to shrink.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private long _since;
    private int _waited;

    /// <summary>Takes in how much waits, and says whether it is too much for too long.</summary>
    public bool IsStuck(int waitingMs)
    {
        if (waitingMs <= MaxMs)
        {
            _waited = 0;
            return false;
        }

        if (_waited > 0 && clock.GetElapsedTime(_since) < Patience)
            return false;
        var stuck = _waited > 0 && waitingMs >= _waited;
        (_since, _waited) = (clock.GetTimestamp(), waitingMs);
        return stuck;
    }
}
