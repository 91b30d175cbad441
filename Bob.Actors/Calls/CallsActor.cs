using Akka.Actor;
using Akka.Event;
using Bob.Actors.Costs;
using Bob.Actors.Hosting;
using Bob.Actors.Records;
using static Bob.Actors.Calls.CallProtocol;

namespace Bob.Actors.Calls;

/// <summary>All calls of this node: admits them, finds them by CallSid, and writes the one end record of each.</summary>
public sealed partial class CallsActor(CallServices services) : UntypedActor, IWithTimers
{
    /// <summary>
    /// Ended calls remembered, the latest: a webhook that is replayed makes no second call of one, and no second book with the same numbers. An hour of a full
    /// node whose calls last four minutes; a fifth of a kilobyte each, and a few of one whose stream never came.
    /// </summary>
    private const int MaxRemembered = 3_000;

    private readonly Dictionary<IActorRef, OpenCall> _open = [];
    private readonly Dictionary<CallSid, IActorRef> _calls = [];
    private readonly Dictionary<IActorRef, OpenCall> _parting = []; // calls that are over, and whose last words may be still to come
    private readonly Dictionary<CallSid, EndedCall> _ended = [];
    private readonly Queue<CallSid> _endedInOrder = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Draining _draining = new();
    private int _number;

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>
    /// A call's actor may fail once: its streams come back to a fresh one. Twice is a bug that a third time does not mend; and a call that is over has no
    /// streams.
    /// </summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(
        1,
        60_000,
        failure =>
        {
            Log(_open.GetValueOrDefault(Sender) ?? _parting.GetValueOrDefault(Sender)).Error(failure, "The call's actor failed");
            return _open.ContainsKey(Sender) ? Directive.Restart : Directive.Stop;
        },
        loggingEnabled: false);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case AdmitCall admit:
                Admit(admit);
                break;
            case FindAdmission find:
                Forward(find.CallSid, find, new CallRefused("no such call"));
                break;
            case AttachStream attach:
                Forward(attach.CallSid, attach, new StreamRefused("no such call"));
                break;
            case GetNextStep ask:
                NextStep(ask);
                break;
            case CallRevival.Answered answered:
                Resume(answered);
                break;
            case ICallCommand command:
                Forward(command.CallSid, command, null);
                break;
            case GetOccupancy:
                Sender.Tell(new Occupancy(_open.Count, services.Call.MaxCalls));
                break;
            case DrainCalls:
                _draining.Begin(Sender, Left);
                break;
            case EndAllCalls order:
                _draining.End(order);
                foreach (var each in _open.Keys)
                    each.Tell(order);
                break;
            case StreamKnown stream:
                if (_open.TryGetValue(Sender, out var open))
                    _open[Sender] = open with { StreamSid = stream.StreamSid };
                break;
            case CallEnded ended:
                if (Close(Sender) is { } over)
                {
                    _parting.Add(Sender, over);
                    Record(over, ended);
                }

                // Behind what was passed on to it before it was off the books, so that nobody waits for an answer in vain.
                Sender.Tell(CallActor.OffTheBooks.Instance);
                break;
            case CallParted:
                Part(Sender);
                break;
            case InterruptedDeadline:
                GiveUpInterrupted(wait: false);
                break;
            case Terminated { ActorRef: var gone }:
                if (Close(gone) is { } lost)
                    Record(lost, new CallEnded(lost.CallSid, lost.StreamSid, CallEnd.InternalError));
                else
                    Part(gone);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>Whatever stops the node, every call has its end record.</summary>
    protected override void PostStop()
    {
        if (_restarts)
            return;
        GiveUpInterrupted(wait: false);
        foreach (var call in _open.Values)
            Record(call, new CallEnded(call.CallSid, call.StreamSid, CallEnd.NodeStopped));
    }

    private void Admit(AdmitCall admit)
    {
        if (Find(admit.CallSid) is { } known)
        {
            known.Forward(admit);
            return;
        }

        var before = _ended.GetValueOrDefault(admit.CallSid);
        if (before is { Unreached: null })
        {
            _log.WithContext("CallSid", admit.CallSid.Value).Warning("Call refused: it is over; its webhook was played back");
            Sender.Tell(new CallRefused("the call is over"));
            return;
        }

        if (_draining.IsOn)
        {
            Sender.Tell(new CallRefused("draining"));
            return;
        }

        if (_open.Count >= services.Call.MaxCalls)
        {
            _log.WithContext("CallSid", admit.CallSid.Value).Warning("Call refused: {MaxCalls} calls are up, which is all that MAX_CALLS allows", services.Call.MaxCalls);
            Sender.Tell(new CallRefused("busy"));
            return;
        }

        var meter = new CallMeter(services.Costs, services.Day, services.Clock);
        Open(admit, new CallJournal(admit.CallSid, services.Journal, services.Clock, before?.Unreached?.Close() ?? 0, meter)).Forward(admit);
    }

    private IActorRef Open(AdmitCall admission, CallJournal journal, CallState? resumed = null)
    {
        var call = Context.ActorOf(MadeActor.Props(() => new CallActor(admission, services, journal, resumed)), Name(admission.CallSid));
        _open.Add(call, new OpenCall(admission, null, journal));
        _calls.Add(admission.CallSid, call);
        Context.Watch(call);
        if (_draining.Order is { } order)
            call.Tell(order);
        return call;
    }

    /// <summary>Calls that there are, or will be again, or whose last words are still to come.</summary>
    private int Left => _open.Count + _parting.Count + services.Interrupted.Count + _revival.Count;

    private void Forward(CallSid callSid, object message, object? otherwise)
    {
        if (Find(callSid) is { } call)
            call.Forward(message);
        else if (otherwise is not null)
            Sender.Tell(otherwise);
    }

    /// <summary>A call that has ended is not found, although its actor may take a moment to be gone.</summary>
    private IActorRef? Find(CallSid callSid) => _calls.GetValueOrDefault(callSid) ?? TakeUp(callSid);

    /// <summary>Takes a call off the books; null when it is off already.</summary>
    private OpenCall? Close(IActorRef call)
    {
        if (!_open.Remove(call, out var open))
            return null;
        _calls.Remove(open.CallSid);
        return open;
    }

    /// <summary>The last words of a call are told.</summary>
    private void Part(IActorRef call)
    {
        if (_parting.Remove(call))
            _draining.Left(Left);
    }

    private void Record(OpenCall call, CallEnded ended)
    {
        ended = ended with { StreamSid = ended.StreamSid ?? call.StreamSid }; // an actor that was restarted has forgotten it
        var end = ended.End;
        call.Journal.Ended(end);
        Remember(ended.CallSid, new EndedCall(ended.Step, call.Journal.IsReached ? null : call.Journal));
        Log(call with { StreamSid = ended.StreamSid }).Info("Call ended: {Result} by {Side}, {Reason}", end.Result, end.Side, end.Reason);
        CallMetrics.CallsEnded.Add(
            1,
            new KeyValuePair<string, object?>("result", end.Result.ToString()),
            new KeyValuePair<string, object?>("side", end.Side.ToString()),
            new KeyValuePair<string, object?>("reason", end.Reason));
        Context.System.EventStream.Publish(ended);
        _draining.Left(Left);
    }

    private void Remember(CallSid callSid, EndedCall ended)
    {
        if (!_ended.ContainsKey(callSid))
            _endedInOrder.Enqueue(callSid);
        _ended[callSid] = ended;
        if (_ended.Count > MaxRemembered)
            _ended.Remove(_endedInOrder.Dequeue());
    }

    private ILoggingAdapter Log(OpenCall? call)
    {
        var log = _log.WithContext("CallSid", call?.CallSid.Value ?? "");
        return call?.StreamSid is { } stream ? log.WithContext("StreamSid", stream.Value) : log;
    }

    /// <summary>The name of the last actor of this call is taken until it is gone, and taking it twice would take all calls down.</summary>
    private string Name(CallSid callSid)
    {
        var name = Uri.EscapeDataString(callSid.Value);
        return Context.Child(name).IsNobody() ? name : $"{name}-{++_number}";
    }

    /// <summary>From a call: its media stream, for the log.</summary>
    public sealed record StreamKnown(CallSid CallSid, StreamSid StreamSid);

    /// <summary>From a call that is over: nothing more will be told of it.</summary>
    internal sealed record CallParted : IDeadLetterSuppression
    {
        public static CallParted Instance { get; } = new();
    }

    /// <summary>The end record of a call. Sent by its actor to this one, and published on the event stream once.</summary>
    /// <param name="LastWords">What Twilio is still to say, should it ask what comes next.</param>
    public sealed record CallEnded(CallSid CallSid, StreamSid? StreamSid, CallEnd End, string? LastWords = null)
    {
        /// <summary>What Twilio is told, should it ask what comes next.</summary>
        internal INextStep Step => LastWords is null && CallState.IsFailure(End) ? new FallBack(Apologise: true) : new HangUp(LastWords);
    }

    /// <param name="Step">What Twilio is told, should it ask.</param>
    /// <param name="Unreached">The book of a call whose stream never came: it may be announced again, and then the book is gone on with.</param>
    private sealed record EndedCall(INextStep Step, CallJournal? Unreached);

    private sealed record OpenCall(AdmitCall Admission, StreamSid? StreamSid, CallJournal Journal)
    {
        public CallSid CallSid => Admission.CallSid;
    }
}
