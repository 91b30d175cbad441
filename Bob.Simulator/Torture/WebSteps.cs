using System.Diagnostics;
using System.Globalization;
using Bob.Simulator.Twilio;

namespace Bob.Simulator.Torture;

/// <summary>
/// What is asked of Bob over HTTP: <c>post PATH STATUS [from=+1…] [sid=CA…] [unsigned|flipped|altered|signed-for=URL] [header=NAME:VALUE]</c> ·
/// <c>get PATH STATUS [TEXT]</c> (TEXT must be in the answer) · <c>ready [within 5s]</c> · <c>unready REASON [within 5s]</c> ·
/// <c>flood N [from=+1…] taken=LEAST-MOST [p99=1s]</c>: so many calls announced within a second ·
/// <c>queries N</c>: so many questions to the books at once, for whose answers nobody waits.
/// </summary>
internal static class WebSteps
{
    public static IReadOnlyDictionary<string, Step> Verbs { get; } = new Dictionary<string, Step>
    {
        ["post"] = PostAsync,
        ["get"] = GetAsync,
        ["ready"] = (stage, text) => ReadyAsync(stage, text, ready: true),
        ["unready"] = (stage, text) => ReadyAsync(stage, text, ready: false),
        ["flood"] = FloodAsync,
        ["queries"] = Queries,
    };

    private static async Task PostAsync(Stage stage, string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var path = words[0];
        var form = RawTwilio.Form(Value(words, "sid") ?? Sid.New("CA"), path == "/incoming-call" ? "ringing" : "in-progress", Value(words, "from") ?? "+15550100007");
        var signed = words.Contains("unsigned") ? "" : Value(words, "signed-for")?.Replace("$bob", stage.Lane.PublicUrl, StringComparison.Ordinal);
        Func<string, string>? forge = words.Contains("flipped") ? right => (right[0] == 'A' ? 'B' : 'A') + right[1..] : null;
        if (words.Contains("altered"))
        {
            var of = TwilioSignature.Compute(BobLane.AuthToken, stage.Lane.PublicUrl + path, form);
            (form, forge) = ([.. form, new("CallerName", "Eve")], _ => of);
        }

        var headers = words.Where(word => word.StartsWith("header=", StringComparison.Ordinal)).Select(word => word["header=".Length..].Split(':', 2)).Select(pair => (pair[0], pair[1])).ToList();
        var (status, body) = await stage.Raw.PostAsync(path, form, signed, forge, headers);
        Expect(status, words[1], body);
    }

    private static async Task GetAsync(Stage stage, string text)
    {
        var words = text.Split(' ', 3);
        var (status, body) = await stage.Raw.GetAsync(words[0]);
        Expect(status, words[1], body);
        if (words.Length > 2 && !body.Contains(words[2], StringComparison.Ordinal))
            throw new StepFailedException($"the answer was {Short(body)}");
    }

    private static async Task ReadyAsync(Stage stage, string text, bool ready)
    {
        var within = Steps.Within(ref text, TimeSpan.FromSeconds(5)) * stage.Slack;
        for (var since = Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            var (status, body) = await stage.Raw.GetAsync("/health/ready");
            if (ready ? status == 200 : status == 503 && body.Contains(text, StringComparison.Ordinal))
                return;
            if (since.Elapsed > within)
                throw new StepFailedException($"/health/ready says {status} {Short(body)}");
        }
    }

    private static async Task FloodAsync(Stage stage, string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var count = int.Parse(words[0], CultureInfo.InvariantCulture);
        var from = Value(words, "from");
        var times = new List<double>();
        var taken = 0;
        stage.Strike($"flood {text}");
        await Task.WhenAll(Enumerable.Range(0, count).Select(async n =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1000.0 * n / count));
            var asked = Stopwatch.GetTimestamp();
            var (status, body) = await stage.Raw.PostAsync("/incoming-call", RawTwilio.Form(Sid.New("CA"), "ringing", from ?? $"+1555{2_000_000 + n}"));
            lock (times)
            {
                times.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
                taken += status == 200 && body.Contains("<Stream", StringComparison.Ordinal) ? 1 : 0;
            }
        }));
        times.Sort();
        var p99 = times[(int)(times.Count * 0.99)];
        if (Value(words, "taken") is { } wanted && !Range.Holds(wanted, taken))
            throw new StepFailedException($"{taken} of {count} calls were taken");
        if (Value(words, "p99") is { } most && p99 > Steps.Time(most).TotalMilliseconds * stage.Slack)
            throw new StepFailedException($"p99 of the answers was {p99:0} ms");
    }

    private static Task Queries(Stage stage, string text)
    {
        stage.Strike($"{text} queries");
        for (var left = int.Parse(text, CultureInfo.InvariantCulture); left > 0; left--)
            _ = stage.Raw.GetAsync("/api/calls?words=hello", ("Authorization", $"Bearer {stage.Lane.ApiToken}"));
        return Task.CompletedTask;
    }

    private static void Expect(int status, string wanted, string body)
    {
        if (status.ToString(CultureInfo.InvariantCulture) != wanted)
            throw new StepFailedException($"the answer was {status} {Short(body)}");
    }

    private static string? Value(string[] words, string name) =>
        words.FirstOrDefault(word => word.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];

    private static string Short(string body) => body.Length > 200 ? body[..200] + "…" : body;
}
