using Akka.Actor;
using Akka.Event;
using Bob.Actors.Realtime;
using Bob.Actors.Recording;
using Bob.Actors.Twilio;

namespace Bob.Actors.Calls;

/// <summary>A call that is over, and off the books of its parent: what the caller said last, and heard, may still have to be told.</summary>
public sealed partial class CallActor
{
    /// <summary>Whatever has become of the legs: the model's has its own, shorter limits.</summary>
    private static readonly TimeSpan LongestParting = 2 * LateWords.Longest;

    private readonly HashSet<IActorRef> _toTell = []; // legs

    /// <summary>Everything of the call goes but its legs, until they have told all.</summary>
    private void Part()
    {
        foreach (var child in Context.GetChildren().Where(child => !child.Equals(_modelLeg) && !child.Equals(_callerLeg)))
            Context.Stop(child);
        Timers.CancelAll();
        Timers.StartSingleTimer(nameof(PartingDeadline), PartingDeadline.Instance, LongestParting);
        Become(Parting);
        _toTell.UnionWith(Context.GetChildren().Where(child => child.Equals(_modelLeg) || child.Equals(_callerLeg)));
        _callerLeg.Tell(new CallerLegProtocol.CallIsOver());
        _modelLeg.Tell(new ModelLegProtocol.CallIsOver());
        CloseStream(); // should the leg that has it be gone
        LookWhetherAllIsTold();
    }

    private void Parting(object message)
    {
        switch (message)
        {
            case ModelLegProtocol.ModelHeard late:
                _journal.HeardLate(late.Event);
                break;
            case CallerLegProtocol.AllTold:
                Told(_callerLeg);
                break;
            case ModelLegProtocol.AllTold or ModelLegProtocol.LegReady:
                Told(_modelLeg);
                break;
            case Terminated { ActorRef: var leg }:
                Told(leg);
                break;
            case PartingDeadline:
                Parted();
                break;
            case CallerLegProtocol.ICallerLegEvent late:
                _journal.HeardLate(late);
                break;
            case RecorderProtocol.RecorderFellBehind:
                Truncation.FellBehind(_log, _journal);
                break;
            case ModelLegProtocol.IModelLegEvent or CallProtocol.ICallCommand or ToolFinished or EndRequested or OffTheBooks:
                break; // nobody is there any more
            default:
                Unhandled(message);
                break;
        }
    }

    private void Told(IActorRef leg)
    {
        _toTell.Remove(leg);
        LookWhetherAllIsTold();
    }

    private void LookWhetherAllIsTold()
    {
        if (_toTell.Count == 0)
            Parted();
    }

    /// <summary>Told, and not left to be seen: a recorder whose disk hangs keeps this actor from being gone, and a node that drains does not wait for that.</summary>
    private void Parted()
    {
        Context.Parent.Tell(CallsActor.CallParted.Instance);
        Context.Stop(Self);
    }

    /// <summary>From the parent: the end record is written, and whoever asks for this call is told so without it.</summary>
    internal sealed record OffTheBooks : IDeadLetterSuppression
    {
        public static OffTheBooks Instance { get; } = new();
    }

    private sealed record PartingDeadline : IDeadLetterSuppression
    {
        public static PartingDeadline Instance { get; } = new();
    }
}
