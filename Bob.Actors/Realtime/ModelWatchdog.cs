namespace Bob.Actors.Realtime;

/// <summary>What <see cref="ModelWatchdog"/> finds.</summary>
internal enum Finding
{
    /// <summary>All is well, or not overdue yet.</summary>
    Nothing,

    /// <summary>The server does not answer the caller's turn by itself: ask it to.</summary>
    TurnUnanswered,

    /// <summary>The response that was in the way of ours has never shown.</summary>
    NeverAnnounced,

    /// <summary>A response has said all it began, and does not end.</summary>
    EndMissing,

    /// <summary>The caller can be heard, and nothing comes from the model: ask for a sign of life.</summary>
    Suspicious,

    /// <summary>The session is of no more use.</summary>
    Mute,
}

/// <summary>
/// Notices a model whose edge answers pings while its mind is gone: a turn is not answered, a request is not taken up, a response stops in the
/// middle, or nothing at all comes although the caller speaks. It goes by progress and not by speed, so a slow model is left in peace. Pure, and
/// looked at every <see cref="Interval"/>.
/// </summary>
/// <param name="clock">One that does not count when it was Bob who stood still (<see cref="Sockets.WakingTime"/>).</param>
internal sealed class ModelWatchdog(TimeProvider clock, ModelProgress progress)
{
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// A turn that the server does not answer by itself in this time is answered on request; a request, or a question for a sign of life, that has
    /// no answer in this time finds the model mute. Two of them in a row are the 5 s after which a caller doubts the line.
    /// </summary>
    public static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(2.5);

    /// <summary>A response that is under way may pause so long: the caller still has some of it to hear.</summary>
    public static readonly TimeSpan ProgressDeadline = TimeSpan.FromSeconds(5);

    /// <summary>20 ms frames of the caller's voice that a model cannot have missed.</summary>
    private const int AudibleFrames = 10;

    /// <summary>A server that refuses so often for a response that never shows is stuck with it.</summary>
    private const int MaxNeverAnnounced = 3;

    private readonly long _began = clock.GetTimestamp();
    private TimeSpan _looked, _quietSince;
    private TimeSpan? _turnEnded, _asked, _refused, _response, _probed;
    private int _messages = progress.Messages, _steps = progress.Steps, _loudFrames, _neverAnnounced;

    private TimeSpan Now => clock.GetElapsedTime(_began);

    /// <summary>The caller begins to speak: the server answers when they end.</summary>
    public void CallerStarted() => _turnEnded = null;

    /// <summary>The caller's turn is over.</summary>
    public void CallerStopped() => _turnEnded ??= Now;

    /// <summary>A response was asked for.</summary>
    public void Asked() => _asked = Now;

    /// <summary>The request was refused, because another response is said to be active.</summary>
    public void Refused() => (_asked, _refused) = (null, Now);

    /// <summary>A response began.</summary>
    public void Began()
    {
        (_turnEnded, _asked, _refused, _response) = (null, null, null, Now);
        _neverAnnounced = 0;
    }

    /// <summary>The request was refused for good.</summary>
    public void AskFailed() => _asked = null;

    /// <summary>A response ended.</summary>
    public void Ended() => (_response, _refused) = (null, null);

    /// <summary>Looks what is overdue.</summary>
    /// <param name="loudFrames">Frames so far in which the caller could be heard.</param>
    public Finding Look(int loudFrames)
    {
        _looked = Now;
        Notice(loudFrames);
        if (Over(_asked, AnswerDeadline))
            return Finding.Mute;
        if (Over(_response, ProgressDeadline))
            return progress.HasSaidAll ? Finding.EndMissing : Finding.Mute;
        if (Over(_turnEnded, AnswerDeadline))
        {
            _turnEnded = null;
            return Finding.TurnUnanswered;
        }

        if (Over(_refused, AnswerDeadline))
        {
            _refused = null;
            return ++_neverAnnounced < MaxNeverAnnounced ? Finding.NeverAnnounced : Finding.Mute;
        }

        if (_probed is not null)
            return Over(_probed, AnswerDeadline) ? Finding.Mute : Finding.Nothing;
        if (!Over(_quietSince, AnswerDeadline) || loudFrames - _loudFrames < AudibleFrames)
            return Finding.Nothing;
        _probed = _looked;
        return Finding.Suspicious;
    }

    /// <summary>What came since the last look starts the waits anew.</summary>
    private void Notice(int loudFrames)
    {
        if (_steps != progress.Steps)
        {
            _steps = progress.Steps;
            _response = _response is null ? null : _looked;
        }

        if (_messages == progress.Messages)
            return;
        _messages = progress.Messages;
        (_quietSince, _probed, _loudFrames) = (_looked, null, loudFrames);
    }

    private bool Over(TimeSpan? since, TimeSpan limit) => since is { } began && _looked - began >= limit;
}
