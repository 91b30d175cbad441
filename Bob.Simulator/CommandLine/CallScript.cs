using Bob.Simulator.Twilio;

namespace Bob.Simulator.CommandLine;

/// <summary>
/// What the caller does, from a text file, one step a line; <c>#</c> begins a comment:
/// <c>say question.wav</c> · <c>say</c> · <c>wait 500ms</c> · <c>wait-for-bob</c> · <c>wait-for-bob-to-speak 1s</c> · <c>dtmf 1</c> ·
/// <c>hang-up</c> · <c>at 4s say</c>.
/// </summary>
internal static class CallScript
{
    public static IReadOnlyList<CallerStep>? Read(string path, byte[] voice, out string? problem)
    {
        problem = null;
        var steps = new List<CallerStep>();
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"--script: {e.Message}";
            return null;
        }

        for (var number = 1; number <= lines.Length; number++)
        {
            var words = lines[number - 1].Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (words.Length == 0)
                continue;
            if (ReadStep(words, Path.GetDirectoryName(Path.GetFullPath(path))!, voice, out problem) is not { } step)
            {
                problem = $"{path}, line {number}: {problem}";
                return null;
            }

            steps.Add(step);
        }

        return steps;
    }

    private static CallerStep? ReadStep(string[] words, string folder, byte[] voice, out string? problem)
    {
        problem = null;
        TimeSpan time;
        switch (words)
        {
            case ["say"]:
                return new CallerStep.Speak(voice);
            case ["say", var file]:
                return CallerVoice.Read(Path.Combine(folder, file), out problem) is { } clip ? new CallerStep.Speak(clip) : null;
            case ["wait", var duration]:
                return Durations.TryParse(duration, out time, out problem) ? new CallerStep.Wait(time) : null;
            case ["wait-for-bob"]:
                return new CallerStep.WaitForBob();
            case ["wait-for-bob-to-speak", var duration]:
                return Durations.TryParse(duration, out time, out problem) ? new CallerStep.WaitForBobToSpeak(time) : null;
            case ["dtmf", var digits] when KeyPress.AreKeys(digits):
                return new CallerStep.Dtmf(digits);
            case ["hang-up"]:
                return new CallerStep.HangUp();
            case ["at", var at, "say" or "dtmf" or "hang-up", ..]:
                if (!Durations.TryParse(at, out time, out problem))
                    return null;
                return ReadStep(words[2..], folder, voice, out problem) is { } step ? new CallerStep.At(time, step) : null;
            default:
                problem = $"\"{string.Join(' ', words)}\" is no step. Write say [file], wait 500ms, wait-for-bob, wait-for-bob-to-speak 1s, dtmf 1, "
                    + "hang-up, or at 4s before say, dtmf or hang-up.";
                return null;
        }
    }
}

/// <summary>Keys pressed at a time: <c>1@3s</c>.</summary>
internal static class KeyPress
{
    public static bool AreKeys(string digits) => digits.Length > 0 && digits.All(d => "0123456789*#ABCD".Contains(d, StringComparison.Ordinal));

    public static CallerStep? Parse(string text, out string? problem)
    {
        var parts = text.Split('@');
        if (parts.Length == 2 && AreKeys(parts[0]) && Durations.TryParse(parts[1], out var time, out _))
        {
            problem = null;
            return new CallerStep.At(time, new CallerStep.Dtmf(parts[0]));
        }

        problem = $"--dtmf: \"{text}\" is no key press. Write the keys, @ and the time, for example 1@3s or 42#@1.5s.";
        return null;
    }
}
