using Akka.Actor;
using Akka.Event;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Conversation;
using Bob.Actors.Sockets;
using Bob.Actors.Twilio;
using Microsoft.Extensions.AI;
using static Bob.Actors.Realtime.ModelLegProtocol;

namespace Bob.Actors.Realtime;

/// <summary>What the model's leg of a call is made of.</summary>
/// <param name="Ring">The caller's last seconds; they outlive an incarnation, as the call does.</param>
public sealed record ModelLegSetup(
    CallSid CallSid, IActorRef CallerLeg, CallerAudioRing Ring, RealtimeOptions Options, IReadOnlyList<AIFunction> Tools, IModelDialer Dialer, TimeProvider Clock);

/// <summary>
/// The model's leg: connects, configures the session, gives it the conversation so far, sends it the caller's voice, and asks for responses.
/// <code>
///          Dial            connected            session.updated          OpenSession
/// Idle ──────────► Dialling ─────────► Configuring ──────────► Configured ──────────► Live
///   ▲                 │                     │                      │                  │
///   └── restart ◄─────┴─────────────────────┴──── lost ────────────┴──────────────────┤     GiveUp ──► Gone
///                                                                 CallIsOver, GiveUp └──► Over
/// </code>
/// </summary>
public sealed partial class OpenAiRealtimeActor : UntypedActor, IWithTimers
{
    private readonly IActorRef _call = Context.Parent;
    private readonly CallerTurns _turns;
    private readonly CancellationTokenSource _stopped = new();
    private ModelLegSetup _setup;
    private ILoggingAdapter _log;
    private ModelConnection? _connection;
    private SessionConfiguration? _configuration;
    private ModelSession? _session;
    private ModelStandby? _standby;
    private ModelLine _line;

    public OpenAiRealtimeActor(ModelLegSetup setup)
    {
        _setup = setup;
        _turns = new CallerTurns(setup.Ring, setup.Clock);
        _log = Context.GetLogger().WithContext("CallSid", setup.CallSid.Value);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => _call.Tell(new LegReady(null));

    protected override void PostRestart(Exception reason) =>
        _call.Tell(new LegReady((reason as ModelLostException)?.Failure ?? new ModelFailure(FailureKind.Transient, "internal-error")));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Dial dial:
                _line = ModelLine.Next(dial.Attempt);
                if (dial.StreamSid is { } known)
                    LogStream(known);
                if (dial.Delay > TimeSpan.Zero)
                    Timers.StartSingleTimer(ModelTimer.Dial, ModelTimer.Dial, dial.Delay);
                else
                    StartDial();
                break;
            case ModelTimer.Dial:
                StartDial();
                break;
            default:
                NotLive(message);
                break;
        }
    }

    private void Dialling(object message)
    {
        switch (message)
        {
            case Dialled dialled when dialled.Connection == _line.Number:
                dialled.Orphan.Dispose();
                if (dialled.Result.Failure is { } failure)
                {
                    if (dialled.Result.Detail is { } detail)
                        _log.Warning("The model refused the connection with {Detail}", detail);
                    Lost(failure);
                    return;
                }

                Use(dialled.Result.Options ?? _setup.Options);
                _connection = new ModelConnection(dialled.Result.Socket!, _line, Self, _setup);
                _configuration = new SessionConfiguration(_connection);
                Timers.StartSingleTimer(ModelTimer.Session, ModelTimer.Session, _setup.Options.SessionTimeout);
                Become(Configuring);
                break;
            default:
                NotLive(message);
                break;
        }
    }

    private void Configuring(object message)
    {
        switch (message)
        {
            case ModelSaid said when said.Connection == _line.Number:
                if (_configuration!.Takes(said.Event, _log))
                    Timers.StartSingleTimer(ModelTimer.Session, ModelTimer.Session, _setup.Options.SessionTimeout);
                if (_configuration.Failure is { } failure)
                    Lost(failure);
                else if (_configuration.IsDone)
                    Configure();
                break;
            case ModelTimer.Session:
                Lost(new ModelFailure(FailureKind.Transient, "timeout"));
                break;
            default:
                NotLive(message);
                break;
        }
    }

    private void Configure()
    {
        Timers.Cancel(ModelTimer.Session);
        Become(Configured);
        _call.Tell(new SessionReady(_line.Attempt, _setup.Options.Prices));
    }

    private void Configured(object message)
    {
        switch (message)
        {
            case OpenSession open:
                var answered = open.Opening == Opening.GoOn ? _setup.Ring.TakeAnswered() : [];
                _setup.Ring.NewSession();
                Become(Live);
                Open(open, _configuration!.ExpiresAt, answered);
                break;
            default:
                NotLive(message);
                break;
        }
    }

    private void Live(object message)
    {
        if (message is CallerAudio audio)
        {
            _turns.Frame(audio);
            if (_connection!.Relay() is { } stuck)
                Lost(stuck);
        }
        else if (message is TakeOver takeOver)
        {
            HandOver(takeOver);
        }
        else if (message is CallIsOver or GiveUp)
        {
            BeOver(callIsOver: message is CallIsOver);
        }
        else if (_session!.Takes(message))
        {
            if (_session.Lost is { } failure)
                Lost(failure);
            else if (message is ModelTimer.Watch)
                _standby!.Look();
        }
        else if (!_standby!.Takes(message))
        {
            NotLive(message);
        }
    }

    private void Open(OpenSession open, DateTimeOffset? expiresAt, byte[] answered)
    {
        _session = new ModelSession(_setup, _connection!, _turns, _call, Timers) { Log = _log };
        _standby ??= new ModelStandby(_setup, Self, _call, Timers, _stopped.Token) { Log = _log };
        _standby.Succeeds(_session, _line.Attempt, expiresAt);
        _session.Open(open, answered);
    }

    /// <summary>Another session takes over, and nobody hears of it.</summary>
    private void HandOver(TakeOver takeOver)
    {
        if (!_standby!.MayTakeOver)
            return;
        var last = _connection!;
        (_line, _connection, var expiresAt) = _standby.TakeOver();
        Use(_connection.Options);
        _turns.HandOver();
        Open(new OpenSession(takeOver.SoFar, Opening.Listen), expiresAt, answered: []);
        last.Close();
        _log.Info("OpenAI Realtime goes on in a new session");
    }

    /// <summary>There is no model for this call any more.</summary>
    private void Gone(object message)
    {
        switch (message)
        {
            case FinishSpeaking:
                FinishPlayback();
                break;
            case CallIsOver:
                _call.Tell(new AllTold());
                break;
            case Dialled { Result.Socket: { } late }:
                late.Abort();
                break;
            case CallerAudio or IModelLegCommand or CallerLegProtocol.SpeechInterrupted or Dialled or ConnectionDrained or ModelTimer:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>What every state but the last two does with the messages that are not its own.</summary>
    private void NotLive(object message)
    {
        switch (message)
        {
            case CallerAudio audio:
                _turns.Frame(audio); // waits in the ring for the session
                break;
            case ModelEnded ended when ended.Connection == _line.Number:
                Lost(ended.Failure);
                break;
            case ConnectionBroken broken when broken.Connection == _line.Number:
                Lost(broken.Failure);
                break;
            case ModelSaid { Event: ErrorReported error } said when said.Connection == _line.Number:
                _log.Warning("The model reported an error: {Error}", ModelRefusal.Masked(error.Error.Message));
                break;
            case GiveUp:
                Disconnect();
                Become(Gone);
                break;
            case CallIsOver:
                _call.Tell(new AllTold());
                break;
            case StreamKnown stream:
                LogStream(stream.StreamSid);
                break;
            case Dialled { Result.Socket: { } late } dialled when dialled.Connection != _line.Number:
                late.Abort();
                break;
            case ConnectionDrained drained when drained.Connection == _line.Number:
                _connection?.Drained(); // the configuration took a moment to send
                break;
            case ConnectionDrained or ModelSaid or ModelEnded or ConnectionBroken or Dialled or ModelTimer:
                break; // of an earlier attempt
            case Speak or KeysPressed or ToolReturned or TakeOver or FinishSpeaking or GoOn or CallerLegProtocol.SpeechInterrupted:
                break; // the call's log has it; the next session gets it from there
            default:
                Unhandled(message);
                break;
        }
    }

    private void StartDial()
    {
        ModelDial.Start(_setup.Dialer.DialAsync, _line.Number, Self, _stopped.Token);
        Become(Dialling);
    }

    /// <summary>How the session is configured there: not every call has the first of the servers that are set.</summary>
    private void Use(RealtimeOptions options)
    {
        if (ReferenceEquals(options, _setup.Options))
            return;
        _log.Info("The model of this call is {Model}", options);
        _setup = _setup with { Options = options };
    }

    /// <summary>The session is over. Whether there is another try, and where, is for the call to say: a refusal for good is one of one server.</summary>
    private static void Lost(ModelFailure failure) => throw new ModelLostException(failure);

    /// <summary>The model says no more: what the caller's leg has is all there is.</summary>
    private void FinishPlayback() => _setup.CallerLeg.Tell(new CallerLegProtocol.FinishPlayback());

    private void Disconnect()
    {
        _stopped.Cancel();
        Timers.CancelAll();
        _standby?.Close();
        _connection?.Close();
        (_connection, _session) = (null, null);
    }

    private void LogStream(StreamSid streamSid)
    {
        _log = Context.GetLogger().WithContext("CallSid", _setup.CallSid.Value).WithContext("StreamSid", streamSid.Value);
        if (_session is not null)
            _session.Log = _log;
        if (_standby is not null)
            _standby.Log = _log;
    }

    protected override void PostStop() => Disconnect();
}
