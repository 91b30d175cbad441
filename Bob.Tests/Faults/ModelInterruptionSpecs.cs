using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;
using static Bob.Tests.Faults.ModelFaults;

namespace Bob.Tests.Faults;

/// <summary>The caller interrupts while the model's side misbehaves: the line is cleared, and the model knows what was heard.</summary>
public sealed class ModelInterruptionSpecs
{
    [Fact]
    public async Task O20_Five_minutes_of_audio_at_once_can_still_be_interrupted()
    {
        const int FiveMinutes = 5 * 60 * 1000;
        await using var house = await StartAsync(Script(new Fault { At = new FaultPoint { Response = 2 }, Do = FaultAction.Burst, Ms = FiveMinutes }));

        var report = await house.Twilio.PlaceCall(Interrupting(TimeSpan.FromMilliseconds(1500))).Completion;

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        var clear = report.Streams.Should().ContainSingle().Which.Clears.Should().Contain(one => one.FlushedBytes > 0).Which;
        ((clear.FlushedBytes + clear.HeardBytes) / 8).Should().BeGreaterThan(FiveMinutes);
        var session = house.Model.Sessions.Should().ContainSingle().Which;
        var truncation = session.Truncations.Should().ContainSingle().Which;
        truncation.AudioEndMs.Should().BeCloseTo(HeardOfAnswer(clear), 250);
        session.Errors.Should().BeEmpty();
        Heard(report, Greeting, Hours, Address)[^1].Should().Be(new HeardLine(Address, 0, Ms(Address)));
        report.Warnings.Should().BeEmpty();
    }

    [Fact]
    public async Task O37_A_cancel_that_comes_too_late_changes_nothing()
    {
        var late = new Fault { At = new FaultPoint { Response = 2, Event = "response.done" }, Do = FaultAction.Postpone, Ms = 4000 };
        await using var house = await StartAsync(Script(late), settings: ("VAD_INTERRUPT_RESPONSE", "false"));

        var report = await house.Twilio.PlaceCall(Interrupting(TimeSpan.FromMilliseconds(1000))).Completion;

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        var session = house.Model.Sessions.Should().ContainSingle().Which;
        session.Errors.Should().ContainSingle().Which.Code.Should().Be("response_cancel_not_active");
        var clear = report.Streams[0].Clears.Should().ContainSingle(one => one.FlushedBytes > 0).Which;
        session.Truncations.Should().ContainSingle().Which.AudioEndMs.Should().BeCloseTo(HeardOfAnswer(clear), 250);
        ShouldHaveHeardUntilInterrupted(report, clear);
    }

    [Fact]
    public async Task O38_Late_audio_of_a_cancelled_response_is_never_heard()
    {
        var late = new Fault { At = new FaultPoint { Response = 2 }, Do = FaultAction.LateAudio, Ms = 2000 };
        await using var house = await StartAsync(Script(late), model: options => options with { Speed = 1.2 });

        var report = await house.Twilio.PlaceCall(Interrupting(TimeSpan.FromMilliseconds(800))).Completion;

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        var session = house.Model.Sessions.Should().ContainSingle().Which;
        var truncation = session.Truncations.Should().ContainSingle().Which;
        session.Responses[1].AudioMs.Should().BeGreaterThan(truncation.AudioMs + 500, "late audio should have been sent");
        var clear = report.Streams[0].Clears.Should().ContainSingle(one => one.FlushedBytes > 0).Which;
        truncation.AudioEndMs.Should().BeCloseTo(HeardOfAnswer(clear), 250);
        session.Errors.Should().BeEmpty();
        ShouldHaveHeardUntilInterrupted(report, clear);
    }

    private static CallPlan Interrupting(TimeSpan afterHearing) => new()
    {
        Steps =
        [
            new CallerStep.WaitForBob(),
            new CallerStep.Speak(Voice(WhenOpen)),
            new CallerStep.WaitForBobToSpeak(afterHearing),
            new CallerStep.Speak(Voice(WhereAreYou)),
            new CallerStep.WaitForBob(),
            new CallerStep.HangUp(),
        ],
    };

    /// <summary>Of the answer that was interrupted, in ms; the greeting came before it, filled up to whole frames.</summary>
    private static int HeardOfAnswer(ClearReport clear) => (int)(clear.HeardBytes / 8) - ((Ms(Greeting) + 19) / 20 * 20);

    private static void ShouldHaveHeardUntilInterrupted(CallReport report, ClearReport clear)
    {
        var heard = Heard(report, Greeting, Hours, Address);
        heard.Select(part => part.Line).Should().Equal(Greeting, Hours, Address);
        heard[1].FromMs.Should().Be(0);
        heard[1].ToMs.Should().BeInRange(1, HeardOfAnswer(clear) + 1, "nothing is heard after the line was cleared");
        heard[2].Should().Be(new HeardLine(Address, 0, Ms(Address)));
    }
}
