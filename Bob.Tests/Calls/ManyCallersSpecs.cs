using Akka.Actor;
using AwesomeAssertions;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;

namespace Bob.Tests.Calls;

/// <summary>Many callers in one process: each is heard and answered, and nobody hears anybody else.</summary>
[Collection(Alone.Name)]
public sealed class ManyCallersSpecs(ITestOutputHelper output)
{
    private const int Callers = 50;

    [Fact]
    public async Task Fifty_callers_at_once_are_heard_and_answered_without_cross_talk_and_leave_nothing_behind()
    {
        var script = new RealtimeScript { Greeting = new Reply { Say = ["hello"] }, Otherwise = new Reply { Echo = true } };
        await using var house = await StartAsync(script);

        var reports = await Task.WhenAll(Enumerable.Range(0, Callers).Select(async number =>
        {
            var plan = Conversation() with
            {
                From = $"+1555020{number:0000}",
                Steps =
                [
                    new CallerStep.WaitForBob(AtMost: TimeSpan.FromSeconds(30)),
                    new CallerStep.Speak(VoiceOf(number)),
                    new CallerStep.WaitForBob(AtMost: TimeSpan.FromSeconds(30)),
                    new CallerStep.HangUp(),
                ],
            };
            return await house.Twilio.PlaceCall(plan).Completion;
        }));

        foreach (var report in reports)
        {
            report.EndReason.Should().Be(CallEndReason.CallerHungUp);
            report.Warnings.Should().BeEmpty();
            (await house.EndOfAsync(report.CallSid)).Reason.Should().Be("caller-hung-up");
        }

        for (var listener = 0; listener < Callers; listener++)
        {
            var heard = reports[listener].Playback.Single().Audio;
            for (var speaker = 0; speaker < Callers; speaker++)
                (heard.AsSpan().IndexOf(VoiceOf(speaker)) >= 0).Should().Be(speaker == listener, $"caller {listener} hears the echo of their own voice only");
        }

        house.Model.Connections.Should().Be(Callers);
        await house.EmptyAsync();
        output.WriteLine($"first audio: {reports.Min(report => report.FirstAudio!.Value.TotalMilliseconds):0} to {reports.Max(report => report.FirstAudio!.Value.TotalMilliseconds):0} ms after the webhook");
    }

    private static byte[] VoiceOf(int number) => Voice($"it is me {(char)('a' + (number / 8))}{(char)('a' + (number % 8))}");
}
