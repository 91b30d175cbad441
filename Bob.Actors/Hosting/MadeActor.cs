using Akka.Actor;

namespace Bob.Actors.Hosting;

/// <summary>
/// Props of an actor that is made by a plain call. Those that take an expression compile it anew for every actor and every argument: some milliseconds
/// and tens of kilobytes of every call.
/// </summary>
internal static class MadeActor
{
    public static Props Props<TActor>(Func<TActor> make)
        where TActor : ActorBase => Akka.Actor.Props.CreateBy(new Producer<TActor>(make));

    private sealed class Producer<TActor>(Func<TActor> make) : IIndirectActorProducer
        where TActor : ActorBase
    {
        public Type ActorType => typeof(TActor);

        public ActorBase Produce() => make();

        public void Release(ActorBase actor)
        {
            // It holds nothing that it was not given.
        }
    }
}
