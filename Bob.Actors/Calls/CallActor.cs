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
/// Connecting ──► Live ◄──► AwaitingCaller        Ending ──► Closing ──► Over
///                 └────────────────────────────────►
/// </code>
/// </summary>
public sealed class CallActor : UntypedActor, IWithTimers
{
    /// <summary>The longest name a tool may have, characters; the model may make longer ones up.</summary>
    private const int MaxToolName = 64;

    private const string Recorder = "recorder";

    private readonly AdmitCall _admission;
    private readonly CallServices _services;
    private readonly CallJournal _journal;
    private readonly bool _resumed;
    private readonly Redialling _redialling;
    private readonly Keypad _keypad = new();
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
        _redialling = new Redialling(dialer);
        var setup = new CallerLegSetup(admission.CallSid, new PlaybackLedger(), services.Call.MediaTimeout, services.Clock) { Recorder = _recorder };
        _callerLeg = Context.ActorOf(services.CallerLeg(setup), "caller");
        _clips = new ClipPlayer(services.Clips, journal, _callerLeg);
        _modelLeg = Context.ActorOf(
            services.ModelLeg(new ModelLegSetup(
                admission.CallSid, _callerLeg, new CallerAudioRing(), services.Realtime, tools, dialer, services.Clock)), "model");
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
            _journal.Opened(_admission);
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
        _state = CallState.Restarted(_services.Call);
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
        _journal.KeepWords();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case AdmitCall:
                Sender.Tell(_state.Phase == CallPhase.Over ? new CallRefused("the call is over") : new CallAdmitted(_ticket.Value));
                break;
            case AttachStream attach:
                Attach(attach);
                break;
            case GetNextStep ask:
                _asking = Sender;
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
            case CallTimer timer:
                Happened(new CallEvent.TimerFired(timer));
                break;
            case KeypadPause:
                var keys = _keypad.Take();
                _journal.CallerPressed(keys); // not before: a session that opens meanwhile would hear of them twice
                _modelLeg.Tell(new ModelLegProtocol.KeysPressed(keys));
                break;
            case WordsWait:
                _journal.KeepWords();
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
        _recorder?.Tell(new RecorderProtocol.StartRecording(Now));
        _callerLeg.Tell(new CallerLegProtocol.Attach(attach.Stream));
        Sender.Tell(new StreamAccepted(_callerLeg, _modelLeg, _recorder));
        Happened(new CallEvent.StreamAttached());
        LogStream();
    }

    /// <summary>The caller's leg does that. Should it have died before it knew of the stream, nobody else would.</summary>
    private void CloseStream() => _ = _stream?.Socket.CloseAsync(1000, "the call is over");

    private void FromCallerLeg(CallerLegProtocol.ICallerLegEvent happened)
    {
        _journal.Heard(happened);
        switch (happened)
        {
            case CallerLegProtocol.StreamLost lost when lost.StreamSid is { } other && other != StreamSid:
                break; // the next one is here already
            case CallerLegProtocol.StreamLost lost:
                _log.Warning("Media stream lost: {Reason}; waiting for the next one", lost.Reason);
                Happened(new CallEvent.StreamLost());
                break;
            case CallerLegProtocol.CallerHungUp:
                Happened(new CallEvent.CallerHungUp());
                break;
            case CallerLegProtocol.CallerPressed key:
                Press(key.Digit);
                break;
            case CallerLegProtocol.BobSpoke spoke:
                Happened(spoke.IsBridge ? new CallEvent.BridgeBegan() : new CallEvent.BobSpoke());
                break;
            case CallerLegProtocol.ClipPlays { Item.Clip: { } clip }:
                Happened(new CallEvent.ClipPlays(clip.Name));
                break;
            case CallerLegProtocol.BobPaused:
                Happened(new CallEvent.BobPaused());
                break;
            case CallerLegProtocol.SpeechCut { Cut.Count: > 0 } cut:
                Happened(new CallEvent.AnswerCut());
                if (cut.Cut.All(item => _journal.Conversation.HeardOf(item.Item.ItemId)?.Text is not { Length: > 0 }))
                    Happened(new CallEvent.BobCutWordless());
                break;
            case CallerLegProtocol.BobFinished:
                Happened(new CallEvent.BobFinished());
                break;
            case CallerLegProtocol.SpeechInterrupted interrupted:
                _modelLeg.Tell(interrupted);
                break;
        }
    }

    private void FromModelLeg(ModelLegProtocol.IModelLegEvent happened)
    {
        switch (happened)
        {
            case ModelLegProtocol.LegReady ready:
                _redialling.LegReady(ready.Lost);
                Redial();
                break;
            case ModelLegProtocol.SessionReady ready:
                _redialling.Connected(ready.Attempt);
                _log.Info(_connected ? "OpenAI Realtime reconnected" : "OpenAI Realtime connected");
                _connected = true;
                LogStream();
                Happened(new CallEvent.ModelReady());
                break;
            case ModelLegProtocol.StandbyReady ready when _tools.Running == 0 && _state.AllowsHandOver(ready.Urgent):
                _modelLeg.Tell(new ModelLegProtocol.TakeOver(SoFar()));
                break;
            case ModelLegProtocol.ModelHeard heard:
                Heard(heard.Event);
                break;
        }
    }

    private void Heard(RealtimeEvent happened)
    {
        _redialling.Heard(happened);
        if (_journal.Heard(happened))
            Timers.StartSingleTimer(nameof(WordsWait), WordsWait.Instance, CallJournal.WordsInterval);
        switch (happened)
        {
            case SpeechStarted:
                Happened(new CallEvent.CallerSpoke());
                break;
            case SpeechStopped:
                Happened(new CallEvent.CallerPaused());
                break;
            case ResponseCreated or ResponseDone when _journal.Meter.Limit is { } limit:
                Happened(new CallEvent.CostLimitReached(limit));
                break;
            case ResponseDone { Status: "completed" or "incomplete" }:
                Happened(new CallEvent.AnswerEnded());
                break;
            case FunctionCalled { Status: "completed" } called:
                Run(called);
                break;
        }
    }

    private void Run(FunctionCalled called)
    {
        if (_tools.Start(called) is not { } running)
            return;
        _journal.ToolCalled(called);
        Happened(new CallEvent.ToolBegan());
        running.PipeTo(Self, Self, outcome => new ToolFinished(new ToolCalled(called.CallId, called.Name, called.Arguments, outcome.Output), outcome));
    }

    private void Return(ToolFinished finished)
    {
        _tools.Finished();
        Happened(new CallEvent.ToolEnded());
        if (finished.Outcome.Failure is { } failure)
            _log.Warning("Tool {Tool} failed: {Failure}", finished.Tool.Name.Length <= MaxToolName ? finished.Tool.Name : "(too long)", failure);
        _journal.ToolReturned(finished.Tool.CallId, finished.Tool.Output!, finished.Outcome.Failure);
        _modelLeg.Tell(new ModelLegProtocol.ToolReturned(finished.Tool, OnlyIfSilent: _state.Phase == CallPhase.Ending));
    }

    /// <summary>Keys are collected for a moment, so that a number reaches the model whole.</summary>
    private void Press(string digit)
    {
        Happened(new CallEvent.CallerPressed());
        if (!_keypad.Press(digit))
            return;
        Timers.StartSingleTimer(nameof(KeypadPause), KeypadPause.Instance, Keypad.Pause);
    }

    /// <summary>The model's leg wants to dial, and the call wants a model: then it does, in its turn.</summary>
    private void Redial()
    {
        if (!_redialling.Due)
            return;
        if (_redialling.Lost is { } lost)
        {
            _callerLeg.Tell(new CallerLegProtocol.ModelLost(_redialling.Attempt));
            if (_redialling.Next(Now) is not { } delay)
            {
                _modelLeg.Tell(new ModelLegProtocol.GiveUp());
                Without(lost);
                return;
            }

            _log.Warning("OpenAI Realtime lost: {Reason}; dialling again", lost.Reason);
            Happened(new CallEvent.SessionLost());
            _modelLeg.Tell(new ModelLegProtocol.Dial(_redialling.Attempt, delay, StreamSid));
        }
        else
        {
            _redialling.First(Now);
            _modelLeg.Tell(new ModelLegProtocol.Dial(_redialling.Attempt, TimeSpan.Zero, StreamSid));
        }
    }

    private void Without(ModelFailure failure)
    {
        _log.Error("No model for this call: {Reason}", failure.Reason);
        _callerLeg.Tell(new CallerLegProtocol.ModelLost(_redialling.Attempt));
        Happened(new CallEvent.ModelGone(failure.Reason));
    }

    private void LogStream()
    {
        if (_streamLogged || !_connected || StreamSid is not { } stream)
            return;
        _streamLogged = true;
        _log.Info("Stream started | SID: {StreamSid} | Caller: {Caller}", stream.Value, _admission.Caller);
    }

    private void Happened(CallEvent happened)
    {
        (_state, var actions) = _state.On(happened, Now);
        _journal.Step(_state);
        foreach (var action in actions)
            Do(action);
    }

    private void Do(CallAction action)
    {
        switch (action)
        {
            case CallAction.StartTimer start:
                Timers.StartSingleTimer(start.Timer, start.Timer, start.Due);
                break;
            case CallAction.StopTimer stop:
                Timers.Cancel(stop.Timer);
                break;
            case CallAction.StartModel:
                _redialling.Allow();
                Redial();
                break;
            case CallAction.StopModel:
                _modelLeg.Tell(new ModelLegProtocol.GiveUp());
                _callerLeg.Tell(new CallerLegProtocol.ModelLost(_redialling.Attempt));
                break;
            case CallAction.OpenSession open:
                _modelLeg.Tell(new ModelLegProtocol.OpenSession(SoFar(), Opening(open.Opening)));
                break;
            case CallAction.PlayClip play:
                _clips.Play(play.Clip);
                break;
            case CallAction.AskStillThere:
                _modelLeg.Tell(new ModelLegProtocol.Speak(Prompts.StillThere(_services.Realtime)));
                break;
            case CallAction.SayGoodbye goodbye:
                _modelLeg.Tell(new ModelLegProtocol.Speak(Prompts.Goodbye(_services.Realtime, goodbye.Why)));
                break;
            case CallAction.FinishSpeaking:
                _modelLeg.Tell(new ModelLegProtocol.FinishSpeaking());
                break;
            case CallAction.GoOnSpeaking:
                _modelLeg.Tell(new ModelLegProtocol.GoOn());
                _callerLeg.Tell(new CallerLegProtocol.GoOn());
                break;
            case CallAction.DetachLine:
                _callerLeg.Tell(new CallerLegProtocol.Detach());
                break;
            case CallAction.CloseLine:
                _callerLeg.Tell(new CallerLegProtocol.CloseLine());
                break;
            case CallAction.Resume resume:
                _ticket = new Ticket(Now, _services.Call.ReattachDeadline);
                _asking.Tell(new Resume(_ticket.Value, resume.Pause));
                break;
            case CallAction.Answer answer:
                _asking.Tell(answer.Step);
                break;
            case CallAction.Finish finish:
                _journal.KeepWords();
                Context.Parent.Tell(new CallsActor.CallEnded(_admission.CallSid, StreamSid, finish.End, finish.LastWords)); // which stops this actor
                break;
        }
    }

    /// <summary>What a fresh session is told: who calls, and what was said.</summary>
    private IReadOnlyList<ConversationItem> SoFar() => [.. CallerRecord.Of(_admission.Known), .. _journal.Conversation.Replay()];

    /// <summary>What a session does first, after a look at what there is to go on with.</summary>
    private Opening Opening(Opening opening) => opening switch
    {
        Calls.Opening.Greet or Calls.Opening.GoOn when _journal.Conversation.IsOnlyGreeted => Calls.Opening.Welcome,
        Calls.Opening.GoOn or Calls.Opening.CutOff when _journal.Conversation.Replay().Count == 0 => Calls.Opening.Greet,
        Calls.Opening.GoOn when _journal.Conversation.EndsInCutSpeech => Calls.Opening.GoOn,
        Calls.Opening.GoOn => _journal.Conversation.EndsWithCaller ? Calls.Opening.Answer : Calls.Opening.Listen,
        _ => opening,
    };

    /// <summary>What tools hold of a call: no more than its name and a way to say that it is over.</summary>
    private sealed class Control(AdmitCall admission, IActorRef call) : ICallControl
    {
        public CallSid CallSid => admission.CallSid;

        public string Caller => admission.Caller;

        public void EndCall() => call.Tell(EndRequested.Instance, ActorRefs.NoSender);
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
