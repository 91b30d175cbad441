using Bob.Actors.Sockets;

namespace Bob.Actors.Realtime;

/// <summary>A call's socket that tells how its session began. From then on it only passes on.</summary>
/// <param name="settled">Is told once: null for a session, else why there is none. Nothing of a socket that this side has left: that says nothing of the model.</param>
internal sealed class ListeningSocket(IMessageSocket socket, Action<ModelFailure?> settled) : IMessageSocket
{
    private readonly FirstWord _word = new();
    private bool _heard;
    private volatile bool _left, _failed;

    /// <summary>Whether it has told of a failure.</summary>
    public bool HasFailed => _failed;

    public ValueTask<SocketMessage> ReceiveAsync(CancellationToken cancellation) => _heard ? socket.ReceiveAsync(cancellation) : ListenAsync(cancellation);

    public ValueTask SendAsync(ReadOnlyMemory<byte> utf8, CancellationToken cancellation) => socket.SendAsync(utf8, cancellation);

    public ValueTask SendAsync(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second, CancellationToken cancellation) => socket.SendAsync(first, second, cancellation);

    public Task CloseAsync(int code, string reason)
    {
        _left = true;
        return socket.CloseAsync(code, reason);
    }

    public void Expect(params ReadOnlySpan<object> needed) => socket.Expect([this, .. needed]);

    public void Abort()
    {
        _left = true;
        socket.Abort();
    }

    private async ValueTask<SocketMessage> ListenAsync(CancellationToken cancellation)
    {
        SocketMessage message;
        try
        {
            message = await socket.ReceiveAsync(cancellation);
        }
        catch (Exception broken) when (SocketFailure.Expected(broken))
        {
            Settle(ModelRefusal.FromException(broken));
            throw;
        }

        if (_word.Heard(message))
            Settle(_word.Failure);
        return message;
    }

    private void Settle(ModelFailure? failure)
    {
        _heard = true;
        if (_left)
            return;
        _failed = failure is not null;
        settled(failure);
    }
}
