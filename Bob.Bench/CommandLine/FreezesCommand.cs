using System.CommandLine;
using Bob.Bench.Figures;
using Bob.Bench.Runs;

namespace Bob.Bench.CommandLine;

/// <summary><c>freezes</c>: a server that stands still again and again, and sockets that are none the worse for it.</summary>
internal static class FreezesCommand
{
    public static Command Create()
    {
        var minutes = new Option<double>("--minutes") { Description = "How long.", DefaultValueFactory = _ => 60 };
        var length = new Option<double>("--freeze") { Description = "Seconds that the server stands still.", DefaultValueFactory = _ => 1 };
        var every = new Option<double>("--every") { Description = "Seconds from one freeze to the next.", DefaultValueFactory = _ => 20 };
        var command = new Command("freezes", "Healthy sockets that are aborted because the process stood still: there should be none.")
        {
            LoadOptions.Calls, minutes, length, every, LoadOptions.ServerCores, LoadOptions.Program, LoadOptions.Json,
        };
        command.SetAction(parsed =>
        {
            Console.WriteLine(Machine.Here());
            var calls = parsed.GetValue(LoadOptions.Calls);
            using var run = new FreezeRun(parsed.GetRequiredValue(LoadOptions.ServerCores), parsed.GetValue(LoadOptions.Program), calls);
            var figures = run.Run(
                calls, TimeSpan.FromMinutes(parsed.GetValue(minutes)), TimeSpan.FromSeconds(parsed.GetValue(length)), TimeSpan.FromSeconds(parsed.GetValue(every)), Show);
            Report.Write(parsed.GetValue(LoadOptions.Json), figures);
            return figures.Aborted == 0 ? 0 : 1;
        });
        return command;
    }

    private static void Show(FreezeFigures figures) => Console.WriteLine(
        $"{DateTime.UtcNow:HH:mm:ss} {figures.Calls} calls, {figures.Minutes:0.0} min, {figures.Freezes} freezes: {figures.Aborted} healthy sockets aborted "
        + $"({figures.CallersCut} callers', {figures.SessionsReplaced} the model's); frames missing: {figures.FramesToModel.Lost} to the model, {figures.FramesToCaller.Lost} to callers");
}
