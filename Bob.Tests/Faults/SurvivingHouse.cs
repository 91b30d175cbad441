using Bob.Actors.Realtime;
using Bob.Simulator.Faults;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Bob.Tests.Records;
using Xunit;

namespace Bob.Tests.Faults;

/// <summary>
/// Bob in a process of his own, which can be killed and started again at the same place, between a Twilio with its REST API and a fallback, and a model, which both
/// live on.
/// </summary>
internal sealed class SurvivingHouse : IAsyncDisposable
{
    /// <summary>What the model says when it is told that the line was cut off.</summary>
    public const string CutOff = "sorry we were cut off";

    private const string Account = "AC00000000000000000000000000000001";

    private readonly int _port = FreePort.Next();
    private BobProcess? _bob;

    private SurvivingHouse(RealtimeSimulator model) => Model = model;

    public RecordsFolder Records { get; } = RecordsFolder.Make();

    public RealtimeSimulator Model { get; }

    public TwilioSimulator Twilio { get; private set; } = null!;

    public TwilioRestApi Rest { get; private set; } = null!;

    public BobProcess Bob => _bob!;

    public Uri Address => new($"http://localhost:{_port}");

    public string Recordings => Path.Combine(Records.Path, "recordings");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <param name="credentials">Whether Bob may use the REST API.</param>
    /// <param name="fallback">The number has a fallback, which says one moment, waits so many seconds, and asks again; null: it has none.</param>
    public static async Task<SurvivingHouse> StartAsync(
        RealtimeScript script, bool credentials, int? fallback, Func<RestRequest, RestFault?>? fault = null, params (string Key, string Value)[] settings)
    {
        var house = new SurvivingHouse(await RealtimeSimulator.StartAsync(
            new RealtimeSimulatorOptions { Script = script, ApiKey = WholeHouse.ApiKey, CloseFrames = false }, Cancellation));
        house.Twilio = new TwilioSimulator(new TwilioSimulatorOptions
        {
            WebhookUrl = new Uri(house.Address, "incoming-call"),
            AccountSid = Account,
            AuthToken = WholeHouse.AuthToken,
            VerbTimeScale = 0.3,
            FallbackTwiml = fallback is { } seconds
                ? $"<Response><Say>One moment please.</Say><Pause length=\"{seconds}\"/><Redirect method=\"POST\">{house.Address}call-next</Redirect></Response>"
                : null,
        });
        house.Rest = await TwilioRestApi.StartAsync(house.Twilio, fault: fault);
        house._settings =
        [
            .. house.Records.Settings, ("SERVER_URL", house.Address.OriginalString), ("TWILIO_AUTH_TOKEN", WholeHouse.AuthToken),
            ("TWILIO_API_URL", house.Rest.Url.OriginalString), ("OPENAI_API_KEY", WholeHouse.ApiKey), ("OPENAI_REALTIME_URL", house.Model.Url.AbsoluteUri),
            ("RECORDING", "true"), ("RECORDING_DIRECTORY", house.Recordings),
            .. credentials ? [("TWILIO_ACCOUNT_SID", Account)] : Array.Empty<(string, string)>(),
            .. settings,
        ];
        await house.StartBobAsync();
        return house;
    }

    private (string, string)[] _settings = [];

    public async Task StartBobAsync() => _bob = await BobProcess.StartAsync(_settings, at: _port);

    /// <summary>kill -9.</summary>
    public Task KillAsync() => Bob.KillAsync();

    public async ValueTask DisposeAsync()
    {
        await Twilio.DisposeAsync();
        if (_bob is not null)
            await _bob.DisposeAsync();
        await Rest.DisposeAsync();
        await Model.DisposeAsync();
        Records.Dispose();
    }
}
