using System.CommandLine;
using System.Globalization;
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
        var faulted = new Option<string>("--faulted")
        {
            Description = "How many of the calls have a fault, such as 50%: sockets that break or say nonsense, and callers who hang up in every phase. Some sessions of the model then break, too.",
            DefaultValueFactory = _ => "0%",
        };
        var command = new Command("soak", "Very many short calls and refused ones: does Bob grow?")
        {
            calls, faulted, LoadOptions.ServerCores, LoadOptions.Program, LoadOptions.Json,
        };
        command.SetAction(parsed =>
        {
            if (!double.TryParse(parsed.GetRequiredValue(faulted).TrimEnd('%'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) || percent > 100)
            {
                Console.Error.WriteLine("--faulted is no share. Write one such as 50%.");
                return 2;
            }

            Console.WriteLine(Machine.Here());
            using var run = new SoakRun(parsed.GetRequiredValue(LoadOptions.ServerCores), parsed.GetValue(LoadOptions.Program), percent / 100);
            var figures = run.Run(parsed.GetValue(calls));
            var (before, after) = (figures.Before, figures.After);
            Console.WriteLine(
                $"{figures.Calls} calls, {figures.Faulted} of them with a fault, and {figures.Refused} refused; {figures.Sessions} sessions of the model; "
                + $"{figures.Unexpected} of those without a fault went otherwise");
            Console.WriteLine($"{"",-34}{"before",12}{"after",12}{"growth",12}   target");
            Row("living objects, full GC, MB", before.HeapBytes / 1e6, after.HeapBytes / 1e6, "<= 1");
            Row("RSS, MB", before.ResidentBytes / 1e6, after.ResidentBytes / 1e6, "");
            Row("file handles", before.Handles, after.Handles, "0");
            Row("symbol files", before.Symbols, after.Symbols, "one an assembly at most");
            Row("threads", before.Threads, after.Threads, "0");
            Row("timers", before.Timers, after.Timers, "0");
            Console.WriteLine($"{"calls Bob believes to have",-34}{before.Calls,12}{after.Calls,12}");
            Report.Write(parsed.GetValue(LoadOptions.Json), figures);
            return figures.Unexpected == 0 && after.Calls == "0" && after.HeapBytes - before.HeapBytes <= MostHeapGrowth ? 0 : 1;
        });
        return command;
    }

    private static void Row(string name, double before, double after, string target) =>
        Console.WriteLine($"{name,-34}{before,12:0.##}{after,12:0.##}{after - before,12:0.##}   {target}");
}
