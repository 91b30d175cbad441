using Bob.Actors.Realtime;
using Bob.Simulator.Realtime;

namespace Bob.Host.Rehearsal;

/// <summary>
/// The model of rehearsal mode: the Realtime simulator, served by this process on a loopback port and reached over a real socket, so that a call
/// without an account takes the very same way as a real one.
/// </summary>
public sealed partial class RehearsalModel(ILogger<RehearsalModel> log) : IHostedService
{
    private RealtimeSimulator? _simulator;

    /// <summary>The session's options, with the simulator as the server.</summary>
    /// <exception cref="InvalidOperationException">Asked before the host started it.</exception>
    public RealtimeOptions Of(RealtimeOptions options) =>
        options with { Url = _simulator?.Url ?? throw new InvalidOperationException("The rehearsal model starts before the calls") };

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _simulator = await RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions { Script = RealtimeScript.Rehearsal, KeepHistory = false }, cancellationToken);
        Banner();
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_simulator is not null)
            await _simulator.DisposeAsync();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "*** REHEARSAL *** OPENAI_API_KEY is not set: a script in this process answers the calls, not a model. Callers are told so.")]
    private partial void Banner();
}
