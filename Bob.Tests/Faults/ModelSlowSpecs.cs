using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;
using static Bob.Tests.Faults.ModelFaults;

namespace Bob.Tests.Faults;

/// <summary>A model that is slow, or never done, and not gone: it is borne with as long as it can be talked to.</summary>
public sealed class ModelSlowSpecs
{
    [Fact]
    public async Task O17_A_response_that_never_ends_does_not_hold_the_conversation_up()
    {
        await using var house = await StartAsync(Script(Withheld));

        var report = await house.Twilio.PlaceCall(Conversation(WhenOpen, WhereAreYou)).Completion;

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, Hours, Address);
        house.Model.Connections.Should().Be(1);
    }

    [Fact]
    public async Task O17_A_response_that_never_ends_does_not_keep_Bob_from_asking_who_is_there()
    {
        const string StillThere = "Are you there?";
        var script = Script(Withheld);
        var asks = new ScriptRule { When = new Occasion { Instructions = ["has been silent for a while"] }, Say = [StillThere] };
        await using var house = await StartAsync(
            script with { Rules = [asks, .. script.Rules] }, settings: [("SILENCE_PROMPT_SECONDS", "3"), ("SILENCE_GOODBYE_SECONDS", "20")]);
        var call = house.Twilio.PlaceCall(new CallPlan { Steps = [new CallerStep.WaitForBob(), new CallerStep.Speak(Voice(WhenOpen))] });

        await call.WaitForHeardAsync(Ms(Greeting) + Ms(Hours) + Ms(StillThere), TimeSpan.FromSeconds(30));
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, Hours, StillThere);
        house.Model.Connections.Should().Be(1);
        house.Lines.Should().ContainSingle(line => line.Contains("does not end it"));
    }

    [Fact]
    public async Task O18_A_session_that_reads_too_slowly_to_understand_is_replaced()
    {
        var slow = new Fault { At = new FaultPoint { Session = 1, Response = 1, Event = "response.done" }, Do = FaultAction.SlowRead };
        await using var house = await StartAsync(Script(slow));
        var call = house.Twilio.PlaceCall(new CallPlan { Steps = [new CallerStep.WaitForBob(), new CallerStep.Speak(Voice(WhenOpen))] });

        await call.WaitForHeardAsync(Ms(Greeting) + Ms(Hours));
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp, frozen: 1);
        report.ShouldHaveHeardLines(Greeting, Hours);
        house.Model.Connections.Should().Be(2);
    }

    [Fact]
    public async Task O19_A_model_that_speaks_at_half_speed_is_left_in_peace()
    {
        await using var house = await StartAsync(Script(new Fault { At = new FaultPoint { Response = 2 }, Do = FaultAction.Pace, Speed = 0.5 }));
        var call = house.Twilio.PlaceCall(new CallPlan { Steps = [new CallerStep.WaitForBob(), new CallerStep.Speak(Voice(WhenOpen))] });

        await call.WaitForHeardAsync(Ms(Greeting) + Ms(Hours), TimeSpan.FromSeconds(30));
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        house.Model.Connections.Should().Be(1);
        Heard(report, Greeting, Hours).Where(part => part.Line == Hours).Sum(part => part.ToMs - part.FromMs).Should().BeCloseTo(Ms(Hours), 5);
    }

    private static Fault Withheld { get; } =
        new() { At = new FaultPoint { Session = 1, Response = 2, Event = "response.done" }, Do = FaultAction.Withhold };
}
