using System.Text.Json.Nodes;

namespace Bob.Simulator.Realtime;

/// <summary>What the simulated model has of its session: a way to send, a clock, and the script's faults. All of the model runs under
/// <see cref="Gate"/>, so its events leave in the order in which they happen.</summary>
internal interface IModelLine
{
    Lock Gate { get; }

    RealtimeSimulatorOptions Options { get; }

    /// <summary>The number of the connection.</summary>
    int Number { get; }

    SessionIds Ids { get; }

    FaultSchedule Faults { get; }

    void Emit(string type, JsonObject fields, EventPlace place = default);

    void Strike(Fault fault, EventPlace place = default);

    /// <summary>Runs <paramref name="action"/> under the gate, later.</summary>
    void Later(TimeSpan wait, Action action);

    /// <summary>Runs work outside the gate until the session ends.</summary>
    void Run(Func<CancellationToken, Task> work);

    /// <summary>Closes the socket after what was emitted so far.</summary>
    void Close(int code, string reason);
}
