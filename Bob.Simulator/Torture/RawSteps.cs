using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Bob.Simulator.Twilio;

namespace Bob.Simulator.Torture;

/// <summary>
/// A media socket by hand. <c>raw announce [again]</c> (a call; the same one: its ticket must be the same) · <c>raw over</c> (it has ended, says Twilio) · <c>raw open STATUS [PATH] [unsigned|wrong] [header=NAME:VALUE]</c> · <c>raw start [ticket=…] [sid=…]</c> ·
/// <c>raw text TEXT</c> · <c>raw frame BYTE COUNT [unmasked] [announced=N] [times=N]</c>: a frame whose first byte is hexadecimal, of so many blanks · <c>raw bytes HEX</c> ·
/// <c>raw closes CODE|CODE [within 3s]</c> (0: without a CLOSE) · <c>raw drop</c> · <c>raw sockets N</c>: so many that say nothing ·
/// <c>raw slow HEADERS-PER-SECOND refused within 12s</c>: a request whose headers come one byte at a time.
/// </summary>
internal static class RawSteps
{
    public static IReadOnlyDictionary<string, Step> Verbs { get; } = new Dictionary<string, Step> { ["raw"] = RawAsync };

    private static async Task RawAsync(Stage stage, string text)
    {
        var verb = text.Split(' ')[0];
        var rest = text[verb.Length..].Trim();
        try
        {
            await (verb switch
            {
                "announce" => stage.Raw.AnnounceAsync(again: rest == "again"),
                "over" => stage.Raw.OverAsync(),
                "open" => OpenAsync(stage, rest),
                "start" => StartAsync(stage, rest),
                "text" => stage.Raw.Socket.SendTextAsync(rest),
                "frame" => FrameAsync(stage, rest),
                "bytes" => stage.Raw.Socket.SendBytesAsync(Convert.FromHexString(rest.Replace(" ", "", StringComparison.Ordinal))),
                "closes" => ClosesAsync(stage, rest),
                "drop" => Task.Run(() => stage.Raw.Socket.Drop(reset: true)),
                "sockets" => SocketsAsync(stage, rest),
                "slow" => SlowAsync(stage, rest),
                _ => throw new StepFailedException($"{verb} is no raw step"),
            });
        }
        catch (IOException) when (verb is "frame" or "text" or "bytes")
        {
            // A socket that Bob has closed takes nothing more: "raw closes" tells how he did.
        }
    }

    private static async Task OpenAsync(Stage stage, string text)
    {
        stage.Strike($"raw open {text}");
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var path = words.FirstOrDefault(word => word.StartsWith('/')) ?? "/media-stream";
        var signature = words.Contains("unsigned") ? StreamSignature.Missing : words.Contains("wrong") ? StreamSignature.Wrong : StreamSignature.AsWritten;
        var headers = words.Where(word => word.StartsWith("header=", StringComparison.Ordinal))
            .Select(word => word["header=".Length..].Split(':', 2)).ToDictionary(pair => pair[0], pair => pair[1].Replace('_', ' '));
        var status = await stage.Raw.OpenAsync(path, signature: signature, headers: headers);
        if (status.ToString(CultureInfo.InvariantCulture) != words[0])
            throw new StepFailedException($"the handshake was answered with {status}");
        if (stage.Raw.Socket.Headers.ContainsKey("sec-websocket-extensions"))
            throw new StepFailedException("an extension was granted");
    }

    private static Task StartAsync(Stage stage, string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string? Value(string name) => words.FirstOrDefault(word => word.StartsWith(name, StringComparison.Ordinal))?[name.Length..];
        return stage.Raw.StartAsync(Value("ticket="), Value("sid="));
    }

    private static async Task FrameAsync(Stage stage, string text)
    {
        stage.Strike($"raw frame {text}");
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string? Value(string name) => words.FirstOrDefault(word => word.StartsWith(name, StringComparison.Ordinal))?[name.Length..];
        var first = Convert.ToByte(words[0], 16);
        var payload = Enumerable.Repeat((byte)' ', int.Parse(words[1], CultureInfo.InvariantCulture)).ToArray();
        long? announced = Value("announced=") is { } length ? long.Parse(length, CultureInfo.InvariantCulture) : null;
        for (var times = int.Parse(Value("times=") ?? "1", CultureInfo.InvariantCulture); times > 0; times--)
            await stage.Raw.Socket.SendFrameAsync(first, payload, !words.Contains("unmasked"), announced);
    }

    private static async Task ClosesAsync(Stage stage, string text)
    {
        var within = Steps.Within(ref text, TimeSpan.FromSeconds(3)) * stage.Slack;
        using var limit = new CancellationTokenSource(within);
        try
        {
            var code = await stage.Raw.Socket.ReceiveCloseAsync(limit.Token) ?? 0;
            if (!text.Split('|').Contains(code.ToString(CultureInfo.InvariantCulture)))
                throw new StepFailedException($"it was closed with {code}");
        }
        catch (OperationCanceledException)
        {
            throw new StepFailedException($"it is still open after {within.TotalSeconds:0.#} s");
        }
    }

    private static async Task SocketsAsync(Stage stage, string text)
    {
        stage.Strike($"{text} silent sockets");
        for (var left = int.Parse(text, CultureInfo.InvariantCulture); left > 0; left--)
        {
            if (await stage.Raw.OpenAsync() is not (101 or 503) and var status)
                throw new StepFailedException($"a handshake was answered with {status}");
        }
    }

    /// <summary>One byte of a request in each tenth of a second, to Bob's own port.</summary>
    private static async Task SlowAsync(Stage stage, string text)
    {
        var within = Steps.Within(ref text, TimeSpan.FromSeconds(12)) * stage.Slack;
        stage.Strike("slow headers");
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(System.Net.IPAddress.Loopback, stage.Lane.Port);
        var since = System.Diagnostics.Stopwatch.StartNew();
        var reading = client.GetStream().ReadAsync(new byte[1]).AsTask();
        try
        {
            foreach (var letter in Encoding.ASCII.GetBytes("GET /media-stream HTTP/1.1\r\nX-Slow: " + new string('x', 10_000)))
            {
                if (await Task.WhenAny(reading, Task.Delay(100)) == reading)
                    return; // a refusal, or the end
                if (since.Elapsed > within)
                    throw new StepFailedException($"Bob still waits for the headers after {within.TotalSeconds:0.#} s");
                await client.GetStream().WriteAsync(new[] { letter });
            }
        }
        catch (IOException)
        {
            // cut: refused
        }
    }
}
