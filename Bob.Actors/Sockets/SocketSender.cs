using Akka.Actor;

namespace Bob.Actors.Sockets;

/// <summary>
/// The one place of a leg that sends. A send that the socket takes at once, the usual case, costs no queue, no task and no hop. While one does
/// not, the sender is busy: control messages wait here, audio waits where it is bounded (ledger, ring), and the leg is told when to go on.
/// </summary>
/// <param name="leg">Told <paramref name="drained"/> when a slow send is through, <paramref name="broken"/> when one failed.</param>
internal sealed class SocketSender(IMessageSocket socket, IActorRef leg, object drained, Func<Exception, object> broken, TimeProvider clock)
{
    /// <summary>Control messages that may wait: more than a whole conversation that is replayed.</summary>
    private const int MaxWaiting = 1_000;

    private readonly Queue<ReadOnlyMemory<byte>> _waiting = new();
    private byte[]? _buffer;
    private long _busySince;

    public bool Busy { get; private set; }

    /// <summary>How long the socket has not taken a message.</summary>
    public TimeSpan Stalled => Busy ? clock.GetElapsedTime(_busySince) : TimeSpan.Zero;

    /// <summary>Room to write a message into; then call <see cref="Send"/>, before anything else. Only while not busy.</summary>
    public Span<byte> Buffer(int length) => _buffer = Scratch.Take(length);

    /// <summary>Sends the first bytes of <see cref="Buffer"/>, and those behind them as a second message.</summary>
    /// <param name="second">Bytes of it; 0 when there is none.</param>
    public void Send(int first, int second = 0)
    {
        var buffer = _buffer!;
        _buffer = null;
        Start(buffer.AsMemory(0, first), buffer.AsMemory(first, second));
        if (!Busy)
            Scratch.GiveBack(buffer);
    }

    /// <summary>Sends a message that nobody changes any more, now or in its turn.</summary>
    public void Post(ReadOnlyMemory<byte> message)
    {
        if (!Busy)
            Start(message);
        else if (_waiting.Count < MaxWaiting)
            _waiting.Enqueue(message);
        else
            leg.Tell(broken(new IOException("The socket takes no more messages.")), leg);
    }

    /// <summary>The slow send is through: sends what waited.</summary>
    public void Drained()
    {
        Busy = false;
        while (!Busy && _waiting.TryDequeue(out var message))
            Start(message);
    }

    private void Start(ReadOnlyMemory<byte> message, ReadOnlyMemory<byte> second = default)
    {
        var sending = second.IsEmpty ? socket.SendAsync(message, CancellationToken.None) : socket.SendAsync(message, second, CancellationToken.None);
        if (sending.IsCompletedSuccessfully)
        {
            sending.GetAwaiter().GetResult();
            return;
        }

        Busy = true;
        _busySince = clock.GetTimestamp();
        _ = Finish(sending);
    }

    private async Task Finish(ValueTask sending)
    {
        try
        {
            await sending;
            leg.Tell(drained, leg);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Nobody awaits this, so whatever it is, the leg must hear of it: it would wait for ever.
            leg.Tell(broken(failure), leg);
        }
    }
}
