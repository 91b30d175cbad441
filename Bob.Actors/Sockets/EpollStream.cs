using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace Bob.Actors.Sockets;

/// <summary>
/// A connection that is read and written on the word of a <see cref="SocketLoop"/>. What it saves over .NET's own stream, on every frame: the
/// queues, locks and completions of operations that nobody starts, and the question whether more has come, which epoll answers by itself.
/// One read and one write at a time, each may be cancelled.
/// </summary>
public sealed class EpollStream : LineStream, IValueTaskSource<int>
{
    private readonly Socket _socket;
    private readonly SocketLoop _loop;
    private ManualResetValueTaskSourceCore<int> _reading;
    private Memory<byte> _room;
    private CancellationTokenRegistration _cancellation;

    /// <summary>What the loop has told so far, and how much of it is used up: while they differ there may be something to read.</summary>
    private int _told, _used;

    private int _toldWritable;

    /// <summary>1 while a read waits for the loop; whoever sets it back completes the read.</summary>
    private int _waits;

    private TaskCompletionSource? _waitsToWrite;
    private volatile bool _mayEnd;
    private bool _disposed, _underWay;
    private object[] _expected = [];

    /// <param name="socket">Does not block, and nothing else uses its asynchronous calls. Disposed with the stream.</param>
    internal EpollStream(Socket socket, SocketLoop loop)
    {
        (_socket, _loop) = (socket, loop);
        _told = 1; // whether something has come already, nobody knows
        Token = loop.Join(this);
        try
        {
            loop.Watch(this, socket);
        }
        catch (IOException)
        {
            loop.Leave(this);
            throw;
        }
    }

    /// <summary>
    /// Whether what waited goes on where its bytes were seen, on the thread of all frames, as a call's should. Until this is set it goes on in the pool:
    /// a request or a handshake may take its time.
    /// </summary>
    public bool CompletesInline { get; set; }

    /// <summary>Where the loop finds it.</summary>
    internal long Token { get; }

    public override ValueTask<int> ReadAsync(Memory<byte> room, CancellationToken cancellation = default)
    {
        if (cancellation.IsCancellationRequested)
            return ValueTask.FromCanceled<int>(cancellation);
        if (_underWay)
            return ValueTask.FromException<int>(new InvalidOperationException("A read is under way."));
        if (TryRead(room.Span, out var bytes, out var failure))
            return failure is null ? ValueTask.FromResult(bytes) : ValueTask.FromException<int>(failure);

        (_room, _underWay) = (room, true);
        _reading.Reset();
        _reading.RunContinuationsAsynchronously = !CompletesInline;
        var pending = new ValueTask<int>(this, _reading.Version);
        Await();
        if (cancellation.CanBeCanceled)
            _cancellation = cancellation.UnsafeRegister(static (line, token) => ((EpollStream)line!).Fail(new OperationCanceledException(token)), this);
        return pending;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation = default)
    {
        if (cancellation.IsCancellationRequested)
            return ValueTask.FromCanceled(cancellation);
        var told = Volatile.Read(ref _toldWritable);
        var sent = TryWrite(bytes.Span, out var failure);
        return failure is not null ? ValueTask.FromException(failure)
            : sent == bytes.Length ? ValueTask.CompletedTask
            : WriteRestAsync(bytes[sent..], told, cancellation);
    }

    /// <summary>Waits until the connection is made, and throws when it is not.</summary>
    internal async Task ConnectedAsync(CancellationToken cancellation)
    {
        await WritableAsync(0, cancellation);
        if (_socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error) is int error and not 0)
            throw new SocketException(error);
    }

    /// <summary>News from the loop, on its thread.</summary>
    internal void Told(EpollEvents events)
    {
        if ((events & (EpollEvents.PeerDone | EpollEvents.HungUp | EpollEvents.Error)) != 0)
            _mayEnd = true;
        Interlocked.Increment(ref _told);
        if ((events & (EpollEvents.Writable | EpollEvents.HungUp | EpollEvents.Error)) != 0)
        {
            Interlocked.Increment(ref _toldWritable);
            Interlocked.Exchange(ref _waitsToWrite, null)?.TrySetResult();
        }

        if (!StopWaiting())
            return;
        Needed.Fetch(_expected);
        Resume();
    }

    /// <summary>From now on these are fetched before a read goes on.</summary>
    internal void Expect(object[] needed) => _expected = needed;

    int IValueTaskSource<int>.GetResult(short token)
    {
        _cancellation.Dispose(); // or it would cancel a later read
        (_cancellation, _underWay) = (default, false);
        return _reading.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _reading.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _reading.OnCompleted(continuation, state, token, flags);

    /// <summary>What waits fails.</summary>
    protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _disposed, true))
            return;
        _loop.Leave(this);
        _expected = [];
        Fail(Disposed());
        if (Interlocked.Exchange(ref _waitsToWrite, null) is { } writer)
            ThreadPool.UnsafeQueueUserWorkItem(static waiting => waiting.TrySetException(Disposed()), writer, preferLocal: false);
        Finish();
        _socket.Dispose();
    }

    /// <summary>What was sent arrives, also while another thread reads.</summary>
    private void Finish()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException)
        {
            // It is closed, or never was connected.
        }
    }

    /// <summary>Reads what there is. False when nothing is, and more will be told.</summary>
    private bool TryRead(Span<byte> room, out int bytes, out Exception? failure)
    {
        (bytes, failure) = (0, null);
        var told = Volatile.Read(ref _told);
        if (Volatile.Read(ref _disposed))
            failure = Disposed();
        if (told == _used || failure is not null)
            return failure is not null;
        try
        {
            if (room.IsEmpty)
            {
                if (_socket.Poll(0, SelectMode.SelectRead))
                    return true;
                _used = told;
                return false;
            }

            bytes = _socket.Receive(room, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
            {
                _used = told;
                return false;
            }

            if (error != SocketError.Success || Volatile.Read(ref _disposed))
                failure = Broken(error);
            else if (bytes < room.Length && !_mayEnd)
                _used = told; // less than there was room for is all there is; an end that follows is told anew
        }
        catch (Exception over) when (over is ObjectDisposedException or SocketException)
        {
            failure = Disposed();
        }

        return true;
    }

    private void Await()
    {
        Interlocked.Exchange(ref _waits, 1);
        // What was told a moment ago, before anybody waited, would not be told again.
        if ((Volatile.Read(ref _told) != _used || Volatile.Read(ref _disposed)) && StopWaiting())
            Resume();
    }

    private void Resume()
    {
        if (!TryRead(_room.Span, out var bytes, out var failure))
            Await();
        else if (failure is null)
            _reading.SetResult(bytes);
        else
            FailNow(failure);
    }

    private bool StopWaiting() => Volatile.Read(ref _waits) == 1 && Interlocked.CompareExchange(ref _waits, 0, 1) == 1;

    /// <summary>On a thread of its own: whoever cancels or disposes does not expect to run what waited.</summary>
    private void Fail(Exception failure)
    {
        if (StopWaiting())
            ThreadPool.UnsafeQueueUserWorkItem(static failed => failed.Line.FailNow(failed.Failure), (Line: this, Failure: failure), preferLocal: false);
    }

    private void FailNow(Exception failure) => _reading.SetException(failure);

    private int TryWrite(ReadOnlySpan<byte> bytes, out Exception? failure)
    {
        failure = null;
        try
        {
            var sent = _socket.Send(bytes, SocketFlags.None, out var error);
            if (error is not (SocketError.Success or SocketError.WouldBlock))
                failure = Broken(error);
            return error == SocketError.Success ? sent : 0;
        }
        catch (ObjectDisposedException disposed)
        {
            failure = disposed;
            return 0;
        }
    }

    private async ValueTask WriteRestAsync(ReadOnlyMemory<byte> rest, int told, CancellationToken cancellation)
    {
        while (!rest.IsEmpty)
        {
            await WritableAsync(told, cancellation);
            told = Volatile.Read(ref _toldWritable);
            var sent = TryWrite(rest.Span, out var failure);
            if (failure is not null)
                throw failure;
            rest = rest[sent..];
        }
    }

    /// <summary>Waits for more room than there was when <paramref name="told"/> was read.</summary>
    private async ValueTask WritableAsync(int told, CancellationToken cancellation)
    {
        var writable = new TaskCompletionSource(CompletesInline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _waitsToWrite, writable);
        if (Volatile.Read(ref _toldWritable) != told)
            writable.TrySetResult();
        if (Volatile.Read(ref _disposed))
            writable.TrySetException(Disposed());
        using (cancellation.UnsafeRegister(static (waiting, token) => ((TaskCompletionSource)waiting!).TrySetCanceled(token), writable))
            await writable.Task;
    }

    private static ObjectDisposedException Disposed() => new(nameof(EpollStream));

    private Exception Broken(SocketError error)
    {
        if (Volatile.Read(ref _disposed))
            return Disposed();
        var failure = new SocketException((int)error);
        return new IOException(failure.Message, failure);
    }
}
