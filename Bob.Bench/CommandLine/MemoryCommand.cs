using System.CommandLine;
using Bob.Bench.Figures;
using Bob.Bench.Model;
using Bob.Bench.Runs;
using Bob.Bench.Servers;

namespace Bob.Bench.CommandLine;

/// <summary><c>memory</c>: what one more call costs.</summary>
internal static class MemoryCommand
{
    private const double TargetKb = 120;

    public static Command Create()
    {
        var few = new Option<int>("--few") { Description = "Calls up at the first look.", DefaultValueFactory = _ => 100 };
        var many = new Option<int>("--many") { Description = "Calls up at the second.", DefaultValueFactory = _ => 300 };
        var talk = new Option<double>("--seconds") { Description = "Traffic before each look.", DefaultValueFactory = _ => 60 };
        var later = new Option<double>("--later") { Description = "Minutes after which Bob is looked at once more, with the same calls: does he grow?" };
        var command = new Command("memory", "What one more call costs: the server's memory with some calls up, and with more.")
        {
            few, many, talk, later, LoadOptions.NoFloor, LoadOptions.ShapeOfTalk, LoadOptions.ServerCores, LoadOptions.Program, LoadOptions.Json,
        };
        command.SetAction(parsed =>
        {
            var shape = parsed.GetValue(LoadOptions.ShapeOfTalk);
            Console.WriteLine(Machine.Here());
            Console.WriteLine($"{shape}, {parsed.GetValue(talk)} s of traffic before each look");
            Console.WriteLine($"{"",-8}{"calls",10}{"RSS, MB",12}{"heap, MB",12}{"RSS per call, KB",20}{"of it heap, KB",18}   target: <= {TargetKb} KB");
            var figures = new Dictionary<string, IReadOnlyList<MemoryLevel>>();
            foreach (var kind in parsed.GetValue(LoadOptions.NoFloor) ? new[] { ServerKind.Bob } : [ServerKind.Floor, ServerKind.Bob])
            {
                var levels = MemoryRun.Of(
                    kind, parsed.GetValue(few), parsed.GetValue(many), TimeSpan.FromSeconds(parsed.GetValue(talk)),
                    TimeSpan.FromMinutes(kind == ServerKind.Bob ? parsed.GetValue(later) : 0), shape,
                    parsed.GetRequiredValue(LoadOptions.ServerCores), parsed.GetValue(LoadOptions.Program));
                foreach (var level in levels)
                    Console.WriteLine($"{kind,-8}{level.Calls,10}{level.ResidentBytes / 1e6,12:0.0}{level.HeapBytes / 1e6,12:0.0}");
                var (first, last) = (levels[0], levels[1]);
                var calls = (last.Calls - first.Calls) * 1e3;
                Console.WriteLine($"{kind,-8}{"each more",10}{"",24}{(last.ResidentBytes - first.ResidentBytes) / calls,20:0}{(last.HeapBytes - first.HeapBytes) / calls,18:0}");
                figures.Add(kind.ToString(), levels);
            }

            Report.Write(parsed.GetValue(LoadOptions.Json), figures);
        });
        return command;
    }
}
