using Bob.Actors.Sockets;

namespace Bob.Actors.Realtime;

/// <summary>What a dial came to: either a socket or a failure.</summary>
/// <param name="Detail">What the server said with its refusal, for the log: without keys, and short. Null when it said nothing.</param>
public sealed record DialResult(IMessageSocket? Socket, ModelFailure? Failure, string? Detail = null)
{
    /// <summary>How a session is configured there, where there are several servers; null: as every other.</summary>
    public RealtimeOptions? Options { get; init; }
}

/// <summary>Opens the socket of a model session.</summary>
public interface IModelDialer
{
    /// <summary>Dials once. Every failure is a value; only a bug throws.</summary>
    Task<DialResult> DialAsync(CancellationToken cancellation);

    /// <summary>Dials the server of the session that is in charge, for one beside it. What comes of it says nothing about that session.</summary>
    Task<DialResult> DialBesideAsync(CancellationToken cancellation) => DialAsync(cancellation);

    /// <summary>Does beforehand what only a process's first dial has to do. Null, or what the first dial would have failed with.</summary>
    Task<ModelFailure?> PrepareAsync(CancellationToken cancellation) => Task.FromResult<ModelFailure?>(null);
}
