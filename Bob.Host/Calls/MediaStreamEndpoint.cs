using Bob.Actors.Sockets;
using Bob.Actors.Twilio;
using Bob.Host.Connections;
using Bob.Host.Twilio;
using Microsoft.AspNetCore.Http.Features;

namespace Bob.Host.Calls;

/// <summary><c>GET /media-stream</c>: Twilio opens the socket of a call. Everything after the handshake is the reader's business.</summary>
public sealed partial class MediaStreamEndpoint(
    TwilioGate gate, Switchboard switchboard, WaitingStreams waiting, WakingTime waking, IHostApplicationLifetime host, ILoggerFactory logs)
{
    private static readonly SocketTerms Terms = new(
        SocketRole.Server, MediaStreamReader.MaxMessageBytes, KeepAliveInterval: TimeSpan.FromSeconds(10), KeepAliveTimeout: TimeSpan.FromSeconds(10));

    private readonly ILogger _log = logs.CreateLogger<MediaStreamEndpoint>();

    public async Task ConnectAsync(HttpContext context)
    {
        if (RefusesHandshake(context) is { } refusal)
        {
            context.Response.StatusCode = refusal;
            return;
        }

        if (!gate.AdmitsHandshake(context))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        using var place = waiting.TryEnter();
        if (place is null)
            TooManyWaiting(_log);
        if (place is null || await switchboard.CallsAsync() is not { } calls)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        await using var upgraded = await UpgradeAsync(context);
        var (connection, come) = LineConnection.TakeOver(context) ?? (upgraded, default);
        var socket = new FramedMessageSocket(connection, Terms, waking, context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>().Abort, come);
        var reader = new MediaStreamReader(socket, calls, waking.Clock, waking, logs.CreateLogger<MediaStreamReader>());
        Task reading;
        using (ExecutionContext.SuppressFlow())
            reading = Task.Run(() => reader.RunAsync(host.ApplicationStopping)); // what a request carries along would be carried along for every frame
        await reading;
        await Task.Yield(); // what follows is HTTP's, and not for the thread of all frames
    }

    /// <summary>The status for what is no handshake of a WebSocket (RFC 6455, 4.2.1); null for one that is.</summary>
    private static int? RefusesHandshake(HttpContext context)
    {
        var (asked, answer) = (context.Request.Headers, context.Response.Headers);
        if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
            && asked.Upgrade.Count == 1 && "websocket".Equals(asked.Upgrade, StringComparison.OrdinalIgnoreCase))
        {
            if (asked.SecWebSocketVersion != WebSocketHandshake.Version)
            {
                answer.SecWebSocketVersion = WebSocketHandshake.Version;
                return asked.SecWebSocketVersion.Count == 0 ? StatusCodes.Status400BadRequest : StatusCodes.Status426UpgradeRequired;
            }

            if (asked.SecWebSocketKey.Count == 1 && WebSocketHandshake.IsKey(asked.SecWebSocketKey))
                return null;
        }

        answer.Upgrade = "websocket";
        return asked.Upgrade.Count > 0 ? StatusCodes.Status400BadRequest : StatusCodes.Status426UpgradeRequired;
    }

    /// <summary>No extension and no subprotocol is ever granted.</summary>
    private static Task<Stream> UpgradeAsync(HttpContext context)
    {
        context.Response.Headers.Upgrade = "websocket";
        context.Response.Headers.SecWebSocketAccept = WebSocketHandshake.Accept(context.Request.Headers.SecWebSocketKey.ToString());
        return context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Media stream refused: too many sockets have not said start yet")]
    private static partial void TooManyWaiting(ILogger log);
}
