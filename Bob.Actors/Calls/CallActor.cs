using Akka.Actor;
using Akka.Event;
using Bob.Actors.Audio;
using Bob.Actors.Conversation;
using Bob.Actors.Realtime;
using Bob.Actors.Recording;
using Bob.Actors.Records;
using Bob.Actors.Tools;
using Bob.Actors.Twilio;
using static Bob.Actors.Calls.CallProtocol;

namespace Bob.Actors.Calls;

/// <summary>
/// The conductor of one call: supervises the two legs, keeps the book of the call, and does what <see cref="CallState"/> decides. It sees
/// turns, tools and ends, never audio. One per call: it is there from the signed webhook on, so that the model can be dialled early, and each
/// media stream of the call is attached to it in turn.
/// <code>
/// Connecting ──► Live ◄──► AwaitingCaller        Ending ──► Closing ──► Over ──► Parting
///                 └────────────────────────────────►
/// </code>
/// Over is told to whoever asks; Parting is off the books, and waits a moment for the caller's last words.
/// </summary>
public sealed partial class CallActor : UntypedActor, IWithTimers
{
    private const string Recorder = "recorder";

    private readonly AdmitCall _admission;
    private readonly CallServices _services;
    private readonly CallJournal _journal;
    private readonly bool _resumed;
    private readonly Redialling _redialling;
    private readonly Keypad _keypad = new();
    private readonly CallProgress _progress = new();
    private readonly ToolRuns _tools;
    private readonly ClipPlayer _clips;
    private readonly IActorRef _callerLeg, _modelLeg;
    private readonly IActorRef? _recorder;
    private ILoggingAdapter _log;
    private CallState _state;
    private Ticket _ticket;
    private MediaStream? _stream;
    private CallEnd? _broken;
    private IActorRef _asking = ActorRefs.Nobody;
    private StreamSid? _lostStream;
    private bool _connected, _streamLogged;

    /// <param name="journal">Outlives an incarnation: after a restart the conversation goes on.</param>
    /// <param name="resumed">Where a call is that goes on after the death of whoever had it; null for a new one.</param>
    public CallActor(AdmitCall admission, CallServices services, CallJournal journal, CallState? resumed = null)
    {
        _admission = admission;
        _services = services;
        _journal = journal;
        _log = Context.GetLogger().WithContext("CallSid", admission.CallSid.Value);
        _state = resumed ?? new CallState(services.Call);
        _resumed = _streamLogged = resumed is not null;
        _ticket = new Ticket(Now, services.Call.StreamDeadline);
        var control = new Control(admission, Self);
        var tools = services.Tools.SelectMany(make => make(control)).ToList();
        _tools = new ToolRuns(tools, services.Call.ToolTimeout, services.Clock);
        if (services.Recorder is { } record)
            _recorder = Context.Child(Recorder) is { } recording && !recording.IsNobody() ? recording : Context.ActorOf(record(admission.CallSid, journal), Recorder);
        var dialer = new CallDialer(services.Models);
        _redialling = new Redialling(dialer, _resumed);
        var setup = new CallerLegSetup(admission.CallSid, new PlaybackLedger(), services.Call.MediaTimeout, services.Clock) { Recorder = _recorder, Waking = services.Waking };
        _callerLeg = Context.ActorOf(services.CallerLeg(setup), "caller");
        _clips = new ClipPlayer(services.Clips, journal, _callerLeg);
        _modelLeg = Context.ActorOf(
            services.ModelLeg(new ModelLegSetup(
                admission.CallSid, _callerLeg, new CallerAudioRing(), services.Realtime, tools, dialer, services.Waking)), "model");
        Context.Watch(_callerLeg);
        Context.Watch(_modelLeg);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private StreamSid? StreamSid => _stream?.StreamSid;

    private TimeSpan Now => _services.Clock.GetElapsedTime(0);

    protected override void PreStart()
    {
        if (_resumed)
        {
            _log.Warning("Call resumed: whoever had it died");
            CallMetrics.CallsResumed.Add(1);
        }
        else
        {
            _log.Info("Incoming call from {Caller}", _admission.Caller);
            _journal.Opened(_admission, _services.Realtime.Persona);
        }

        Happened(new CallEvent.Admitted());
    }

    /// <summary>The recorder stays: one call is one recording.</summary>
    protected override void PreRestart(Exception reason, object message)
    {
        foreach (var leg in new[] { _callerLeg, _modelLeg })
        {
            Context.Unwatch(leg);
            Context.Stop(leg);
        }

        _recorder?.Tell(new RecorderProtocol.BobCut(Now)); // with the leg goes what it still had to play
        PostStop();
    }

    /// <summary>After a bug in this actor: the streams were closed with the legs, so Twilio comes to ask, and the call goes on.</summary>
    protected override void PostRestart(Exception reason)
    {
        _log.Warning("The call's actor was restarted; the call goes on when Twilio asks what comes next");
        _state = CallState.Restarted(_services.Call, _journal.Age, _journal.EndsAs);
        Happened(new CallEvent.Admitted());
    }

    /// <summary>
    /// The rules of the call give a line or a model up after 5 failures in 60 seconds (2 more for each further server of models), politely and by its
    /// name. The supervisor's bound, for a leg that has a bug, is one above, so that it does not forestall them. Akka's default has no bound.
    /// </summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(
        RedialPolicy.MostFailures(_services.Models.All.Count) + 1,
        (int)RedialPolicy.Window.TotalMilliseconds,
        failure =>
        {
            if (Sender.Equals(_recorder))
            {
                _log.Error(failure, "The recorder failed; the rest of the call is not recorded");
                Truncation.Tell(_log, _journal, "recorder failed", failure.GetType().Name);
                return Directive.Stop;
            }

            _broken = failure switch
            {
                ModelLostException lost => CallEnd.ModelUnavailable(lost.Failure.Reason),
                CallerSocketLostException => CallEnd.StreamUnstable,
                _ => null,
            };
            if (failure is ModelLostException or CallerSocketLostException)
                _log.Debug("{Leg} restarts: {Reason}", Sender.Path.Name, failure.Message);
            else
                _log.Error(failure, "{Leg} failed and is restarted", Sender.Path.Name);
            return Directive.Restart;
        },
        loggingEnabled: false);

    protected override void PostStop()
    {
        CloseStream();
        KeepKeys();
        _journal.KeepWords();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case AdmitCall or FindAdmission:
                Sender.Tell(_state.Phase == CallPhase.Over ? new CallRefused("the call is over") : new CallAdmitted(_ticket.Value));
                break;
            case AttachStream attach:
                Attach(attach);
                break;
            case GetNextStep ask:
                _asking = Sender;
                if (_state.Phase == CallPhase.Live)
                    LogLost("twilio-asks"); // before it has shown here
                Happened(new CallEvent.NextStepAsked());
                break;
            case CallOver:
                Happened(new CallEvent.CallerHungUp());
                break;
            case CallerLegProtocol.ICallerLegEvent caller:
                FromCallerLeg(caller);
                break;
            case ModelLegProtocol.IModelLegEvent model:
                FromModelLeg(model);
                break;
            case ToolFinished finished:
                Return(finished);
                break;
            case EndAllCalls order:
                Happened(new CallEvent.EndOrdered(order.Why, order.AtOnce));
                break;
            case EndRequested:
                Happened(new CallEvent.EndRequested());
                break;
            case CallTimer.Silence when _tools.Running > 0 || !_redialling.HasSession:
                Timers.StartSingleTimer(CallTimer.Silence, CallTimer.Silence, _services.Call.SilencePrompt); // it is Bob who keeps the caller waiting
                break;
            case CallTimer.Progress when _tools.Running > 0 || !_redialling.HasSession:
                Timers.StartSingleTimer(CallTimer.Progress, CallTimer.Progress, _services.Call.NoProgress); // so it is here
                break;
            case CallTimer timer:
                Happened(new CallEvent.TimerFired(timer));
                break;
            case KeypadPause:
                if (KeepKeys() is { } keys) // not before: a session that opens meanwhile would hear of them twice
                    _modelLeg.Tell(new ModelLegProtocol.KeysPressed(keys));
                break;
            case WordsWait:
                _journal.KeepWords();
                break;
            case OffTheBooks:
                Part();
                break;
            case RecorderProtocol.RecorderFellBehind:
                Truncation.FellBehind(_log, _journal);
                break;
            case Terminated:
                CloseStream();
                Happened(new CallEvent.LegBroke(_broken));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Attach(AttachStream attach)
    {
        if (_state.Phase is CallPhase.Closing or CallPhase.Over)
        {
            // The legs may be gone, and nobody would close the stream.
            Sender.Tell(new StreamRefused("the call is over"));
            return;
        }

        if (_ticket.Refuse(attach.Ticket, Now) is { } refusal)
        {
            Sender.Tell(new StreamRefused(refusal));
            return;
        }

        _stream = attach.Stream;
        _log = Context.GetLogger().WithContext("CallSid", _admission.CallSid.Value).WithContext("StreamSid", attach.Stream.StreamSid.Value);
        _log.Info(_streamLogged ? "Media stream resumed" : "Media stream connected");
        _journal.Attached(attach.Stream.StreamSid);
        Context.Parent.Tell(new CallsActor.StreamKnown(_admission.CallSid, attach.Stream.StreamSid));
        _modelLeg.Tell(new ModelLegProtocol.StreamKnown(attach.Stream.StreamSid));
        Record();
        _callerLeg.Tell(new CallerLegProtocol.Attach(attach.Stream));
        Sender.Tell(new StreamAccepted(_callerLeg, _modelLeg, _recorder));
        Happened(new CallEvent.StreamAttached());
        LogStream();
    }

    /// <summary>
    /// Nobody is recorded who has not been told: the model says so with its greeting, so there is no recording without a model, unless one was begun before
    /// the process died.
    /// </summary>
    private void Record()
    {
        if (_stream is not null && (_connected || _journal.Recording is not null))
            _recorder?.Tell(new RecorderProtocol.StartRecording(Now));
    }

    /// <summary>The caller's leg does that. Should it have died before it knew of the stream, nobody else would.</summary>
    private void CloseStream() => _ = _stream?.Socket.CloseAsync(1000, "the call is over");

    private void Happened(CallEvent happened)
    {
        (_state, var actions) = _state.On(happened, Now);
        _journal.Step(_state);
        foreach (var action in actions)
            Do(action);
    }

    private sealed record ToolFinished(ToolCalled Tool, ToolOutcome Outcome) : IDeadLetterSuppression;

    private sealed record EndRequested : IDeadLetterSuppression
    {
        public static EndRequested Instance { get; } = new();
    }

    private sealed record WordsWait : IDeadLetterSuppression
    {
        public static WordsWait Instance { get; } = new();
    }

    private sealed record KeypadPause : IDeadLetterSuppression
    {
        public static KeypadPause Instance { get; } = new();
    }
}
