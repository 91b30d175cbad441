using System.Net;
using Bob.Host.Calls;
using Bob.Host.Configuration;
using Bob.Host.Connections;
using Bob.Host.Health;
using Bob.Host.Twilio;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Bob.Host;

/// <summary>The web server: its limits, its parts and the order of what a request passes.</summary>
public static partial class FrontEnd
{
    /// <summary>How long the host may take to stop once all calls are over, or had to be.</summary>
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(10);

    public static void AddFrontEnd(this WebApplicationBuilder builder, BobOptions options)
    {
        // Frames are handled on the socket thread from end to end: a thread hop costs more than everything else done to a frame.
        builder.Services.AddSingleton<IConnectionListenerFactory, LineTransport>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.MaxRequestBodySize = TwilioForm.MaxBodyBytes;
            if (OpenFiles.Limit is { } files)
                kestrel.Limits.MaxConcurrentConnections = OpenFiles.Requests(files, options.Calls.MaxCalls);
            kestrel.ListenAnyIP(options.Port, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services
            .AddSingleton(options)
            .AddSingleton(TimeProvider.System)
            .AddSingleton<PublicUrl>()
            .AddSingleton<TwilioGate>()
            .AddSingleton<Switchboard>()
            .AddSingleton(options.Admission)
            .AddSingleton<NodeLoad>()
            .AddHostedService(provider => provider.GetRequiredService<NodeLoad>())
            .AddSingleton<CallRates>()
            .AddSingleton<Reception>()
            .AddSingleton<Drain>()
            .AddSingleton<IHostLifetime, DrainLifetime>()
            .Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownLimit)
            .AddSingleton<WaitingStreams>()
            .AddSingleton<IncomingCallEndpoint>()
            .AddSingleton<CallProgressEndpoints>()
            .AddSingleton<CallsTakenOver>()
            .AddSingleton<CallFallback>()
            .AddSingleton<VoicemailEndpoints>()
            .AddSingleton<MediaStreamEndpoint>()
            .AddSingleton<Uptime>()
            .AddSingleton<HealthEndpoints>();
    }

    public static void UseFrontEnd(this WebApplication app)
    {
        app.Services.GetRequiredService<Uptime>(); // counts from here, not from when somebody first asks
        // Off the socket thread before anything else: a request that blocks there would stop the audio of every call. A media stream's frames come back
        // to it by themselves, because its reads complete there.
        app.Use(async (context, next) =>
        {
            await Task.Yield();
            await next(context);
        });
        app.UseExceptionHandler(failed => failed.Run(ApologizeAsync));
        app.UseRouting();
        app.Lifetime.ApplicationStarted.Register(() => Announce(app));
    }

    /// <summary>Where the server listens, once it is started.</summary>
    public static Uri BoundAddress(this WebApplication app) =>
        new UriBuilder("http", IPAddress.Loopback.ToString(), PublicUrl.PortOf(app.Services.GetRequiredService<IServer>())).Uri;

    /// <summary>The exception is logged by then; a caller must not hear an error page read aloud.</summary>
    private static Task ApologizeAsync(HttpContext context)
    {
        var fallback = context.RequestServices.GetRequiredService<CallFallback>();
        var twiml = context.Request.Path.Value switch
        {
            IncomingCallEndpoint.Path or "/call-next" => fallback.TakeOver(null, apologise: true),
            "/call-next/dialled" or "/call-next/recorded" => Twiml.HangUp(CallFallback.Farewell),
            _ => null,
        };
        if (twiml is null)
            return Task.CompletedTask;
        context.Response.StatusCode = StatusCodes.Status200OK;
        return twiml.ExecuteAsync(context);
    }

    private static void Announce(WebApplication app)
    {
        var options = app.Services.GetRequiredService<BobOptions>();
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Bob.Host");
        foreach (var warning in options.Warnings)
            Configured(log, warning);
        if (!options.Twilio.Signs)
            Unsigned(log);
        Listening(log, app.BoundAddress().Port, app.Services.GetRequiredService<PublicUrl>().At(IncomingCallEndpoint.Path));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Warning}")]
    private static partial void Configured(ILogger log, string warning);

    [LoggerMessage(Level = LogLevel.Warning, Message = "TWILIO_AUTH_TOKEN is not set: requests cannot be checked, so only those from this machine are served")]
    private static partial void Unsigned(ILogger log);

    [LoggerMessage(Level = LogLevel.Information, Message = "Listening on port {Port}; Twilio's voice webhook is POST {Webhook}")]
    private static partial void Listening(ILogger log, int port, string webhook);
}
