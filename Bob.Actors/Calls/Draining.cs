using Akka.Actor;
using static Bob.Actors.Calls.CallProtocol;

namespace Bob.Actors.Calls;

/// <summary>A node on its way out: takes no new calls, and tells when the last one is over. Part of <see cref="CallsActor"/>, and only ever used by it.</summary>
internal sealed class Draining
{
    private IActorRef _waiting = ActorRefs.Nobody;

    public bool IsOn { get; private set; }

    /// <summary>How all calls are to end, once that is said; also for those that come back afterwards.</summary>
    public EndAllCalls? Order { get; private set; }

    /// <param name="calls">How many calls there are.</param>
    public void Begin(IActorRef asker, int calls)
    {
        (IsOn, _waiting) = (true, asker);
        Left(calls);
    }

    public void End(EndAllCalls order) => Order = order;

    /// <summary>There are so many calls left.</summary>
    public void Left(int calls)
    {
        if (!IsOn || calls > 0)
            return;
        _waiting.Tell(Drained.Instance);
        _waiting = ActorRefs.Nobody;
    }
}
