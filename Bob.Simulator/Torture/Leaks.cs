using System.Diagnostics;
using System.Text.Json;

namespace Bob.Simulator.Torture;

/// <summary>Whether everything that belonged to the calls is gone a second after the last of them.</summary>
internal static class Leaks
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    /// <summary>Sockets that may come and go beside calls: questions of health, connections kept alive.</summary>
    private const int Tolerated = 3;

    /// <summary>What is left, in a sentence; null: nothing.</summary>
    public static async Task<string?> FindAsync(Stage stage)
    {
        if (stage.Lane.Bob is not { HasExited: false } bob)
            return null;
        string? left;
        for (var since = Stopwatch.StartNew(); (left = await LookAsync(stage, bob)) is not null && since.Elapsed < Limit * Math.Max(1, stage.Slack);)
            await Task.Delay(50);
        if (left is null && stage.Lane.UsualSockets == 0)
            stage.Lane.UsualSockets = Sockets(stage, bob);
        return left is null ? null : $"{Limit.TotalSeconds * Math.Max(1, stage.Slack):0.#} s after the last call, {left}";
    }

    private static async Task<string?> LookAsync(Stage stage, BobProcess bob)
    {
        var lane = stage.Lane;
        if (lane.Model.Open.Count + lane.Second.Open.Count is > 0 and var models)
            return $"{models} sockets to the model are open";
        if (lane.FrontDoor.Open.Count(connection => connection.IsWebSocket) is > 0 and var streams)
            return $"{streams} media sockets are open";
        if (lane.UsualSockets > 0 && Sockets(stage, bob) > lane.UsualSockets + Tolerated)
            return $"{Sockets(stage, bob)} sockets are open, {lane.UsualSockets} are usual";
        var (status, body) = await stage.Raw.GetAsync("/health/ready");
        return status == 200 && Calls(body) is > 0 and var calls ? $"Bob counts {calls} calls" : null;
    }

    /// <summary>Without the connections that Twilio's client keeps alive.</summary>
    private static int Sockets(Stage stage, BobProcess bob) => bob.OpenSockets - stage.Lane.FrontDoor.Open.Count;

    private static int Calls(string body)
    {
        using var document = JsonDocument.Parse(body);
        return document.RootElement.TryGetProperty("calls", out var calls) ? calls.GetInt32() : 0;
    }
}
