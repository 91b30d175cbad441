using System.Net.WebSockets;

namespace Bob.Actors.Sockets;

/// <summary>How it ends: with a CLOSE, a failure, or because somebody cuts it.</summary>
public sealed partial class FramedMessageSocket
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(1);

    /// <summary>A connection that takes no more has been read to its end by then: it has nothing more to bring.</summary>
    private static readonly TimeSpan LastWordsTimeout = TimeSpan.FromSeconds(1);

    /// <summary>How reading came to its end.</summary>
    private enum ReadEnd
    {
        Open,

        /// <summary>With the peer's CLOSE.</summary>
        Goodbye,

        /// <summary>With the end of what it sends.</summary>
        Peer,

        /// <summary>With something that cannot be read on; more may be under way.</summary>
        Unreadable,

        Failed,
    }

    /// <summary>Says CLOSE at once; what the peer still sends is read away meanwhile, or it would be answered by a reset, and the CLOSE lost.</summary>
    private WebSocketException Violated(int code, string rule)
    {
        var violated = new WebSocketException(WebSocketError.Faulted, $"Closed with {code}: {rule}.");
        _ = Ended(ReadEnd.Unreadable, violated);
        _ = CloseAsync(code, rule);
        return violated;
    }

    private Exception Ended(ReadEnd end, Exception? failure = null)
    {
        _readEnd = end;
        _read.TrySetResult();
        return failure ?? new WebSocketException(WebSocketError.InvalidState);
    }

    private async Task EndAsync(int code, string reason)
    {
        try
        {
            using var deadline = new CancellationTokenSource(CloseTimeout, _clock);
            _writer.Close(CloseFrame.Write(code, reason));
            await _writer.Closed.WaitAsync(deadline.Token);
            // Only the reader may read, so the peer's CLOSE is awaited through it: OpenAI never sends one, hence the deadline.
            await _read.Task.WaitAsync(deadline.Token);
            if (_readEnd == ReadEnd.Unreadable)
                await ReadAwayAsync(deadline.Token);
        }
        catch (Exception ended) when (SocketFailure.Expected(ended))
        {
            // The peer is gone or too slow; what follows frees the socket either way.
        }
        finally
        {
            Free(gently: _readEnd is ReadEnd.Goodbye or ReadEnd.Peer);
        }
    }

    /// <summary>Not on a socket's thread, which a flood would never leave.</summary>
    private async Task ReadAwayAsync(CancellationToken deadline)
    {
        var dropped = new byte[4096];
        do
        {
            await Task.Yield();
        }
        while (await _stream.ReadAsync(dropped, deadline) > 0);
        _readEnd = ReadEnd.Peer;
    }

    /// <summary>Cancelling cuts the connection. A reader brings the same token every time, so it is registered once and not for every frame.</summary>
    private void Heed(CancellationToken cancellation)
    {
        _heeding.Unregister();
        _heeded = cancellation;
        _heeding = CutWhen(cancellation);
        if (_freed == 1)
            _heeding.Unregister();
    }

    private async ValueTask UnlessCancelledAsync(ValueTask sending, CancellationToken cancellation)
    {
        using var heeding = CutWhen(cancellation);
        await sending;
    }

    private CancellationTokenRegistration CutWhen(CancellationToken cancellation) => cancellation.UnsafeRegister(
        static (socket, token) => ((FramedMessageSocket)socket!).Cut(new OperationCanceledException(token)), this);

    /// <summary>Why a read failed: because of what Bob did to the connection, or by itself.</summary>
    private Exception Broken(Exception failure)
    {
        Cut(Wrapped(failure));
        return _cause ?? failure;
    }

    /// <summary>
    /// Why a write failed. A peer that broke off may have spoken before, and a write often notices first: what came is read to its end, as far as
    /// somebody reads it, before anybody hears of the failure and gives the connection up. Null when a CLOSE was read, which says more.
    /// </summary>
    private async Task<Exception?> UnwritableAsync(Exception failure)
    {
        var cause = Wrapped(failure);
        Interlocked.CompareExchange(ref _cause, cause, null);
        try
        {
            await _read.Task.WaitAsync(LastWordsTimeout, _clock);
        }
        catch (TimeoutException)
        {
            // It does not know yet that it is over, or nobody reads it.
        }

        Cut(cause);
        return _readEnd == ReadEnd.Goodbye ? null : _cause;
    }

    private async ValueTask ThrowWhenReadAsync(Exception cause)
    {
        await _read.Task; // until it is freed at the latest
        if (_readEnd != ReadEnd.Goodbye)
            throw cause;
    }

    private static WebSocketException Wrapped(Exception failure) => failure as WebSocketException ?? new WebSocketException(WebSocketError.NativeError, failure);

    private void Cut(Exception cause)
    {
        Interlocked.CompareExchange(ref _cause, cause, null);
        Free(gently: false);
    }

    private void Free(bool gently)
    {
        if (Interlocked.Exchange(ref _freed, 1) == 1)
            return;
        try
        {
            _keepAlive?.Dispose();
            _heeding.Unregister();
            _writer.End(_cause);
            if (!gently)
                _cut?.Invoke();
            _stream.Dispose();
        }
        finally
        {
            _read.TrySetResult();
            _ended.TrySetResult();
        }
    }
}
