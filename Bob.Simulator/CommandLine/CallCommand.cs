using System.CommandLine;
using Bob.Simulator.Twilio;

namespace Bob.Simulator.CommandLine;

/// <summary><c>call</c>: places one call and judges it.</summary>
internal static class CallCommand
{
    private static readonly TimeSpan DefaultDuration = TimeSpan.FromSeconds(20);

    private static readonly Argument<string> Server = new("url")
    {
        Description = "Where Bob listens, for example http://localhost:3000; without a path, /incoming-call is called.",
    };

    private static readonly Option<string?> PublicUrl = new("--public-url")
    {
        Description = "Bob's public URL (his SERVER_URL), if it differs: requests are signed over it and its host is reached at <url>.",
    };

    private static readonly Option<string?> Token = new("--token")
    {
        Description = "Auth token to sign with. Default: TWILIO_AUTH_TOKEN of the environment; without either nothing is signed.",
    };

    private static readonly Option<string> Account = new("--account")
    {
        Description = "Account SID. Default: TWILIO_ACCOUNT_SID of the environment, or a made-up one.",
        DefaultValueFactory = _ =>
            Environment.GetEnvironmentVariable("TWILIO_ACCOUNT_SID") is { Length: > 0 } sid ? sid : "AC00000000000000000000000000000001",
    };

    private static readonly Option<string> From = new("--from") { Description = "The caller's number.", DefaultValueFactory = _ => "+15550100001" };

    private static readonly Option<string> To = new("--to") { Description = "The number called.", DefaultValueFactory = _ => "+15550100002" };

    private static readonly Option<string?> Audio = new("--audio")
    {
        Description = "What the caller says: WAV of 8000 Hz mono (16-bit PCM or mu-law), or raw mu-law. Said after the greeting and again after "
            + "every answer. Default: a built-in clip.",
        HelpName = "file",
    };

    private static readonly Option<string?> Record = new("--record")
    {
        Description = "Write the call as a stereo WAV: left what the caller said, right what the caller heard.",
        HelpName = "file",
    };

    private static readonly Option<string?> Script = new("--script")
    {
        Description = "What the caller does, one step a line: say [file], wait 500ms, wait-for-bob, wait-for-bob-to-speak 1s, dtmf 1, hang-up, at 4s say.",
        HelpName = "file",
    };

    private static readonly Option<string[]> Dtmf = new("--dtmf")
    {
        Description = "Keys pressed at a time of the call, for example 1@3s; may be repeated.",
        HelpName = "keys@time",
    };

    private static readonly Option<TimeSpan?> Duration = Durations.Option("--duration", "The caller hangs up at this time. Default: 20s.");
    private static readonly Option<TimeSpan?> InterruptAt = Durations.Option("--interrupt-at", "The caller speaks at this time, whether Bob talks or not.");
    private static readonly Option<TimeSpan?> DropMediaAt = Durations.Option("--drop-media-at", "The first media stream is reset this long after its start.");

    private static readonly Option<string?> Fallback = new("--fallback")
    {
        Description = "What takes over when a webhook fails: a file of TwiML, as Twilio keeps it in a TwiML Bin, or the URL that is asked. "
            + "Default: nothing, and the call ends as Twilio's do, with an application error.",
        HelpName = "file or url",
    };

    private static readonly Option<int?> Rest = new("--rest")
    {
        Description = "Serve Twilio's REST API on this port of 127.0.0.1 while the call lasts; give Bob TWILIO_API_URL=http://127.0.0.1:<port>, and the "
            + "same account and token.",
        HelpName = "port",
    };

    private static readonly Option<TimeSpan?> DeadAir = Durations.Option(
        "--dead-air", "Longest silence the caller accepts before the greeting, after speaking, and after a dropped stream. Default: 4s.");

    private static readonly Option<bool> Json = new("--json") { Description = "Print the report as JSON." };

    public static Command Create()
    {
        var command = new Command(
            "call",
            "Place a call to Bob as Twilio would, print what happened, and judge it. Exit code 0: the call went as a caller would want; "
            + "1: it did not, one line says why; 2: the command line is wrong.")
        {
            Server, Audio, Record, Script, Duration, InterruptAt, Dtmf, DropMediaAt, Fallback, Rest, DeadAir, From, To, Token, Account, PublicUrl, Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        if (Options(parsed, out var problem) is not { } options || Plan(parsed, out problem) is not { } plan)
        {
            await Console.Error.WriteLineAsync(problem);
            return 2;
        }

        var json = parsed.GetValue(Json);
        if (!json)
            Console.WriteLine($"Calling {options.WebhookUrl} from {plan.From}");
        await using var twilio = new TwilioSimulator(options);
        TwilioRestApi? rest;
        try
        {
            rest = parsed.GetValue(Rest) is { } port ? await TwilioRestApi.StartAsync(twilio, port) : null;
        }
        catch (IOException taken)
        {
            await Console.Error.WriteLineAsync($"--rest: {taken.Message}");
            return 2;
        }

        await using var serving = rest;
        var call = twilio.PlaceCall(plan);
        await using var interrupted = stop.Register(() => _ = call.HangUpAsync());
        var report = await call.Completion;
        var expectations = new CallExpectations { DeadAir = parsed.GetValue(DeadAir) ?? TimeSpan.FromSeconds(4), DropPlanned = plan.Faults.DropAt is not null };
        var failures = expectations.Failures(report);
        if (parsed.GetValue(Record) is { } file)
            await File.WriteAllBytesAsync(file, Wav.WriteStereo(report.Said, report.Heard), CancellationToken.None);
        if (json)
            CallPrinter.PrintJson(Console.Out, report, failures);
        else
            CallPrinter.Print(Console.Out, report, failures);
        return failures.Count == 0 ? 0 : 1;
    }

    private static TwilioSimulatorOptions? Options(ParseResult parsed, out string? problem)
    {
        if (WebhookUrl(parsed.GetValue(Server)!) is not { } webhook)
        {
            problem = $"\"{parsed.GetValue(Server)}\" is no address. Write http://host:port, for example http://localhost:3000.";
            return null;
        }

        Uri? publicUrl = null;
        if (parsed.GetValue(PublicUrl) is { } text && (publicUrl = WebhookUrl(text)) is null)
        {
            problem = $"--public-url: \"{text}\" is no address. Write it as in SERVER_URL, for example https://bob.example.com.";
            return null;
        }

        if (!ReadFallback(parsed.GetValue(Fallback), out var fallbackUrl, out var fallbackTwiml, out problem))
            return null;
        var token = parsed.GetValue(Token) ?? Environment.GetEnvironmentVariable("TWILIO_AUTH_TOKEN");
        return new TwilioSimulatorOptions
        {
            WebhookUrl = webhook,
            PublicUrl = publicUrl,
            AuthToken = string.IsNullOrEmpty(token) ? null : token,
            AccountSid = parsed.GetValue(Account)!,
            FallbackUrl = fallbackUrl,
            FallbackTwiml = fallbackTwiml,
        };
    }

    private static bool ReadFallback(string? fallback, out Uri? url, out string? twiml, out string? problem)
    {
        (url, twiml, problem) = (null, null, null);
        if (fallback is null)
            return true;
        if (Uri.TryCreate(fallback, UriKind.Absolute, out var address) && address.Scheme is ("http" or "https"))
        {
            url = address;
            return true;
        }

        try
        {
            twiml = File.ReadAllText(fallback);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"--fallback: {e.Message}";
            return false;
        }
    }

    private static Uri? WebhookUrl(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            return null;
        return url.AbsolutePath == "/" ? new Uri(url, "/incoming-call") : url;
    }

    private static CallPlan? Plan(ParseResult parsed, out string? problem)
    {
        problem = null;
        var voice = parsed.GetValue(Audio) is { } file ? CallerVoice.Read(file, out problem) : CallerVoice.Default();
        if (voice is null)
            return null;

        var steps = new List<CallerStep>();
        if (parsed.GetValue(Script) is { } script)
        {
            if (CallScript.Read(script, voice, out problem) is not { } scripted)
                return null;
            steps.AddRange(scripted);
        }

        foreach (var keys in parsed.GetValue(Dtmf) ?? [])
        {
            if (KeyPress.Parse(keys, out problem) is not { } press)
                return null;
            steps.Add(press);
        }

        if (parsed.GetValue(InterruptAt) is { } interruptAt)
            steps.Add(new CallerStep.At(interruptAt, new CallerStep.Speak(voice)));
        var duration = parsed.GetValue(Duration) ?? DefaultDuration;
        if (parsed.GetValue(Script) is null)
            steps.AddRange(Conversation(voice, duration));
        return new CallPlan
        {
            From = parsed.GetValue(From)!,
            To = parsed.GetValue(To)!,
            Steps = steps,
            HangUpAfter = duration,
            MaxDuration = duration + TimeSpan.FromMinutes(1),
            Faults = new MediaFaults { DropAt = parsed.GetValue(DropMediaAt), DropByReset = true },
        };
    }

    /// <summary>Listens, speaks, and so on: more turns than can take place before the caller hangs up.</summary>
    private static IEnumerable<CallerStep> Conversation(byte[] voice, TimeSpan duration)
    {
        var turns = 1 + (int)(duration / TimeSpan.FromMilliseconds(700 + (voice.Length / 8)));
        for (var turn = 0; turn < turns; turn++)
        {
            yield return new CallerStep.WaitForBob();
            yield return new CallerStep.Speak(voice);
        }
    }
}
