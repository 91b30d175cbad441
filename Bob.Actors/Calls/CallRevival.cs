using Akka.Actor;
using Akka.Event;
using Bob.Actors.Costs;
using Bob.Actors.Records;
using static Bob.Actors.Calls.CallProtocol;

namespace Bob.Actors.Calls;

/// <summary>
/// The calls that are being looked for in the books, because a caller is on the line whom nobody here knows. Part of <see cref="CallsActor"/>, and only ever
/// used by it. The search is not on the actor; whoever asks about the same call meanwhile waits for the same answer.
/// </summary>
internal sealed class CallRevival(CallServices services)
{
    private readonly Dictionary<CallSid, List<(GetNextStep Ask, IActorRef Asker)>> _asking = [];

    /// <summary>Calls that are looked for now.</summary>
    public int Count => _asking.Count;

    /// <summary>Looks the call up, and tells <paramref name="calls"/> with <see cref="Answered"/>. False: there is nowhere to look.</summary>
    public bool Seek(GetNextStep ask, IActorRef asker, IActorRef calls)
    {
        if (services.LostCalls is not { } lost)
            return false;
        if (_asking.TryGetValue(ask.CallSid, out var waiting))
        {
            waiting.Add((ask, asker));
            return true;
        }

        _asking.Add(ask.CallSid, [(ask, asker)]);
        Task.Run(() => lost.FindAsync(ask.CallSid)).PipeTo(
            calls, ActorRefs.NoSender, found => new Answered(ask.CallSid, found, null), failure => new Answered(ask.CallSid, new LostCall.Gone(), failure));
        return true;
    }

    /// <summary>Those who wait for the call.</summary>
    public IReadOnlyList<(GetNextStep Ask, IActorRef Asker)> Waiting(CallSid callSid) => _asking.Remove(callSid, out var waiting) ? waiting : [];

    /// <summary>The book of the call, to be gone on with.</summary>
    public CallJournal Book(CallSoFar soFar) =>
        CallJournal.Resumed(soFar, services.Journal, services.Clock, new CallMeter(services.Costs, services.Day, services.Clock));

    /// <summary>Where the call is.</summary>
    public CallState State(CallSoFar soFar)
    {
        var (now, utc) = (services.Clock.GetElapsedTime(0), services.Clock.GetUtcNow());
        return CallState.Resumed(services.Call, soFar, Ago(soFar.OpenedAt), soFar.Streams.Select(Ago), now);

        TimeSpan Ago(DateTimeOffset then) => utc > then ? utc - then : TimeSpan.Zero;
    }

    /// <summary>To the calls: what the books know of a call.</summary>
    /// <param name="Failure">A bug of whoever was asked.</param>
    internal sealed record Answered(CallSid CallSid, LostCall Call, Exception? Failure) : INoSerializationVerificationNeeded, IDeadLetterSuppression;
}

/// <summary>
/// The calls that CallsActor had when it failed, for its next incarnation: their books stay open, and their streams were closed, so that Twilio comes to ask
/// about each. One owner at a time.
/// </summary>
public sealed class InterruptedCalls
{
    private readonly Dictionary<CallSid, (AdmitCall Call, CallJournal Journal)> _calls = [];

    internal void Add(AdmitCall call, CallJournal journal) => _calls[call.CallSid] = (call, journal);

    internal bool Take(CallSid callSid, out (AdmitCall Call, CallJournal Journal) call) => _calls.Remove(callSid, out call);

    /// <summary>Those that have not come back.</summary>
    internal IReadOnlyList<(AdmitCall Call, CallJournal Journal)> TakeAll()
    {
        (AdmitCall, CallJournal)[] all = [.. _calls.Values];
        _calls.Clear();
        return all;
    }

    internal int Count => _calls.Count;
}
