using System.CommandLine;
using Bob.Simulator.Realtime;
using Bob.Simulator.Torture;

namespace Bob.Simulator.CommandLine;

/// <summary><c>torture</c>: plays the fault catalogue against Bob's real process.</summary>
internal static class TortureCommand
{
    private static readonly Argument<string[]> Ids = new("ids") { Description = "Rows of the catalogue, such as O13 T17. Default: all.", Arity = ArgumentArity.ZeroOrMore };

    private static readonly Option<string?> Bob = new("--bob") { Description = "Bob's program. Default: the Bob.Host.dll that was built in the same configuration.", HelpName = "path" };

    private static readonly Option<bool> Fast = new("--fast") { Description = "Only the part that every change must pass." };

    private static readonly Option<int> Seed = new("--seed") { Description = "Of everything random at the far ends.", DefaultValueFactory = _ => 1 };

    private static readonly Option<int> Repeat = new("--repeat") { Description = "How often each row is played.", DefaultValueFactory = _ => 1 };

    private static readonly Option<int> Lanes = new("--lanes") { Description = "How many Bobs at once.", DefaultValueFactory = _ => 4 };

    private static readonly Option<double> Slack = new("--slack") { Description = "Factor on all bounds of time, for a busy machine.", DefaultValueFactory = _ => 1 };

    private static readonly Option<bool> Json = new("--json") { Description = "Print the report as JSON." };

    private static readonly Option<bool> Verbose = new("--verbose") { Description = "Print what happened in each row that was not survived." };

    private static readonly Option<string?> InOwnNetwork = new(OwnNetwork.Option) { Description = "Only this case: this program was started by itself, in a network of its own.", Hidden = true };

    public static Command Create()
    {
        var command = new Command(
            "torture",
            "Play the fault catalogue against Bob's real process, and check what the caller heard, what was kept, and how fast it was over. Exit code 0: all that was "
            + "asked for was survived; 1: it was not; 2: the command line is wrong.")
        {
            Ids, Fast, Seed, Repeat, Lanes, Slack, Bob, Json, Verbose, InOwnNetwork,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        var program = Path.GetFullPath(parsed.GetValue(Bob) ?? DefaultBob()); // Bob runs in a folder of his own
        if (!File.Exists(program))
            return await WrongAsync($"There is no Bob at {program}. Build him (dotnet build -c Release), or say where he is with --bob.");
        var ids = parsed.GetValue(Ids) ?? [];
        if (ids.FirstOrDefault(id => !ScenarioFiles.Ids.Contains(id) && !ScenarioFiles.NotApplicable.ContainsKey(id)) is { } unknown)
            return await WrongAsync($"\"{unknown}\" is no row. There are {string.Join(' ', ScenarioFiles.Ids)}.");
        var options = new TortureOptions
        {
            Bob = program,
            Ids = ids,
            Fast = parsed.GetValue(Fast),
            Seed = parsed.GetValue(Seed),
            Repeat = Math.Max(1, parsed.GetValue(Repeat)),
            Lanes = Math.Clamp(parsed.GetValue(Lanes), 1, 64),
            Slack = Math.Max(1, parsed.GetValue(Slack)),
            InOwnNetwork = parsed.GetValue(InOwnNetwork),
        };
        var (json, verbose, gate) = (parsed.GetValue(Json), parsed.GetValue(Verbose), new Lock());
        try
        {
            var report = await TortureRun.RunAsync(options, verdict => Tell(verdict), stop);
            if (json)
                TorturePrinter.PrintJson(Console.Out, report, verbose);
            else
                TorturePrinter.Print(Console.Out, report);
            return report.Red.Count == 0 && report.Ids.Count > 0 ? 0 : 1;
        }
        catch (ScriptException wrong)
        {
            return await WrongAsync(wrong.Message);
        }

        void Tell(Verdict verdict)
        {
            lock (gate)
            {
                if (!json)
                    TorturePrinter.Print(Console.Out, verdict, verbose);
            }
        }
    }

    /// <summary>Beside this program, or built in the project next to this one's.</summary>
    internal static string DefaultBob()
    {
        const string name = "Bob.Host.dll";
        var here = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var built = Path.Combine(here.FullName, "..", "..", "..", "..", "Bob.Host", "bin", here.Parent?.Name ?? "", here.Name, name);
        return File.Exists(Path.Combine(here.FullName, name)) ? Path.Combine(here.FullName, name) : Path.GetFullPath(built);
    }

    private static async Task<int> WrongAsync(string problem)
    {
        await Console.Error.WriteLineAsync(problem);
        return 2;
    }
}
