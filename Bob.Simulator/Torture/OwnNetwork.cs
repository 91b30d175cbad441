using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Bob.Simulator.Torture;

/// <summary>
/// Plays a case in a network that nobody else is in: this program once more, in a namespace of the kernel's that is gone with it. Nobody has to be root; a machine that does not let its
/// users make namespaces is told so by a red verdict.
/// </summary>
internal static class OwnNetwork
{
    /// <summary>Tells the program that is started which case it is to play, and that the network is that case's.</summary>
    public const string Option = "--in-own-network";

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(6);

    public static async Task<Verdict> PlayAsync(ScenarioCase played, int seed, TortureOptions options)
    {
        var since = Stopwatch.StartNew();
        Process process;
        try
        {
            process = Process.Start(Inside(played, seed, options))!;
        }
        catch (Win32Exception missing)
        {
            return Unplayed(played, $"needs a network of its own, and Linux to make it: {missing.Message}", since.Elapsed);
        }

        using var _ = process;
        var (report, problem) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync().WaitAsync(Longest * options.Slack);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            return Unplayed(played, $"not over after {since.Elapsed.TotalMinutes:0} minutes", since.Elapsed);
        }

        if (process.ExitCode is not (0 or 1) || (await report).Length == 0)
            return Unplayed(played, $"needs a network of its own, which could not be made or used: exit code {process.ExitCode}: {(await problem).Trim()}", since.Elapsed);
        using var json = JsonDocument.Parse(await report);
        return Parse(played, json.RootElement.GetProperty("cases").EnumerateArray().Single(), since.Elapsed);
    }

    private static ProcessStartInfo Inside(ScenarioCase played, int seed, TortureOptions options)
    {
        const string enter = "ip link set lo up && exec \"$@\"";
        var dotnet = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";
        string[] command =
        [
            "--user", "--map-root-user", "--net", "sh", "-c", enter, "sh", dotnet, typeof(OwnNetwork).Assembly.Location, "torture", played.Id, Option, played.Case, "--json", "--verbose",
            "--seed", $"{seed}", "--slack", options.Slack.ToString(CultureInfo.InvariantCulture), "--bob", options.Bob,
        ];
        return new ProcessStartInfo("unshare", command) { RedirectStandardOutput = true, RedirectStandardError = true };
    }

    private static Verdict Unplayed(ScenarioCase played, string problem, TimeSpan took) => new(played, [problem], [], "", [], took);

    private static Verdict Parse(ScenarioCase played, JsonElement verdict, TimeSpan took) => new(
        played,
        Texts(verdict.GetProperty("failures")),
        [.. verdict.GetProperty("recoveries").EnumerateArray().Select(one => new Recovered(one.GetProperty("of").GetString()!, TimeSpan.FromMilliseconds(one.GetProperty("ms").GetDouble())))],
        verdict.GetProperty("heard").GetString()!,
        Texts(verdict.GetProperty("story")),
        took);

    private static IReadOnlyList<string> Texts(JsonElement list) => [.. list.EnumerateArray().Select(text => text.GetString()!)];
}
