namespace Bob.Actors.Realtime;

/// <summary>When the model's leg of a call dials: not before the call wants a model, and then in its turn, as <see cref="RedialPolicy"/> allows.</summary>
/// <param name="goesOn">The conversation began before, and is worth the more patience.</param>
internal sealed class Redialling(CallDialer dialer, bool goesOn)
{
    private readonly RedialPolicy _policy = new(dialer.Count, goesOn);
    private ModelFailure? _lost;
    private bool _allowed, _legReady;
    private int _connectedAttempt = -1;

    /// <summary>The number of the last dial; 0 before the first.</summary>
    public int Attempt { get; private set; }

    /// <summary>Whether there is a leg that can dial, and a call that wants it to.</summary>
    public bool Due => _allowed && _legReady;

    /// <summary>Whether a session is configured. Without one nobody listens to the caller, and nobody can speak.</summary>
    public bool HasSession => Attempt == _connectedAttempt;

    /// <summary>What ended the last attempt; null before the first dial.</summary>
    public ModelFailure? Lost => Attempt == 0 ? null : _lost ?? new ModelFailure(FailureKind.Transient, "unknown");

    /// <summary>The call wants a model.</summary>
    public void Allow() => _allowed = true;

    /// <summary>A fresh incarnation of the leg waits for its dial.</summary>
    public void LegReady(ModelFailure? lost) => (_legReady, _lost) = (true, lost);

    /// <summary>A session is configured.</summary>
    public void Connected(int attempt)
    {
        _policy.Connected();
        dialer.Connected();
        _connectedAttempt = attempt;
    }

    /// <summary>The model said something.</summary>
    public void Heard(RealtimeEvent happened)
    {
        if (happened is TranscriptDelta)
            dialer.Spoke();
        else if (happened is ResponseDone { Status: "completed" })
            dialer.Answered();
    }

    /// <summary>Counts the first dial.</summary>
    public void First(TimeSpan now)
    {
        _legReady = false;
        _policy.Dialled(now);
        Attempt++;
    }

    /// <summary>Counts the next dial and gives its delay, or null when there is nothing more to try.</summary>
    public TimeSpan? Next(TimeSpan now)
    {
        _legReady = false;
        var (lost, wasConnected) = (Lost!, Attempt == _connectedAttempt);
        if (_policy.Failed(lost, wasConnected, now, dialer.Failed(lost, wasConnected)) is not { } next)
            return null;
        if (next.MovesOn)
            dialer.MoveOn();
        Attempt++;
        return next.Delay;
    }
}
