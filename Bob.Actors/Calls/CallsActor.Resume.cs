using Akka.Actor;
using Akka.Event;
using Bob.Actors.Records;
using static Bob.Actors.Calls.CallProtocol;

namespace Bob.Actors.Calls;

/// <summary>How calls go on that this actor does not have, or had when it failed.</summary>
public sealed partial class CallsActor
{
    private readonly CallRevival _revival = new(services);
    private bool _restarts;

    protected override void PreStart() => GiveUpInterrupted(wait: true);

    /// <summary>A bug in this actor costs no call: their actors stop, their streams close, and Twilio comes to ask about each.</summary>
    protected override void PreRestart(Exception reason, object message)
    {
        _restarts = true;
        foreach (var call in _open.Values)
            services.Interrupted.Add(call.Admission, call.Journal);
        base.PreRestart(reason, message);
    }

    /// <summary>A call of the incarnation that failed, as soon as somebody asks for it; null for any other.</summary>
    private IActorRef? TakeUp(CallSid callSid) =>
        services.Interrupted.Take(callSid, out var interrupted) ? Open(interrupted.Call, interrupted.Journal, CallState.Restarted(services.Call, interrupted.Journal.Age, interrupted.Journal.EndsAs)) : null;

    private void NextStep(GetNextStep ask)
    {
        if (Find(ask.CallSid) is { } call)
            call.Forward(ask);
        else if (_ended.TryGetValue(ask.CallSid, out var ended))
            Sender.Tell(ended.Unreached is null ? ended.Step : new FallBack(Apologise: true));
        else if (!_revival.Seek(ask, Sender, Self))
            Sender.Tell(new FallBack(Apologise: true)); // it was cut off: no caller is hung up on without a word
    }

    /// <summary>The books were asked about a call.</summary>
    private void Resume(CallRevival.Answered answered)
    {
        if (answered.Failure is { } failure)
            _log.WithContext("CallSid", answered.CallSid.Value).Error(failure, "The call could not be looked up");
        var call = Find(answered.CallSid);
        if (call is null && answered.Call is LostCall.Found { SoFar: { } soFar })
            call = Open(soFar.Call, _revival.Book(soFar), _revival.State(soFar));
        foreach (var (ask, asker) in _revival.Waiting(answered.CallSid))
        {
            if (call is not null)
                call.Tell(ask, asker);
            else
                asker.Tell(answered.Call is LostCall.Unknown ? new Announce() : new FallBack(Apologise: true));
        }

        _draining.Left(Left);
    }

    /// <summary>What is left of the calls of an incarnation that failed.</summary>
    private void GiveUpInterrupted(bool wait)
    {
        if (services.Interrupted.Count == 0)
            return;
        if (wait)
        {
            Timers.StartSingleTimer(nameof(InterruptedDeadline), InterruptedDeadline.Instance, services.Call.ReattachDeadline);
            return;
        }

        foreach (var (call, journal) in services.Interrupted.TakeAll())
            Record(new OpenCall(call, null, journal), new CallEnded(call.CallSid, null, CallEnd.InternalError));
    }

    /// <summary>The calls of an incarnation that failed should have come back.</summary>
    private sealed record InterruptedDeadline : IDeadLetterSuppression
    {
        public static InterruptedDeadline Instance { get; } = new();
    }
}
