using Akka.Actor;
using Akka.Event;
using Akka.Hosting;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Costs;
using Bob.Actors.Realtime;
using Bob.Actors.Recording;
using Bob.Actors.Records;
using Bob.Actors.Sockets;
using Bob.Actors.Tools;
using Bob.Actors.Twilio;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bob.Actors.Hosting;

/// <summary>Key of the CallsActor in the actor registry: <c>IRequiredActor&lt;CallsKey&gt;</c>.</summary>
public sealed class CallsKey;

/// <summary>How a host takes Bob's actors in; production and specs use the same lines.</summary>
public static class BobAkkaHostingExtensions
{
    /// <summary>
    /// No timer of a call is finer than a quarter of a second, and every tick changes threads four times, which costs as much as a dozen frames: Akka's
    /// default of 10 ms would do so 100 times a second. Rarer ones would be missing at the end of a recording whose process is killed.
    /// </summary>
    private const string Timing = "akka.scheduler.tick-duration = 50ms";

    /// <summary>By default Akka shuts itself down at SIGTERM, whatever the host makes of it: the calls that are to be drained would be cut.</summary>
    private const string Signals = "akka.coordinated-shutdown.run-by-clr-shutdown-hook = off";

    /// <summary>
    /// What <see cref="WithCalls"/> needs besides options and a clock: the servers that can be the model, and the tools every call has. The host brings
    /// an <see cref="IJournal"/>, <see cref="CostOptions"/>, and <see cref="FurtherModels"/> if there are any.
    /// </summary>
    public static IServiceCollection AddCalls(this IServiceCollection services) => services
        .AddSingleton(provider => new WakingTime(provider.GetRequiredService<TimeProvider>()))
        .AddSingleton(provider => ModelProviders.Of(
            [provider.GetRequiredService<RealtimeOptions>(), .. provider.GetService<FurtherModels>()?.All ?? []],
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<WakingTime>(),
            provider.GetRequiredService<ILogger<ModelProvider>>()))
        .AddSingleton(provider => Spending(provider.GetRequiredService<CostOptions>(), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<ToolFactory>(CallTools.EndCall)
        .AddSingleton(provider => new CallServices(
            provider.GetRequiredService<CallOptions>(),
            provider.GetRequiredService<RealtimeOptions>(),
            [.. provider.GetServices<ToolFactory>()],
            provider.GetRequiredService<TimeProvider>(),
            CallerLeg,
            ModelLeg,
            provider.GetRequiredService<ModelProviders>())
        {
            Waking = provider.GetRequiredService<WakingTime>(),
            Recorder = provider.GetService<IRecordings>() is { } recordings ? Recorder(recordings, provider.GetRequiredService<TimeProvider>()) : null,
            Clips = provider.GetService<Clips>() ?? Clips.None,
            Journal = provider.GetRequiredService<IJournal>(),
            LostCalls = provider.GetService<ILostCalls>(),
            Costs = provider.GetRequiredService<CostOptions>(),
            Day = provider.GetRequiredService<DaySpending>(),
        });

    /// <summary>Starts the CallsActor with the <see cref="CallServices"/> of the service provider, and the dispatcher its legs run on.</summary>
    public static AkkaConfigurationBuilder WithCalls(this AkkaConfigurationBuilder builder) => builder
        .AddHocon(LegDispatcher.Hocon, HoconAddMode.Append)
        .AddHocon(RecorderDispatcher.Hocon, HoconAddMode.Append)
        .AddHocon(RecorderMailbox.Hocon, HoconAddMode.Append)
        .AddHocon(Timing, HoconAddMode.Append)
        .AddHocon(Signals, HoconAddMode.Append)
        .WithActors((system, registry, resolver) =>
        {
            var services = resolver.GetService<CallServices>();
            registry.Register<CallsKey>(system.ActorOf(Props.Create(() => new CallsActor(services)), "calls"));
        });

    /// <summary>Makes the recordings playable that a process left behind when it died, and publishes them as those that finish are.</summary>
    /// <param name="recordings">Also where calls are not recorded any more.</param>
    public static AkkaConfigurationBuilder WithMendedRecordings(this AkkaConfigurationBuilder builder, Recordings recordings) => builder.AddStartup((system, _) =>
    {
        var log = Logging.GetLogger(system, nameof(Recordings));
        foreach (var mended in recordings.Mend((file, failure) => log.Warning("The recording {File} cannot be mended: {Detail}", file, failure.Message)))
        {
            log.WithContext("CallSid", mended.CallSid.Value).Warning("Recording mended: {Seconds:0.0} s, up to the death of its process", mended.Duration.TotalSeconds);
            system.EventStream.Publish(new RecorderProtocol.RecordingFinished(mended.CallSid, mended.File, mended.Duration, "process died"));
        }
    });

    private static DaySpending Spending(CostOptions costs, TimeProvider clock) => new(costs.PerDay, clock, costs.FirstResponse);

    private static Func<CallSid, CallJournal, Props> Recorder(IRecordings recordings, TimeProvider clock) => (callSid, journal) =>
    {
        var setup = new RecorderSetup(callSid, recordings, journal, clock);
        return MadeActor.Props(() => new RecorderActor(setup)).WithDispatcher(RecorderDispatcher.Path).WithMailbox(RecorderMailbox.Path);
    };

    private static Props CallerLeg(CallerLegSetup setup) =>
        MadeActor.Props(() => new TwilioMediaActor(setup)).WithDispatcher(LegDispatcher.Path);

    private static Props ModelLeg(ModelLegSetup setup) =>
        MadeActor.Props(() => new OpenAiRealtimeActor(setup)).WithDispatcher(LegDispatcher.Path);
}
