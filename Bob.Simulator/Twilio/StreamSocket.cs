using System.Buffers;
using System.Net.WebSockets;
using System.Threading.Channels;

namespace Bob.Simulator.Twilio;

/// <summary>One message on its way to the server.</summary>
/// <param name="At">When it was to be sent, in bytes of the call's audio.</param>
internal readonly record struct StreamMessage(byte[] Data, WebSocketMessageType Type, long At);

/// <summary>
/// The two loops on the socket of a stream, one that sends and one that reads, and its last words. Whichever first notices an end sets
/// <paramref name="end"/>.
/// </summary>
internal sealed class StreamSocket(WebSocket socket, int maxMessageBytes, TaskCompletionSource<StreamEnd> end)
{
    private static readonly TimeSpan GoodbyeTime = TimeSpan.FromSeconds(1);

    public async Task SendAllAsync(ChannelReader<StreamMessage> outgoing)
    {
        try
        {
            await foreach (var message in outgoing.ReadAllAsync())
                await socket.SendAsync(message.Data, message.Type, endOfMessage: true, CancellationToken.None);
        }
        catch (Exception e) when (e is WebSocketException or IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            end.TrySetResult(new StreamEnd(31903, $"the connection broke while sending: {e.Message}"));
        }
    }

    /// <param name="handle">Takes each whole message; its memory is used again afterwards.</param>
    public async Task ReceiveAllAsync(Action<ReadOnlyMemory<byte>, WebSocketMessageType> handle)
    {
        var buffer = new byte[16 * 1024];
        var message = new ArrayBufferWriter<byte>(16 * 1024);
        try
        {
            while (true)
            {
                var result = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                if (result.MessageType == WebSocketMessageType.Close)
                {
                    var level = socket.CloseStatus == WebSocketCloseStatus.NormalClosure ? WarningLevel.Notice : WarningLevel.Error;
                    end.TrySetResult(new StreamEnd(31921, $"the server closed the stream ({(int?)socket.CloseStatus} {socket.CloseStatusDescription})", level));
                    return;
                }

                message.Write(buffer.AsSpan(0, result.Count));
                if (message.WrittenCount > maxMessageBytes)
                {
                    end.TrySetResult(new StreamEnd(31924, $"a message of more than {maxMessageBytes} bytes"));
                    return;
                }

                if (!result.EndOfMessage)
                    continue;
                handle(message.WrittenMemory, result.MessageType);
                message.ResetWrittenCount();
            }
        }
        catch (WebSocketException e)
        {
            var broken = e.WebSocketErrorCode == WebSocketError.ConnectionClosedPrematurely || e.InnerException is IOException;
            end.TrySetResult(broken
                ? new StreamEnd(31903, "the server's connection broke off without a close")
                : new StreamEnd(31924, $"WebSocket protocol error: {e.Message}"));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            end.TrySetResult(new StreamEnd(31903, $"the connection broke: {e.Message}"));
        }
    }

    /// <summary>Sends what is left and CLOSE, and waits a second at most for the server's.</summary>
    public async Task CloseAsync(Task sending, Task reading)
    {
        using var cap = new CancellationTokenSource(GoodbyeTime);
        try
        {
            await sending.WaitAsync(cap.Token);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cap.Token);
            await reading.WaitAsync(cap.Token);
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // The other side is already gone or does not answer: there is nobody left to say goodbye to.
        }
    }
}
