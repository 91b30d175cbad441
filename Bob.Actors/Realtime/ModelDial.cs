using Akka.Actor;
using Akka.Event;

namespace Bob.Actors.Realtime;

/// <summary>To the model's leg: what a dial came to.</summary>
/// <param name="Connection">The number that the connection has, if there is one.</param>
/// <param name="Orphan">Cuts a socket that nobody took over; whoever does disposes of it.</param>
internal sealed record Dialled(int Connection, DialResult Result, CancellationTokenRegistration Orphan) : IDeadLetterSuppression, INoSerializationVerificationNeeded;

/// <summary>Dials for the model's leg.</summary>
internal static class ModelDial
{
    /// <summary>Dials, and tells the leg. Until the leg has it, a socket belongs to the dial: it is cut when the leg is <paramref name="stopped"/> first.</summary>
    /// <param name="dial">Of <see cref="IModelDialer"/>.</param>
    public static void Start(Func<CancellationToken, Task<DialResult>> dial, int connection, IActorRef leg, CancellationToken stopped) =>
        // Dialling resolves names and starts TLS: not on a thread that carries frames.
        Task.Run(() => DialAsync(dial, connection, stopped), CancellationToken.None)
            .PipeTo(leg, leg, dialled => dialled, failure => new Dialled(connection, new DialResult(null, ModelRefusal.FromException(failure)), default));

    private static async Task<Dialled> DialAsync(Func<CancellationToken, Task<DialResult>> dial, int connection, CancellationToken stopped)
    {
        var result = await dial(stopped);
        var orphan = result.Socket is { } socket ? stopped.Register(socket.Abort) : default;
        return new Dialled(connection, result, orphan);
    }
}
