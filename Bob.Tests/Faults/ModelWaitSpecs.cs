using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;
using static Bob.Tests.Faults.ModelFaults;

namespace Bob.Tests.Faults;

/// <summary>An answer takes long: the caller is told so, and gets it all the same.</summary>
public sealed class ModelWaitSpecs(ITestOutputHelper output)
{
    private static readonly (string, string) Fillers = ("FILLER_AFTER_MS", "1500");

    [Fact]
    public async Task A_model_that_answers_at_once_is_all_that_is_heard()
    {
        await using var house = await StartAsync(Script(), settings: Fillers);

        var report = await house.Twilio.PlaceCall(Conversation(WhenOpen, WhereAreYou)).Completion;

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, Hours, Address);
    }

    [Fact]
    public async Task O17_A_mute_model_is_bridged_once_and_the_answer_comes_from_the_next_session()
    {
        var mute = new Fault { At = new FaultPoint { Session = 1, Event = "input_audio_buffer.committed" }, Do = FaultAction.Mute };
        await using var house = await StartAsync(Script(mute), settings: Fillers);

        var report = await house.Twilio.PlaceCall(new CallPlan
        {
            Steps =
            [
                new CallerStep.WaitForBob(), new CallerStep.Speak(Voice(WhenOpen)), new CallerStep.WaitForBob(), new CallerStep.WaitForBob(), new CallerStep.HangUp(),
            ],
        }).Completion;

        foreach (var line in report.Transcript)
            output.WriteLine($"{line.Ms,7} {line.Who}: {line.What}");
        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.HeardClip(ClipName.Filler).Should().Be(1);
        report.ShouldHaveHeardLines(Greeting, Hours);
        house.Model.Sessions.Should().HaveCount(2);
    }

    [Fact]
    public async Task A_tool_that_takes_long_is_bridged_now_and_then()
    {
        var result = new TaskCompletionSource<string>();
        var script = Script() with
        {
            Rules =
            [
                new ScriptRule { When = new Occasion { Tool = "*" }, Say = [Hours] },
                new ScriptRule { When = new Occasion { Turn = 1 }, Call = [new ScriptedCall { Tool = "parcel" }] },
            ],
        };
        await using var house = await StartAsync(script, adjust: Tool("parcel", () => result.Task), settings: Fillers);
        var call = house.Twilio.PlaceCall(new CallPlan { Steps = [new CallerStep.WaitForBob(), new CallerStep.Speak(Voice(WhenOpen))] });
        var clips = ClipAudio(ClipName.Filler).Length / 8 + ClipAudio(ClipName.StillAtIt).Length / 8;

        await call.WaitForHeardAsync(Ms(Greeting) + clips - 100, TimeSpan.FromSeconds(30));
        result.SetResult("tomorrow");
        await call.WaitForHeardAsync(Ms(Greeting) + clips + Ms(Hours) - 100, TimeSpan.FromSeconds(15));
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.HeardClip(ClipName.Filler).Should().Be(1);
        report.HeardClip(ClipName.StillAtIt).Should().Be(1);
        report.ShouldHaveHeardLines(Greeting, Hours);
    }
}
