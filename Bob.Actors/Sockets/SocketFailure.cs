using System.Net.Sockets;
using System.Net.WebSockets;

namespace Bob.Actors.Sockets;

/// <summary>Tells the ways a socket ends from a bug.</summary>
public static class SocketFailure
{
    /// <summary>Whether an exception of a send or receive means no more than "the connection is over".</summary>
    public static bool Expected(Exception failure) => failure
        is WebSocketException or OperationCanceledException or ObjectDisposedException or IOException or SocketException or InvalidOperationException;

    /// <summary>A short word for it: <c>connection-reset</c>, <c>pong-timeout</c>, …</summary>
    public static string Word(Exception failure)
    {
        for (var inner = failure; inner is not null; inner = inner.InnerException)
        {
            switch (inner)
            {
                case SocketException { SocketErrorCode: SocketError.ConnectionReset }:
                    return "connection-reset";
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused }:
                    return "connection-refused";
                case WebSocketException { WebSocketErrorCode: WebSocketError.ConnectionClosedPrematurely }:
                    return "closed-without-goodbye";
                case WebSocketException { WebSocketErrorCode: WebSocketError.Faulted } when inner.Message.Contains("pong", StringComparison.OrdinalIgnoreCase):
                    return "pong-timeout";
                case OperationCanceledException { InnerException: null }:
                    return "cancelled";
            }
        }

        return failure is WebSocketException { WebSocketErrorCode: not (WebSocketError.NativeError or WebSocketError.InvalidState) }
            ? "protocol-error"
            : "connection-lost";
    }
}
