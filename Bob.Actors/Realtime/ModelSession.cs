using Akka.Actor;
using Akka.Event;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Conversation;
using Bob.Actors.Sockets;
using Bob.Actors.Twilio;
using static Bob.Actors.Realtime.ModelLegProtocol;

namespace Bob.Actors.Realtime;

/// <summary>The timers of the model's leg; a timer that fires is told by its name.</summary>
internal enum ModelTimer
{
    /// <summary>The delay before a dial is over.</summary>
    Dial,

    /// <summary>The session should have been configured by now.</summary>
    Session,

    /// <summary>The caller's turn should have been answered by now.</summary>
    Answer,

    /// <summary>The response that was asked for should have begun by now.</summary>
    Overdue,

    /// <summary>The response that was in our way should have shown by now.</summary>
    Announcement,

    /// <summary>A response failed a moment ago: ask again.</summary>
    Retry,

    /// <summary>The caller speaks: do their frames still come?</summary>
    Quiet,
}

/// <summary>
/// A session that is live: understands what the model sends, asks it for responses when that is due, and says when the session is of no more use.
/// Part of <see cref="OpenAiRealtimeActor"/>, and only ever run by it.
/// </summary>
internal sealed class ModelSession(ModelLegSetup setup, ModelConnection connection, CallerTurns turns, IActorRef call, ITimerScheduler timers)
{
    private const int MaxMalformedPerMinute = 5;
    private const int MaxFailedResponses = 3;
    private const int MaxUnknownTypes = 100;

    /// <summary>
    /// A committed turn that the server does not answer by itself in this time is answered on request; a request that has no answer in this time
    /// finds the model mute. Both together are the 5 s after which a caller doubts the line.
    /// </summary>
    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(2.5);

    private readonly ResponseGate _gate = new();
    private readonly Queue<TimeSpan> _malformed = new();
    private readonly HashSet<string> _unknownTypes = [];
    private ResponseRequest? _asked, _answering;
    private int _failedResponses;
    private bool _finishing;

    public required ILoggingAdapter Log { get; set; }

    /// <summary>Why the session is of no more use, once it is not.</summary>
    public ModelFailure? Lost { get; private set; }

    /// <summary>Gives the session the conversation so far and lets it begin.</summary>
    public void Open(OpenSession open)
    {
        foreach (var item in open.SoFar)
            connection.Create(item);
        Begin(open.Opening);
        Proceed(); // before the audio of the gap, so that a question in it interrupts what is asked for here, as it would on any other day
        connection.SendAudio();
    }

    /// <summary>Takes a message that is for a live session, and looks what is due after it; false for any other.</summary>
    public bool Takes(object message)
    {
        switch (message)
        {
            case ModelSaid said when said.Attempt == connection.Attempt:
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
            case ModelTimer.Answer:
                _gate.CallerTurnVoid();
                _gate.Want(new ResponseRequest("answer"));
                break;
            case ModelTimer.Overdue:
                Lost = new ModelFailure(FailureKind.Transient, "mute");
                break;
            case ModelTimer.Announcement:
                _gate.NeverAnnounced();
                break;
            case ModelTimer.Retry:
                _gate.Want(_answering ?? new ResponseRequest("retry"));
                break;
            case ModelTimer.Quiet:
                turns.FillQuiet();
                connection.SendAudio();
                break;
            case ConnectionDrained drained when drained.Attempt == connection.Attempt:
                connection.Drained();
                connection.SendAudio();
                break;
            default:
                return false;
        }

        Proceed();
        return true;
    }

    private void Begin(Opening opening)
    {
        var options = setup.Options;
        switch (opening)
        {
            case Opening.Greet:
                _gate.Want(new ResponseRequest("greeting", $"{options.Instructions}\n\nThe caller has just been connected. {options.Greeting}"));
                break;
            case Opening.Welcome:
                _gate.Want(new ResponseRequest(
                    "greeting",
                    $"{options.Instructions}\n\nThe caller has just been connected, and has heard you say your last words. Go on from there: do not repeat them, and do not greet "
                    + $"again or introduce yourself again. Otherwise this still holds: {options.Greeting}"));
                break;
            case Opening.Answer:
                _gate.Want(new ResponseRequest("answer"));
                break;
            case Opening.GoOn:
                connection.Create(new Note("The line was interrupted for a moment. Go on exactly where your last words were cut off; do not greet again."));
                _gate.Want(new ResponseRequest("go-on"));
                break;
        }
    }

    private void Heard(RealtimeEvent happened)
    {
        switch (happened)
        {
            case SpeechStarted started:
                timers.Cancel(ModelTimer.Retry); // the server answers what comes now
                timers.Cancel(ModelTimer.Answer);
                turns.Started(started.AudioStartMs);
                _gate.CallerStarted();
                timers.StartPeriodicTimer(ModelTimer.Quiet, ModelTimer.Quiet, CallerTurns.CheckInterval);
                if (_gate.Active is { } active && !setup.Options.TurnDetection.InterruptResponse)
                    connection.Cancel(active);
                break;
            case SpeechStopped stopped:
                turns.Stopped(stopped.ItemId, stopped.AudioEndMs);
                timers.Cancel(ModelTimer.Quiet);
                break;
            case InputCommitted:
                timers.StartSingleTimer(ModelTimer.Answer, ModelTimer.Answer, AnswerDeadline);
                break;
            case CallerTranscribed transcribed:
                turns.Settled(transcribed.ItemId);
                break;
            case TranscriptionFailed failed:
                turns.Settled(failed.ItemId);
                break;
            case ItemAdded { CallId: { } callId, ItemType: "function_call_output" }:
                _gate.OutputConfirmed(callId);
                break;
            case ResponseCreated created:
                timers.Cancel(ModelTimer.Answer);
                timers.Cancel(ModelTimer.Retry);
                timers.Cancel(ModelTimer.Overdue);
                _answering = created.Purpose is not null && created.Purpose == _asked?.Purpose ? _asked : null;
                turns.AnswerBegan();
                _gate.Started(created.ResponseId);
                break;
            case TranscriptDelta delta:
                _gate.Spoke(delta.ResponseId);
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
                Skip(malformed);
                return;
            case Unknown unknown:
                CallMetrics.Skipped("model-unknown");
                if (_unknownTypes.Count < MaxUnknownTypes && _unknownTypes.Add(unknown.Type))
                    Log.Info("The model sends events of the unknown type {Type}", unknown.Type);
                return;
        }

        call.Tell(new ModelHeard(happened));
    }

    private void Ended(ResponseDone done)
    {
        _gate.Ended(done.ResponseId);
        if (done.Status != "failed")
        {
            _failedResponses = 0;
            turns.AnswerEnded();
            return;
        }

        var failure = ModelRefusal.FromFailedResponse(done.Error);
        Log.Warning("A response of the model failed: {Reason}", failure.Reason);
        if (failure.Kind == FailureKind.Permanent)
            Lost = failure;
        else if (++_failedResponses >= MaxFailedResponses || (failure.Kind == FailureKind.Transient && _failedResponses > 1))
            Lost = failure with { Kind = FailureKind.Transient }; // a session that only fails is replaced
        else
            timers.StartSingleTimer(ModelTimer.Retry, ModelTimer.Retry, failure.RetryAfter ?? TimeSpan.FromMilliseconds(failure.Kind == FailureKind.RateLimited ? 1500 : 250));
    }

    private void Reported(RealtimeError error)
    {
        switch (error.Code)
        {
            case "conversation_already_has_active_response":
                _gate.Refused();
                timers.Cancel(ModelTimer.Overdue);
                timers.StartSingleTimer(ModelTimer.Announcement, ModelTimer.Announcement, AnswerDeadline);
                break;
            case "response_cancel_not_active":
                break; // it ended by itself in between
            default:
                Log.Warning("The model reported an error: {Code}: {Error}", error.Code, ModelRefusal.Masked(error.Message));
                if (ModelRefusal.FromError(error) is { Kind: FailureKind.Permanent } failure)
                    Lost = failure;
                break;
        }
    }

    private void Skip(Malformed malformed)
    {
        CallMetrics.Skipped("model-malformed");
        Log.Warning("The model sent a malformed event: {Reason}", malformed.Reason);
        var now = setup.Clock.GetElapsedTime(0);
        while (_malformed.TryPeek(out var oldest) && oldest < now - TimeSpan.FromMinutes(1))
            _malformed.Dequeue();
        _malformed.Enqueue(now);
        if (_malformed.Count > MaxMalformedPerMinute)
            Lost = new ModelFailure(FailureKind.Transient, "malformed-events");
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
            timers.StartSingleTimer(ModelTimer.Overdue, ModelTimer.Overdue, AnswerDeadline);
            connection.Ask(request);
        }

        if (_finishing && _gate.Idle)
        {
            _finishing = false;
            setup.CallerLeg.Tell(new CallerLegProtocol.FinishPlayback());
        }
    }
}
