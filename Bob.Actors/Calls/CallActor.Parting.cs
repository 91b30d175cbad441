using Akka.Actor;
using Akka.Event;
using Bob.Actors.Realtime;
using Bob.Actors.Recording;
using Bob.Actors.Twilio;

namespace Bob.Actors.Calls;

/// <summary>A call that is over, and off the books of its parent: what the caller said last may still have to be put into words.</summary>
public sealed partial class CallActor
{
    /// <summary>Whatever has become of the model's leg: it has its own, shorter limits.</summary>
    private static readonly TimeSpan LongestParting = 2 * LateWords.Longest;

    /// <summary>Everything of the call goes but the model's session.</summary>
    private void Part(OffTheBooks off)
    {
        if (!off.Reached || Context.Child(_modelLeg.Path.Name).IsNobody())
        {
            Parted();
            return;
        }

        foreach (var child in Context.GetChildren().Where(child => !child.Equals(_modelLeg)))
        {
            Context.Unwatch(child);
            Context.Stop(child);
        }

        CloseStream();
        Timers.CancelAll();
        Timers.StartSingleTimer(nameof(PartingDeadline), PartingDeadline.Instance, LongestParting);
        _modelLeg.Tell(new ModelLegProtocol.CallIsOver());
        Become(Parting);
    }

    private void Parting(object message)
    {
        switch (message)
        {
            case ModelLegProtocol.ModelHeard late:
                _journal.HeardLate(late.Event);
                break;
            case ModelLegProtocol.AllTold or ModelLegProtocol.LegReady or Terminated or PartingDeadline:
                Parted();
                break;
            case RecorderProtocol.RecorderFellBehind:
                Truncation.FellBehind(_log, _journal);
                break;
            case CallerLegProtocol.ICallerLegEvent or ModelLegProtocol.IModelLegEvent or CallProtocol.ICallCommand or ToolFinished or EndRequested or OffTheBooks:
                break; // nobody is there any more
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>Told, and not left to be seen: a recorder whose disk hangs keeps this actor from being gone, and a node that drains does not wait for that.</summary>
    private void Parted()
    {
        Context.Parent.Tell(CallsActor.CallParted.Instance);
        Context.Stop(Self);
    }

    /// <summary>From the parent: the end record is written, and whoever asks for this call is told so without it.</summary>
    /// <param name="Reached">The caller's stream came; without one there are no words of theirs, and the call may be announced again.</param>
    internal sealed record OffTheBooks(bool Reached) : IDeadLetterSuppression;

    private sealed record PartingDeadline : IDeadLetterSuppression
    {
        public static PartingDeadline Instance { get; } = new();
    }
}
