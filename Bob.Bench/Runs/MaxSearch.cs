using Bob.Bench.Figures;
using Bob.Bench.Servers;

namespace Bob.Bench.Runs;

/// <summary>Finds how many calls a server holds: no frame lost, no call failed, and 99 of 100 frames at most 20 ms late in each direction.</summary>
internal sealed class MaxSearch(LoadPlan plan, ServerKind kind, TextWriter output)
{
    /// <summary>Latest a frame may be, ms: the next one comes then.</summary>
    public const double LatestMs = 20;

    private const double Closeness = 1.05;
    private const int Most = 2_000;
    private RunFigures? _best;

    /// <summary>The run with the most calls that were held; null when not even the first ones were.</summary>
    public RunFigures? Run()
    {
        var (held, refused) = (0, plan.Calls);
        while (refused <= Most && Holds(refused))
            (held, refused) = (refused, refused * 2);
        while (held > 0 && refused > held * Closeness)
        {
            var middle = (held + refused) / 2;
            if (Holds(middle))
                held = middle;
            else
                refused = middle;
        }

        return _best;
    }

    private bool Holds(int calls)
    {
        RunFigures run;
        try
        {
            run = LoadRun.Of(plan with { Calls = calls, Counters = false }, kind);
        }
        catch (InvalidOperationException overrun)
        {
            output.WriteLine($"  {kind}: {calls} calls: {overrun.Message.Split('\n')[0]}");
            return false;
        }

        var holds = run.Whole && run.ToModel.AddedMs.P99 <= LatestMs && run.ToCaller.AddedMs.P99 <= LatestMs;
        output.WriteLine(
            $"  {kind}: {calls} calls {(holds ? "held" : "not held")}: p99 {run.ToModel.AddedMs.P99:0.0} and {run.ToCaller.AddedMs.P99:0.0} ms, lost "
            + $"{run.ToModel.Lost + run.ToCaller.Lost}, load {run.ServerLoad:0 %}, others {run.OthersLoad:0 %}, callers late by {run.CallerLateness.P99:0.0} ms");
        if (holds)
            _best = run;
        return holds;
    }
}
