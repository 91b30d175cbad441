using Bob.Simulator.Twilio;
using Bob.Simulator.Voice;

namespace Bob.Simulator.Torture;

/// <summary>
/// What callers do: <c>call [NAME] [from=+1…]</c> · <c>turn-to NAME</c> · <c>hear LINE [within 15s]</c> (to its end) · <c>heard 1200ms</c> (of Bob in all) ·
/// <c>quiet 1s</c> (Bob) · <c>say LINE</c> · <c>talk 5s</c> · <c>begin 5s</c> (to talk, and goes on with the script) · <c>keys 1 [times=9]</c> · <c>wait 1s</c> · <c>stream 2</c> (is up) · <c>hang-up</c> · <c>over</c> (the call is).
/// </summary>
internal static class CallerSteps
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public static IReadOnlyDictionary<string, Step> Verbs { get; } = new Dictionary<string, Step>
    {
        ["call"] = (stage, text) => Done(() => Call(stage, text)),
        ["turn-to"] = (stage, text) => Done(() => stage.TurnTo(text)),
        ["hear"] = HearAsync,
        ["heard"] = (stage, text) => WaitAsync(stage, call => call.HeardMs >= Steps.Time(text).TotalMilliseconds, $"{text} of Bob heard", Patience),
        ["quiet"] = (stage, text) => QuietAsync(stage, Steps.Time(text)),
        ["say"] = (stage, text) => SpeakAsync(stage, ScriptedVoice.Say(text).Audio.ToArray()),
        ["begin"] = (stage, text) => Done(() => stage.Caller.Call.Speak(Babble.Speak(Steps.Time(text), seed: 7))),
        ["talk"] = (stage, text) => SpeakAsync(stage, Babble.Speak(Steps.Time(text), seed: 7)),
        ["keys"] = (stage, text) => Done(() => stage.Caller.Call.Dtmf(Keys(text))),
        ["wait"] = (_, text) => Task.Delay(Steps.Time(text)),
        ["stream"] = StreamAsync,
        ["hang-up"] = (stage, _) => stage.Caller.Call.HangUpAsync(),
        ["over"] = OverAsync,
    };

    private static void Call(Stage stage, string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var from = words.FirstOrDefault(word => word.StartsWith("from=", StringComparison.Ordinal))?["from=".Length..] ?? stage.Scenario.Network.From;
        var name = words.FirstOrDefault(word => !word.Contains('=')) ?? "caller";
        stage.PlaceCall(name, from, stage.Calls.Count == 0 ? stage.Scenario.Line : new MediaFaults());
    }

    /// <summary><c>12 times=50</c> is 12 fifty times.</summary>
    private static string Keys(string text)
    {
        var words = text.Split(" times=");
        return string.Concat(Enumerable.Repeat(words[0], words.Length > 1 ? int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture) : 1));
    }

    /// <summary>The end of a line after what was waited for last, found by its own bytes.</summary>
    private static async Task HearAsync(Stage stage, string text)
    {
        var within = Steps.Within(ref text, Patience);
        if (text.StartsWith("say:", StringComparison.Ordinal))
        {
            await WaitAsync(stage, call => call.Transcript.Any(line => line.What.StartsWith("says: ", StringComparison.Ordinal) && line.What.Contains(text[4..], StringComparison.OrdinalIgnoreCase)), text, within);
            return;
        }

        var ends = stage.Ear.EndsOf(text);
        if (ends.Count == 0)
            throw new StepFailedException("neither the model nor Bob's disk has that");
        var caller = stage.Caller;
        var from = caller.HeardTo;
        await stage.UntilAsync(
            () =>
            {
                var heard = caller.Call.Playback.SelectMany(stream => stream.Audio).ToArray();
                foreach (var end in ends)
                {
                    var at = from > heard.Length ? -1 : heard.AsSpan(from).IndexOf(end);
                    if (at < 0)
                        continue;
                    caller.HeardTo = from + at + end.Length;
                    return true;
                }

                return caller.Call.Completion.IsCompleted ? throw new StepFailedException($"the call ended first: {caller.Call.Completion.Result.EndDetail}") : false;
            },
            "was not heard to its end",
            within);
    }

    private static Task QuietAsync(Stage stage, TimeSpan length)
    {
        TimeSpan? since = null;
        return WaitAsync(
            stage,
            call =>
            {
                since = call.IsBobSpeaking ? null : since ?? call.Time;
                return call.Time - since >= length;
            },
            $"Bob quiet for {length.TotalSeconds:0.#} s",
            Patience + length);
    }

    private static async Task SpeakAsync(Stage stage, byte[] audio)
    {
        var call = stage.Caller.Call;
        call.Speak(audio);
        await Task.Delay(audio.Length / 8);
    }

    private static Task StreamAsync(Stage stage, string text)
    {
        var within = Steps.Within(ref text, Patience);
        var number = int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
        return WaitAsync(stage, call => call.CurrentStream?.Number >= number, $"stream {number} up", within);
    }

    private static async Task OverAsync(Stage stage, string text)
    {
        var within = Steps.Within(ref text, TimeSpan.FromSeconds(30)) * stage.Slack;
        if (await Task.WhenAny(stage.Caller.Call.Completion, Task.Delay(within)) != stage.Caller.Call.Completion)
            throw new StepFailedException($"the call is not over after {within.TotalSeconds:0.#} s");
    }

    private static async Task WaitAsync(Stage stage, Func<SimulatedCall, bool> holds, string what, TimeSpan within)
    {
        try
        {
            await stage.Caller.Call.WaitForAsync(holds, what, within * stage.Slack);
        }
        catch (Exception missed) when (missed is TimeoutException or InvalidOperationException)
        {
            throw new StepFailedException(missed.Message.Split('\n')[0]);
        }
    }

    private static Task Done(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
