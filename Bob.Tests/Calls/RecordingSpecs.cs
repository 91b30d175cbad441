using Akka.Actor;
using AwesomeAssertions;
using Bob.Actors.Recording;
using Bob.Simulator.Twilio;
using Bob.Tests.Faults;
using Bob.Tests.Recording;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;

namespace Bob.Tests.Calls;

/// <summary>A recording holds what both sides heard, where they heard it.</summary>
[Collection(Alone.Name)]
public sealed class RecordingSpecs(ITestOutputHelper output) : IDisposable
{
    private const int Callers = 20;
    private const int InterruptionsEach = 10;

    /// <summary>What the parts of a recording may be out of place, ms.</summary>
    private const double Tolerance = 40;

    private const string LongAnswer = "a rather long answer that goes on and on so that it can be cut in the middle of any word of it";
    private readonly string _folder = Directory.CreateTempSubdirectory("bob-recordings-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Interrupted_200_times_anywhere_Bob_ends_where_the_caller_heard_him_end_and_the_callers_words_are_where_they_spoke()
    {
        await using var house = await StartAsync();
        var recordings = new FinishedRecordings(house);
        var reports = await Task.WhenAll(Enumerable.Range(0, Callers).Select(async number =>
        {
            var random = new Random(number);
            var call = house.Twilio.PlaceCall(new CallPlan { MaxDuration = TimeSpan.FromMinutes(2) });
            for (var i = 0; i < InterruptionsEach; i++)
            {
                await call.WaitForHeardAsync((int)call.HeardMs + random.Next(100, 900), TimeSpan.FromSeconds(30));
                var clears = Clears(call.Streams).Count;
                call.Speak(Voice("yes"));
                await call.WaitForAsync(line => Clears(line.Streams).Count > clears, "the line cleared", TimeSpan.FromSeconds(30));
            }

            return await HangUpAsync(call, InterruptionsEach);
        }));

        var (cuts, places, words) = (new List<double>(), new List<double>(), new List<double>());
        foreach (var report in reports)
        {
            var recorded = await RecordedAsync(recordings, report);
            var clears = Clears(report.Streams);
            recorded.Runs.Count.Should().BeGreaterThanOrEqualTo(clears.Count);
            cuts.AddRange(recorded.Runs.Take(clears.Count).Select(run => run.CutMs));
            places.AddRange(recorded.Runs.Select(run => run.PlaceMs));
            words.AddRange(recorded.CallersWords(Voice("yes")));
        }

        Say("Bob's end", cuts);
        Say("Bob's begin", places);
        Say("the caller's words", words);
        cuts.Should().HaveCount(Callers * InterruptionsEach).And.OnlyContain(ms => Math.Abs(ms) <= Tolerance);
        places.Should().OnlyContain(ms => Math.Abs(ms) <= Tolerance);
        words.Should().HaveCount(Callers * InterruptionsEach).And.OnlyContain(ms => Math.Abs(ms) <= Tolerance);
    }

    [Fact]
    public Task Over_a_dropped_media_socket_the_recording_goes_on_and_has_what_was_said_again() =>
        Task.WhenAll(GoesOnAsync(reset: false), GoesOnAsync(reset: true));

    private async Task GoesOnAsync(bool reset)
    {
        await using var house = await StartAsync();
        var recordings = new FinishedRecordings(house);
        var call = house.Twilio.PlaceCall(new CallPlan());

        await call.WaitForHeardAsync(1_200);
        call.DropMedia(reset);
        await call.WaitForStreamAsync(2);
        await call.WaitForHeardAsync(2_400);
        call.Speak(Voice("yes"));
        await call.WaitForAsync(line => Clears(line.Streams).Count > 0, "the line cleared");
        var report = await HangUpAsync(call, 1);
        var recorded = await RecordedAsync(recordings, report);

        recorded.Runs.Count.Should().BeGreaterThanOrEqualTo(2);
        recorded.Runs.Take(2).Should().OnlyContain(run => Math.Abs(run.PlaceMs) <= Tolerance && Math.Abs(run.CutMs) <= Tolerance);
        recorded.CallersWords(Voice("yes")).Should().ContainSingle().Which.Should().BeInRange(-Tolerance, Tolerance);
        Directory.GetFiles(_folder, $"{report.CallSid}*").Should().ContainSingle();
        recordings.Count.Should().Be(1);
    }

    [Fact]
    public async Task Over_a_restart_of_the_calls_actor_the_recording_goes_on_in_the_same_file()
    {
        await using var house = await StartAsync();
        var recordings = new FinishedRecordings(house);
        var call = house.Twilio.PlaceCall(new CallPlan());

        await call.WaitForHeardAsync(1_200);
        house.System.ActorSelection($"/user/calls/{call.CallSid}").Tell(Kill.Instance);
        await call.WaitForStreamAsync(2);
        await call.WaitForHeardAsync(2_400);
        call.Speak(Voice("yes"));
        await call.WaitForAsync(line => Clears(line.Streams).Count > 0, "the line cleared");
        var report = await HangUpAsync(call, 1);
        var recorded = await RecordedAsync(recordings, report);

        recorded.Runs.Count.Should().BeGreaterThanOrEqualTo(2);
        recorded.Runs.Take(2).Should().OnlyContain(run => Math.Abs(run.PlaceMs) <= Tolerance && Math.Abs(run.CutMs) <= Tolerance);
        recorded.CallersWords(Voice("yes")).Should().ContainSingle().Which.Should().BeInRange(-Tolerance, Tolerance);
        Directory.GetFiles(_folder).Should().ContainSingle();
        recordings.Count.Should().Be(1);
        var record = await house.Records.OfEndedAsync(report.CallSid);
        (record.Recording, record.RecordingFault).Should().Be(($"{report.CallSid}.wav", null));
        house.Lines.Should().ContainSingle(line => line.Contains("The call's actor was restarted"));
    }

    [Fact]
    public Task T33_Timestamps_that_jump_make_no_silence_and_move_nothing() => Task.WhenAll(JumpsAsync(3_600_000), JumpsAsync(-600_000));

    private async Task JumpsAsync(long jumpMs)
    {
        await using var house = await StartAsync();
        var recordings = new FinishedRecordings(house);
        var call = house.Twilio.PlaceCall(new CallPlan { Faults = new MediaFaults { TimestampJumpFrame = 50, TimestampJumpMs = jumpMs } });

        await call.WaitForHeardAsync(1_500);
        call.Speak(Voice("yes"));
        await call.WaitForAsync(line => Clears(line.Streams).Count > 0, "the line cleared");
        var report = await HangUpAsync(call, 1);
        var recorded = await RecordedAsync(recordings, report);

        (recorded.Duration - report.Duration - TimeSpan.FromSeconds(1)).Should().BeNegative("no silence was made up");
        recorded.Runs[0].CutMs.Should().BeInRange(-Tolerance, Tolerance);
        recorded.CallersWords(Voice("yes")).Should().ContainSingle().Which.Should().BeInRange(-Tolerance, Tolerance);
    }

    [Fact]
    public async Task K4_What_is_on_the_disk_in_the_middle_of_a_call_lacks_less_than_a_second_and_can_be_made_playable()
    {
        await using var house = await StartAsync();
        var call = house.Twilio.PlaceCall(new CallPlan());
        await call.WaitForHeardAsync(3_000);

        var copies = Directory.CreateDirectory(Path.Combine(_folder, "copies")).FullName;
        File.Copy(Path.Combine(_folder, $"{call.CallSid}.part"), Path.Combine(copies, $"{call.CallSid}.part"));
        var mended = new Recordings(copies).Mend((_, failure) => throw failure).Should().ContainSingle().Subject;

        var bob = RecordedCall.Read(mended.File).Right;
        var begin = bob.AsSpan().IndexOf(TwilioLine.Lines(LongAnswer).AsSpan(0, 800));
        begin.Should().BeGreaterThanOrEqualTo(0, "the greeting is there; from the first sample on, when it was ready before the stream came");
        bob.AsSpan(begin).CommonPrefixLength(TwilioLine.Lines(LongAnswer)).Should().BeGreaterThan(2_000 * 8);
        mended.CallSid.Value.Should().Be(call.CallSid);
        await call.HangUpAsync();
    }

    private static List<ClearReport> Clears(IEnumerable<StreamReport> streams) => [.. streams.SelectMany(stream => stream.Clears)];

    private Task<WholeHouse> StartAsync() =>
        WholeHouse.StartAsync(TwilioLine.Script(LongAnswer, LongAnswer), settings: [("RECORDING", "true"), ("RECORDING_DIRECTORY", _folder)]);

    private static async Task<RecordingOfReport> RecordedAsync(FinishedRecordings recordings, CallReport report)
    {
        var finished = await recordings.OfAsync(report.CallSid);
        finished.Truncated.Should().BeNull();
        return new RecordingOfReport(RecordedCall.Read(finished.File!), report, TwilioLine.Lines(LongAnswer));
    }

    /// <summary>Not before the caller has ended the sentence that they are in, the last of so many.</summary>
    private static async Task<CallReport> HangUpAsync(SimulatedCall call, int sentences)
    {
        await call.WaitForAsync(line => line.Transcript.Count(said => said.What.StartsWith("has spoken", StringComparison.Ordinal)) >= sentences, "the last word");
        return await call.HangUpAsync();
    }

    private void Say(string what, List<double> ms)
    {
        var sorted = ms.Select(Math.Abs).Order().ToList();
        output.WriteLine($"{what}: {sorted.Count}, off by p50 {sorted[sorted.Count / 2]:0.0} ms, p90 {sorted[sorted.Count * 9 / 10]:0.0} ms, max {sorted[^1]:0.0} ms");
    }
}
