using Akka.Actor;
using Akka.Hosting;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Hosting;
using Bob.Host;
using Bob.Host.Configuration;
using Bob.Host.Logging;
using Bob.Simulator.Faults;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Simulator.Voice;
using Bob.Tests.Host;
using Bob.Tests.Records;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Serilog;
using Serilog.Events;
using Xunit;

namespace Bob.Tests.Calls;

/// <summary>
/// Everything over real sockets: the simulated phone network, Bob on a port of its own, and the simulated model. What the callers hear is measured
/// at the far end of the line.
/// </summary>
public sealed class WholeHouse : IAsyncDisposable
{
    public const string AuthToken = "0123456789abcdef0123456789abcdef";
    public const string ApiKey = "sk-specs-0123456789abcdef0123456789abcdef";
    private readonly WebApplication _app;
    private readonly LogLines _log;
    private readonly SemaphoreSlim _news;
    private readonly List<CallsActor.CallEnded> _ends = [];

    private WholeHouse(
        WebApplication app, RealtimeSimulator model, TwilioSimulator twilio, Uri address, RecordsFolder records, LogLines log, SemaphoreSlim news)
    {
        (_app, Model, Twilio, Address, Records, _log, _news) = (app, model, twilio, address, records, log, news);
        System.EventStream.Subscribe(System.ActorOf(Props.Create(() => new Listener(_ends, news))), typeof(CallsActor.CallEnded));
    }

    public RealtimeSimulator Model { get; }

    public TwilioSimulator Twilio { get; }

    /// <summary>Where Bob listens.</summary>
    public Uri Address { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>Where Bob keeps his books.</summary>
    public RecordsFolder Records { get; }
    public ActorSystem System => _app.Services.GetRequiredService<ActorSystem>();

    public IReadOnlyList<string> Lines => _log.Written;

    /// <summary>The same lines with all that they carry.</summary>
    public IReadOnlyList<LogEvent> LogEvents => [.. _log.Events];

    /// <summary>The end records so far.</summary>
    public IReadOnlyList<CallsActor.CallEnded> Ends
    {
        get
        {
            lock (_ends)
                return [.. _ends];
        }
    }

    public static async Task<WholeHouse> StartAsync(
        RealtimeScript? script = null,
        Func<RealtimeSimulatorOptions, RealtimeSimulatorOptions>? model = null,
        Func<TwilioSimulatorOptions, TwilioSimulatorOptions>? twilio = null,
        Action<WebApplicationBuilder>? adjust = null,
        params (string Key, string Value)[] settings)
    {
        var modelOptions = new RealtimeSimulatorOptions { Script = script ?? RealtimeScript.Rehearsal, ApiKey = ApiKey, CloseFrames = false };
        var simulator = await RealtimeSimulator.StartAsync(model?.Invoke(modelOptions) ?? modelOptions, TestContext.Current.CancellationToken);
        var port = FreePort.Next();
        var address = new Uri($"http://localhost:{port}");
        var values = new Dictionary<string, string>
        {
            ["PORT"] = $"{port}",
            ["SERVER_URL"] = $"http://localhost:{port}",
            ["TWILIO_AUTH_TOKEN"] = AuthToken,
            ["OPENAI_API_KEY"] = ApiKey,
            ["OPENAI_REALTIME_URL"] = simulator.Url.AbsoluteUri,
            // Specs share a machine that may be late, and their callers a number.
            ["MAX_LAG_MS"] = "0",
            ["MAX_CALLS_PER_CALLER"] = "0",
            ["FILLER_AFTER_MS"] = "0", // most specs count what is heard; those of clips set it
        };
        var records = RecordsFolder.Make();
        foreach (var (key, value) in records.Settings.Concat(settings))
            values[key] = value;

        var news = new SemaphoreSlim(0);
        var log = new LogLines(news);
        var app = BobApplication.Build(
            [],
            builder =>
            {
                builder.Services.AddSerilog(
                    (_, logger) => logger.WithBobLevels(BobOptionsReader.Read(SettingsSources.Of(values))).WriteTo.Sink(log), preserveStaticLogger: true);
                adjust?.Invoke(builder);
            },
            values);
        await app.StartAsync(TestContext.Current.CancellationToken);
        var options = new TwilioSimulatorOptions { WebhookUrl = new Uri(address, "incoming-call"), AuthToken = AuthToken, VerbTimeScale = 0.05 };
        return new WholeHouse(app, simulator, new TwilioSimulator(twilio?.Invoke(options) ?? options), address, records, log, news);
    }

    /// <summary>A caller who says <paramref name="lines"/>, each when Bob has come to an end, and hangs up after the last answer.</summary>
    public static CallPlan Conversation(params string[] lines) => new()
    {
        Steps =
        [
            new CallerStep.WaitForBob(),
            .. lines.SelectMany(line => new CallerStep[] { new CallerStep.Speak(Voice(line)), new CallerStep.WaitForBob() }),
            new CallerStep.HangUp(),
        ],
    };

    /// <summary>A line as μ-law at 8 kHz.</summary>
    public static byte[] Voice(string line) => ScriptedVoice.Say(line).Audio.ToArray();

    /// <summary>Waits until something logged, or an end record, makes it true; at most 20 s.</summary>
    public async Task UntilAsync(Func<bool> happened, string what)
    {
        while (!happened())
        {
            (await _news.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken))
                .Should().BeTrue($"{what} should have happened by now; the log is\n{string.Join('\n', Lines)}");
        }
    }

    /// <summary>The one end record of a call.</summary>
    public async Task<CallEnd> EndOfAsync(string callSid)
    {
        await UntilAsync(() => Ends.Any(end => end.CallSid.Value == callSid), $"the end of {callSid}");
        return Ends.Should().ContainSingle(end => end.CallSid.Value == callSid).Which.End;
    }

    /// <summary>
    /// Waits until no call has left anything: no actor, no socket to the model. A second is what it may take, or two for words that are still to come; a
    /// loaded machine gets fifteen.
    /// </summary>
    /// <param name="frozen">Sessions, the first ones, that read nothing any more, so that they cannot know that Bob is gone.</param>
    public async Task EmptyAsync(int frozen = 0)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        var calls = _app.Services.GetRequiredService<ActorRegistry>().Get<CallsKey>();
        foreach (var session in Model.Sessions.Skip(frozen))
            await session.Ended.WaitAsync(deadline.Token);
        while (true)
        {
            var actors = ((ActorRefWithCell)calls).Children.Count();
            var occupancy = await calls.Ask<CallProtocol.Occupancy>(CallProtocol.GetOccupancy.Instance, deadline.Token);
            if (actors == 0 && occupancy.Calls == 0)
                return;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Twilio.DisposeAsync();
        await _app.StopAsync();
        await _app.DisposeAsync();
        await Model.DisposeAsync();
        Records.Dispose();
    }

    private sealed class Listener : UntypedActor
    {
        private readonly List<CallsActor.CallEnded> _ends;
        private readonly SemaphoreSlim _news;

        public Listener(List<CallsActor.CallEnded> ends, SemaphoreSlim news) => (_ends, _news) = (ends, news);

        protected override void OnReceive(object message)
        {
            lock (_ends)
                _ends.Add((CallsActor.CallEnded)message);
            _news.Release();
        }
    }
}
