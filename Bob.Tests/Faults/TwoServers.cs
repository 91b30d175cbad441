using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;
using static Bob.Tests.Faults.ModelFaults;

namespace Bob.Tests.Faults;

/// <summary>A house with two model servers, of which the first has the faults.</summary>
internal sealed class TwoServers(WholeHouse house, RealtimeSimulator second) : IAsyncDisposable
{
    public const string Offer = "How can I help you?";

    public WholeHouse House => house;

    public RealtimeSimulator First => house.Model;

    public RealtimeSimulator Second => second;

    public static Task<TwoServers> StartAsync(params Fault[] faults) => StartAsync(faults, settings: []);

    public static Task<TwoServers> StartAsync(Fault[] faults, params (string Key, string Value)[] settings) => StartAsync(Script(faults), settings);

    public static async Task<TwoServers> StartAsync(RealtimeScript script, params (string Key, string Value)[] settings)
    {
        var second = await RealtimeSimulator.StartAsync(
            new RealtimeSimulatorOptions { Script = GoesOn(Script()), ApiKey = ApiKey, CloseFrames = false }, TestContext.Current.CancellationToken);
        (string, string)[] further = [("MODEL_2_URL", second.Url.AbsoluteUri), ("MODEL_2_KEY", ApiKey)];
        return new TwoServers(await WholeHouse.StartAsync(script, settings: [.. further, .. settings]), second);
    }

    /// <summary>The model is told what the caller has heard, and does not greet again.</summary>
    public static RealtimeScript GoesOn(RealtimeScript script) =>
        script with { Rules = [new ScriptRule { When = new Occasion { Instructions = ["do not greet again"] }, Say = [Offer] }, .. script.Rules] };

    public Task<CallReport> CallAsync(params string[] lines) => house.Twilio.PlaceCall(Conversation(lines)).Completion;

    public async ValueTask DisposeAsync()
    {
        await house.DisposeAsync();
        await second.DisposeAsync();
    }

    /// <summary>By the model; or by Bob's own clip while a server stalls, after which the model goes on from there.</summary>
    public static void ShouldHaveBeenGreetedAndAnswered(CallReport report, bool stalled)
    {
        var clips = report.HeardClip(ClipName.Greeting);
        clips.Should().BeInRange(stalled ? 1 : 0, 1);
        report.ShouldHaveHeardLines(clips == 1 ? Offer : Greeting, Hours);
    }
}
