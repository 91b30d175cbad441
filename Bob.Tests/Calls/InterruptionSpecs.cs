using AwesomeAssertions;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;

namespace Bob.Tests.Calls;

/// <summary>Interrupting is exact: what the model is told that the caller heard is what the caller heard.</summary>
[Collection(Alone.Name)]
public sealed class InterruptionSpecs(ITestOutputHelper output)
{
    private const int Callers = 50;
    private const int InterruptionsEach = 4;

    /// <summary>Some five seconds, so that an interruption falls anywhere in it.</summary>
    private const string LongAnswer = "a rather long answer that goes on and on so that it can be cut in the middle of any word of it";

    [Fact]
    public async Task The_reported_truncation_is_what_the_caller_really_heard()
    {
        var script = new RealtimeScript
        {
            Greeting = new Reply { Say = [LongAnswer] },
            Otherwise = new Reply { Say = [LongAnswer] },
        };
        await using var house = await StartAsync(script);
        var reports = await Task.WhenAll(Enumerable.Range(0, Callers).Select(async number =>
        {
            var random = new Random(number);
            var voice = VoiceOf(number);
            var call = house.Twilio.PlaceCall(new CallPlan { From = $"+1555010{number:0000}", MaxDuration = TimeSpan.FromMinutes(5) });
            for (var i = 0; i < InterruptionsEach; i++)
            {
                await call.WaitForHeardAsync((int)call.HeardMs + random.Next(200, 2000), TimeSpan.FromSeconds(30));
                var clears = Clears(call.Streams);
                call.Speak(voice);
                await call.WaitForAsync(line => Clears(line.Streams) > clears, "the line cleared", TimeSpan.FromSeconds(30));
            }

            return (Number: number, Report: await call.HangUpAsync());
        }));

        var errors = new List<double>();
        foreach (var (number, report) in reports)
        {
            var session = house.Model.Sessions.Single(session => session.CallerAudio.AsSpan().IndexOf(VoiceOf(number)) >= 0);
            // Every item of the model before the last one was interrupted; the sum of what it believes was heard is what was heard.
            var clears = report.Streams.SelectMany(stream => stream.Clears).ToList();
            var believed = session.Truncations;
            believed.Should().HaveCount(clears.Count);
            session.Errors.Should().BeEmpty();
            long before = 0;
            foreach (var (clear, truncation) in clears.Zip(believed))
            {
                errors.Add(Math.Abs((clear.TotalHeardBytes - before) / 8.0 - truncation.AudioEndMs));
                before = clear.TotalHeardBytes;
            }
        }

        errors.Sort();
        output.WriteLine($"{errors.Count} interruptions: error p50 {At(errors, 0.50):0.0} ms, p90 {At(errors, 0.90):0.0} ms, p99 {At(errors, 0.99):0.0} ms, max {errors[^1]:0.0} ms");
        errors.Should().HaveCount(Callers * InterruptionsEach);
        // The tail is a figure: on a machine that others keep busy it tells how long the far end's thread had to wait. A ledger that is wrong is
        // wrong in the middle, too.
        At(errors, 0.50).Should().BeLessThanOrEqualTo(40);
    }

    /// <summary>Every caller has a voice of their own, by which their session is known.</summary>
    private static byte[] VoiceOf(int number) => Voice($"yes but {number:00}");

    private static int Clears(IReadOnlyList<StreamReport> streams) => streams.Sum(stream => stream.Clears.Count);

    private static double At(List<double> sorted, double quantile) => sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * quantile))];
}
