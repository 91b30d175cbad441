using System.Globalization;
using Bob.Bench.Servers;

namespace Bob.Bench.Figures;

/// <summary>The runs of Bob, of the floor and of the Node.js bridge, as far as there are any, side by side. Of several runs the median is shown, of quiet ones alone if there are any.</summary>
internal sealed class Comparison(IReadOnlyList<RunFigures> runs)
{
    private readonly RunFigures[] _bob = Of(runs, ServerKind.Bob);
    private readonly RunFigures[] _floor = Of(runs, ServerKind.Floor);
    private readonly RunFigures[] _node = Of(runs, ServerKind.Node);

    public void Print(TextWriter output)
    {
        Row(output, "", "Bob", "floor", _node.Length > 0 ? "Node.js" : "", "Bob / floor", "target");
        Row(output, "CPU of the server, ms per call-second", run => run.CpuMsPerCallSecond, "0.00", "<= 1.35 x floor");
        if (runs.Count > 2)
            Row(output, "  lowest and highest", Range(_bob), Range(_floor), Range(_node));
        Row(output, "calls one core would carry at that", run => run.CallsPerCore, "0");
        Row(output, "server's load of its cores, %", run => run.ServerLoad * 100, "0", ratio: false);
        Row(output, "others' load of these cores, % (noise)", run => run.OthersLoad * 100, "0", ratio: false);
        Row(output, "added caller -> model, ms: p50", run => run.ToModel.AddedMs.P50, "0.000", "<= 0.3 at half load");
        Row(output, "  p90", run => run.ToModel.AddedMs.P90, "0.000");
        Row(output, "  p99", run => run.ToModel.AddedMs.P99, "0.000", "<= 3 at half load");
        Row(output, "  p99.9", run => run.ToModel.AddedMs.P999, "0.000");
        Row(output, "  max", run => run.ToModel.AddedMs.Max, "0.000");
        Row(output, "added model -> caller, ms: p50", run => run.ToCaller.AddedMs.P50, "0.000", "<= 0.3 at half load");
        Row(output, "  p90", run => run.ToCaller.AddedMs.P90, "0.000");
        Row(output, "  p99", run => run.ToCaller.AddedMs.P99, "0.000", "<= 3 at half load");
        Row(output, "  p99.9", run => run.ToCaller.AddedMs.P999, "0.000");
        Row(output, "  max", run => run.ToCaller.AddedMs.Max, "0.000");
        Row(output, "callers late (the bench itself), ms: p99", run => run.CallerLateness.P99, "0.000", ratio: false);
        Row(output, "lost, caller -> model", run => run.ToModel.Lost, target: "0");
        Row(output, "lost, model -> caller", run => run.ToCaller.Lost, target: "0");
        Row(output, "twice or out of order", run => run.ToModel.OutOfOrder + run.ToCaller.OutOfOrder, target: "0");
        Row(output, "sent, both directions", run => run.ToModel.Sent + run.ToCaller.Sent);
        Row(output, "calls that failed", run => run.FailedCalls, target: "0");
        Row(output, "model dialled again", run => run.Redials, target: "0");
        Row(output, "RSS idle, MB", run => run.Memory.IdleMb, "0.0", ratio: false);
        Row(output, "RSS loaded, MB", run => run.Memory.LoadedMb, "0.0", ratio: false);
        Row(output, "RSS peak, MB", run => run.Memory.PeakMb, "0.0", ratio: false);
        Row(output, "RSS per call, KB", run => run.Memory.PerCallKb, "0", "<= 120", ratio: false);
        Row(output, "context switches per frame", run => run.SwitchesPerFrame, "0.00", ratio: false);
        Row(output, "allocated, bytes per call-second", run => run.Runtime?.AllocatedBytesPerCallSecond ?? double.NaN, "0", ratio: false);
        Row(output, "allocated, bytes per frame pair", run => run.Runtime?.AllocatedBytesPerFramePair ?? double.NaN, "0", "<= 1000", ratio: false);
        Row(output, "collections per second", run => run.Runtime?.CollectionsPerSecond ?? double.NaN, "0.00", ratio: false);
        Row(output, "paused for them, ms per second", run => run.Runtime?.PauseMsPerSecond ?? double.NaN, "0.00", ratio: false);
        Row(output, "managed heap after the last one, MB", run => run.Runtime?.HeapMb ?? double.NaN, "0.0", ratio: false);
        Row(output, "committed for it, MB", run => run.Runtime?.CommittedMb ?? double.NaN, "0.0", ratio: false);
        Row(output, "thread-pool work items per frame", run => run.Runtime?.WorkItemsPerFrame ?? double.NaN, "0.000", "0", ratio: false);
        if (!_bob.Concat(_floor).Concat(_node).All(run => run.Quiet))
            output.WriteLine("NOISY: others were at work on these cores. Costs and times are not to be trusted, counts are.");
        foreach (var run in runs.Where(run => !run.Whole))
            Explain(output, run);
    }

    private static void Explain(TextWriter output, RunFigures run)
    {
        output.WriteLine($"{run.Server} was not whole:");
        foreach (var (direction, figures) in new[] { ("caller -> model", run.ToModel), ("model -> caller", run.ToCaller) })
        {
            foreach (var gap in figures.Gaps)
                output.WriteLine($"  {direction}: call {gap.Call} lacks {gap.Pieces} from {gap.From} on");
            if (figures.Unstamped > 0)
                output.WriteLine($"  {direction}: {figures.Unstamped} that nobody sent");
        }

        output.WriteLine(run.LastWords);
    }

    private static RunFigures[] Of(IReadOnlyList<RunFigures> runs, ServerKind kind)
    {
        var all = runs.Where(run => run.Server == kind).ToArray();
        return all.Any(run => run.Quiet) ? [.. all.Where(run => run.Quiet)] : all;
    }

    private void Row(TextWriter output, string name, Func<RunFigures, double> figure, string format, string target = "", bool ratio = true)
    {
        var (bob, floor) = (Median(_bob, figure), Median(_floor, figure));
        Row(output, name, Text(bob, format), Text(floor, format), Text(Median(_node, figure), format), ratio ? Text(bob / floor, "0.00") : "", target);
    }

    private void Row(TextWriter output, string name, Func<RunFigures, long> count, string target = "") =>
        Row(output, name, Sum(_bob, count), Sum(_floor, count), Sum(_node, count), target: target);

    private void Row(TextWriter output, string name, string bob, string floor, string node, string ratio = "", string target = "") =>
        output.WriteLine($"{name,-42}{bob,14}{floor,14}{(_node.Length > 0 ? $"{node,14}" : "")}{ratio,14}   {target}".TrimEnd());

    private static string Range(RunFigures[] runs) => runs.Length == 0 ? "" :
        $"{Text(runs.Min(run => run.CpuMsPerCallSecond), "0.00")}-{Text(runs.Max(run => run.CpuMsPerCallSecond), "0.00")}";

    private static string Sum(RunFigures[] runs, Func<RunFigures, long> figure) => runs.Length == 0 ? "" : $"{runs.Sum(figure)}";

    private static string Text(double figure, string format) => double.IsFinite(figure) ? figure.ToString(format, CultureInfo.InvariantCulture) : "";

    private static double Median(RunFigures[] runs, Func<RunFigures, double> figure)
    {
        if (runs.Length == 0)
            return double.NaN;
        var sorted = runs.Select(figure).Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
