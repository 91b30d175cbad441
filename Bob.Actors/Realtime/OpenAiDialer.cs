using System.Net;
using System.Net.WebSockets;
using System.Text;
using Bob.Actors.Sockets;

namespace Bob.Actors.Realtime;

/// <summary>Dials OpenAI's Realtime API, Azure's form of it, or a compatible server.</summary>
public sealed class OpenAiDialer : IModelDialer
{
    /// <summary>Cap of one message: the largest are audio deltas of some 18 KB.</summary>
    public const int MaxMessageBytes = 1024 * 1024;

    private const int MaxBodyBytes = 4096;

    /// <summary>Nobody waits for the first handshake, and on a starved machine it takes longer than a caller would wait.</summary>
    private static readonly TimeSpan PreparationLimit = TimeSpan.FromSeconds(30);

    private readonly RealtimeOptions _options;
    private readonly TimeProvider _clock;
    private readonly Uri _address;
    private readonly SocketTerms _terms;

    public OpenAiDialer(RealtimeOptions options, TimeProvider clock)
    {
        (_options, _clock, _address) = (options, clock, Address(options));
        _terms = new SocketTerms(SocketRole.Client, MaxMessageBytes, options.KeepAliveInterval, options.KeepAliveTimeout);
    }

    public async Task<DialResult> DialAsync(CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(_options.ConnectTimeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        Stream? wire = null;
        HandshakeStream? line = null;
        HttpResponseMessage? response = null;
        try
        {
            using var http = Http(_options.ConnectTimeout, connected => wire = connected, connection => line = new HandshakeStream(connection));
            var key = WebSocketHandshake.NewKey();
            using var request = Upgrade(key);
            response = await http.SendAsync(request, either.Token);
            if (response.StatusCode != HttpStatusCode.SwitchingProtocols)
                return await RefusedAsync(response, _clock.GetUtcNow(), either.Token);
            Verify(response, key);
            var upgraded = response;
            var (connection, come) = line!.Over();
            if (wire is EpollStream frames)
                frames.CompletesInline = true;
            var socket = new FramedMessageSocket(connection, _terms, _clock, upgraded.Dispose, come);
            response = null; // the socket's from here on
            return new DialResult(socket, null);
        }
        catch (Exception failure) when (failure is WebSocketException or OperationCanceledException or HttpRequestException or IOException)
        {
            // After the deadline, what was thrown tells of the connection that was cut off then.
            return new DialResult(null, deadline.IsCancellationRequested ? new ModelFailure(FailureKind.Transient, "timeout") : ModelRefusal.FromException(failure));
        }
        finally
        {
            response?.Dispose();
        }
    }

    /// <summary>
    /// Comes as far as TLS, and leaves without a word. .NET reads the machine's trusted roots at the first handshake of a process, which took 0.2 s on an
    /// idle machine and 1 s on a busy one: the first caller is not to wait for it.
    /// </summary>
    public async Task<ModelFailure?> PrepareAsync(CancellationToken cancellation)
    {
        if (_address.Scheme != Uri.UriSchemeWss)
            return null;
        var trusted = false;
        using var deadline = new CancellationTokenSource(PreparationLimit, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            using var http = Http(PreparationLimit, _ => { }, connection =>
            {
                trusted = true;
                connection.Dispose();
                throw new IOException("Nobody wanted to say more than hello.");
            });
            using var request = new HttpRequestMessage(HttpMethod.Get, _address);
            using var response = await http.SendAsync(request, either.Token);
            return null;
        }
        catch (Exception failure) when (failure is OperationCanceledException or HttpRequestException or IOException)
        {
            return trusted || cancellation.IsCancellationRequested ? null // it came far enough, or nobody wants to know
                : deadline.IsCancellationRequested ? new ModelFailure(FailureKind.Transient, "timeout")
                : ModelRefusal.FromException(failure);
        }
    }

    /// <summary>
    /// A client for one dial, because only so is it known which connection is whose. TLS sessions are resumed all the same: .NET keeps them for the
    /// process. It follows no redirect: the key goes to no other host.
    /// </summary>
    /// <param name="connected">Told of the connection itself.</param>
    /// <param name="clear">Told of it in the clear: over TLS, if there is any. Gives the one to use.</param>
    private HttpMessageInvoker Http(TimeSpan limit, Action<Stream> connected, Func<Stream, Stream> clear) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = limit,
        ConnectCallback = async (context, cancellation) =>
        {
            var wire = await SocketLoop.ConnectAsync(context.DnsEndPoint, cancellation);
            connected(wire);
            return wire;
        },
        PlaintextStreamFilter = (context, _) => ValueTask.FromResult(clear(context.PlaintextStream)),
    });

    private HttpRequestMessage Upgrade(string key)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, _address)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.ParseAdd("websocket");
        request.Headers.Add("Sec-WebSocket-Version", WebSocketHandshake.Version);
        request.Headers.Add("Sec-WebSocket-Key", key);
        if (_options.Url.Host.EndsWith(".azure.com", StringComparison.OrdinalIgnoreCase))
            request.Headers.TryAddWithoutValidation("api-key", _options.ApiKey);
        else
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {_options.ApiKey}");
        return request;
    }

    /// <summary>Nothing was asked for but a WebSocket, so nothing else may be granted.</summary>
    private static void Verify(HttpResponseMessage response, string key)
    {
        if (!response.Headers.TryGetValues("Sec-WebSocket-Accept", out var accept))
            throw new WebSocketException(WebSocketError.Faulted, "The server did not answer the handshake's key.");
        if (!accept.SequenceEqual([WebSocketHandshake.Accept(key)])
            || !response.Headers.Upgrade.Any(product => product.Name.Equals("websocket", StringComparison.OrdinalIgnoreCase))
            || !response.Headers.Connection.Contains("upgrade", StringComparer.OrdinalIgnoreCase)
            || response.Headers.Contains("Sec-WebSocket-Extensions")
            || response.Headers.Contains("Sec-WebSocket-Protocol"))
            throw new WebSocketException(WebSocketError.HeaderError, "The server's handshake does not fit.");
    }

    private static async Task<DialResult> RefusedAsync(HttpResponseMessage response, DateTimeOffset now, CancellationToken cancellation)
    {
        var (status, later) = ((int)response.StatusCode, response.Headers.RetryAfter);
        var body = await BodyAsync(response, cancellation);
        return new DialResult(
            null,
            ModelRefusal.FromHttp(status, later?.Delta ?? (later?.Date > now ? later.Date - now : null), body),
            $"HTTP {status}: {ModelRefusal.Masked(body)}");
    }

    /// <summary>The begin of the body, or what came of it before the connection broke: the status tells enough.</summary>
    private static async Task<string> BodyAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var buffer = new byte[MaxBodyBytes];
        var (length, more) = (0, true);
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellation);
            while (more && length < buffer.Length)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(length), cancellation);
                (length, more) = (length + read, read > 0);
            }
        }
        catch (IOException)
        {
            // Half a body has to do.
        }

        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    private static Uri Address(RealtimeOptions options)
    {
        var query = options.Url.Query.TrimStart('?');
        var model = $"model={Uri.EscapeDataString(options.Model)}";
        return new UriBuilder(options.Url) { Query = query.Length == 0 ? model : $"{query}&{model}" }.Uri;
    }
}
