using System.Collections.Frozen;
using Bob.Simulator.CommandLine;
using Bob.Simulator.Realtime;

namespace Bob.Simulator.Torture;

/// <summary>Does one step of a scenario; what follows the verb is its text.</summary>
internal delegate Task Step(Stage stage, string text);

/// <summary>What can happen in a scenario, one verb each. The files beside this one say what each takes.</summary>
internal static class Steps
{
    private static readonly FrozenDictionary<string, Step> Verbs =
        new[] { CallerSteps.Verbs, FaultSteps.Verbs, ProcessSteps.Verbs, DiskSteps.Verbs, WebSteps.Verbs, RawSteps.Verbs, PortSteps.Verbs }
            .SelectMany(verbs => verbs).ToFrozenDictionary(verb => verb.Key, verb => verb.Value);

    /// <exception cref="ScriptException">No such verb.</exception>
    public static void Check(string step, string id)
    {
        if (!Verbs.ContainsKey(Split(step).Verb))
            throw new ScriptException($"{id}.json: \"{step}\" is no step. Steps begin with {string.Join(", ", Verbs.Keys.Order())}.");
    }

    /// <exception cref="StepFailedException">It did not come to its end.</exception>
    public static async Task DoAsync(Stage stage, string step)
    {
        var (verb, text) = Split(step);
        try
        {
            await Verbs[verb](stage, SmallTalk.Expand(text));
        }
        catch (StepFailedException failed)
        {
            throw new StepFailedException($"\"{step}\": {failed.Message}");
        }
    }

    /// <summary>A duration at the end of a step's text, such as <c>within 5s</c>, taken off it.</summary>
    public static TimeSpan Within(ref string text, TimeSpan otherwise)
    {
        var at = text.LastIndexOf("within ", StringComparison.Ordinal);
        if (at < 0 || (at > 0 && text[at - 1] != ' '))
            return otherwise;
        var within = Time(text[(at + "within ".Length)..]);
        text = text[..at].TrimEnd();
        return within;
    }

    public static TimeSpan Time(string text) =>
        Durations.TryParse(text.Trim(), out var time, out var problem) ? time : throw new StepFailedException(problem);

    private static (string Verb, string Text) Split(string step)
    {
        var space = step.IndexOf(' ');
        return space < 0 ? (step, "") : (step[..space], step[(space + 1)..].Trim());
    }
}
