using System.CommandLine;
using Bob.Simulator.Realtime;

namespace Bob.Simulator.CommandLine;

/// <summary><c>model</c>: serves the Realtime model simulator alone until Ctrl+C.</summary>
internal static class ModelCommand
{
    public static Command Create()
    {
        var port = new Option<int>("--port")
        {
            Description = "Port on 127.0.0.1 to listen on.",
            DefaultValueFactory = _ => 4000,
        };
        port.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 65535)
                result.AddError("--port must be a number from 1 to 65535, for example --port 4000.");
        });
        var script = new Option<FileInfo>("--script")
        {
            Description = "JSON file that says what the model says, calls and suffers. Default: a short rehearsal.",
        };
        script.AcceptExistingOnly();
        var command = new Command("model", "Serve the Realtime model simulator over a WebSocket until Ctrl+C.") { port, script };
        command.SetAction((parsed, stop) => ServeAsync(parsed.GetValue(port), parsed.GetValue(script), stop));
        return command;
    }

    private static async Task<int> ServeAsync(int port, FileInfo? script, CancellationToken stop)
    {
        RealtimeScript played;
        try
        {
            played = script is null ? RealtimeScript.Rehearsal : RealtimeScript.Load(script.FullName);
        }
        catch (ScriptException wrong)
        {
            await Console.Error.WriteLineAsync(wrong.Message);
            return 2;
        }

        await using var model = await RealtimeSimulator.StartAsync(
            new RealtimeSimulatorOptions { Port = port, Script = played, KeepHistory = false }, stop);
        Console.WriteLine($"The model listens at {model.Url}. Start Bob with OPENAI_REALTIME_URL={model.Url}, and stop the model with Ctrl+C.");
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = stop.Register(stopped.SetResult);
        await stopped.Task;
        return 0;
    }
}
