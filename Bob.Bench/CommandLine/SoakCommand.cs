using System.CommandLine;
using Bob.Bench.Figures;
using Bob.Bench.Runs;

namespace Bob.Bench.CommandLine;

/// <summary><c>soak</c>: what is left behind by very many calls.</summary>
internal static class SoakCommand
{
    private const double MostHeapGrowth = 1e6;

    public static Command Create()
    {
        var calls = new Option<int>("--calls") { Description = "Calls, and as many that are refused.", DefaultValueFactory = _ => 10_000 };
        var command = new Command("soak", "Very many short calls and refused ones: does Bob grow?")
        {
            calls, LoadOptions.ServerCores, LoadOptions.Program, LoadOptions.Json,
        };
        command.SetAction(parsed =>
        {
            Console.WriteLine(Machine.Here());
            using var run = new SoakRun(parsed.GetRequiredValue(LoadOptions.ServerCores), parsed.GetValue(LoadOptions.Program));
            var figures = run.Run(parsed.GetValue(calls));
            var (before, after) = (figures.Before, figures.After);
            Console.WriteLine($"{figures.Calls} calls and {figures.Refused} refused; {figures.Unexpected} of them went otherwise");
            Console.WriteLine($"{"",-34}{"before",12}{"after",12}{"growth",12}   target");
            Row("managed heap, full GC, MB", before.HeapBytes / 1e6, after.HeapBytes / 1e6, "<= 1");
            Row("RSS, MB", before.ResidentBytes / 1e6, after.ResidentBytes / 1e6, "");
            Row("file handles", before.Handles, after.Handles, "0");
            Row("threads", before.Threads, after.Threads, "0");
            Console.WriteLine($"{"calls Bob believes to have",-34}{before.Calls,12}{after.Calls,12}");
            Report.Write(parsed.GetValue(LoadOptions.Json), figures);
            return figures.Unexpected == 0 && after.Calls == "0" && after.HeapBytes - before.HeapBytes <= MostHeapGrowth ? 0 : 1;
        });
        return command;
    }

    private static void Row(string name, double before, double after, string target) =>
        Console.WriteLine($"{name,-34}{before,12:0.##}{after,12:0.##}{after - before,12:0.##}   {target}");
}
