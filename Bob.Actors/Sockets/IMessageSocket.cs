namespace Bob.Actors.Sockets;

/// <summary>How a receive ended.</summary>
public enum SocketMessageKind
{
    /// <summary>A whole text message.</summary>
    Text,

    /// <summary>A whole binary message; its content is dropped, because neither protocol has any.</summary>
    Binary,

    /// <summary>The message passed the size cap, counted over its fragments. The socket is of no more use.</summary>
    TooBig,

    /// <summary>The peer sent CLOSE.</summary>
    Close,
}

/// <summary>One received message. <paramref name="Utf8"/> is valid until the next receive.</summary>
/// <param name="CloseCode">Of a CLOSE; 0 when it has none.</param>
public readonly record struct SocketMessage(SocketMessageKind Kind, ReadOnlyMemory<byte> Utf8, int CloseCode = 0, string? CloseReason = null);

/// <summary>
/// One message socket, as narrow as the two legs need it: one receive and one send at a time.
/// </summary>
public interface IMessageSocket
{
    /// <summary>
    /// Waits for one whole message. Throws <see cref="System.Net.WebSockets.WebSocketException"/> when the socket breaks or the peer breaks the rules.
    /// Cancelling cuts the connection.
    /// </summary>
    ValueTask<SocketMessage> ReceiveAsync(CancellationToken cancellation);

    /// <summary>Sends one text message. The memory must not change before the task completes; usually it completes at once. Fails as a task, never in the call.</summary>
    /// <remarks>Between a CLOSE and the end of the connection messages are dropped without a word: the reader tells of the end.</remarks>
    ValueTask SendAsync(ReadOnlyMemory<byte> utf8, CancellationToken cancellation);

    /// <summary>Sends two text messages, neither empty, one after the other; in one piece where the socket can, which costs hardly more than one. Otherwise as above.</summary>
    async ValueTask SendAsync(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second, CancellationToken cancellation)
    {
        await SendAsync(first, cancellation);
        await SendAsync(second, cancellation);
    }

    /// <summary>Says CLOSE, waits at most a second for the peer's, and frees the socket. Safe to call from anywhere, any number of times.</summary>
    Task CloseAsync(int code, string reason);

    /// <summary>Tells what every message will need besides the socket itself, so that it is at hand when one comes (<see cref="Needed"/>). Nothing depends on it.</summary>
    void Expect(params ReadOnlySpan<object> needed)
    {
        // Not every socket can do something about it.
    }

    /// <summary>Cuts the connection at once. Safe to call from anywhere, any number of times.</summary>
    void Abort();
}
