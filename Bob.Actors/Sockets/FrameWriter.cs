using System.Net.WebSockets;
using System.Runtime.CompilerServices;

namespace Bob.Actors.Sockets;

/// <summary>
/// Writes frames to a stream, one after the other, whoever asks: messages come from a leg, pongs and CLOSE from the reader, pings from a timer.
/// What finds another write under way waits here, and goes out on the thread that ends it. A message that finds none, the usual case, is put
/// behind its head in one buffer and written in the call, without a queue, a task or an allocation.
/// </summary>
/// <remarks>What a frame passes is out of the processor's cache when the next one comes, so it passes few objects: nobody else has this one, and it is its own lock.</remarks>
/// <param name="masks">Whether this is the client's side.</param>
/// <param name="broken">Told that a write failed, after which nothing can follow it. Calls <see cref="End"/>, and gives what to throw; null when nobody is to hear of it.</param>
internal sealed class FrameWriter(Stream stream, bool masks, Func<Exception, Task<Exception?>> broken)
{
    private FrameMask _mask = masks ? new FrameMask() : default;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _writing, _ended, _over;
    private byte[]? _pong, _ping, _close;
    private Waiting? _waiting;

    /// <summary>Ends when CLOSE is out, or can never be.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Sends a text message, or two. The caller waits for the end of a send before the next.</summary>
    /// <param name="second">Empty when there is but one.</param>
    public ValueTask SendAsync(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second = default)
    {
        lock (this)
        {
            if (_ended && !_over)
                return ValueTask.CompletedTask; // nothing follows a CLOSE; whoever sends hears of the end, and its reason, from the reader
            if (_ended)
                return ValueTask.FromException(new WebSocketException(WebSocketError.InvalidState, "The socket is closed for sending."));
            if (_waiting is not null)
                return ValueTask.FromException(new InvalidOperationException("A message is sent when the one before it is through."));
            if (_writing)
            {
                var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _waiting = new Waiting(FrameOpcode.Text, first, done, second);
                return new ValueTask(done.Task);
            }

            _writing = true;
        }

        ValueTask writing;
        try
        {
            writing = WriteAsync(FrameOpcode.Text, first.Span, second.Span);
        }
        catch (Exception failure) when (SocketFailure.Expected(failure))
        {
            return new ValueTask(BreakAsync(failure));
        }

        if (!writing.IsCompletedSuccessfully)
            return FinishAsync(writing);
        GoOn();
        return ValueTask.CompletedTask;
    }

    /// <summary>Answers a ping; only the latest that is not answered yet.</summary>
    public void Pong(byte[] payload)
    {
        lock (this)
        {
            if (_ended)
                return;
            _pong = payload;
        }

        WriteNow();
    }

    public void Ping()
    {
        lock (this)
        {
            if (_ended)
                return;
            _ping = [];
        }

        WriteNow();
    }

    /// <summary>The last frame of all: what is asked to be sent after the first call is refused.</summary>
    public void Close(byte[] payload)
    {
        lock (this)
        {
            if (_ended)
                return;
            (_ended, _close) = (true, payload);
        }

        WriteNow();
    }

    /// <summary>The connection is over.</summary>
    /// <param name="cause">What a message that waits fails with.</param>
    public void End(Exception? cause)
    {
        TaskCompletionSource? unsent;
        lock (this)
        {
            (_ended, _over, unsent, _waiting) = (true, true, _waiting?.Done, null);
            _pong = _ping = _close = null;
        }

        _closed.TrySetResult();
        unsent?.TrySetException(cause ?? new WebSocketException(WebSocketError.InvalidState, "The connection is over."));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FinishAsync(ValueTask writing)
    {
        try
        {
            await writing;
        }
        catch (Exception failure) when (SocketFailure.Expected(failure))
        {
            await BreakAsync(failure);
            return;
        }

        GoOn();
    }

    private void WriteNow()
    {
        lock (this)
        {
            if (_writing)
                return;
            _writing = true;
        }

        GoOn();
    }

    /// <summary>The write under way is through: the next one, or none.</summary>
    private void GoOn()
    {
        if (TryTake(out var next))
            _ = WriteWaitingAsync(next);
    }

    private async Task WriteWaitingAsync(Waiting next)
    {
        try
        {
            do
            {
                await WriteAsync(next.Opcode, next.Payload.Span, next.Second.Span);
                next.Done?.TrySetResult();
            }
            while (TryTake(out next));
        }
        catch (Exception failure) when (SocketFailure.Expected(failure))
        {
            try
            {
                await BreakAsync(failure);
                next.Done?.TrySetResult();
            }
            catch (Exception ended)
            {
                next.Done?.TrySetException(ended);
            }
        }
    }

    private bool TryTake(out Waiting next)
    {
        lock (this)
        {
            if (_pong is { } pong)
                (_pong, next) = (null, new Waiting(FrameOpcode.Pong, pong, null));
            else if (_ping is { } ping)
                (_ping, next) = (null, new Waiting(FrameOpcode.Ping, ping, null));
            else if (_waiting is { } message)
                (_waiting, next) = (null, message);
            else if (_close is { } close)
                (_close, next) = (null, new Waiting(FrameOpcode.Close, close, _closed));
            else
                (_writing, next) = (false, default);
            return _writing;
        }
    }

    /// <summary>Nothing can be written any more.</summary>
    private async Task BreakAsync(Exception failure)
    {
        if (await broken(failure) is { } cause)
            throw cause;
    }

    /// <summary>Puts payloads behind their heads, and writes all at once.</summary>
    private ValueTask WriteAsync(FrameOpcode opcode, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> second)
    {
        var buffer = Scratch.Take(Size(payload) + (second.IsEmpty ? 0 : Size(second)));
        var length = Frame(buffer, opcode, payload);
        if (!second.IsEmpty)
            length += Frame(buffer.AsSpan(length), opcode, second);
        var writing = stream.WriteAsync(buffer.AsMemory(0, length));
        if (!writing.IsCompletedSuccessfully)
            return writing; // and the buffer is the write's
        writing.GetAwaiter().GetResult();
        Scratch.GiveBack(buffer);
        return ValueTask.CompletedTask;
    }

    private int Size(ReadOnlySpan<byte> payload) => FrameHeader.SizeFor(payload.Length, masks) + payload.Length;

    private int Frame(Span<byte> to, FrameOpcode opcode, ReadOnlySpan<byte> payload)
    {
        uint? key = masks ? _mask.Next() : null;
        var head = FrameHeader.Write(to, opcode, payload.Length, key);
        var body = to.Slice(head, payload.Length);
        payload.CopyTo(body);
        FrameMask.Apply(body, key ?? 0);
        return head + payload.Length;
    }

    /// <summary>What goes out next.</summary>
    private readonly record struct Waiting(FrameOpcode Opcode, ReadOnlyMemory<byte> Payload, TaskCompletionSource? Done, ReadOnlyMemory<byte> Second = default);
}
