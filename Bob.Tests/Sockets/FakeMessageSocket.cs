using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Bob.Actors.Sockets;
using Xunit;

namespace Bob.Tests.Sockets;

/// <summary>
/// A socket whose far end is the spec: what it receives is scripted, what it sends is recorded when the send is through, so that memory reused too
/// early shows. Keeps the contract of <see cref="MessageSocketSpecs"/>.
/// </summary>
public sealed class FakeMessageSocket(int maxMessageBytes = 1024 * 1024) : IMessageSocket
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromMilliseconds(300);
    private readonly Channel<object> _toReceive = Channel.CreateUnbounded<object>();
    private readonly Channel<string> _news = Channel.CreateUnbounded<string>();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> _sent = [];
    private readonly Lock _lock = new();
    private (ReadOnlyMemory<byte> Message, TaskCompletionSource Done)? _pending;
    private Exception? _sendFailure;
    private bool _held, _over;
    private int _said, _asked;

    /// <summary>The code and the reason it was closed with, once it was.</summary>
    public (int Code, string Reason)? Closed { get; private set; }

    public bool Aborted { get; private set; }

    /// <summary>Closed or aborted.</summary>
    public Task Gone => _closed.Task;

    /// <summary>Whether a send was started while another was pending, or after the end.</summary>
    public bool Misused { get; private set; }

    /// <summary>Whether all that the far end said has been dealt with.</summary>
    public bool Listens => Volatile.Read(ref _asked) > Volatile.Read(ref _said);

    /// <summary>Whether a send has not been taken yet.</summary>
    public bool Sending
    {
        get
        {
            lock (_lock)
                return _pending is not null;
        }
    }

    /// <summary>Whether the far end answers a CLOSE with its own, as all but OpenAI do.</summary>
    public bool AnswersClose { get; init; } = true;

    /// <summary>The messages that are through.</summary>
    public IReadOnlyList<string> Sent
    {
        get
        {
            lock (_lock)
                return [.. _sent];
        }
    }

    /// <summary>The same, as JSON.</summary>
    public IReadOnlyList<JsonElement> Messages => [.. Sent.Select(Json)];

    /// <summary>The far end sends a text.</summary>
    public void Say(string text) => Receive(
        Encoding.UTF8.GetByteCount(text) > maxMessageBytes
            ? new SocketMessage(SocketMessageKind.TooBig, default)
            : new SocketMessage(SocketMessageKind.Text, Encoding.UTF8.GetBytes(text)));

    public void SayBinary() => Receive(new SocketMessage(SocketMessageKind.Binary, default));

    /// <summary>The far end closes.</summary>
    public void Hangup(int code = 1000, string reason = "") => Receive(new SocketMessage(SocketMessageKind.Close, default, code, reason));

    /// <summary>The connection breaks while it receives.</summary>
    public void Break(Exception? failure = null) => Receive(failure ?? new WebSocketException(WebSocketError.ConnectionClosedPrematurely));

    /// <summary>From now on a send is pending until <see cref="Release"/>.</summary>
    public void Hold() => _held = true;

    /// <summary>The pending send goes through, and so do those after it.</summary>
    public void Release()
    {
        (ReadOnlyMemory<byte> Message, TaskCompletionSource Done)? pending;
        lock (_lock)
        {
            (_held, pending, _pending) = (false, _pending, null);
            if (pending is { } through)
                Record(through.Message);
        }

        pending?.Done.SetResult();
    }

    /// <summary>Sends fail from now on, the pending one too.</summary>
    public void BreakSends(Exception? failure = null)
    {
        (ReadOnlyMemory<byte> Message, TaskCompletionSource Done)? pending;
        lock (_lock)
        {
            _sendFailure = failure ?? new WebSocketException(WebSocketError.ConnectionClosedPrematurely);
            (pending, _pending) = (_pending, null);
        }

        pending?.Done.SetException(_sendFailure);
    }

    /// <summary>The next message that was sent and not yet asked for; waits up to 10 s.</summary>
    public async Task<JsonElement> NextAsync()
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(10));
        try
        {
            return Json(await _news.Reader.ReadAsync(deadline.Token));
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Nothing more was sent. Sent so far:\n{string.Join('\n', Sent.Select(message => message.Length <= 300 ? message : message[..300]))}");
        }
    }

    public async ValueTask<SocketMessage> ReceiveAsync(CancellationToken cancellation)
    {
        Interlocked.Increment(ref _asked);
        return await _toReceive.Reader.ReadAsync(cancellation) switch
        {
            SocketMessage message => message,
            var failure => throw (Exception)failure,
        };
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> utf8, CancellationToken cancellation)
    {
        lock (_lock)
        {
            Misused |= _over || _pending is not null;
            if (_over)
                return ValueTask.FromException(new ObjectDisposedException(nameof(FakeMessageSocket)));
            if (_sendFailure is not null)
                return ValueTask.FromException(_sendFailure);
            if (_held)
            {
                var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _pending = (utf8, done);
                return new ValueTask(done.Task);
            }

            Record(utf8);
            return ValueTask.CompletedTask;
        }
    }

    public async Task CloseAsync(int code, string reason)
    {
        lock (_lock)
        {
            if (_over)
                return;
            (_over, Closed) = (true, (code, reason));
        }

        _closed.TrySetResult();
        if (AnswersClose)
        {
            Hangup(code, reason);
            return;
        }

        await Task.Delay(CloseTimeout); // as long as a real one listens on
        Break();
    }

    public void Abort()
    {
        lock (_lock)
            (_over, Aborted) = (true, true);
        Break(new WebSocketException(WebSocketError.InvalidState));
        _closed.TrySetResult();
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    private void Receive(object what)
    {
        Interlocked.Increment(ref _said);
        _toReceive.Writer.TryWrite(what);
    }

    private void Record(ReadOnlyMemory<byte> message)
    {
        var text = Encoding.UTF8.GetString(message.Span);
        _sent.Add(text);
        _news.Writer.TryWrite(text);
    }
}
