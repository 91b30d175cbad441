using System.Collections.Concurrent;
using System.Threading.Channels;
using Xunit;

namespace Bob.Tests.Sockets;

/// <summary>A connection whose far end is the spec: what is read comes in the pieces the spec makes, what is written can be held up.</summary>
internal sealed class Wire : Stream
{
    private readonly Channel<object> _coming = Channel.CreateUnbounded<object>();
    private readonly ConcurrentQueue<byte[]> _writes = new();
    private readonly SemaphoreSlim _written = new(0);
    private ReadOnlyMemory<byte> _piece;
    private TaskCompletionSource? _held;
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? _unwritable;
    private int _writing;

    /// <summary>Whether a write began while another was under way.</summary>
    public bool Misused { get; private set; }

    public bool Disposed => _disposed.Task.IsCompleted;

    /// <summary>Waits until it is disposed.</summary>
    public Task DisposedAsync() => _disposed.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

    /// <summary>What each write wrote.</summary>
    public IReadOnlyList<byte[]> Writes => [.. _writes];

    /// <summary>The frames that were written.</summary>
    public IReadOnlyList<Frame> Frames => Frame.ReadAll([.. _writes.SelectMany(bytes => bytes)]);

    /// <summary>The largest buffer a read was given.</summary>
    public int LargestRoom { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public void ForgetRoom() => LargestRoom = 0;

    public void Feed(ReadOnlyMemory<byte> piece) => _coming.Writer.TryWrite(piece);

    /// <summary>The far end sends no more.</summary>
    public void Finish() => _coming.Writer.TryWrite(ReadOnlyMemory<byte>.Empty);

    public void Fail(Exception failure) => _coming.Writer.TryWrite(failure);

    /// <summary>From now on writes fail; what the far end has sent can still be read.</summary>
    public void FailWrites(Exception failure) => _unwritable = failure;

    /// <summary>From now on a write does not end before <see cref="Release"/>.</summary>
    public void Hold() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release()
    {
        var held = Interlocked.Exchange(ref _held, null);
        held?.SetResult();
    }

    /// <summary>Waits until something was written that was not waited for yet.</summary>
    public async Task WrittenAsync()
    {
        if (!await _written.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken))
            throw new TimeoutException("Nothing more was written.");
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        LargestRoom = Math.Max(LargestRoom, buffer.Length);
        if (_piece.IsEmpty)
        {
            switch (await _coming.Reader.ReadAsync(cancellationToken))
            {
                case Exception failure:
                    throw failure;
                case ReadOnlyMemory<byte> piece:
                    _piece = piece;
                    break;
            }
        }

        var length = Math.Min(buffer.Length, _piece.Length);
        _piece[..length].CopyTo(buffer);
        _piece = _piece[length..];
        return length;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Disposed, this);
        Misused |= Interlocked.Increment(ref _writing) != 1;
        if (_held is { } held)
            await held.Task;
        if (_unwritable is { } failure)
            throw failure;
        _writes.Enqueue(buffer.ToArray());
        Interlocked.Decrement(ref _writing);
        _written.Release();
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _disposed.TrySetResult();
        Release();
        Fail(new ObjectDisposedException(nameof(Wire)));
        base.Dispose(disposing);
    }
}
