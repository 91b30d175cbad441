using System.CommandLine;
using Bob.Bench.Figures;
using Bob.Bench.Runs;
using Bob.Bench.Servers;

namespace Bob.Bench.CommandLine;

/// <summary>Without a command: many calls at once, Bob and the floor in turn.</summary>
internal static class LoadCommand
{
    private static readonly Option<int> Repeat = new("--repeat") { Description = "Runs of each; Bob's and the floor's alternate.", DefaultValueFactory = _ => 1 };

    private static readonly Option<bool> FindMax = new("--find-max")
    {
        Description = "Search for the most calls that are held, beginning with --calls; then a run of Bob at half of his.",
    };

    private static readonly Option<bool> Node = new("--node") { Description = "The smallest bridge in Node.js as well, in the same run; needs node and npm." };

    public static void AddTo(RootCommand root)
    {
        LoadOptions.AddTo(root);
        root.Options.Add(Repeat);
        root.Options.Add(FindMax);
        root.Options.Add(LoadOptions.NoFloor);
        root.Options.Add(Node);
        root.SetAction(parsed => Run(parsed, Kinds(parsed)));
    }

    /// <summary><c>floor</c>: the floor alone.</summary>
    public static Command CreateFloor()
    {
        var command = new Command("floor", "The floor alone: the leanest relay of the same two sockets.");
        LoadOptions.AddTo(command);
        command.Options.Add(Repeat);
        command.Options.Add(FindMax);
        command.SetAction(parsed => Run(parsed, [ServerKind.Floor]));
        return command;
    }

    private static ServerKind[] Kinds(ParseResult parsed) =>
    [
        .. parsed.GetValue(LoadOptions.NoFloor) ? Array.Empty<ServerKind>() : [ServerKind.Floor],
        ServerKind.Bob,
        .. parsed.GetValue(Node) ? [ServerKind.Node] : Array.Empty<ServerKind>(),
    ];

    private static int Run(ParseResult parsed, ServerKind[] kinds)
    {
        var plan = LoadOptions.Plan(parsed);
        var output = Console.Out;
        output.WriteLine(Machine.Here());
        if (parsed.GetValue(FindMax))
            return Search(plan, kinds, parsed.GetValue(LoadOptions.Json), output);

        output.WriteLine(
            $"{plan.Calls} calls, {plan.Shape}, window {plan.Window.TotalSeconds} s after {plan.WarmUp.TotalSeconds} s, server on core {plan.ServerCores}, "
            + $"{parsed.GetValue(Repeat)} run(s) of each");
        var runs = new List<RunFigures>();
        for (var round = 0; round < parsed.GetValue(Repeat); round++)
        {
            foreach (var kind in kinds)
            {
                runs.Add(LoadRun.Of(plan, kind));
                output.WriteLine($"  {kind}: {runs[^1].CpuMsPerCallSecond:0.00} ms per call-second, others on the core {runs[^1].OthersLoad:0 %}{(runs[^1].Quiet ? "" : ", noisy")}");
            }
        }

        new Comparison(runs).Print(output);
        Report.Write(parsed.GetValue(LoadOptions.Json), runs);
        return runs.TrueForAll(run => run.Whole) ? 0 : 1;
    }

    private static int Search(LoadPlan plan, ServerKind[] kinds, string? json, TextWriter output)
    {
        output.WriteLine($"Most calls with nothing lost and p99 <= {MaxSearch.LatestMs} ms each way, {plan.Shape}, server on core {plan.ServerCores}");
        var held = kinds.Select(kind => new MaxSearch(plan, kind, output).Run()).OfType<RunFigures>().ToList();
        foreach (var run in held)
            output.WriteLine($"{run.Server} holds {run.Calls} calls");
        var bob = held.Find(run => run.Server == ServerKind.Bob);
        var floor = held.Find(run => run.Server == ServerKind.Floor);
        if (bob is not null && floor is not null)
            output.WriteLine($"Bob / floor: {bob.Calls / (double)floor.Calls:0 %} (target >= 85 %)");
        if (bob is not null)
        {
            output.WriteLine($"Half of that, {bob.Calls / 2} calls:");
            held.Add(LoadRun.Of(plan with { Calls = bob.Calls / 2 }, ServerKind.Bob));
            new Comparison([held[^1]]).Print(output);
        }

        Report.Write(json, held);
        return held.Count > 0 ? 0 : 1;
    }
}
