using System.Net.Sockets;
using Bob.Simulator.Faults;

namespace Bob.Simulator.Realtime;

/// <summary>
/// The TCP connection under one WebSocket, with the ways in which a real line goes bad. A read that is under way when the line freezes never
/// returns, so the WebSocket above never sees the ping that came with it.
/// </summary>
internal sealed class LineStream(Socket socket) : Stream
{
    private readonly NetworkStream _inner = new(socket, ownsSocket: false);
    private readonly TaskCompletionSource _never = new();
    private volatile bool _frozen;
    private volatile bool _swallowing;
    private int _bytesPerSecond;

    public void Freeze() => _frozen = true;

    public void Swallow() => _swallowing = true;

    public void SlowDown(int bytesPerSecond) => _bytesPerSecond = bytesPerSecond;

    public bool IsDead => _frozen || _swallowing;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_frozen)
            return await WaitForEndAsync(cancellationToken);
        if (_bytesPerSecond > 0 && buffer.Length > 0)
        {
            await Task.Delay(100, cancellationToken);
            buffer = buffer[..Math.Min(buffer.Length, Math.Max(1, _bytesPerSecond / 10))];
        }

        var read = await _inner.ReadAsync(buffer, cancellationToken);
        while (_swallowing && read > 0)
            read = await _inner.ReadAsync(buffer, cancellationToken);
        return _frozen ? await WaitForEndAsync(cancellationToken) : read;
    }

    /// <summary>Without reading a byte: returns 0, the end of the stream, once the client has gone.</summary>
    private async Task<int> WaitForEndAsync(CancellationToken cancellation)
    {
        while (!TcpState.PeerHasGone(socket))
            await Task.Delay(100, cancellation);
        return 0;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsDead)
            await _never.Task.WaitAsync(cancellationToken);
        await _inner.WriteAsync(buffer, cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends the stream towards the client without a word of the WebSocket protocol.</summary>
    public void Fin()
    {
        if (socket.Connected)
            socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Resets the connection.</summary>
    public void Reset()
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Close();
    }

    protected override void Dispose(bool disposing)
    {
        _inner.Dispose();
        socket.Dispose();
        base.Dispose(disposing);
    }

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override void Flush() { }
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("The line is read asynchronously.");
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("The line is written asynchronously.");
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
}
