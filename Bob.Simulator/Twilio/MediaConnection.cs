using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;

namespace Bob.Simulator.Twilio;

/// <summary>A stream's handshake failed, with Twilio's error number.</summary>
internal sealed class StreamRefusedException(int code, string message, Exception? inner = null) : Exception(message, inner)
{
    public int Code { get; } = code;
}

/// <summary>The TCP (and TLS) connection of one media stream after its handshake request was answered; can be dropped and frozen.</summary>
internal sealed class MediaConnection : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly string _key;

    private MediaConnection(Socket socket, Stream stream, string key, int status, IReadOnlyDictionary<string, string> headers)
    {
        _socket = socket;
        _key = key;
        Line = new FreezableStream(stream);
        Status = status;
        Headers = headers;
    }

    /// <summary>The bytes after the handshake.</summary>
    public FreezableStream Line { get; }

    /// <summary>Status of the answer; 101 if the server agreed.</summary>
    public int Status { get; }

    /// <summary>Headers of the answer, names in lower case.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>Sends the handshake to <paramref name="reach"/> in the name of <paramref name="url"/>, with the headers Twilio sends, and reads the answer.</summary>
    public static async Task<MediaConnection> OpenAsync(
        Uri url, Uri reach, IEnumerable<KeyValuePair<string, string>> moreHeaders, CancellationToken stop)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(reach.IdnHost, reach.Port, stop);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (reach.Scheme == "wss")
            {
                var tls = new SslStream(stream);
                await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = url.IdnHost }, stop);
                stream = tls;
            }

            var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
            var request = new StringBuilder()
                .Append($"GET {url.PathAndQuery} HTTP/1.1\r\n")
                .Append($"Host: {url.Authority}\r\n")
                .Append("User-Agent: Twilio.TmeWs/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n")
                .Append($"Sec-WebSocket-Key: {key}\r\n");
            foreach (var (name, value) in moreHeaders)
                request.Append($"{name}: {value}\r\n");
            await stream.WriteAsync(Encoding.UTF8.GetBytes(request.Append("\r\n").ToString()), stop);
            var (status, headers) = await ReadAnswerAsync(stream, stop);
            return new MediaConnection(socket, stream, key, status, headers);
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException or OperationCanceledException)
        {
            socket.Dispose();
            throw e switch
            {
                OperationCanceledException => new StreamRefusedException(31901, "no answer to the handshake in time", e),
                AuthenticationException => new StreamRefusedException(31910, $"TLS: {e.Message}", e),
                SocketException { SocketErrorCode: SocketError.ConnectionRefused } => new StreamRefusedException(31902, "connection refused", e),
                SocketException => new StreamRefusedException(31904, e.Message, e),
                _ => new StreamRefusedException(31903, $"connection lost in the handshake: {e.Message}", e),
            };
        }
    }

    /// <summary>Null if the answer is a proper 101 without anything that was not asked for; else what is wrong.</summary>
    public string? Problem()
    {
        if (Status != 101)
            return $"HTTP status {Status} instead of 101";
        var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(_key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
        if (Headers.GetValueOrDefault("sec-websocket-accept") != accept)
            return "wrong Sec-WebSocket-Accept";
        foreach (var header in (string[])["sec-websocket-extensions", "sec-websocket-protocol"])
        {
            if (Headers.ContainsKey(header))
                return $"the answer has {header}, which was not offered";
        }

        return null;
    }

    /// <summary>Cuts the line without a word: by FIN, or by a reset.</summary>
    public void Drop(bool reset)
    {
        if (reset)
            _socket.LingerState = new LingerOption(true, 0);
        else if (_socket.Connected)
            _socket.Shutdown(SocketShutdown.Both);
        _socket.Close();
    }

    public async ValueTask DisposeAsync()
    {
        await Line.DisposeAsync();
        _socket.Dispose();
    }

    private static async Task<(int Status, IReadOnlyDictionary<string, string> Headers)> ReadAnswerAsync(Stream stream, CancellationToken stop)
    {
        var head = new List<byte>(512);
        var one = new byte[1];
        while (head.Count < 4 || !(head[^1] == '\n' && head[^2] == '\r' && head[^3] == '\n' && head[^4] == '\r'))
        {
            if (await stream.ReadAsync(one, stop) == 0)
                throw new StreamRefusedException(31903, "connection closed in the handshake");
            head.Add(one[0]);
            if (head.Count > 32 * 1024)
                throw new StreamRefusedException(31920, "endless answer to the handshake");
        }

        var lines = Encoding.Latin1.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var parts = lines[0].Split(' ');
        if (parts.Length < 2 || !parts[0].StartsWith("HTTP/1.", StringComparison.Ordinal) || !int.TryParse(parts[1], out var status))
            throw new StreamRefusedException(31920, $"not HTTP: {lines[0]}");
        var headers = lines[1..]
            .Select(line => line.Split(':', 2))
            .Where(pair => pair.Length == 2)
            .GroupBy(pair => pair[0].Trim().ToLowerInvariant())
            .ToDictionary(group => group.Key, group => string.Join(", ", group.Select(pair => pair[1].Trim())));
        return (status, headers);
    }
}

/// <summary>A stream that can fall silent in both directions without closing, like a peer behind a dead network.</summary>
internal sealed class FreezableStream(Stream inner) : Stream
{
    private readonly CancellationTokenSource _disposed = new();
    private volatile bool _frozen;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public void Freeze() => _frozen = true;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        if (_frozen)
            await ForeverAsync(cancellationToken);
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_frozen)
            await ForeverAsync(cancellationToken);
        await inner.WriteAsync(buffer, cancellationToken);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => _frozen ? Task.CompletedTask : inner.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _disposed.Cancel();
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task ForeverAsync(CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, _disposed.Token);
        try
        {
            await Task.Delay(Timeout.Infinite, either.Token);
        }
        catch (OperationCanceledException) when (_disposed.IsCancellationRequested)
        {
            throw new IOException("The frozen line was closed.");
        }
    }
}
