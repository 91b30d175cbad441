using Akka.Actor;
using Bob.Actors.Conversation;
using Bob.Actors.Realtime;
using Bob.Actors.Records;
using Bob.Actors.Tools;
using Bob.Actors.Twilio;
using static Bob.Actors.Calls.CallProtocol;

namespace Bob.Actors.Calls;

/// <summary>Does what <see cref="CallState"/> decides.</summary>
public sealed partial class CallActor
{
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
                KeepKeys();
                _journal.KeepWords();
                Context.Parent.Tell(new CallsActor.CallEnded(_admission.CallSid, StreamSid, finish.End, finish.LastWords)); // which takes this actor off the books
                break;
        }
    }

    /// <summary>What a fresh session is told: who calls, and what was said.</summary>
    private IReadOnlyList<ConversationItem> SoFar() => [.. CallerRecord.Of(_admission.Known), .. _journal.Conversation.Replay()];

    /// <summary>What a session does first, after a look at what there is to go on with.</summary>
    private Opening Opening(Opening opening) => opening switch
    {
        Calls.Opening.Greet or Calls.Opening.GoOn when _journal.Conversation.IsOnlyGreeted => Calls.Opening.Welcome,
        Calls.Opening.GoOn or Calls.Opening.CutOff or Calls.Opening.ToldOfCutOff when _journal.Conversation.Replay().Count == 0 => Calls.Opening.Greet,
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
}
