using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using Akka.Actor;
using Akka.Hosting;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Hosting;
using Bob.Host;
using Bob.Host.Configuration;
using Bob.Host.Logging;
using Bob.Host.Twilio;
using Bob.Tests.Records;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Xunit;

namespace Bob.Tests.Host;

/// <summary>The whole host on a free port, with real Kestrel and real sockets; the CallsActor is a script.</summary>
public sealed class RunningBob : IAsyncDisposable
{
    public const string AuthToken = "0123456789abcdef0123456789abcdef";
    public const string PublicUrl = "https://bob.example.com";
    public const string CallSid = "CA00000000000000000000000000000001";

    private readonly WebApplication _app;
    private readonly LogLines _lines;
    private readonly SemaphoreSlim _news;

    private RunningBob(WebApplication app, ConcurrentQueue<object> asked, RecordsFolder records, LogLines lines, SemaphoreSlim news)
    {
        (_app, Asked, Records, _lines, _news) = (app, asked, records, lines, news);
        Http = new HttpClient { BaseAddress = app.BoundAddress() };
    }

    /// <summary>What the front end said to the calls.</summary>
    public ConcurrentQueue<object> Asked { get; }

    public HttpClient Http { get; }

    /// <summary>Where Bob keeps his books.</summary>
    public RecordsFolder Records { get; }

    public IReadOnlyList<string> Lines => _lines.Written;

    public IReadOnlyList<LogEvent> LogEvents => [.. _lines.Events];

    public IServiceProvider Services => _app.Services;

    public ActorSystem System => Services.GetRequiredService<ActorSystem>();

    /// <param name="answer">What the calls answer; null is no answer.</param>
    /// <param name="remote">Where requests seem to come from.</param>
    public static Task<RunningBob> StartAsync(Func<object, object?> answer, IPAddress? remote = null, params (string Key, string Value)[] settings) =>
        StartAsync(RecordsFolder.Make(), answer, remote, settings);

    /// <summary>The same with books that are there already; they go with it.</summary>
    public static async Task<RunningBob> StartAsync(
        RecordsFolder records, Func<object, object?> answer, IPAddress? remote = null, params (string Key, string Value)[] settings)
    {
        var values = new Dictionary<string, string>
        {
            ["PORT"] = "0",
            ["SERVER_URL"] = PublicUrl,
            ["TWILIO_AUTH_TOKEN"] = AuthToken,
            ["OPENAI_API_KEY"] = "test-key",
            ["OPENAI_REALTIME_URL"] = "ws://localhost:1/v1/realtime", // nobody is there
            ["MAX_LAG_MS"] = "0", // specs share a machine that may be late
        };
        foreach (var (key, value) in records.Settings.Concat(settings))
            values[key] = value;

        var asked = new ConcurrentQueue<object>();
        var news = new SemaphoreSlim(0);
        var lines = new LogLines(news);
        var app = BobApplication.Build([], builder =>
        {
            builder.Services.AddSerilog((_, log) => log.WithBobLevels(BobOptionsReader.Read(SettingsSources.Of(values))).WriteTo.Sink(lines), preserveStaticLogger: true);
            builder.Services.AddHostedService(provider => new ScriptedCalls(provider, asked, news, answer));
            if (remote is not null)
                builder.Services.AddSingleton<IStartupFilter>(new RemoteAddress(remote));
        }, values);
        await app.StartAsync();
        return new RunningBob(app, asked, records, lines, news);
    }

    /// <summary>Posts a form as Twilio does, signed unless told otherwise.</summary>
    public Task<HttpResponseMessage> PostAsync(string path, IEnumerable<(string Name, string Value)> fields, string? signature = null, string token = AuthToken)
    {
        var form = fields.Select(field => KeyValuePair.Create(field.Name, field.Value)).ToArray();
        var request = new HttpRequestMessage(HttpMethod.Post, Exactly(path)) { Content = new FormUrlEncodedContent(form) };
        request.Headers.Add(TwilioSignature.Header, signature ?? TwilioSignature.Compute(token, PublicUrl + path, form));
        return SendAsync(request);
    }

    public Task<HttpResponseMessage> GetAsync(string path) => SendAsync(new HttpRequestMessage(HttpMethod.Get, path));

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => Http.SendAsync(request, TestContext.Current.CancellationToken);

    public static Task<string> TextAsync(HttpResponseMessage response) => response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    /// <summary>The address as written: a client would decode <c>%41</c> otherwise, which Twilio does not.</summary>
    private Uri Exactly(string path) =>
        new($"http://127.0.0.1:{Http.BaseAddress!.Port}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    /// <summary>The fields of a call's webhook, with those given added.</summary>
    public static IEnumerable<(string, string)> Call(params (string, string)[] more) =>
        [("AccountSid", "AC00000000000000000000000000000001"), ("CallSid", CallSid), ("FromCity", ""), .. more];

    /// <summary>Opens the media stream; the status tells how the handshake ended.</summary>
    public async Task<HttpStatusCode> HandshakeAsync(string? signedUrl)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        if (signedUrl is not null)
            socket.Options.SetRequestHeader("x-twilio-signature", TwilioSignature.Compute(AuthToken, signedUrl, []));
        try
        {
            await socket.ConnectAsync(new UriBuilder(Http.BaseAddress!) { Scheme = "ws", Path = "/media-stream" }.Uri, CancellationToken.None);
        }
        catch (WebSocketException)
        {
            // The status says what happened.
        }

        return socket.HttpStatusCode;
    }

    /// <summary>Waits until a line or a message makes it true, for at most 5 s.</summary>
    public async Task AwaitAsync(Func<bool> happened)
    {
        while (!happened())
            (await _news.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken)).Should().BeTrue("it should have happened by now");
    }

    /// <summary>Ends it as a host ends, and leaves its books.</summary>
    public async Task StopAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        Records.Dispose();
    }

    private sealed class ScriptedCalls(IServiceProvider provider, ConcurrentQueue<object> asked, SemaphoreSlim news, Func<object, object?> answer) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            var actor = provider.GetRequiredService<ActorSystem>().ActorOf(Props.Create(() => new Script(asked, news, answer)));
            provider.GetRequiredService<ActorRegistry>().Register<CallsKey>(actor, overwrite: true);
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class Script : UntypedActor
    {
        private readonly ConcurrentQueue<object> _asked;
        private readonly SemaphoreSlim _news;
        private readonly Func<object, object?> _answer;

        public Script(ConcurrentQueue<object> asked, SemaphoreSlim news, Func<object, object?> answer) => (_asked, _news, _answer) = (asked, news, answer);

        protected override void OnReceive(object message)
        {
            if (message is CallProtocol.FindAdmission)
            {
                Sender.Tell(_answer(message) ?? new CallProtocol.CallRefused("no such call")); // asked before anything else, of every call
                return;
            }

            _asked.Enqueue(message);
            _news.Release();
            if (_answer(message) is { } answer)
                Sender.Tell(answer);
        }
    }

    private sealed class RemoteAddress(IPAddress remote) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((HttpContext context, RequestDelegate handle) =>
            {
                context.Connection.RemoteIpAddress = remote;
                return handle(context);
            });
            next(app);
        };
    }
}
