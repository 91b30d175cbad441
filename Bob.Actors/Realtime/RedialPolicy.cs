namespace Bob.Actors.Realtime;

/// <summary>The next dial.</summary>
/// <param name="MovesOn">To another server than the last one.</param>
public readonly record struct NextDial(TimeSpan Delay, bool MovesOn);

/// <summary>
/// Whether and when to dial the model again, and whether elsewhere. Pure; one per call. Before the first word the caller waits in silence, so patience is
/// short; once a conversation is under way it is worth more. While there is a server that has not been tried, nobody waits: it is dialled at once.
/// </summary>
/// <param name="servers">How many there are.</param>
/// <param name="talked">Whether the conversation is under way already.</param>
public sealed class RedialPolicy(int servers = 1, bool talked = false)
{
    /// <summary>Failures in <see cref="Window"/> after which the model is given up, where there is one server. The supervisor's bound is one above.</summary>
    public const int MaxFailures = 5;

    public static readonly TimeSpan Window = TimeSpan.FromSeconds(60);

    /// <summary>Sessions in a <see cref="Window"/> that one server may drop before another gets its chance: a change of voice is better than a third break.</summary>
    private const int MaxDrops = 2;

    /// <summary>Others are tried as long as this after the model was lost; a server that stalls, twice: the apology is due after 6 s.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5.5);

    private static readonly TimeSpan[] Delays =
        [TimeSpan.Zero, TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)];

    /// <summary>A rate limit that lifts within this is waited for.</summary>
    private static readonly TimeSpan ShortWait = TimeSpan.FromSeconds(2);

    private readonly Queue<(TimeSpan At, int Move)> _failures = new();
    private TimeSpan _outage;
    private bool _talked = talked;
    private int _moves;

    /// <summary>Failures in <see cref="Window"/> after which a call with so many servers gives the model up.</summary>
    public static int MostFailures(int servers) => MaxFailures + (MaxDrops * (servers - 1));

    /// <summary>The first dial of the call is made.</summary>
    public void Dialled(TimeSpan now) => _outage = now;

    /// <summary>A session is configured: the outage is over.</summary>
    public void Connected() => _talked = true;

    /// <summary>A dial or a session failed. Gives the next dial, or null to give up.</summary>
    /// <param name="wasConnected">Whether a session was lost; otherwise a dial failed.</param>
    /// <param name="left">What there is to dial.</param>
    public NextDial? Failed(ModelFailure failure, bool wasConnected, TimeSpan now, Alternatives left)
    {
        if (wasConnected)
            _outage = now;
        if (left == Alternatives.None)
            return null;
        while (_failures.TryPeek(out var oldest) && oldest.At < now - Window)
            _failures.Dequeue();
        _failures.Enqueue((now, _moves));
        var here = _failures.Count(failed => failed.Move == _moves);
        if (_failures.Count > MostFailures(servers))
            return null;
        if (left == Alternatives.OnlyOther || (left == Alternatives.Other && !(wasConnected && failure.Kind == FailureKind.Transient && here <= MaxDrops)))
        {
            _moves++;
            return now - _outage < Longest ? new NextDial(TimeSpan.Zero, MovesOn: true) : null;
        }

        if (here > MaxFailures)
            return null;
        if (failure.Kind is FailureKind.RateLimited)
            return failure.RetryAfter is { } wait && wait <= ShortWait && here == 1 ? new NextDial(wait, MovesOn: false) : null;
        var delay = Delays[here - 1];
        return now + delay - _outage < Patience(failure) ? new NextDial(delay, MovesOn: false) : null;
    }

    /// <summary>How long an outage may last: what stalls is waited for longer than what refuses at once.</summary>
    private TimeSpan Patience(ModelFailure failure) => failure.Reason switch
    {
        "timeout" => Longest,
        "connection-refused" or "dns-failure" or "unreachable" or "no-sockets-left" or "no-ports-left" => TimeSpan.FromSeconds(_talked ? 4 : 1.5),
        _ => TimeSpan.FromSeconds(_talked ? 6 : 3.5),
    };
}
