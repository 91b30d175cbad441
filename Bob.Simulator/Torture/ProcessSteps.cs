using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Bob.Simulator.Torture;

/// <summary>
/// What happens to Bob's process: <c>kill</c> (-9) · <c>start</c> (and wait until he listens) · <c>launch</c> (and wait for nothing) ·
/// <c>signal TERM|INT|STOP|CONT</c> · <c>exits CODE [within 5s]</c> · <c>stutter 150ms every 300ms for 5s</c> (stopped and continued, as on a machine that has no time
/// for him) · <c>hog 250ms every 400ms for 5s</c> (a neighbour on Bob's only core, who goes first) · <c>log TEXT [within 5s]</c> (has been written) · <c>log-blocked</c> and <c>log-free</c> (nobody reads what he writes).
/// </summary>
internal static partial class ProcessSteps
{
    private static readonly Dictionary<string, int> Signals = new() { ["INT"] = 2, ["TERM"] = 15, ["CONT"] = 18, ["STOP"] = 19 };

    public static IReadOnlyDictionary<string, Step> Verbs { get; } = new Dictionary<string, Step>
    {
        ["kill"] = KillAsync,
        ["start"] = (stage, _) => stage.Lane.StartAsync(),
        ["launch"] = (stage, _) => Done(stage.Lane.Launch),
        ["signal"] = Signal,
        ["exits"] = ExitsAsync,
        ["stutter"] = Stutter,
        ["hog"] = HogAsync,
        ["log"] = LogAsync,
        ["log-blocked"] = (stage, _) => Done(() =>
        {
            stage.Strike("log blocked");
            stage.Lane.Log.Dam();
        }),
        ["log-free"] = (stage, _) => Done(stage.Lane.Log.LetFlow),
    };

    private static BobProcess Bob(Stage stage) => stage.Lane.Bob ?? throw new StepFailedException("Bob was not started");

    private static async Task KillAsync(Stage stage, string text)
    {
        stage.Strike("kill -9");
        await Bob(stage).KillAsync();
    }

    private static Task Signal(Stage stage, string text)
    {
        stage.Strike($"signal {text}");
        Bob(stage).Signal(Signals.TryGetValue(text, out var signal) ? signal : throw new StepFailedException("write TERM, INT, STOP or CONT"));
        return Task.CompletedTask;
    }

    private static async Task ExitsAsync(Stage stage, string text)
    {
        var within = Steps.Within(ref text, TimeSpan.FromSeconds(5)) * stage.Slack;
        if (!await Bob(stage).ExitsAsync(within))
            throw new StepFailedException($"Bob is still there after {within.TotalSeconds:0.#} s");
        if (Bob(stage).ExitCode != int.Parse(text, CultureInfo.InvariantCulture))
            throw new StepFailedException($"the exit code was {Bob(stage).ExitCode}");
    }

    private static Task Stutter(Stage stage, string text)
    {
        var (stopped, every, length) = Rhythm(text);
        stage.Strike($"stutter {text}");
        _ = StutterAsync(Bob(stage), stopped, every, length);
        return Task.CompletedTask;
    }

    private static async Task HogAsync(Stage stage, string text)
    {
        var (burns, every, length) = Rhythm(text);
        var core = stage.Scenario.Bob.Core ?? throw new StepFailedException("Bob has more than one core: say which is his (bob.core)");
        stage.Strike($"hog {text}");
        var hog = await Hog.StartAsync(core, length);
        stage.Undo.Add(hog);
        _ = hog.BurnAsync(burns, every, length);
    }

    private static async Task StutterAsync(BobProcess bob, TimeSpan stopped, TimeSpan every, TimeSpan length)
    {
        for (var since = Stopwatch.StartNew(); since.Elapsed < length && !bob.HasExited;)
        {
            bob.Signal(Signals["STOP"]);
            await Task.Delay(stopped);
            bob.Signal(Signals["CONT"]);
            await Task.Delay(every - stopped);
        }
    }

    private static Task LogAsync(Stage stage, string text)
    {
        var within = Steps.Within(ref text, TimeSpan.FromSeconds(5));
        return stage.UntilAsync(() => stage.LogLines.Any(line => line.Contains(text, StringComparison.Ordinal)), "is not in the log", within);
    }

    private static Task Done(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private static (TimeSpan Part, TimeSpan Every, TimeSpan Length) Rhythm(string text) =>
        RhythmWords().Match(text) is { Success: true } match
            ? (Steps.Time(match.Groups[1].Value), Steps.Time(match.Groups[2].Value), Steps.Time(match.Groups[3].Value))
            : throw new StepFailedException("write 150ms every 300ms for 5s");

    [GeneratedRegex(@"^(\S+) every (\S+) for (\S+)$")]
    private static partial Regex RhythmWords();
}
