using System.CommandLine;
using Bob.Bench.Floor;

namespace Bob.Bench.CommandLine;

/// <summary><c>serve-floor</c>: what a run starts as the floor's process.</summary>
internal static class FloorServerCommand
{
    public static Command Create()
    {
        var port = new Option<int>("--port") { Description = "Where to listen for callers.", Required = true };
        var model = new Option<int>("--model-port") { Description = "Where the model listens.", Required = true };
        var command = new Command("serve-floor", "Serve as the floor.") { port, model };
        command.Hidden = true;
        command.SetAction(parsed => FloorServer.RunAsync(parsed.GetValue(port), parsed.GetValue(model)));
        return command;
    }
}
