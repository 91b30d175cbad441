namespace Bob.Actors.Realtime;

/// <summary>What is left to dial after a failure.</summary>
public enum Alternatives
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>What this call has already tried.</summary>
    Again,

    /// <summary>A server that this call has not tried since it lost its model.</summary>
    Other,

    /// <summary>Such a server, and nothing to be gained from the one that failed.</summary>
    OnlyOther,
}

/// <summary>
/// The servers as one call dials them: the one it talks to as long as that works, then the others in their order, those first against which nothing is
/// known. It outlives the incarnations of the model's leg.
/// </summary>
public sealed class CallDialer(ModelProviders models) : IModelDialer
{
    private readonly Lock _gate = new();

    /// <summary>Tried in vain since the last session, the latest at the end.</summary>
    private readonly List<ModelProvider> _tried = [];

    private readonly HashSet<ModelProvider> _refused = [];

    /// <summary>Those that gave a second session, and no answer in that either.</summary>
    private readonly HashSet<ModelProvider> _mute = [];

    private ModelProvider? _lastMute;
    private ModelProvider? _current;
    private ListeningSocket? _socket;
    private int _refusals;
    private bool _dialled, _barred;

    /// <summary>How many there are.</summary>
    public int Count => models.All.Count;

    public async Task<DialResult> DialAsync(CancellationToken cancellation)
    {
        ModelProvider? chosen;
        ModelFailure? none;
        lock (_gate)
        {
            chosen = Choose(first: !_dialled);
            _barred = chosen is null;
            none = _barred ? Excuse(first: !_dialled) : null;
            (_current, _socket, _refusals, _dialled) = (chosen ?? _current, null, chosen?.Refusals ?? 0, true);
        }

        if (chosen is null)
            return new DialResult(null, none);
        var result = await chosen.DialAsync(cancellation);
        lock (_gate)
        {
            if (_current == chosen)
                _socket = result.Socket as ListeningSocket;
        }

        return result;
    }

    public Task<DialResult> DialBesideAsync(CancellationToken cancellation)
    {
        ModelProvider own;
        lock (_gate)
            own = _current ?? models.All[0];
        return own.DialAsync(cancellation);
    }

    /// <summary>A session is configured.</summary>
    public void Connected()
    {
        lock (_gate)
        {
            _tried.Clear();
            _refused.Clear();
        }
    }

    /// <summary>The model has words.</summary>
    public void Spoke()
    {
        lock (_gate)
        {
            _mute.Clear();
            _lastMute = null;
        }
    }

    /// <summary>The model has answered: it can be paid, and does what it is there for.</summary>
    public void Answered()
    {
        lock (_gate)
            _current?.Answered(_refusals);
    }

    /// <summary>A dial or a session failed. What is left?</summary>
    /// <param name="wasConnected">Whether a session was lost; otherwise a dial failed.</param>
    public Alternatives Failed(ModelFailure failure, bool wasConnected)
    {
        lock (_gate)
        {
            if (_barred)
                return failure.Kind == FailureKind.RateLimited ? Alternatives.Again : Alternatives.None;
            if (_current is not { } failed)
                return failure.Kind == FailureKind.Permanent ? Alternatives.None : Alternatives.Again; // the leg did not come to dial

            // What the dial or the first word told is noted already.
            if (_socket is { HasFailed: false } && (wasConnected ? ModelRefusal.ConcernsAll(failure) : failure.Kind != FailureKind.Ignorable))
                failed.Failed(failure);
            if (failure.Kind == FailureKind.Permanent)
                _refused.Add(failed);
            else if (!wasConnected)
                Tried(failed);
            else if (failure.Reason == ModelFailure.Mute)
                FellMute(failed, failure);

            var left = models.All.Where(model => IsOpen(model) && model.Bar(first: false) is null).ToList();
            if (left.Exists(model => model != failed && !_tried.Contains(model)))
                return _mute.Contains(failed) ? Alternatives.OnlyOther : Alternatives.Other;
            return left.Count > 0 || failure.Kind == FailureKind.RateLimited ? Alternatives.Again : Alternatives.None;
        }
    }

    /// <summary>The one that was dialled last has been given its chances.</summary>
    public void MoveOn()
    {
        lock (_gate)
        {
            if (_current is { } failed)
                Tried(failed);
        }
    }

    private bool IsOpen(ModelProvider model) => !_refused.Contains(model) && !_mute.Contains(model);

    /// <summary>
    /// A session that falls mute is replaced. When the next one there says nothing either, it is the server's mind that is gone: sessions prove nothing any more,
    /// and every caller would wait for them.
    /// </summary>
    private void FellMute(ModelProvider model, ModelFailure failure)
    {
        if (_lastMute == model)
        {
            _mute.Add(model);
            model.Failed(failure);
        }

        _lastMute = model;
    }

    private void Tried(ModelProvider model)
    {
        _tried.Remove(model);
        _tried.Add(model);
    }

    private ModelProvider? Choose(bool first)
    {
        var untried = models.All.Where(model => !_tried.Contains(model) && IsOpen(model)).OrderBy(model => model == _current ? 0 : 1).ToList();
        return untried.Find(model => model.Doubt is null && model.Admits(first))
            ?? untried.Find(model => model.Admits(first))
            ?? _tried.Find(model => IsOpen(model) && model.Admits(first));
    }

    /// <summary>Why nobody can be dialled: the reason that is over first.</summary>
    private ModelFailure Excuse(bool first) =>
        models.All.Select(model => model.Bar(first)).OfType<ModelFailure>().MinBy(failure => failure.RetryAfter ?? TimeSpan.MaxValue)
            ?? new ModelFailure(FailureKind.Transient, "unknown");
}
