using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace Bob.Actors.Sockets;

/// <summary>Which end of a connection a socket is: a client masks what it sends, a server does not.</summary>
public enum SocketRole
{
    Client,
    Server,
}

/// <summary>Terms of a socket.</summary>
/// <param name="Role">Which end this is.</param>
/// <param name="MaxMessageBytes">Cap of one message over all its fragments.</param>
/// <param name="KeepAliveInterval">A peer that was silent for so long is pinged; zero never pings.</param>
/// <param name="KeepAliveTimeout">A peer that stays silent for so long after a ping is gone.</param>
public sealed record SocketTerms(SocketRole Role, int MaxMessageBytes, TimeSpan KeepAliveInterval = default, TimeSpan KeepAliveTimeout = default);

/// <summary>
/// An <see cref="IMessageSocket"/> with Bob's own framing (RFC 6455) over a connection whose handshake is done. The framework's WebSocket answers
/// pings unseen, so that nobody can count them, takes frames without a mask, and costs more on every frame of audio.
/// </summary>
public sealed partial class FramedMessageSocket : IMessageSocket, IValueTaskSource<SocketMessage>
{
    private readonly Stream _stream;
    private readonly Action? _cut;
    private readonly TimeProvider _clock;
    private readonly FrameReader _reader;
    private readonly FrameWriter _writer;
    private readonly KeepAlive? _keepAlive;
    private readonly TaskCompletionSource _read = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action _came;
    private ManualResetValueTaskSourceCore<SocketMessage> _receiving;
    private ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _coming;
    private ControlAllowance _allowance;
    private CancellationToken _heeded;
    private CancellationTokenRegistration _heeding;
    private Exception? _cause;
    private volatile ReadEnd _readEnd;
    private long _heard;
    private int _closing, _freed;

    /// <param name="connection">Disposed with the socket.</param>
    /// <param name="terms">Its terms.</param>
    /// <param name="clock">Times pings, and what the peer may take to close.</param>
    /// <param name="cut">Ends pending reads and writes, where disposing the connection does not do so.</param>
    /// <param name="come">What whoever did the handshake has read of the connection behind it.</param>
    public FramedMessageSocket(Stream connection, SocketTerms terms, TimeProvider clock, Action? cut = null, ReadOnlyMemory<byte> come = default)
    {
        (_stream, _clock, _cut, _heard) = (connection, clock, cut, clock.GetTimestamp());
        _reader = new FrameReader(masks: terms.Role == SocketRole.Server, terms.MaxMessageBytes, come.Span);
        _writer = new FrameWriter(connection, masks: terms.Role == SocketRole.Client, UnwritableAsync);
        _came = Came;
        _allowance = new ControlAllowance(clock);
        if (terms.KeepAliveInterval > TimeSpan.Zero)
            _keepAlive = new KeepAlive(terms, clock, () => Volatile.Read(ref _heard), _writer.Ping, silent => Cut(silent));
    }

    /// <inheritdoc/>
    public ValueTask<SocketMessage> ReceiveAsync(CancellationToken cancellation)
    {
        if (_readEnd != ReadEnd.Open)
            return ValueTask.FromException<SocketMessage>(new WebSocketException(WebSocketError.InvalidState, "The socket is read to its end."));
        if (cancellation != _heeded)
            Heed(cancellation);
        _receiving.Reset();
        var pending = new ValueTask<SocketMessage>(this, _receiving.Version);
        try
        {
            return TryTake(out var message) || TryReceive(out message) ? ValueTask.FromResult(message) : pending;
        }
        catch (Exception failure)
        {
            return ValueTask.FromException<SocketMessage>(Failed(failure));
        }
    }

    /// <inheritdoc/>
    public ValueTask SendAsync(ReadOnlyMemory<byte> utf8, CancellationToken cancellation) => SendAsync(utf8, default, cancellation);

    /// <inheritdoc/>
    public ValueTask SendAsync(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
            return ValueTask.FromCanceled(cancellation);
        if (Volatile.Read(ref _cause) is { } cause)
            return ThrowWhenReadAsync(cause); // a frame on its way out may be the first to notice, and should know why
        var sending = _writer.SendAsync(first, second);
        return sending.IsCompleted || !cancellation.CanBeCanceled ? sending : UnlessCancelledAsync(sending, cancellation);
    }

    /// <inheritdoc/>
    public Task CloseAsync(int code, string reason)
    {
        if (Interlocked.Exchange(ref _closing, 1) == 0)
            _ = EndAsync(code, reason);
        return _ended.Task;
    }

    /// <inheritdoc/>
    public void Expect(params ReadOnlySpan<object> needed) => (_stream as EpollStream)?.Expect([this, _reader, .. needed]);

    /// <inheritdoc/>
    public void Abort() => Cut(new WebSocketException(WebSocketError.InvalidState, "The socket was cut."));

    SocketMessage IValueTaskSource<SocketMessage>.GetResult(short token) => _receiving.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<SocketMessage>.GetStatus(short token) => _receiving.GetStatus(token);

    void IValueTaskSource<SocketMessage>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _receiving.OnCompleted(continuation, state, token, flags);

    /// <summary>Reads until there is a message. False when that takes a while: then <see cref="Came"/> goes on.</summary>
    private bool TryReceive(out SocketMessage message)
    {
        do
        {
            _coming = _stream.ReadAsync(_reader.Room(), CancellationToken.None).ConfigureAwait(false).GetAwaiter();
            if (!_coming.IsCompleted)
            {
                message = default;
                _coming.UnsafeOnCompleted(_came);
                return false;
            }
        }
        while (!TryTakeCome(out message));
        return true;
    }

    private bool TryTakeCome(out SocketMessage message)
    {
        var bytes = _coming.GetResult();
        if (bytes == 0)
            throw Ended(ReadEnd.Peer, _cause ?? new WebSocketException(WebSocketError.ConnectionClosedPrematurely));
        _reader.Came(bytes);
        if (_keepAlive is not null)
            Volatile.Write(ref _heard, _clock.GetTimestamp());
        return TryTake(out message);
    }

    private void Came()
    {
        SocketMessage message;
        try
        {
            if (!TryTakeCome(out message) && !TryReceive(out message))
                return;
        }
        catch (Exception failure)
        {
            _receiving.SetException(Failed(failure));
            return;
        }

        _receiving.SetResult(message);
    }

    /// <summary>Why there is no message. Whatever goes wrong while the connection is cut must not end the thread of all frames.</summary>
    private Exception Failed(Exception failure)
    {
        try
        {
            return _readEnd == ReadEnd.Open && SocketFailure.Expected(failure) ? Ended(ReadEnd.Failed, Broken(failure)) : failure;
        }
        catch (Exception further)
        {
            return further;
        }
    }

    /// <summary>The next message of what has come. Control frames are dealt with, and an answer is sent before more bytes are waited for.</summary>
    private bool TryTake(out SocketMessage message)
    {
        byte[]? pong = null;
        while (true)
        {
            var received = _reader.Next();
            switch (received.Kind)
            {
                case ReceivedKind.Text:
                    message = new SocketMessage(SocketMessageKind.Text, received.Payload);
                    break;
                case ReceivedKind.Binary:
                    message = new SocketMessage(SocketMessageKind.Binary, default);
                    break;
                case ReceivedKind.TooBig:
                    Ended(ReadEnd.Unreadable);
                    message = new SocketMessage(SocketMessageKind.TooBig, default);
                    break;
                case ReceivedKind.Close:
                    _writer.Close(received.Payload.ToArray());
                    Ended(ReadEnd.Goodbye);
                    message = new SocketMessage(SocketMessageKind.Close, default, received.Code, received.Reason);
                    break;
                case ReceivedKind.Ping or ReceivedKind.Pong when !_allowance.Take():
                    throw Violated(CloseFrame.PolicyViolation, "too many pings");
                case ReceivedKind.Ping:
                    pong = received.Payload.ToArray();
                    continue;
                case ReceivedKind.Pong:
                    continue; // its bytes have told that the peer lives
                case ReceivedKind.Violation:
                    throw Violated(received.Code, received.Reason);
                default:
                    message = default;
                    break;
            }

            if (pong is not null)
                _writer.Pong(pong);
            return received.Kind != ReceivedKind.Nothing;
        }
    }
}
