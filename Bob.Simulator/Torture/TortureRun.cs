using System.Collections.Concurrent;
using System.Diagnostics;

namespace Bob.Simulator.Torture;

/// <summary>What is to be tortured, and how.</summary>
public sealed record TortureOptions
{
    /// <summary>Bob's program, <c>Bob.Host.dll</c>.</summary>
    public required string Bob { get; init; }

    /// <summary>Ids of the catalogue; none: all that have a scenario.</summary>
    public IReadOnlyList<string> Ids { get; init; } = [];

    /// <summary>Only the part that every change must pass.</summary>
    public bool Fast { get; init; }

    /// <summary>Of everything random at the far ends.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>How often each case is played, each time with the next seed.</summary>
    public int Repeat { get; init; } = 1;

    /// <summary>Bobs at once. Most of a call is waiting; starting a Bob is not.</summary>
    public int Lanes { get; init; } = 4;

    /// <summary>Factor on all bounds of time, for a busy machine.</summary>
    public double Slack { get; init; } = 1;

    /// <summary>Only the case of that name, whose own the network is already: this program was started for it.</summary>
    public string? InOwnNetwork { get; init; }
}

/// <summary>How a whole run went.</summary>
/// <param name="Verdicts">Of all cases, in the order of the catalogue.</param>
/// <param name="NotApplicable">Ids that were asked for and have no scenario yet, and why.</param>
public sealed record TortureReport(IReadOnlyList<Verdict> Verdicts, IReadOnlyDictionary<string, string> NotApplicable, TimeSpan Took)
{
    /// <summary>Ids of which every case was survived.</summary>
    public IReadOnlyList<string> Survived => [.. Ids.Where(id => !Red.Contains(id))];

    /// <summary>Ids of which a case was not.</summary>
    public IReadOnlyList<string> Red => [.. Verdicts.Where(verdict => !verdict.Survived).Select(verdict => verdict.Case.Id).Distinct()];

    /// <summary>Ids that were played.</summary>
    public IReadOnlyList<string> Ids => [.. Verdicts.Select(verdict => verdict.Case.Id).Distinct()];
}

/// <summary>Plays the fault catalogue against Bob's real process, several Bobs at a time.</summary>
public static class TortureRun
{
    /// <param name="options">What, and how.</param>
    /// <param name="told">Told of each verdict when it is there.</param>
    /// <param name="stop">Ends the run; what is being played is played to its end.</param>
    public static async Task<TortureReport> RunAsync(TortureOptions options, Action<Verdict>? told = null, CancellationToken stop = default)
    {
        var since = Stopwatch.StartNew();
        var ids = options.Ids.Count > 0 ? options.Ids : [.. ScenarioFiles.Ids, .. ScenarioFiles.NotApplicable.Keys];
        var cases = ids.Where(ScenarioFiles.Ids.Contains).SelectMany(ScenarioFiles.Cases).Where(one => !options.Fast || one.Scenario.Fast)
            .Where(one => options.InOwnNetwork is null || one.Case == options.InOwnNetwork).ToList();
        var rounds = Enumerable.Range(0, options.Repeat)
            .SelectMany(round => cases.Select((one, place) => new Turn((round * cases.Count) + place, one, options.Seed + round)))
            .ToList();
        // Those that need a Bob of their own first, and in turn with the others, so that starts do not pile up at the end.
        var together = rounds.Where(turn => !turn.Case.Scenario.Quiet).OrderBy(turn => turn.Case.Scenario.Bob.IsShared);
        var verdicts = await PlayAsync(together, options.Lanes, options, told, stop);
        verdicts = [.. verdicts, .. await PlayAsync(rounds.Where(turn => turn.Case.Scenario.Quiet), lanes: 1, options, told, stop)];
        return new TortureReport(
            [.. verdicts.OrderBy(one => one.Place).Select(one => one.Verdict)],
            ids.Where(id => !ScenarioFiles.Ids.Contains(id)).ToDictionary(id => id, id => ScenarioFiles.NotApplicable.GetValueOrDefault(id, "no row of the catalogue")),
            since.Elapsed);
    }

    private static async Task<IReadOnlyList<(int Place, Verdict Verdict)>> PlayAsync(
        IEnumerable<Turn> turns, int lanes, TortureOptions options, Action<Verdict>? told, CancellationToken stop)
    {
        var waiting = new ConcurrentQueue<Turn>(turns);
        var verdicts = new ConcurrentBag<(int Place, Verdict Verdict)>();
        var runner = new ScenarioRunner(ClipsOfBob.All, options.Slack);
        await Task.WhenAll(Enumerable.Range(0, Math.Min(lanes, waiting.Count)).Select(_ => Task.Run(
            async () =>
            {
                BobLane? shared = null;
                while (!stop.IsCancellationRequested && waiting.TryDequeue(out var next))
                {
                    var (verdict, lane) = await PlayAsync(next, runner, options, shared);
                    shared = lane;
                    verdicts.Add((next.Place, verdict));
                    told?.Invoke(verdict);
                }

                if (shared is not null)
                    await shared.DisposeAsync();
            },
            CancellationToken.None)));
        return [.. verdicts];
    }

    /// <summary>Plays a case in the shared lane, or in one of its own; gives the shared one back, if it is still good for the next.</summary>
    private static async Task<(Verdict Verdict, BobLane? Shared)> PlayAsync(Turn turn, ScenarioRunner runner, TortureOptions options, BobLane? shared)
    {
        var (played, seed) = (turn.Case, turn.Seed);
        if (played.Scenario.Bob.OwnNetwork && options.InOwnNetwork is null)
            return (await OwnNetwork.PlayAsync(played, seed, options), shared);
        var mayShare = played.Scenario.Bob.IsShared;
        BobLane lane;
        try
        {
            lane = mayShare && shared is not null ? shared : await BobLane.OpenAsync(options.Bob, played.Scenario.Bob);
        }
        catch (StepFailedException notStarted)
        {
            return (new Verdict(played, [notStarted.Message], [], "", [], TimeSpan.Zero), shared);
        }

        var verdict = await runner.RunAsync(played, lane, seed);
        if (mayShare && verdict.Survived)
            return (verdict, lane);
        await lane.DisposeAsync(); // of a shared one the next case shall not suffer for what this one left
        return (verdict, mayShare ? null : shared);
    }

    /// <summary>A case that waits to be played.</summary>
    /// <param name="Place">In the report.</param>
    private sealed record Turn(int Place, ScenarioCase Case, int Seed);
}
