using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Bob.Simulator.Twilio;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bob.Tests.Simulator;

/// <summary>The smallest server that can take a simulated call: TwiML by path, one media handler. Everything received is kept.</summary>
internal sealed class TwilioSimulatorLine : IAsyncDisposable
{
    public const string Token = "0123456789abcdef0123456789abcdef";

    private readonly WebApplication _app;

    private TwilioSimulatorLine(WebApplication app) => _app = app;

    public string Base { get; private set; } = "";

    public string Media => Base.Replace("http:", "ws:") + "/media";

    /// <summary>Answers by path: TwiML; paths not in here answer 204.</summary>
    public ConcurrentDictionary<string, Func<IFormCollection, string>> Twiml { get; } = new();

    /// <summary>Answers a path by hand.</summary>
    public Func<HttpContext, Task<bool>> Handle { get; set; } = _ => Task.FromResult(false);

    public Func<WebSocket, Task> Stream { get; set; } = ReadToEndAsync;

    public ConcurrentQueue<(string Path, IFormCollection Form, IHeaderDictionary Headers)> Posts { get; } = new();

    public ConcurrentQueue<IHeaderDictionary> Handshakes { get; } = new();

    public TwilioSimulatorOptions Options => new() { WebhookUrl = new Uri(Base + "/voice"), AuthToken = Token, VerbTimeScale = 0.01 };

    public static async Task<TwilioSimulatorLine> StartAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.UseWebSockets();
        var line = new TwilioSimulatorLine(app);
        app.Run(line.AnswerAsync);
        await app.StartAsync();
        line.Base = app.Urls.Single();
        return line;
    }

    /// <summary>Answers the voice webhook with a stream to this server.</summary>
    public void Connect(string attributes = "", string parameters = "") =>
        Twiml["/voice"] = _ => $"<Response><Connect{attributes}><Stream url=\"{Media}\">{parameters}</Stream></Connect></Response>";

    public IEnumerable<string> Paths => Posts.Select(p => p.Path);

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    public static async Task ReadToEndAsync(WebSocket socket)
    {
        while (await ReadAsync(socket) is not null)
        {
        }

        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }

    /// <summary>The next message, or null at the close frame.</summary>
    public static async Task<JsonElement?> ReadAsync(WebSocket socket)
    {
        var buffer = new byte[64 * 1024];
        var length = 0;
        while (true)
        {
            var result = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
            if (result.MessageType == WebSocketMessageType.Close)
                return null;
            length += result.Count;
            if (result.EndOfMessage)
                return JsonDocument.Parse(buffer.AsMemory(0, length)).RootElement.Clone();
        }
    }

    /// <summary>Reads on until a message of this event comes.</summary>
    public static async Task<JsonElement> ReadAsync(WebSocket socket, string name)
    {
        while (await ReadAsync(socket) is { } message)
        {
            if (message.GetProperty("event").GetString() == name)
                return message;
        }

        throw new InvalidOperationException($"The stream was closed before {name}.");
    }

    public static Task SendAsync(WebSocket socket, string json) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(json), WebSocketMessageType.Text, true, CancellationToken.None);

    public static Task SendMediaAsync(WebSocket socket, string sid, byte[] audio) =>
        SendAsync(socket, $$$"""{"event":"media","streamSid":"{{{sid}}}","media":{"payload":"{{{Convert.ToBase64String(audio)}}}"}}""");

    public static Task SendMarkAsync(WebSocket socket, string sid, string name) =>
        SendAsync(socket, $$$"""{"event":"mark","streamSid":"{{{sid}}}","mark":{"name":"{{{name}}}"}}""");

    private async Task AnswerAsync(HttpContext context)
    {
        if (await Handle(context))
            return;
        if (context.WebSockets.IsWebSocketRequest)
        {
            Handshakes.Enqueue(new HeaderDictionary(context.Request.Headers.ToDictionary()));
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            try
            {
                await Stream(socket);
            }
            catch (WebSocketException)
            {
                socket.Abort();
            }

            return;
        }

        var form = context.Request.HasFormContentType ? await context.Request.ReadFormAsync() : FormCollection.Empty;
        var path = context.Request.Path.Value!;
        Posts.Enqueue((path, form, new HeaderDictionary(context.Request.Headers.ToDictionary())));
        if (!Twiml.TryGetValue(path, out var twiml))
        {
            context.Response.StatusCode = 204;
            return;
        }

        var body = Encoding.UTF8.GetBytes(twiml(form));
        context.Response.ContentType = "text/xml";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body);
    }
}
