using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Threading.Channels;
using Bob.Actors.Sockets;

namespace Bob.Tests.Calls;

/// <summary>
/// A socket whose far end says what a random call wants it to say, and which knows when all of that has been dealt with. Unlike FakeMessageSocket it
/// writes a message down when it is handed over: what was handed over before an interruption may still be heard.
/// </summary>
internal sealed class ScriptedSocket : IMessageSocket
{
    private readonly Channel<object> _coming = Channel.CreateUnbounded<object>();
    private readonly ConcurrentQueue<byte[]> _sent = new();
    private TaskCompletionSource? _held;
    private int _unread;
    private volatile bool _started, _handed, _over, _ended, _left;

    /// <summary>Whether Bob closed or cut it, or the far end did.</summary>
    public bool Over => _over;

    /// <summary>Whether Bob has read all that was said, and waits for more; or will never read again.</summary>
    public bool Idle => _ended || _left || (_started && Volatile.Read(ref _unread) == 0);

    /// <summary>Takes the messages that were handed over since the last time.</summary>
    public IEnumerable<byte[]> TakeSent()
    {
        while (_sent.TryDequeue(out var message))
            yield return message;
    }

    public void Say(string text) => Come(new SocketMessage(SocketMessageKind.Text, Encoding.UTF8.GetBytes(text)));

    public void SayBinary() => Come(new SocketMessage(SocketMessageKind.Binary, default));

    /// <summary>The far end closes.</summary>
    public void Hangup(int code)
    {
        _over = true;
        Come(new SocketMessage(SocketMessageKind.Close, default, code, ""));
    }

    /// <summary>The connection breaks.</summary>
    public void Drop()
    {
        _over = true;
        Come(new WebSocketException(WebSocketError.ConnectionClosedPrematurely));
    }

    /// <summary>From now on the far end takes nothing, until it is told to.</summary>
    public void Hold() => _held ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => Interlocked.Exchange(ref _held, null)?.TrySetResult();

    public async ValueTask<SocketMessage> ReceiveAsync(CancellationToken cancellation)
    {
        if (_handed)
            Interlocked.Decrement(ref _unread);
        (_started, _handed) = (true, false);
        var what = await _coming.Reader.ReadAsync(cancellation);
        _handed = true;
        _ended = what is Exception or SocketMessage { Kind: SocketMessageKind.Close };
        return what is SocketMessage message ? message : throw (Exception)what;
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> utf8, CancellationToken cancellation)
    {
        if (_over)
            return ValueTask.FromException(new WebSocketException(WebSocketError.InvalidState));
        _sent.Enqueue(utf8.ToArray());
        return _held is { } held ? new ValueTask(held.Task) : ValueTask.CompletedTask;
    }

    public Task CloseAsync(int code, string reason)
    {
        _left = true;
        if (!_over)
            Hangup(code);
        Release();
        return Task.CompletedTask;
    }

    public void Abort()
    {
        _left = true;
        if (!_over)
            Drop();
        Release();
    }

    private void Come(object what)
    {
        Interlocked.Increment(ref _unread);
        _coming.Writer.TryWrite(what);
    }
}
