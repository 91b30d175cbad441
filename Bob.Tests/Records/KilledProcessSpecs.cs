using System.Collections.Concurrent;
using System.Globalization;
using AwesomeAssertions;
using Bob.Host.Records;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Bob.Tests.Faults;
using Bob.Tests.Recording;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Bob.Tests.Records;

/// <summary>
/// The real process, killed in the middle of calls, each at a random moment of its own: 20 calls in 4 kills, or in as many as <c>BOB_KILLS</c> says 5 each.
/// </summary>
[Collection(Alone.Name)] // a machine that is full writes no recording within the second
public sealed class KilledProcessSpecs(ITestOutputHelper output) : IDisposable
{
    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("BOB_KILLS"), CultureInfo.InvariantCulture, out var kills) ? kills : 4;

    private static readonly TimeSpan Durable = TimeSpan.FromSeconds(1);
    private const int Callers = 5;
    private const string Greeting = "hello there";

    private readonly RecordsFolder _folder = RecordsFolder.Make();

    private string Recordings => Path.Combine(_folder.Path, "recordings");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_a_kill_at_any_moment_the_record_has_one_end_and_turns_and_recording_lack_no_more_than_the_last_second()
    {
        await using var model = await RealtimeSimulator.StartAsync(
            new RealtimeSimulatorOptions { Script = TwilioLine.Script(Greeting, "so it is"), ApiKey = WholeHouse.ApiKey, CloseFrames = false }, Cancellation);
        (string, string)[] settings =
        [
            .. _folder.Settings, ("OPENAI_API_KEY", WholeHouse.ApiKey), ("OPENAI_REALTIME_URL", model.Url.AbsoluteUri),
            ("RECORDING", "true"), ("RECORDING_DIRECTORY", Recordings),
        ];
        Dictionary<string, Dictionary<string, string>> known = [];
        Dictionary<string, (TimeSpan Least, TimeSpan Most)> recorded = [];

        for (var kill = 0; kill < Kills; kill++)
        {
            await using var bob = await BobProcess.StartAsync(settings);
            await using var twilio = new TwilioSimulator(new TwilioSimulatorOptions { WebhookUrl = new Uri(bob.Address, "incoming-call"), VerbTimeScale = 0.05 });
            using var end = new CancellationTokenSource();
            List<(SimulatedCall Call, ConcurrentQueue<(DateTime At, Dictionary<string, string> Items)> Seen, Task Watching)> calls = [];
            for (var caller = 0; caller < Callers; caller++)
            {
                var call = twilio.PlaceCall(WholeHouse.Conversation([.. Enumerable.Repeat("good day", 20)]));
                var seen = new ConcurrentQueue<(DateTime, Dictionary<string, string>)>();
                calls.Add((call, seen, WatchAsync(await model.NextSessionAsync(Cancellation), seen, end.Token)));
                await call.WaitForHeardAsync(500); // on a busy machine the beginning takes its time
                await PassAsync(call, Random.Shared.Next(1_200)); // each call is at a moment of its own
            }

            await PassAsync(calls[^1].Call, Random.Shared.Next(1_500, 5_000));
            var killed = DateTime.UtcNow;
            var least = calls.ConvertAll(one => OnTheLine(one.Call) - Durable);
            await bob.KillAsync();

            var most = calls.ConvertAll(one => OnTheLine(one.Call));
            await end.CancelAsync();
            foreach (var ((call, seen, watching), i) in calls.Select((one, i) => (one, i)))
            {
                await watching;
                recorded[call.CallSid] = (least[i], most[i]);
                known[call.CallSid] = seen.Last(look => look.At < killed - Durable).Items;
            }
        }

        await using var next = await BobProcess.StartAsync(settings);

        await using var db = RecordsDatabase.InFile(_folder.Database).Open();
        known.Should().HaveCount(Kills * Callers);
        foreach (var (callSid, items) in known)
        {
            var record = await _folder.OfEndedAsync(callSid); // nobody can ask for it, so it may take a while to come back
            $"{record.Result}: {record.Reason}".Should().Be("Lost: process-died");
            (await db.Journal.CountAsync(row => row.CallSid == callSid && row.Kind == "call-ended", Cancellation)).Should().Be(1);
            var numbers = await db.Journal.Where(row => row.CallSid == callSid).OrderBy(row => row.Number).Select(row => row.Number).ToListAsync(Cancellation);
            numbers.Should().Equal(Enumerable.Range(1, numbers.Count));
            var turns = await db.Turns.Where(row => row.CallSid == callSid).ToDictionaryAsync(row => row.ItemId, row => row.Text, Cancellation);
            items.Should().NotBeEmpty();
            foreach (var (item, text) in items)
                turns.Should().ContainKey(item).WhoseValue.Should().Be(text);
            (record.Recording, record.RecordingFault).Should().Be(($"{callSid}.wav", "process died"));
            var sound = RecordedCall.Read(Path.Combine(Recordings, record.Recording!));
            var (least, most) = recorded[callSid];
            sound.Duration.Should().BeGreaterThan(least).And.BeLessThan(most);
            sound.Right.AsSpan().IndexOf(WholeHouse.Voice(Greeting).AsSpan(0, 800)).Should().BeGreaterThanOrEqualTo(0, "Bob is on the right");
            output.WriteLine($"{items.Count} turns of {turns.Count} a second before; recorded {sound.Duration.TotalSeconds:0.000} s of {least.TotalSeconds + 1:0.000} s");
        }

        new FileInfo(Path.Combine(_folder.Spool, "journal.spool")).Length.Should().Be(0);
        next.Lines.Should().Contain(line => line.Contains("calls were cut off when the last process died"));
    }

    public void Dispose() => _folder.Dispose();

    private static TimeSpan OnTheLine(SimulatedCall call) => call.Time - call.Streams.Single().Started!.Value;

    private static Task PassAsync(SimulatedCall call, int ms)
    {
        var until = call.Time + TimeSpan.FromMilliseconds(ms);
        return call.WaitForAsync(one => one.Time >= until, $"{ms} ms more of the call", TimeSpan.FromSeconds(20));
    }

    /// <summary>Looks again and again at what the model knows of the conversation: the words of finished items.</summary>
    private static async Task WatchAsync(SimulatedSession session, ConcurrentQueue<(DateTime, Dictionary<string, string>)> seen, CancellationToken end)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        do
        {
            var items = session.Conversation.Where(item => item is { Type: "message", Status: "completed", Text: not null, FromClient: false });
            seen.Enqueue((DateTime.UtcNow, items.ToDictionary(item => item.Id, item => item.Text!)));
        }
        while (!end.IsCancellationRequested && await tick.WaitForNextTickAsync(CancellationToken.None));
    }
}
