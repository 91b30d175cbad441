using System.Diagnostics;

namespace Bob.Simulator.Torture;

/// <summary>How a case went.</summary>
/// <param name="Failures">What was not as it should be; empty: survived.</param>
/// <param name="Recoveries">What came back, and how fast.</param>
/// <param name="Heard">What the first caller heard.</param>
/// <param name="Story">What happened, in order of time: the line, and Bob's log. For whoever looks into a failure.</param>
public sealed record Verdict(
    ScenarioCase Case, IReadOnlyList<string> Failures, IReadOnlyList<Recovered> Recoveries, string Heard, IReadOnlyList<string> Story, TimeSpan Took)
{
    /// <summary>Everything was as the catalogue wants it.</summary>
    public bool Survived => Failures.Count == 0;
}

/// <summary>Plays one case against a Bob, and judges it. The same for all scenarios.</summary>
internal sealed class ScenarioRunner(IReadOnlyList<(string Name, byte[] Audio)> clips, double slack)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(4);

    public async Task<Verdict> RunAsync(ScenarioCase played, BobLane lane, int seed)
    {
        var since = Stopwatch.StartNew();
        List<string> failures = [], story = [];
        Judge? judge = null;
        try
        {
            if (!lane.IsWarm && played.Scenario.Bob.IsWarmedUp)
                await WarmUpAsync(lane, seed);
            await using var stage = await Stage.SetAsync(played, lane, clips, seed, slack);
            judge = new Judge(stage);
            await PlayAsync(stage, failures);
            failures.AddRange(await judge.FailuresAsync());
            if (await Leaks.FindAsync(stage) is { } leak)
                failures.Add(leak);
            story = Story(stage);
        }
        catch (Exception defect) when (defect is not OutOfMemoryException)
        {
            // A defect of the far ends in one case must not hide the verdicts of the others.
            failures.Add($"the far ends broke: {defect}");
        }

        return new Verdict(played, failures, judge?.Recoveries ?? [], judge?.Heard ?? "", story, since.Elapsed);
    }

    /// <summary>The first call of a process compiles what all later ones run; that is not the fault that is looked at.</summary>
    private async Task WarmUpAsync(BobLane lane, int seed)
    {
        var call = new Scenario { Title = "a call", Hears = "H1", Script = ["call", "hear $greeting within 30s", "hang-up", "wait 500ms"] };
        await using var stage = await Stage.SetAsync(new ScenarioCase("", "", call), lane, clips, seed, slack);
        await PlayAsync(stage, []);
        lane.IsWarm = true;
    }

    private static async Task PlayAsync(Stage stage, List<string> failures)
    {
        try
        {
            foreach (var step in stage.Scenario.Script)
                await Steps.DoAsync(stage, step).WaitAsync(Longest);
        }
        catch (Exception failed) when (failed is StepFailedException or TimeoutException or HttpRequestException or IOException)
        {
            failures.Add(failed.Message);
        }

        // Whoever is still on the line hangs up, so that the call can be judged as far as it went.
        foreach (var call in stage.Calls.Where(call => !call.Call.Completion.IsCompleted))
        {
            if (failures.Count == 0)
                failures.Add($"the call {call.Name} was not over at the end of the script");
            await call.Call.HangUpAsync();
        }
    }

    private static List<string> Story(Stage stage)
    {
        List<string> story = [.. stage.Blows.Select(blow => $"{Seconds(stage, blow.At)} blow: {blow.What}")];
        story.AddRange(stage.Model.Struck.Select(struck => $"  fault: {struck.Fault.Do} in session {struck.Session}"));
        foreach (var call in stage.Calls)
            story.AddRange(call.Call.Transcript.Select(line => FormattableString.Invariant($"{line.At.TotalSeconds,8:0.000} {call.Name}/{line.Who}: {line.What}")));
        foreach (var session in stage.Model.Sessions)
            story.AddRange(session.Conversation.Select(item => $"  model {session.Number}: {(item.FromClient ? "given" : "own")} {item.Type} {item.Role} {item.Status} {item.Text}{item.Arguments}{item.Output}"));
        story.AddRange(stage.LogLines.Select(line => $"  {line}"));
        return story;
    }

    private static string Seconds(Stage stage, long moment) =>
        stage.Calls.Count == 0 ? "        " : FormattableString.Invariant($"{stage.Calls[0].At(moment).TotalSeconds,8:0.000}");
}
