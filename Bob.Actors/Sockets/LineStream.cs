namespace Bob.Actors.Sockets;

/// <summary>A connection's stream: only ever used asynchronously, and holding nothing back.</summary>
public abstract class LineStream : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override Task FlushAsync(CancellationToken cancellation) => Task.CompletedTask;

    public override void Flush()
    {
        // Nothing is held back.
    }

    public abstract override ValueTask<int> ReadAsync(Memory<byte> room, CancellationToken cancellation = default);

    public abstract override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation = default);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
