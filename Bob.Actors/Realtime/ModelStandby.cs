using Akka.Actor;
using Akka.Event;
using static Bob.Actors.Realtime.ModelLegProtocol;

namespace Bob.Actors.Realtime;

/// <summary>
/// The session that is to replace the one in charge, before that ends or because it has become slow: dialled and configured while the other still
/// works, so that nobody hears of the change. Whatever fails here is tried again later, and harms nobody. Part of <see cref="OpenAiRealtimeActor"/>,
/// and only ever run by it.
/// <code>
///       due, or slow       connected                 session.updated
/// Idle ─────────────► Dialling ──────► Configuring ──────────────────► Ready ──── TakeOver ──► Idle
///              ▲         │                 │                             │
///              └─ later ─┴──── failed ─────┴─────────────────────────────┘
/// </code>
/// </summary>
internal sealed class ModelStandby(ModelLegSetup setup, IActorRef leg, IActorRef call, ITimerScheduler timers, CancellationToken stopped)
{
    /// <summary>A session that was taken for being slow is followed by one that stays for so long: if that is as slow, it is not the session.</summary>
    private static readonly TimeSpan ShortestService = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan[] Delays =
        [TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60)];

    private ModelSession? _inCharge;
    private SessionRenewal? _renewal;
    private ModelLine _line;
    private ModelConnection? _connection;
    private SessionConfiguration? _configuration;
    private long? _slowAt;
    private bool _wanted;
    private int _failures, _offered, _attempt;

    public required ILoggingAdapter Log { get; set; }

    /// <summary>Whether it is ready, and nothing has happened since it was offered: what it is told of the conversation is all there is.</summary>
    public bool MayTakeOver => IsReady && _inCharge!.IsSilent(IsUrgent) && _inCharge.Happenings == _offered;

    private bool IsReady => _configuration is { IsDone: true };

    private bool IsUrgent => _renewal is { } renewal && setup.Clock.GetUtcNow() >= renewal.Urgent;

    /// <summary>A session is in charge from now on.</summary>
    /// <param name="attempt">Of the call: its successor belongs to the same.</param>
    public void Succeeds(ModelSession inCharge, int attempt, DateTimeOffset? expiresAt)
    {
        var now = setup.Clock.GetUtcNow();
        (_inCharge, _attempt, _renewal) = (inCharge, attempt, SessionRenewal.Of(expiresAt, now));
        if (_renewal is { } renewal)
            timers.StartSingleTimer(ModelTimer.Renewal, ModelTimer.Renewal, renewal.Due - now);
        else
            timers.Cancel(ModelTimer.Renewal);
    }

    /// <summary>Is another session wanted, or ready and this a good moment for it?</summary>
    public void Look()
    {
        if (!_wanted && _inCharge!.IsSlow && (_slowAt is not { } before || setup.Clock.GetElapsedTime(before) >= ShortestService))
        {
            Log.Warning("OpenAI Realtime answers much more slowly than it did; another session is to take over");
            _slowAt = setup.Clock.GetTimestamp();
            Want();
        }

        if (!IsReady || !_inCharge!.IsSilent(IsUrgent))
            return;
        _offered = _inCharge.Happenings;
        call.Tell(new StandbyReady(IsUrgent), leg);
    }

    /// <summary>Takes a message that is for the session to come; false for any other.</summary>
    public bool Takes(object message)
    {
        switch (message)
        {
            case ModelTimer.Renewal:
                if (!_wanted)
                    Want();
                return true;
            case ModelTimer.Standby when _wanted && _connection is null:
                Dial();
                return true;
            case ModelTimer.Standby when _wanted && !IsReady:
                Failed(new ModelFailure(FailureKind.Transient, "timeout"));
                return true;
            case Dialled dialled when _wanted && _connection is null && dialled.Connection == _line.Number:
                dialled.Orphan.Dispose();
                Connected(dialled.Result);
                return true;
            case ModelSaid said when Owns(said.Connection):
                Heard(said.Event);
                return true;
            case ModelEnded ended when Owns(ended.Connection):
                Failed(ended.Failure);
                return true;
            case ConnectionBroken broken when Owns(broken.Connection):
                Failed(broken.Failure);
                return true;
            case ConnectionDrained drained when Owns(drained.Connection):
                _connection!.Drained();
                return true;
            default:
                return false;
        }
    }

    /// <summary>Hands the session over that was ready.</summary>
    public (ModelLine Line, ModelConnection Connection, DateTimeOffset? ExpiresAt) TakeOver()
    {
        var handedOver = (_line, _connection!, _configuration!.ExpiresAt);
        (_connection, _configuration, _wanted) = (null, null, false);
        return handedOver;
    }

    public void Close()
    {
        _wanted = false;
        Drop();
    }

    private bool Owns(int connection) => _connection is { } own && own.Number == connection;

    private void Want()
    {
        (_wanted, _failures) = (true, 0);
        Dial();
    }

    private void Dial()
    {
        _line = ModelLine.Next(_attempt);
        ModelDial.Start(setup.Dialer.DialBesideAsync, _line.Number, leg, stopped);
    }

    private void Connected(DialResult result)
    {
        if (result.Failure is { } failure)
        {
            Failed(failure);
            return;
        }

        _connection = new ModelConnection(result.Socket!, _line, leg, setup with { Options = result.Options ?? setup.Options });
        _configuration = new SessionConfiguration(_connection);
        timers.StartSingleTimer(ModelTimer.Standby, ModelTimer.Standby, setup.Options.SessionTimeout);
    }

    private void Heard(RealtimeEvent happened)
    {
        if (IsReady)
            return;
        if (_configuration!.Takes(happened, Log))
            timers.StartSingleTimer(ModelTimer.Standby, ModelTimer.Standby, setup.Options.SessionTimeout);
        if (_configuration.Failure is { } failure)
            Failed(failure);
        else if (IsReady)
            timers.Cancel(ModelTimer.Standby);
    }

    private void Failed(ModelFailure failure)
    {
        Drop();
        timers.Cancel(ModelTimer.Standby);
        if (failure.Kind == FailureKind.Permanent)
        {
            Log.Warning("OpenAI Realtime refuses another session: {Reason}; going on with the one there is", failure.Reason);
            _wanted = false; // at the session's limit it is asked for again
            return;
        }

        var delay = Delays[Math.Min(_failures++, Delays.Length - 1)];
        if (failure.RetryAfter is { } wait && wait > delay)
            delay = wait;
        Log.Info("Another session of OpenAI Realtime could not be had: {Reason}; trying again in {Seconds} s", failure.Reason, delay.TotalSeconds);
        timers.StartSingleTimer(ModelTimer.Standby, ModelTimer.Standby, delay);
    }

    private void Drop()
    {
        _connection?.Close();
        (_connection, _configuration) = (null, null);
    }
}
