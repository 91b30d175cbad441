using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Akka.Actor;

namespace Bob.Actors.Sockets;

/// <summary>
/// Objects that will be needed in a moment. A call's memory is out of the processor's cache when its next frame comes, 20 ms and many other calls later; asked for all at
/// once, while the kernel still copies the frame, it is there in the time of the slowest, instead of one by one. Changes nothing but time, and on other processors not even that.
/// </summary>
internal static class Needed
{
    private const int LineBytes = 64;

    /// <summary>Lines of an object that are asked for: what a frame needs of it, and some of a small one's neighbour.</summary>
    private const int Lines = 3;

    /// <summary>What a message needs that is told to an actor here.</summary>
    public static object[] By(IActorRef actor) =>
        actor is ActorRefWithCell { Underlying: ActorCell { Mailbox: { } mailbox } cell } ? [actor, cell, mailbox, mailbox.MessageQueue] : [actor];

    /// <summary>Asks for them.</summary>
    public static unsafe void Fetch(ReadOnlySpan<object> objects)
    {
        if (!Sse.IsSupported)
            return;
        foreach (var needed in objects)
        {
            // The collector may move it meanwhile: then what is fetched is of no use, which is all.
            var at = *(byte**)Unsafe.AsPointer(ref Unsafe.AsRef(in needed));
            for (var line = 0; line < Lines; line++)
                Sse.Prefetch0(at + (line * LineBytes));
        }
    }
}
