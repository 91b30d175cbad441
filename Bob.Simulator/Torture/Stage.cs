using System.Diagnostics;
using Bob.Simulator.Faults;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;

namespace Bob.Simulator.Torture;

/// <summary>Something that was done to Bob at a moment: recoveries count from there.</summary>
/// <param name="At">By <see cref="Stopwatch"/>.</param>
internal sealed record Blow(string What, long At);

/// <summary>A call of a scenario.</summary>
/// <param name="placed">When, by <see cref="Stopwatch"/>.</param>
internal sealed class PlacedCall(string name, SimulatedCall call, long placed)
{
    public string Name => name;

    public SimulatedCall Call => call;

    /// <summary>How far into its audio was listened for what was to be heard, in bytes.</summary>
    public int HeardTo { get; set; }

    /// <summary>The time of the call at that moment.</summary>
    public TimeSpan At(long moment) => Stopwatch.GetElapsedTime(placed, moment);
}

/// <summary>All that one scenario plays on: Bob in his lane, the far ends, the calls, and what was done so far.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly List<Blow> _blows = [];

    private Stage(ScenarioCase played, BobLane lane, RealtimeSimulator model, RealtimeSimulator second, TwilioSimulator twilio, double slack)
    {
        (Case, Lane, Model, Second, Twilio, Slack) = (played, lane, model, second, twilio, slack);
        LogFrom = lane.Log.Count;
        Dialled = Stopwatch.GetTimestamp();
    }

    public ScenarioCase Case { get; }

    public Scenario Scenario => Case.Scenario;

    public BobLane Lane { get; }

    public RealtimeSimulator Model { get; }

    /// <summary>A second model that works, at <c>$second</c>.</summary>
    public RealtimeSimulator Second { get; }

    public TwilioSimulator Twilio { get; }

    /// <summary>Factor on all that is waited for, for a busy machine.</summary>
    public double Slack { get; }

    public long Dialled { get; }

    /// <summary>The scenario's lines in Bob's log begin here.</summary>
    public int LogFrom { get; }

    public List<PlacedCall> Calls { get; } = [];

    /// <summary>Whom the steps of the caller are about.</summary>
    public PlacedCall Caller => _caller ?? throw new StepFailedException("There is no call yet");

    public required Ear Ear { get; init; }

    /// <summary>Where Bob asks Twilio for calls that he lost.</summary>
    public required TwilioRestApi Rest { get; init; }

    public RawTwilio Raw => field ??= new RawTwilio(this);

    public int MemoryBefore { get; private init; }

    public IReadOnlyList<string> LogLines => [.. Lane.Log.Lines.Skip(LogFrom)];

    public IReadOnlyList<Blow> Blows
    {
        get
        {
            lock (_gate)
                return [.. _blows];
        }
    }

    /// <summary>What is to be undone when the scenario is over, whatever happens in it.</summary>
    public List<IDisposable> Undo { get; } = [];

    private PlacedCall? _caller;

    public static async Task<Stage> SetAsync(ScenarioCase played, BobLane lane, IReadOnlyList<(string, byte[])> clips, int seed, double slack)
    {
        var (setup, network) = (played.Scenario.Model, played.Scenario.Network);
        var script = setup.Script ?? SmallTalk.Script;
        var elsewhere = $"http://127.0.0.1:{lane.Second.Port}/v1/realtime?model=gpt-realtime-2.1";
        script = script with
        {
            Rules = [.. setup.Rules, .. script.Rules],
            Faults = [.. script.Faults.Concat(setup.Faults).Select(fault => fault.Location is null ? fault : fault with { Location = elsewhere })],
        };
        var options = new RealtimeSimulatorOptions
        {
            Script = script,
            ApiKey = BobLane.ApiKey,
            CloseFrames = false,
            Speed = setup.Speed,
            Seed = seed,
            SessionLimit = TimeSpan.FromSeconds(setup.SessionSeconds),
        };
        var model = await RealtimeSimulator.StartAsync(options);
        var second = await RealtimeSimulator.StartAsync(options with { Script = SmallTalk.Script, ApiKey = null });
        lane.Model.Forget();
        lane.Second.Forget();
        lane.FrontDoor.Forget();
        (lane.Model.TargetPort, lane.Second.TargetPort) = (model.Url.Port, second.Url.Port);
        lane.Model.Schedule(setup.Proxy);
        lane.FrontDoor.Schedule(network.Proxy);
        lane.FrontDoor.Holds = network.Holds;
        var twilio = new TwilioSimulator(new TwilioSimulatorOptions
        {
            WebhookUrl = new Uri($"{lane.PublicUrl}/incoming-call"),
            AuthToken = BobLane.AuthToken,
            AccountSid = BobLane.AccountSid,
            VerbTimeScale = network.VerbTimeScale,
            WebhookDelivery = network.WebhookDelivery,
            CallbacksTwice = network.CallbacksTwice,
            CallbacksOutOfOrder = network.CallbacksOutOfOrder,
            ActionAfterHangUp = network.ActionAfterHangUp,
            NoStatusCallback = network.NoStatusCallback,
            StreamSignature = network.StreamSignature,
            StreamOpenDelay = network.StreamOpenDelay,
            FallbackTwiml = network.Fallback,
            WebhookTimeout = network.WebhookTimeout,
        });
        var rest = await TwilioRestApi.StartAsync(twilio);
        lane.Rest.TargetPort = rest.Url.Port;
        var replies = script.Rules.Cast<Reply>().Append(script.Greeting).Append(script.Otherwise);
        return new Stage(played, lane, model, second, twilio, slack)
        {
            Ear = new Ear([.. replies.SelectMany(reply => reply.Say), .. SmallTalk.Lines.Values], clips),
            MemoryBefore = lane.Bob?.MemoryMb ?? 0,
            Rest = rest,
        };
    }

    public PlacedCall PlaceCall(string name, string from, MediaFaults faults)
    {
        var network = Scenario.Network;
        var plan = new CallPlan
        {
            From = from,
            ExtraForm = network.Form,
            Faults = faults,
            Dials = network.Dials,
            Records = network.Records,
            MaxDuration = TimeSpan.FromMinutes(3),
        };
        var placed = Stopwatch.GetTimestamp();
        _caller = new PlacedCall(name, Twilio.PlaceCall(plan), placed);
        Calls.Add(_caller);
        return _caller;
    }

    /// <summary>From now on the steps of the caller are about that call.</summary>
    public void TurnTo(string name) =>
        _caller = Calls.Find(call => call.Name == name) ?? throw new StepFailedException($"There is no call named {name}");

    public void Strike(string what)
    {
        lock (_gate)
            _blows.Add(new Blow(what, Stopwatch.GetTimestamp()));
    }

    /// <summary>Waits until it is so.</summary>
    /// <exception cref="StepFailedException">It was not in time; <paramref name="instead"/> says what was.</exception>
    public async Task UntilAsync(Func<bool> holds, string what, TimeSpan within, Func<string>? instead = null)
    {
        for (var since = Stopwatch.StartNew(); !holds(); await Task.Delay(20))
        {
            if (since.Elapsed > within * Slack)
                throw new StepFailedException($"{what}: not within {(within * Slack).TotalSeconds:0.#} s{(instead is null ? "" : $"; {instead()}")}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var undo in Undo)
            undo.Dispose();
        await Raw.DisposeAsync();
        await Rest.DisposeAsync();
        await Twilio.DisposeAsync();
        Lane.Model.TargetPort = Lane.Second.TargetPort = Lane.Rest.TargetPort = 0;
        await Model.DisposeAsync();
        await Second.DisposeAsync();
    }
}
