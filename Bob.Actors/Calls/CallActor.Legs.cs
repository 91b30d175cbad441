using Akka.Actor;
using Akka.Event;
using Bob.Actors.Conversation;
using Bob.Actors.Realtime;
using Bob.Actors.Records;
using Bob.Actors.Twilio;

namespace Bob.Actors.Calls;

/// <summary>What the two legs tell of, and what becomes of it.</summary>
public sealed partial class CallActor
{
    private void FromCallerLeg(CallerLegProtocol.ICallerLegEvent happened)
    {
        _journal.Heard(happened);
        switch (happened)
        {
            case CallerLegProtocol.StreamLost lost when lost.StreamSid is { } other && other != StreamSid:
                break; // the next one is here already
            case CallerLegProtocol.StreamLost lost:
                LogLost(lost.Reason);
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
                _journal.Meter.Lost();
                _redialling.LegReady(ready.Lost);
                Redial();
                break;
            case ModelLegProtocol.SessionReady ready:
                _redialling.Connected(ready.Attempt);
                _journal.Meter.Use(ready.Prices);
                _progress.NewSession();
                _log.Info(_connected ? "OpenAI Realtime reconnected" : "OpenAI Realtime connected");
                if (!_connected)
                {
                    _connected = true;
                    Record();
                }

                LogStream();
                Happened(new CallEvent.ModelReady());
                break;
            case ModelLegProtocol.StandbyReady ready when _tools.Running == 0 && _state.AllowsHandOver(ready.Urgent):
                _modelLeg.Tell(new ModelLegProtocol.TakeOver(SoFar()));
                break;
            case ModelLegProtocol.ModelHeard late when !_state.HasModel:
                _journal.HeardLate(late.Event);
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
        if (_progress.Heard(happened))
            Happened(new CallEvent.Progressed());
        switch (happened)
        {
            case SpeechStarted:
                Happened(new CallEvent.CallerSpoke());
                break;
            case SpeechStopped when _journal.Meter.Limit is { IsPassed: true } limit:
                Happened(new CallEvent.CostLimitReached(limit)); // before the answer begins
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
            _log.Warning("Tool {Tool} failed: {Failure}", finished.Tool.Name.Length <= ConversationLog.MaxToolName ? finished.Tool.Name : "(too long)", failure);
        _journal.ToolReturned(finished.Tool.CallId, finished.Tool.Output!, finished.Outcome.Failure);
        _modelLeg.Tell(new ModelLegProtocol.ToolReturned(finished.Tool, OnlyIfSilent: _state.Phase == CallPhase.Ending));
    }

    /// <summary>Keys are written down at once, and collected for a moment, so that a number reaches the model whole.</summary>
    private void Press(string digit)
    {
        Happened(new CallEvent.CallerPressed());
        if (!_keypad.Press(digit))
            return;
        _journal.CallerPresses(_keypad.SoFar);
        Timers.StartSingleTimer(nameof(KeypadPause), KeypadPause.Instance, Keypad.Pause);
    }

    /// <summary>Writes down that the keys that were collected are all of their number.</summary>
    /// <returns>Null: there are none.</returns>
    private string? KeepKeys()
    {
        if (_keypad.Take() is not { Length: > 0 } keys)
            return null;
        _journal.CallerPressed(keys);
        return keys;
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

    /// <summary>Once a stream: that it is gone may show in two ways.</summary>
    private void LogLost(string reason)
    {
        if (_lostStream == StreamSid && StreamSid is not null)
            return;
        _lostStream = StreamSid;
        _log.Warning("Media stream lost: {Reason}; waiting for the next one", reason);
    }

    private void LogStream()
    {
        if (_streamLogged || !_connected || StreamSid is not { } stream)
            return;
        _streamLogged = true;
        _log.Info("Stream started | SID: {StreamSid} | Caller: {Caller}", stream.Value, _admission.Caller);
    }
}
