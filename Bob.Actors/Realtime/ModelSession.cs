using Akka.Actor;
using Akka.Event;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Conversation;
using Bob.Actors.Sockets;
using Bob.Actors.Twilio;
using static Bob.Actors.Realtime.ModelLegProtocol;

namespace Bob.Actors.Realtime;

/// <summary>
/// A session that is live: understands what the model sends, asks it for responses when that is due, and says when the session is of no more use.
/// Part of <see cref="OpenAiRealtimeActor"/>, and only ever run by it.
/// </summary>
internal sealed class ModelSession(ModelLegSetup setup, ModelConnection connection, CallerTurns turns, IActorRef call, ITimerScheduler timers)
{
    private readonly ResponseGate _gate = new();
    private readonly ModelWatchdog _watchdog = new(setup.Clock, connection.Progress);
    private readonly ResponseFailures _failures = new();
    private readonly ModelNoise _noise = new(setup.Clock);
    private readonly ResponseLatency _latency = new(setup.Clock);
    private ResponseRequest? _asked, _answering;
    private string? _endless, _askedId;
    private bool _finishing;

    public required ILoggingAdapter Log { get; set; }

    /// <summary>Why the session is of no more use, once it is not.</summary>
    public ModelFailure? Lost { get; private set; }

    /// <summary>Whether the model answers much more slowly than it did.</summary>
    public bool IsSlow => _latency.IsSlow;

    /// <summary>How much has happened: what was decided on an earlier count may be out of date.</summary>
    public int Happenings { get; private set; }

    /// <summary>Whether nobody speaks, is to speak, or waits for a tool, so that another session can take over and know all that this one does.</summary>
    /// <param name="urgent">Words of the caller's that are still to come do not matter.</param>
    public bool IsSilent(bool urgent) =>
        _gate.Idle && !_finishing && !timers.IsTimerActive(ModelTimer.Retry) && (urgent || setup.Options.TranscriptionModel is null || !turns.AwaitsWords);

    /// <summary>Gives the session the conversation so far and lets it begin.</summary>
    /// <param name="answered">The caller's turns that it goes on to answer, as sound; empty when they are in words.</param>
    public void Open(OpenSession open, byte[] answered)
    {
        foreach (var item in SessionOpening.Told(open, answered))
            connection.Create(item);
        timers.StartPeriodicTimer(ModelTimer.Watch, ModelTimer.Watch, ModelWatchdog.Interval);
        if (SessionOpening.Asked(open.Opening, setup.Options) is { } request)
            _gate.Want(request);
        Proceed(); // before the audio of the gap, so that a question in it interrupts what is asked for here, as it would on any other day
        connection.SendAudio();
    }

    /// <summary>Nothing more is asked of the model.</summary>
    public LateWords Over()
    {
        var late = new LateWords(connection, turns, _gate, setup.Options, setup.Clock);
        late.Begin();
        return late;
    }

    /// <summary>Takes a message that is for a live session, and looks what is due after it; false for any other.</summary>
    public bool Takes(object message)
    {
        switch (message)
        {
            case ModelSaid said when said.Connection == connection.Number:
                Happenings++;
                Heard(said.Event);
                break;
            case CallerLegProtocol.SpeechInterrupted interrupted:
                // What an earlier session said is still heard, and cut, in this one, which only has its text.
                foreach (var item in interrupted.Cut.Where(cut => _gate.Has(cut.Item.ResponseId)))
                    connection.Truncate(item);
                break;
            case Speak speak:
                _gate.Want(speak.Request);
                break;
            case KeysPressed keys:
                connection.Create(new CallerPressed(keys.Digits));
                _gate.Want(new ResponseRequest("keys"));
                break;
            case ToolReturned tool:
                Return(tool);
                break;
            case FinishSpeaking:
                _finishing = true;
                break;
            case GoOn:
                _finishing = false;
                break;
            case ModelTimer.Watch:
                Find(_watchdog.Look(turns.LoudFrames));
                break;
            case ModelTimer.Retry:
                _gate.Want(_answering ?? new ResponseRequest("retry"));
                break;
            case ModelTimer.Quiet:
                turns.FillQuiet();
                connection.SendAudio();
                break;
            case ConnectionDrained drained when drained.Connection == connection.Number:
                connection.Drained();
                connection.SendAudio();
                break;
            default:
                return false;
        }

        Proceed();
        return true;
    }

    private void Heard(RealtimeEvent happened)
    {
        switch (happened)
        {
            case SpeechStarted started:
                timers.Cancel(ModelTimer.Retry); // the server answers what comes now
                _watchdog.CallerStarted();
                _latency.TurnBegan();
                turns.Started(started.AudioStartMs);
                _gate.CallerStarted();
                timers.StartPeriodicTimer(ModelTimer.Quiet, ModelTimer.Quiet, CallerTurns.CheckInterval);
                if (_gate.Active is { } active && !setup.Options.TurnDetection.InterruptResponse)
                    connection.Cancel(active);
                break;
            case SpeechStopped stopped:
                turns.Stopped(stopped.ItemId, stopped.AudioEndMs);
                timers.Cancel(ModelTimer.Quiet);
                _watchdog.CallerStopped();
                _latency.TurnEnded();
                break;
            case InputCommitted:
                _watchdog.CallerStopped();
                break;
            case SessionUpdated:
                return; // the sign of life that was asked for
            case CallerTranscribed transcribed:
                turns.Settled(transcribed.ItemId);
                break;
            case TranscriptionFailed failed:
                turns.Wordless(failed.ItemId);
                break;
            case ItemAdded { CallId: { } callId, ItemType: "function_call_output" }:
                _gate.OutputConfirmed(callId);
                break;
            case ResponseCreated created:
                timers.Cancel(ModelTimer.Retry);
                _answering = created.Purpose is not null && created.Purpose == _asked?.Purpose ? _asked : null;
                turns.AnswerBegan();
                _gate.Started(created.ResponseId);
                if (_gate.Active == created.ResponseId)
                    _watchdog.Began();
                break;
            case TranscriptDelta delta:
                _gate.Spoke(delta.ResponseId);
                _latency.Word();
                break;
            case FunctionCalled { Status: "completed" } called:
                _gate.CallBegan(called.CallId, called.ResponseId);
                break;
            case ResponseDone done:
                Ended(done);
                break;
            case ErrorReported error:
                Reported(error.Error);
                break;
            case Malformed malformed:
                if (_noise.IsTooMuch(malformed, Log))
                    Lost = new ModelFailure(FailureKind.Transient, "malformed-events");
                return;
            case Unknown unknown:
                _noise.Skip(unknown, Log);
                return;
        }

        call.Tell(new ModelHeard(happened));
    }

    private void Ended(ResponseDone done)
    {
        if (!_gate.Ended(done.ResponseId))
            return;
        _watchdog.Ended();
        if (done.Status is "failed" or "incomplete")
            Log.Warning("A response of the model is {Status}: {Reason}", done.Status, done.Reason ?? ModelRefusal.FromFailedResponse(done.Error).Reason);
        if (done.Status is "completed" or "incomplete" && _gate.HasSpoken(done.ResponseId))
            turns.AnswerEnded();
        PutRight(_failures.Ended(done));
    }

    private void PutRight(Remedy? remedy)
    {
        switch (remedy)
        {
            case Remedy.AskAgain again:
                timers.StartSingleTimer(ModelTimer.Retry, ModelTimer.Retry, again.Delay);
                break;
            case Remedy.SayTheRest rest:
                connection.Create(new Note(rest.Note));
                _gate.Want(new ResponseRequest("rest", OnlyInSilence: true));
                break;
            case Remedy.GiveUp giveUp:
                Lost = giveUp.Failure;
                break;
        }
    }

    private void Find(Finding finding)
    {
        switch (finding)
        {
            case Finding.TurnUnanswered:
                _gate.CallerTurnVoid();
                _gate.Want(new ResponseRequest("answer"));
                break;
            case Finding.NeverAnnounced:
                _gate.NeverAnnounced();
                break;
            case Finding.EndMissing when _gate.Active is { } active:
                Log.Warning("The model has said a response to its end, but does not end it; going on without");
                _endless = active;
                setup.CallerLeg.Tell(new CallerLegProtocol.ResponseFinished(active));
                Heard(new ResponseDone(active, "completed", null, null, null));
                break;
            case Finding.Suspicious:
                connection.Probe();
                break;
            case Finding.Mute:
                Lost = new ModelFailure(FailureKind.Transient, ModelFailure.Mute);
                break;
        }
    }

    private void Reported(RealtimeError error)
    {
        switch (error.Code)
        {
            case "conversation_already_has_active_response":
                _gate.Refused();
                _watchdog.Refused();
                if (_endless is { } endless)
                    connection.Cancel(endless); // so it is still active there
                _endless = null;
                break;
            case "response_cancel_not_active":
                break; // it ended by itself in between
            default:
                Log.Warning("The model reported an error: {Code}: {Error}", error.Code, ModelRefusal.Masked(error.Message));
                if (error.EventId is { } id && id == _askedId && _gate.AskFailed())
                {
                    // The response that was asked for has failed before it began.
                    _answering = _asked;
                    _watchdog.AskFailed();
                    PutRight(_failures.Ended(new ResponseDone("", "failed", null, error, null)));
                }
                else if (ModelRefusal.FromError(error) is { Kind: FailureKind.Permanent } failure)
                {
                    Lost = failure;
                }

                break;
        }
    }

    private void Return(ToolReturned tool)
    {
        var spoken = _gate.SpokeWith(tool.Tool.CallId);
        if (_gate.Knows(tool.Tool.CallId))
            connection.Output(tool.Tool.CallId, tool.Tool.Output!);
        else
            connection.Create(tool.Tool); // called in a session that is gone
        _gate.OutputSent(tool.Tool.CallId, answer: !(tool.OnlyIfSilent && spoken));
    }

    /// <summary>After whatever happened: asks for a response if one is due, and finishes if nothing is left to say.</summary>
    private void Proceed()
    {
        if (Lost is not null)
            return;
        if (_gate.Next() is { } request)
        {
            _asked = request;
            _watchdog.Asked();
            _askedId = connection.Ask(request);
        }

        if (_finishing && _gate.Idle && !timers.IsTimerActive(ModelTimer.Retry))
        {
            _finishing = false;
            setup.CallerLeg.Tell(new CallerLegProtocol.FinishPlayback());
        }
    }
}
