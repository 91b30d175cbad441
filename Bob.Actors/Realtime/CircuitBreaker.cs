namespace Bob.Actors.Realtime;

/// <summary>
/// What a node has learned of one model server, so that the next caller need not learn it again. Pure; times are those of one clock.
/// <code>
///            3 failures or 2 stalls in a row, or a mind that is gone
///   Closed ◄───────────────────────────────► Doubtful    another server is dialled instead, if there is one
///     ▲ ▲        429
///     │ └───────────────────────────────────► Limited     nobody dials until the server's time is over
///     │      refused for good
///     └──────────────────────────────────────► Refused    nobody dials but one trial after each rest, until one succeeds
/// </code>
/// </summary>
internal sealed class CircuitBreaker
{
    private const int Failures = 3;
    private const int Stalls = 2;

    /// <summary>A trial that never says how it ended is over after this.</summary>
    private static readonly TimeSpan Trial = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan DoubtfulRest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RefusedRest = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(60);

    /// <summary>The rest after a 429 that names none.</summary>
    private static readonly TimeSpan UnknownLimit = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LongestLimit = TimeSpan.FromMinutes(5);

    private State _state;
    private ModelFailure? _why;
    private bool _needsAnswer;
    private int _failures, _stalls, _rests;
    private TimeSpan _until, _trialUntil;

    private enum State
    {
        Closed,
        Doubtful,
        Limited,
        Refused,
    }

    /// <summary>The refusal that stands; null when there is none.</summary>
    public ModelFailure? Refusal => _state == State.Refused ? _why : null;

    /// <summary>How often it has been refused, or found mute; a session dialled before the last of them proves nothing.</summary>
    public int Refusals { get; private set; }

    /// <summary>When a probe should try it; null when there is nothing that a probe could find out.</summary>
    public TimeSpan? ProbeAt => _state is State.Doubtful or State.Refused && !_needsAnswer ? _until : null;

    /// <summary>Why a dial had better go elsewhere; null when nothing speaks against this server.</summary>
    public ModelFailure? Doubt(TimeSpan now) => _state switch
    {
        State.Closed => null,
        State.Limited => now >= _until ? null : _why! with { RetryAfter = _until - now },
        _ => _why,
    };

    /// <summary>Why a dial is of no use at all; null when it may be tried.</summary>
    /// <param name="first">The caller has heard nothing yet: a server that stalls costs them seconds of silence, which callers before them have had already.</param>
    public ModelFailure? Bar(TimeSpan now, bool first) => _state switch
    {
        State.Limited => Doubt(now),
        State.Refused => TrialIsDue(now) ? null : _why,
        State.Doubtful when first && _stalls >= Stalls => TrialIsDue(now) ? null : _why,
        _ => null,
    };

    /// <summary>The one dial that finds out whether it works again; false when it is not due, or under way.</summary>
    public bool TryTrial(TimeSpan now)
    {
        if (_state is not (State.Doubtful or State.Refused) || !TrialIsDue(now))
            return false;
        _trialUntil = now + Trial;
        return true;
    }

    /// <summary>A dial or a session failed.</summary>
    /// <param name="needsAnswer">It failed after the server's first word, which therefore proves nothing: only an answer does. One such stall is enough.</param>
    public void Failed(ModelFailure failure, TimeSpan now, bool needsAnswer = false)
    {
        switch (failure.Kind)
        {
            case FailureKind.Permanent:
                Refusals++;
                _needsAnswer = needsAnswer;
                Rest(State.Refused, failure, RefusedRest, now);
                break;
            case FailureKind.RateLimited when _state != State.Refused:
                var limit = failure.RetryAfter ?? UnknownLimit;
                _needsAnswer = false;
                (_state, _why, _until) = (State.Limited, failure, now + (limit < LongestLimit ? limit : LongestLimit));
                break;
            default:
                _failures++;
                _stalls = needsAnswer ? Stalls : failure.Reason == "timeout" ? _stalls + 1 : 0;
                if (_state == State.Refused)
                    Rest(State.Refused, _why!, RefusedRest, now);
                else if ((_state != State.Limited || now >= _until) && (_failures >= Failures || _stalls >= Stalls))
                {
                    _needsAnswer = needsAnswer;
                    Refusals += needsAnswer ? 1 : 0;
                    Rest(State.Doubtful, failure, DoubtfulRest, now);
                }

                break;
        }
    }

    /// <summary>A session began.</summary>
    public void Reached()
    {
        if (!_needsAnswer)
            Close();
    }

    /// <summary>A session that was dialled after this many refusals has answered.</summary>
    public void Answered(int refusals)
    {
        if ((_state == State.Refused || _needsAnswer) && refusals == Refusals)
            Close();
    }

    private bool TrialIsDue(TimeSpan now) => now >= _until && now >= _trialUntil;

    /// <summary>Rests get longer with every trial that fails; what else fails meanwhile, dialled before, changes nothing.</summary>
    private void Rest(State state, ModelFailure why, TimeSpan first, TimeSpan now)
    {
        _why = why;
        if (_state == state && now < _until)
            return;
        _rests = _state == state ? _rests + 1 : 0;
        (_state, _trialUntil) = (state, TimeSpan.Zero);
        var rest = first * Math.Pow(2, Math.Min(_rests, 4));
        _until = now + (rest < LongestRest ? rest : LongestRest);
    }

    private void Close()
    {
        _state = State.Closed;
        _why = null;
        _needsAnswer = false;
        (_failures, _stalls, _rests) = (0, 0, 0);
    }
}
