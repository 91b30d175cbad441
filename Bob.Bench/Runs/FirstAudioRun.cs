using System.Diagnostics;
using Bob.Bench.Callers;
using Bob.Bench.Figures;
using Bob.Bench.Line;
using Bob.Bench.Model;
using Bob.Bench.Servers;

namespace Bob.Bench.Runs;

/// <summary>Places one call after the other while others are up, and times each from the webhook to the first audio.</summary>
internal sealed class FirstAudioRun(string serverCores, string? program, Shape shape, int others, int tries)
{
    /// <summary>The model's answer to the handshake.</summary>
    public static readonly TimeSpan AcceptDelay = TimeSpan.FromMilliseconds(150);

    /// <summary>From <c>response.create</c> to the model's first audio.</summary>
    public static readonly TimeSpan FirstDeltaDelay = TimeSpan.FromMilliseconds(300);

    /// <summary>From the webhook to Twilio's opening of the stream.</summary>
    public static readonly TimeSpan StreamDelay = TimeSpan.FromMilliseconds(300);

    /// <summary>Calls that only warm the server up.</summary>
    private const int WarmUpCalls = 30;

    /// <summary>How fast the others come.</summary>
    private const double CallsPerSecond = 50;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>From the webhook to the first audio, ms.</summary>
    public LatencyFigures Run()
    {
        using var exchange = new Exchange(sleeps: !Cores.KeepOff(serverCores));
        var journeys = new CallJourneys();
        using var model = new RealtimeModel(exchange, new ModelPlan(shape, AcceptDelay, FirstDeltaDelay), journeys);
        using var server = ServerProcess.StartAsync(new ServerPlan(ServerKind.Bob, serverCores, program, others + 10), model.Port).GetAwaiter().GetResult();

        // The last place on the grid is for the call that is timed.
        var callers = Enumerable.Range(0, others + 1).Select(number => new Caller(exchange, server.Address, journeys, number)).ToArray();
        exchange.Tick = new CallerGrid(callers).Tick;
        var ramp = TimeSpan.FromSeconds(others / CallsPerSecond);
        for (var i = 0; i < others; i++)
            exchange.After(TimeSpan.FromSeconds(i / CallsPerSecond), callers[i].Dial);
        exchange.RunFor(ramp);
        Expect(exchange, server, () => callers[..others].All(caller => caller.Live));

        var latencies = new Latencies();
        for (var i = 0; i < WarmUpCalls + tries; i++)
        {
            // A call every 0.75 s and a little: the moments are spread over the frames of the others.
            var caller = callers[others] = new Caller(exchange, server.Address, journeys, others) { StreamDelay = StreamDelay };
            caller.Dial();
            Expect(exchange, server, () => caller.Live || caller.Failure is not null);
            if (caller.Failure is { } failure)
                throw new InvalidOperationException(failure);
            if (i >= WarmUpCalls)
                latencies.Add((long)(caller.FirstAudio!.Value.TotalSeconds * Stopwatch.Frequency));
            exchange.RunFor(TimeSpan.FromMilliseconds(203));
            caller.HangUp();
            exchange.RunFor(TimeSpan.FromMilliseconds(51));
        }

        return latencies.Summary();
    }

    private static void Expect(Exchange exchange, ServerProcess server, Func<bool> happened)
    {
        if (!exchange.RunUntil(happened, Patience))
            throw new InvalidOperationException($"A call did not come about.{Environment.NewLine}{server.LastWords}");
    }
}
