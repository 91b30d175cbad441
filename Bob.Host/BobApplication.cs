using Akka.Hosting;
using Bob.Actors.Hosting;
using Bob.Actors.Realtime;
using Bob.Actors.Recording;
using Bob.Host.Api;
using Bob.Host.Calls;
using Bob.Host.Configuration;
using Bob.Host.Connections;
using Bob.Host.Health;
using Bob.Host.Logging;
using Bob.Host.Records;
using Bob.Host.Rehearsal;
using Bob.Host.Twilio;

namespace Bob.Host;

/// <summary>Bob, composed: what the program runs and what specs start.</summary>
public static class BobApplication
{
    /// <param name="args">The program's arguments, for the web host.</param>
    /// <param name="adjust">Called last, so that specs can take a part's place.</param>
    /// <param name="overrides">Settings instead of those of the environment and <c>.env</c>.</param>
    /// <exception cref="InvalidConfigurationException">At least one setting cannot be used.</exception>
    public static WebApplication Build(
        string[] args, Action<WebApplicationBuilder>? adjust = null, IReadOnlyDictionary<string, string>? overrides = null)
    {
        var sources = overrides is null ? SettingsSources.OfProcess() : SettingsSources.Of(overrides);
        var options = BobOptionsReader.Read(sources);
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            // Settings are read once, so nothing watches files; PORT decides, not what container images preset for any web application.
            Args = ["--hostBuilder:reloadConfigOnChange=false", "--urls=", "--http_ports=", "--https_ports=", .. args],
            ContentRootPath = sources.ContentRoot,
        });
        builder.AddFrontEnd(options);
        var recordings = new Recordings(options.RecordingsFolder);
        if (options.RecordingDirectory is not null)
            builder.Services.AddSingleton<IRecordings>(recordings);
        builder.Services
            .AddBobLogging(options)
            .AddRecords(options)
            .AddApi()
            .AddModel(options)
            .AddSingleton(options.Calls)
            .AddSingleton(options.Clips)
            .AddSingleton(options.Costs)
            .AddCalls()
            .AddAkka("bob", akka => akka
                .WithBobLogging(options)
                .WithCalls()
                .WithMendedRecordings(recordings))
            .AddCallRecovery(options);
        adjust?.Invoke(builder);

        var app = builder.Build();
        app.UseFrontEnd();
        app.MapApi();
        app.MapTwilioPost(IncomingCallEndpoint.Path, (request, context) => Of<IncomingCallEndpoint>(context).AnswerAsync(request));
        app.MapTwilioPost("/call-next", (request, context) => Of<CallProgressEndpoints>(context).NextAsync(request));
        app.MapTwilioPost("/call-next/dialled", (request, context) => Of<VoicemailEndpoints>(context).DialledAsync(request));
        app.MapTwilioPost("/call-next/recorded", (request, context) => Of<VoicemailEndpoints>(context).RecordedAsync(request));
        app.MapTwilioPost("/recording-status", (request, context) => Of<VoicemailEndpoints>(context).RecordingStatusAsync(request));
        app.MapTwilioPost("/stream-status", (request, context) => Of<CallProgressEndpoints>(context).StreamStatusAsync(request));
        app.MapTwilioPost("/call-status", (request, context) => Of<CallProgressEndpoints>(context).CallStatusAsync(request));
        app.MapGet(PublicUrl.MediaStreamPath, (HttpContext context, MediaStreamEndpoint endpoint) => endpoint.ConnectAsync(context));
        app.MapGet("/health", (HealthEndpoints endpoints) => endpoints.Live());
        app.MapGet("/health/ready", (HealthEndpoints endpoints) => endpoints.ReadyAsync());
        return app;
    }

    private static T Of<T>(HttpContext context)
        where T : notnull => context.RequestServices.GetRequiredService<T>();

    private static IServiceCollection AddModel(this IServiceCollection services, BobOptions options)
    {
        if (options.Mode == ModelMode.Live)
            return services.AddSingleton(options.Realtime).AddSingleton(new FurtherModels(options.FurtherModels)).AddHostedService<FirstHandshakes>();

        // Hosted services start in the order of their registration: the model is there before the calls ask where.
        return services
            .AddSingleton<RehearsalModel>()
            .AddHostedService(provider => provider.GetRequiredService<RehearsalModel>())
            .AddSingleton(provider => provider.GetRequiredService<RehearsalModel>().Of(options.Realtime));
    }
}
