namespace Bob.Actors.Realtime;

/// <summary>
/// Whether and when to dial the model again. Pure; one per call. Before the first word the caller waits in silence, so patience is short; once a
/// conversation is under way it is worth more.
/// </summary>
public sealed class RedialPolicy
{
    /// <summary>Failures in <see cref="Window"/> after which the model is given up. The supervisor's bound is one above.</summary>
    public const int MaxFailures = 5;

    public static readonly TimeSpan Window = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan[] Delays =
        [TimeSpan.Zero, TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)];

    /// <summary>A rate limit that lifts within this is waited for.</summary>
    private static readonly TimeSpan ShortWait = TimeSpan.FromSeconds(2);

    private readonly Queue<TimeSpan> _failures = new();
    private TimeSpan _outage;
    private bool _talked;

    /// <summary>The first dial of the call is made.</summary>
    public void Dialled(TimeSpan now) => _outage = now;

    /// <summary>A session is configured: the outage is over.</summary>
    public void Connected() => _talked = true;

    /// <summary>A dial or a session failed. Gives the delay of the next dial, or null to give up.</summary>
    /// <param name="wasConnected">Whether a session was lost; otherwise a dial failed.</param>
    public TimeSpan? Failed(ModelFailure failure, bool wasConnected, TimeSpan now)
    {
        if (wasConnected)
            _outage = now;
        if (failure.Kind is FailureKind.Permanent)
            return null;
        while (_failures.TryPeek(out var oldest) && oldest < now - Window)
            _failures.Dequeue();
        _failures.Enqueue(now);
        if (_failures.Count > MaxFailures)
            return null;
        if (failure.Kind is FailureKind.RateLimited)
            return failure.RetryAfter is { } wait && wait <= ShortWait && _failures.Count == 1 ? wait : null;
        var delay = Delays[_failures.Count - 1];
        return now + delay - _outage < Patience(failure) ? delay : null;
    }

    /// <summary>How long an outage may last: what stalls is waited for longer than what refuses at once.</summary>
    private TimeSpan Patience(ModelFailure failure) => failure.Reason switch
    {
        "timeout" => TimeSpan.FromSeconds(6),
        "connection-refused" or "dns-failure" or "unreachable" => TimeSpan.FromSeconds(_talked ? 4 : 1.5),
        _ => TimeSpan.FromSeconds(_talked ? 6 : 4),
    };
}
