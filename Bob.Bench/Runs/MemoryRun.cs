using Bob.Bench.Callers;
using Bob.Bench.Figures;
using Bob.Bench.Line;
using Bob.Bench.Model;
using Bob.Bench.Servers;

namespace Bob.Bench.Runs;

/// <summary>What a server holds with so many calls up, after they have talked for a while.</summary>
/// <param name="ResidentBytes">RSS as it is, before anything was collected for the sake of the figure.</param>
/// <param name="HeapBytes">What lives of the managed heap.</param>
internal sealed record MemoryLevel(int Calls, long ResidentBytes, long HeapBytes);

/// <summary>
/// What a call costs in memory: the server is looked at with some calls and with more, and the difference is theirs. What grows in a process besides, its
/// compiled code and the young generation, has grown by then.
/// </summary>
internal static class MemoryRun
{
    private const double PerSecond = 50;

    /// <param name="talk">How long all calls are up before the server is looked at.</param>
    /// <param name="later">How long after the last look it is looked at once more, with the calls that there are; zero: not at all.</param>
    public static IReadOnlyList<MemoryLevel> Of(ServerKind kind, int few, int many, TimeSpan talk, TimeSpan later, Shape shape, string cores, string? program)
    {
        using var exchange = new Exchange(sleeps: !Cores.KeepOff(cores));
        var journeys = new CallJourneys();
        using var model = new RealtimeModel(exchange, new ModelPlan(shape, TimeSpan.Zero, TimeSpan.Zero), journeys);
        using var server = ServerProcess.StartAsync(new ServerPlan(kind, cores, program, many), model.Port).GetAwaiter().GetResult();
        var ramp = new CallerRamp(exchange, server, journeys, PerSecond);
        var levels = new List<MemoryLevel>();
        foreach (var (more, time) in new (int More, TimeSpan Time)[] { (few, talk), (many - few, talk), (0, later) }.Where(look => look.Time > TimeSpan.Zero))
        {
            ramp.Add(more);
            exchange.RunFor(time);
            var resident = ProcessUse.Of(server.Id).Resident;
            levels.Add(new MemoryLevel(ramp.Up.Count, resident, LiveBytes(exchange, server)));
        }

        return levels;
    }

    /// <summary>The calls go on meanwhile.</summary>
    private static long LiveBytes(Exchange exchange, ServerProcess server)
    {
        var measuring = Task.Run(() => ManagedHeap.LiveBytes(server.Id));
        exchange.RunUntil(() => measuring.IsCompleted, TimeSpan.FromSeconds(30));
        return measuring.GetAwaiter().GetResult();
    }
}
