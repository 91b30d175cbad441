using System.CommandLine;
using Bob.Bench.Model;
using Bob.Bench.Runs;

namespace Bob.Bench.CommandLine;

/// <summary>The options of everything that puts a server under load.</summary>
internal static class LoadOptions
{
    public static readonly Option<int> Calls = new("--calls") { Description = "Calls at once.", DefaultValueFactory = _ => 100 };

    public static readonly Option<string> ServerCores = new("--server-cores")
    {
        Description = "Cores of the server, as taskset takes them. The bench keeps off them if there are others.",
        DefaultValueFactory = _ => "0",
    };

    public static readonly Option<string?> Program = new("--server")
    {
        Description = "Another build of Bob to measure: the path of its Bob.Host.dll.",
        HelpName = "file",
    };

    public static readonly Option<string?> Json = new("--json") { Description = "Write the figures there as JSON, too.", HelpName = "file" };

    public static readonly Option<double> Ramp = new("--ramp") { Description = "Calls begun in a second.", DefaultValueFactory = _ => 50 };

    private static readonly Option<double> Seconds = new("--seconds") { Description = "Length of the measured window.", DefaultValueFactory = _ => 20 };

    private static readonly Option<double> WarmUp = new("--warm-up")
    {
        Description = "Seconds of traffic before it: the JIT is at work for some twenty, and for two minutes of the speech shape.",
        DefaultValueFactory = _ => 25,
    };

    public static readonly Option<Shape> ShapeOfTalk = new("--shape")
    {
        Description = "echo: every 20 ms come back at once, the worst case. speech: turns, answers in bursts.",
        DefaultValueFactory = _ => Shape.Echo,
    };

    public static readonly Option<bool> NoFloor = new("--no-floor") { Description = "Bob alone." };

    private static readonly Option<bool> NoCounters = new("--no-counters") { Description = "Do not read .NET's counters afterwards." };

    public static void AddTo(Command command)
    {
        foreach (var option in new Option[] { Calls, Seconds, WarmUp, Ramp, ShapeOfTalk, ServerCores, Program, NoCounters, Json })
            command.Options.Add(option);
    }

    public static LoadPlan Plan(ParseResult parsed) => new(
        parsed.GetValue(Calls),
        parsed.GetValue(Ramp),
        TimeSpan.FromSeconds(parsed.GetValue(WarmUp)),
        TimeSpan.FromSeconds(parsed.GetValue(Seconds)),
        parsed.GetValue(ShapeOfTalk),
        parsed.GetRequiredValue(ServerCores),
        parsed.GetValue(Program),
        !parsed.GetValue(NoCounters));
}
