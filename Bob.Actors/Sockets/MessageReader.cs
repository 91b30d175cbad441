using System.Runtime.CompilerServices;

namespace Bob.Actors.Sockets;

/// <summary>
/// Reads the messages of a socket, one after the other, on the thread that brings them. An awaiting loop would do the same, but keep and restore its context
/// for every frame, and have its state in one more object.
/// </summary>
public abstract class MessageReader
{
    private readonly Action _goOn;
    private ConfiguredValueTaskAwaitable<SocketMessage>.ConfiguredValueTaskAwaiter _coming;
    private CancellationToken _stopping;
    private TaskCompletionSource? _over;

    /// <param name="socket">Nobody else reads it meanwhile.</param>
    protected MessageReader(IMessageSocket socket) => (Socket, _goOn) = (socket, GoOn);

    protected IMessageSocket Socket { get; }

    /// <summary>Takes a message in, which is valid until this returns. False: no more are wanted.</summary>
    protected abstract bool Take(in SocketMessage message);

    /// <summary>Reads until <see cref="Take"/> wants no more. Fails as receiving does, and as that does.</summary>
    protected Task ReadAllAsync(CancellationToken stopping)
    {
        _stopping = stopping;
        var over = _over = new TaskCompletionSource();
        if (!Waits())
            GoOn();
        return over.Task;
    }

    /// <summary>Asks for the next message. False: it is there.</summary>
    private bool Waits()
    {
        _coming = Socket.ReceiveAsync(_stopping).ConfigureAwait(false).GetAwaiter();
        if (_coming.IsCompleted)
            return false;
        _coming.UnsafeOnCompleted(_goOn);
        return true;
    }

    private void GoOn()
    {
        try
        {
            do
            {
                if (Take(_coming.GetResult()))
                    continue;
                _over!.SetResult();
                return;
            }
            while (!Waits());
        }
        catch (Exception failure)
        {
            _over!.SetException(failure);
        }
    }
}
