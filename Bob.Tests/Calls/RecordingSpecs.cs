using Akka.Actor;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Recording;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Faults;
using Bob.Tests.Recording;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;

namespace Bob.Tests.Calls;

/// <summary>A recording holds what both sides heard, where they heard it.</summary>
[Collection(Alone.Name)]
public sealed class RecordingSpecs(ITestOutputHelper output) : IDisposable
{
    private const int Callers = 10;
    private const int InterruptionsEach = 20;

    /// <summary>What the parts of a recording may be out of place, ms.</summary>
    private const double Tolerance = 40;

    private const string LongAnswer = "a rather long answer that goes on and on so that it can be cut in the middle of any word of it";
    private readonly string _folder = Directory.CreateTempSubdirectory("bob-recordings-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Interrupted_200_times_anywhere_Bob_ends_where_the_caller_heard_him_end_and_the_callers_words_are_where_they_spoke()
    {
        await using var house = await StartAsync(LongAnswer);
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Over_a_dropped_media_socket_the_recording_goes_on_and_has_what_was_said_again(bool reset)
    {
        await using var house = await StartAsync(LongAnswer);
        var recordings = new FinishedRecordings(house);
        var call = house.Twilio.PlaceCall(new CallPlan());

        await call.WaitForHeardAsync(1_200);
        call.DropMedia(reset);
        await call.WaitForStreamAsync(2);
        await call.WaitForHeardAsync(2_400);
        call.Speak(Voice("yes"));
        await call.WaitForAsync(line => Clears(line.Streams).Count > 0, "the line cleared");
        var recorded = await RecordedAsync(recordings, await HangUpAsync(call, 1));

        recorded.Runs.Count.Should().BeGreaterThanOrEqualTo(2);
        recorded.Runs.Take(2).Should().OnlyContain(run => Math.Abs(run.PlaceMs) <= Tolerance && Math.Abs(run.CutMs) <= Tolerance);
        recorded.CallersWords(Voice("yes")).Should().ContainSingle().Which.Should().BeInRange(-Tolerance, Tolerance);
        Directory.GetFiles(_folder).Should().ContainSingle();
        recordings.Count.Should().Be(1);
    }

    [Fact]
    public async Task Over_a_restart_of_the_calls_actor_the_recording_goes_on_in_the_same_file()
    {
        await using var house = await StartAsync(LongAnswer);
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

    [Theory]
    [InlineData(3_600_000)]
    [InlineData(-600_000)]
    public async Task T33_Timestamps_that_jump_make_no_silence_and_move_nothing(long jumpMs)
    {
        await using var house = await StartAsync(LongAnswer);
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
        await using var house = await StartAsync(LongAnswer);
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

    [Fact]
    public async Task P8_A_full_disk_ends_the_recording_and_not_the_call()
    {
        await using var house = await StartAsync(
            "hello", builder => builder.AddSingleton<IRecordings>(new SmallDisk(new Recordings(_folder), 10_000)));
        var recordings = new FinishedRecordings(house);

        var report = await house.Twilio.PlaceCall(Conversation("good day", "and good bye")).Completion;

        report.ShouldHaveHeard("hello", "hello", "hello");
        var finished = await recordings.OfAsync(report.CallSid);
        finished.Truncated.Should().Be("disk full");
        RecordedCall.Read(finished.File!).Duration.Should().Be(finished.Duration).And.BeGreaterThan(TimeSpan.Zero);
        house.Lines.Should().ContainSingle(line => line.Contains("Recording truncated: disk full"));
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.CallerHungUp);
        await house.ShouldBeEmptyAsync();
        var record = await house.Records.OfEndedAsync(report.CallSid);
        (record.Recording, record.RecordingFault).Should().Be(($"{report.CallSid}.wav", "disk full"));
    }

    [Fact]
    public async Task P8_A_disk_that_hangs_is_not_heard_by_any_caller()
    {
        using var disk = new HungDisk();
        await using var house = await StartAsync("hello", builder => builder.AddSingleton<IRecordings>(disk));

        var reports = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => house.Twilio.PlaceCall(Conversation("good day")).Completion));

        disk.Waiting.Should().BePositive();
        disk.PoolThreads.Should().Be(0, "calls and webhooks live on them");
        foreach (var report in reports)
        {
            report.ShouldHaveHeard("hello", "hello");
            report.FirstAudio.Should().BeLessThan(TimeSpan.FromSeconds(2));
        }

        disk.Release();
        await house.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task P8_What_a_hung_disk_makes_wait_is_bounded_and_the_record_says_what_it_lacks_though_the_disk_never_comes_back()
    {
        using var disk = new HungDisk();
        await using var house = await StartAsync("hello", builder => builder.AddSingleton<IRecordings>(disk));
        var call = house.Twilio.PlaceCall(new CallPlan());
        await call.WaitForHeardAsync(100);

        // Half an hour of the caller's.
        var recorder = house.System.ActorSelection($"/user/calls/{call.CallSid}/recorder");
        for (var frames = 0; frames < 30 * 60 * 50; frames++)
            recorder.Tell(new RecorderProtocol.CallerSaid(new CallerAudio(new byte[160]), TimeSpan.Zero));
        await house.UntilAsync(() => house.Lines.Any(line => line.Contains("Recording truncated: disk too slow")), "a word of it");
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();

        report.ShouldHaveHeard("hello");
        (await house.Records.OfEndedAsync(report.CallSid)).RecordingFault.Should().Be("disk too slow");
        house.Lines.Should().ContainSingle(line => line.Contains("Recording truncated"));
        disk.Release();
        await house.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task The_greeting_is_told_that_the_call_is_recorded_and_without_recording_there_is_no_recorder()
    {
        await using var recording = await StartAsync("hello");
        await using var plain = await WholeHouse.StartAsync();

        plain.Services.GetRequiredService<CallServices>().Recorder.Should().BeNull();
        plain.Services.GetRequiredService<CallServices>().Realtime.Greeting.Should().NotContain("recorded");
        recording.Services.GetRequiredService<CallServices>().Recorder.Should().NotBeNull();
        recording.Services.GetRequiredService<CallServices>().Realtime.Greeting.Should().EndWith("tell the caller in a few words that this call is recorded.");
    }

    [Fact]
    public async Task What_a_dead_process_left_is_playable_after_the_next_start()
    {
        File.WriteAllBytes(Path.Combine(_folder, "CA1.part"), [.. StereoWav.Header(0), .. new byte[16_001]]);

        await using var house = await StartAsync("hello");

        await house.UntilAsync(() => house.Lines.Any(line => line.Contains("Recording mended: 1.0 s")), "the mending");
        RecordedCall.Read(Path.Combine(_folder, "CA1.wav")).Duration.Should().Be(TimeSpan.FromSeconds(1));
    }

    private static List<ClearReport> Clears(IEnumerable<StreamReport> streams) => [.. streams.SelectMany(stream => stream.Clears)];

    private Task<WholeHouse> StartAsync(string line, Action<IServiceCollection>? services = null) => WholeHouse.StartAsync(
        TwilioLine.Script(line, line),
        adjust: builder => services?.Invoke(builder.Services),
        settings: [("RECORDING", "true"), ("RECORDING_DIRECTORY", _folder)]);

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

    /// <summary>A recording held against what the far end of the line knows of the call.</summary>
    private sealed class RecordingOfReport
    {
        private const int Search = 100 * 8;
        private const int Frame = 160;

        /// <summary>What is looked for at once: long enough to be found nowhere else, short enough that where frames move, little is missed.</summary>
        private const int Piece = 50 * 8;

        private readonly RecordedCall _recorded;
        private readonly CallReport _report;
        private readonly int _shift;

        public RecordingOfReport(RecordedCall recorded, CallReport report, byte[] answer)
        {
            (_recorded, _report) = (recorded, report);
            var heard = report.Playback.SelectMany(stream => stream.Runs.Select(run => (At: Samples(run.At), Audio: stream.Audio[run.Offset..(run.Offset + run.Length)]))).ToList();
            var first = recorded.Right.AsSpan().IndexOf(answer.AsSpan(0, 800));
            first.Should().BeGreaterThanOrEqualTo(0, "the greeting is recorded");
            _shift = heard[0].At - first;
            for (var i = 0; i < heard.Count; i++)
            {
                var next = i + 1 < heard.Count ? heard[i + 1].At - _shift - Frame : int.MaxValue;
                Runs.Add(Compare(heard[i].At - _shift, heard[i].Audio, next, answer));
            }
        }

        /// <summary>Each stretch of Bob's that was heard: how far its begin and its end are from where they should be, ms.</summary>
        public List<(double PlaceMs, double CutMs)> Runs { get; } = [];

        public TimeSpan Duration => _recorded.Duration;

        /// <summary>How far what the caller said is from where they said it, ms: of each utterance the piece that is furthest.</summary>
        public List<double> CallersWords(byte[] voice) => [.. _report.Utterances.Select(words =>
        {
            var places = new List<double>();
            for (var piece = 0; piece + Piece <= voice.Length; piece += Piece)
            {
                var expected = Samples(words.From) - _shift + piece;
                if (Find(_recorded.Left, expected, voice.AsSpan(piece, Piece)) is >= 0 and var at)
                    places.Add((at - expected) / 8.0);
            }

            places.Should().HaveCountGreaterThanOrEqualTo((voice.Length / Piece) - 1, $"what was said at {words.From.TotalSeconds:0.00} s is on the left");
            return places.MaxBy(Math.Abs);
        })];

        private static int Find(byte[] side, int expected, ReadOnlySpan<byte> piece)
        {
            var from = Math.Clamp(expected - Search, 0, side.Length);
            var at = side.AsSpan(from, Math.Min(piece.Length + (2 * Search), side.Length - from)).IndexOf(piece);
            return at < 0 ? -1 : from + at;
        }

        private (double PlaceMs, double CutMs) Compare(int expected, byte[] audio, int next, byte[] answer)
        {
            var begin = Find(_recorded.Right, expected, audio.AsSpan(0, Math.Clamp(audio.Length - (2 * Frame), Math.Min(Piece, audio.Length), 4 * Piece)));
            begin.Should().BeGreaterThanOrEqualTo(0, $"what was heard at {expected / 8} ms is on the right");
            // The recording follows the answer up to a point, and is silent from a point on; the cut is anywhere between, as far as can be told.
            var said = answer.AsSpan(answer.AsSpan().IndexOf(audio));
            var right = _recorded.Right.AsSpan(begin, Math.Min(audio.Length + (2 * Search), Math.Min(next, _recorded.Right.Length) - begin));
            var latest = right.CommonPrefixLength(said);
            var earliest = right.LastIndexOfAnyExcept((byte)0xFF) + 1;
            earliest.Should().BeLessThanOrEqualTo(latest, "after the cut there is silence");
            var cut = Math.Clamp(audio.Length, earliest, latest);
            return ((begin - expected) / 8.0, (cut - audio.Length) / 8.0);
        }

        private static int Samples(TimeSpan time) => (int)(time.Ticks / (TimeSpan.TicksPerMillisecond / 8));
    }
}
