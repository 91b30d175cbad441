using System.CommandLine;
using System.Diagnostics;
using Bob.Bench.Figures;
using Bob.Bench.Fuzz;

namespace Bob.Bench.CommandLine;

/// <summary><c>fuzz</c>: the parsers, and what nobody would write to them.</summary>
internal static class FuzzCommand
{
    /// <summary>No input takes milliseconds; but the machine may be busy elsewhere for a while.</summary>
    private static readonly TimeSpan Endless = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan NewsInterval = TimeSpan.FromSeconds(20);

    public static Command Create()
    {
        var iterations = new Option<long>("--iterations") { Description = "Inputs to make.", DefaultValueFactory = _ => 1_000_000 };
        var seed = new Option<ulong>("--seed") { Description = "The same seed makes the same inputs.", DefaultValueFactory = _ => 1 };
        var from = new Option<long>("--from") { Description = "The first iteration: to have one again that did not hold." };
        var command = new Command("fuzz", "Inputs by the million to everything that reads what strangers write.") { iterations, seed, from, LoadOptions.Json };
        command.SetAction(parsed =>
        {
            Console.WriteLine(Machine.Here());
            var figures = Run(parsed.GetValue(seed), parsed.GetValue(from), parsed.GetValue(iterations));
            Show(figures);
            Report.Write(parsed.GetValue(LoadOptions.Json), figures with { Finding = null });
            return figures.Finding is null ? 0 : 1;
        });
        return command;
    }

    private static FuzzFigures Run(ulong seed, long from, long iterations)
    {
        var run = new FuzzRun(FuzzTargets.All(), seed);
        var (seen, since) = (from, Stopwatch.GetTimestamp()); // not the time of day, which may be set
        using var news = new Timer(_ => Tell(), null, NewsInterval, NewsInterval);
        return run.Run(from, iterations);

        void Tell()
        {
            var now = run.Iteration;
            Console.WriteLine($"{DateTime.UtcNow:HH:mm:ss} iteration {now:N0} of seed {seed}");
            if (now != seen)
                (seen, since) = (now, Stopwatch.GetTimestamp());
            else if (Stopwatch.GetElapsedTime(since) > Endless)
                Environment.FailFast($"Iteration {now} of seed {seed} does not end.");
        }
    }

    private static void Show(FuzzFigures figures)
    {
        foreach (var (target, done) in figures.Iterations)
            Console.WriteLine($"{target,-20}{done,16:N0}");
        Console.WriteLine(
            $"{"all",-20}{figures.Total,16:N0} in {figures.Elapsed.TotalSeconds:0} s, {figures.Elapsed.TotalMicroseconds / Math.Max(1, figures.Total):0.0} µs each; "
            + $"the slowest {figures.Slowest.TotalMilliseconds:0.0} ms, the most allocated by one {figures.MostAllocated / 1024} KB");
        Console.WriteLine(figures.Finding?.ToString() ?? "All of it held.");
    }
}
