using Akka.Actor;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Recording;
using Bob.Simulator.Twilio;
using Bob.Tests.Faults;
using Bob.Tests.Recording;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;

namespace Bob.Tests.Calls;

/// <summary>What becomes of a recording is the disk's business, and no caller's.</summary>
public sealed class RecordingDiskSpecs : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("bob-recordings-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task P8_A_full_disk_ends_the_recording_and_not_the_call()
    {
        await using var house = await StartAsync(
            "hello", builder => builder.AddSingleton<IRecordings>(new SmallDisk(new Recordings(_folder), 40_000)));
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
            report.FirstAudio.Should().BeLessThan(TimeSpan.FromSeconds(10));
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

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task What_a_dead_process_left_is_playable_after_the_next_start_also_when_calls_are_not_recorded_any_more(string recording)
    {
        File.WriteAllBytes(Path.Combine(_folder, "CA1.part"), [.. StereoWav.Header(0), .. new byte[16_001]]);

        await using var house = await WholeHouse.StartAsync(settings: [("RECORDING", recording), ("RECORDING_DIRECTORY", _folder)]);

        await house.UntilAsync(() => house.Lines.Any(line => line.Contains("Recording mended: 1.0 s")), "the mending");
        RecordedCall.Read(Path.Combine(_folder, "CA1.wav")).Duration.Should().Be(TimeSpan.FromSeconds(1));
    }

    private Task<WholeHouse> StartAsync(string line, Action<IServiceCollection>? services = null) => WholeHouse.StartAsync(
        TwilioLine.Script(line, line),
        adjust: builder => services?.Invoke(builder.Services),
        settings: [("RECORDING", "true"), ("RECORDING_DIRECTORY", _folder)]);
}
