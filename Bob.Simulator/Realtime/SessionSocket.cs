using System.Buffers;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Threading.Channels;

namespace Bob.Simulator.Realtime;

/// <summary>
/// The WebSocket of one session: one loop writes what was queued, in order, faults included. A queued action returns false when the line
/// is at its end and nothing may follow.
/// </summary>
internal sealed class SessionSocket(LineStream line, WebSocket web) : IDisposable
{
    private const int MaxMessageBytes = 32 * 1024 * 1024;

    private readonly Channel<Func<CancellationToken, Task<bool>>> _out = Channel.CreateUnbounded<Func<CancellationToken, Task<bool>>>(new() { SingleReader = true });
    private readonly ArrayBufferWriter<byte> _message = new();

    public LineStream Line => line;

    /// <summary>Code and reason of the client's CLOSE frame.</summary>
    public (int Code, string? Reason)? ClientClose => web.CloseStatus is { } code ? ((int)code, web.CloseStatusDescription) : null;

    public void Send(string text) => Send(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text);

    public void Send(byte[] message, WebSocketMessageType type) => Queue(async cancellation =>
    {
        await web.SendAsync(message, type, endOfMessage: true, cancellation);
        return true;
    });

    public void Wait(TimeSpan wait) => Queue(async cancellation =>
    {
        await Task.Delay(wait, cancellation);
        return true;
    });

    public void Then(Action action) => Queue(_ =>
    {
        action();
        return Task.FromResult(true);
    });

    public void Drop() => End(line.Reset);

    public void Fin() => End(line.Fin);

    public void Close(int code, string? reason) => Queue(async cancellation =>
    {
        if (web.State is WebSocketState.Open or WebSocketState.CloseReceived)
            await web.CloseOutputAsync((WebSocketCloseStatus)code, Fitting(reason), cancellation);
        return false;
    });

    /// <summary>A text frame that announces 1000 bytes and brings a few; then the end of the stream.</summary>
    public void SendTruncatedFrame() => Queue(async cancellation =>
    {
        await line.WriteAsync((byte[])[0x81, 126, 0x03, 0xE8, .. "{\"type\":\"response"u8], cancellation);
        line.Fin();
        return false;
    });

    /// <summary>Writes until the end of the line.</summary>
    public async Task WriteAsync(CancellationToken cancellation)
    {
        try
        {
            await foreach (var write in _out.Reader.ReadAllAsync(cancellation))
            {
                if (!await write(cancellation))
                    break;
            }
        }
        catch (Exception e) when (IsEndOfLine(e))
        {
            // the client is gone; the reading side reports it
        }
    }

    /// <summary>The next whole message, or null at the end of the line. The memory is good until the next call.</summary>
    public async Task<(WebSocketMessageType Type, ReadOnlyMemory<byte> Data)?> ReadAsync(CancellationToken cancellation)
    {
        _message.ResetWrittenCount();
        try
        {
            while (true)
            {
                var part = await web.ReceiveAsync(_message.GetMemory(4096), cancellation);
                if (part.MessageType == WebSocketMessageType.Close)
                    return null;
                _message.Advance(part.Count);
                if (_message.WrittenCount > MaxMessageBytes)
                {
                    Close((int)WebSocketCloseStatus.MessageTooBig, "message too big");
                    return null;
                }

                if (part.EndOfMessage)
                    return (part.MessageType, _message.WrittenMemory);
            }
        }
        catch (Exception e) when (IsEndOfLine(e))
        {
            return null;
        }
    }

    /// <summary>Reads on until the client ends the TCP stream.</summary>
    public async Task LingerAsync(CancellationToken cancellation)
    {
        var rest = new byte[4096];
        try
        {
            while (await line.ReadAsync(rest, cancellation) > 0)
            {
            }
        }
        catch (Exception e) when (IsEndOfLine(e))
        {
            // that is the end that was waited for
        }
    }

    /// <summary>No more is queued; <see cref="WriteAsync"/> ends when it has written the rest.</summary>
    public void Complete() => _out.Writer.TryComplete();

    public void Dispose()
    {
        web.Dispose();
        line.Dispose();
    }

    internal static bool IsEndOfLine(Exception e) =>
        e is WebSocketException or IOException or SocketException or ObjectDisposedException or OperationCanceledException
        || (e is InvalidOperationException && e.TargetSite?.DeclaringType?.Assembly == typeof(WebSocket).Assembly);

    private static string? Fitting(string? reason) => reason is { Length: > 120 } ? reason[..120] : reason;

    private void End(Action action) => Queue(_ =>
    {
        action();
        return Task.FromResult(false);
    });

    private void Queue(Func<CancellationToken, Task<bool>> write) => _out.Writer.TryWrite(write);
}
