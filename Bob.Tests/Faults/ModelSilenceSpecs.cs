using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Host.Voice;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;
using static Bob.Tests.Faults.ModelFaults;

namespace Bob.Tests.Faults;

/// <summary>What should come from the model does not come: every wait has its end.</summary>
public sealed class ModelSilenceSpecs
{
    [Fact]
    public async Task O8_An_upgrade_that_is_never_answered_is_tried_twice()
    {
        await using var house = await StartAsync(Script(At(FaultMoment.Connect, FaultAction.NoUpgrade)));

        await ModelRefusalSpecs.ApologisedAsync(house, "model-timeout");

        house.Model.Connections.Should().Be(2);
    }

    [Fact]
    public async Task O9_A_session_that_is_never_created_is_tried_twice()
    {
        await using var house = await StartAsync(Script(new Fault { At = new FaultPoint { Event = "session.created" }, Do = FaultAction.Withhold, Times = 0 }));

        await ModelRefusalSpecs.ApologisedAsync(house, "model-timeout");

        house.Model.Connections.Should().Be(2);
    }

    [Fact]
    public async Task O9_A_session_that_is_created_at_the_second_try_goes_on_from_the_greeting_that_the_caller_has_heard()
    {
        var withheld = new Fault { At = new FaultPoint { Session = 1, Event = "session.created" }, Do = FaultAction.Withhold };
        const string offer = "How can I help you?";
        var script = Script(withheld);
        script = script with { Rules = [new ScriptRule { When = new Occasion { Instructions = ["do not greet again"] }, Say = [offer] }, .. script.Rules] };
        await using var house = await StartAsync(script);

        var call = house.Twilio.PlaceCall(new CallPlan());
        var begin = (ClipAudio(ClipName.Greeting).Length / 8) + Ms(offer);

        await call.WaitForHeardAsync(begin);
        await call.WaitForQuietAsync();
        call.Speak(Voice(WhenOpen));
        await call.WaitForHeardAsync(begin + Ms(Hours));
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ClipHeardAt(ClipName.Greeting).Should().Equal(0);
        report.ShouldHaveHeardLines(offer, Hours);
        house.Model.Sessions[^1].Conversation[0].Text.Should().Be(ClipFiles.ShippedTexts[ClipName.Greeting], "the model is told what the caller has heard");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task O11_A_refused_configuration_ends_in_an_apology_and_not_in_noise(bool anonymous)
    {
        var rejected = new Fault
        {
            At = new FaultPoint { Received = "session.update" },
            Do = FaultAction.Reject,
            Times = 0,
            Error = new FaultError { Code = "invalid_value", Message = "Invalid value: 'marin'.", Param = "session.audio.output.voice", Anonymous = anonymous },
        };
        await using var house = await StartAsync(Script(rejected));

        var report = await ModelRefusalSpecs.ApologisedAsync(house, "model-session-refused");

        house.Model.Connections.Should().Be(1);
        Heard(report, Greeting).Should().BeEmpty();
    }

    [Fact]
    public async Task O15_Speech_into_a_frozen_session_is_answered_by_the_next_one()
    {
        await using var house = await StartAsync(Script());
        var call = house.Twilio.PlaceCall(new CallPlan());
        await call.WaitForHeardAsync(Ms(Greeting));
        await house.Model.Sessions[0].FreezeAsync();

        call.Speak(Voice(WhenOpen));
        await call.WaitForHeardAsync(Ms(Greeting) + Ms(Hours), TimeSpan.FromSeconds(15));
        await call.WaitForQuietAsync();
        call.Speak(Voice(WhereAreYou));
        await call.WaitForHeardAsync(Ms(Greeting) + Ms(Hours) + Ms(Address));
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp, frozen: 1);
        report.ShouldHaveHeardLines(Greeting, Hours, Address);
        house.Model.Connections.Should().Be(2);
        house.Lines.Should().ContainSingle(line => IsNoticed(line));
    }

    [Fact]
    public async Task O15_A_session_that_freezes_while_nobody_speaks_is_noticed_by_its_missing_pong_before_the_caller_asks()
    {
        await using var house = await StartAsync(Script());
        var call = house.Twilio.PlaceCall(new CallPlan());
        await call.WaitForHeardAsync(Ms(Greeting));
        await call.WaitForQuietAsync();
        await house.Model.Sessions[0].FreezeAsync();

        await house.UntilAsync(() => house.Lines.Any(line => line.Contains("OpenAI Realtime reconnected")), "the next session");
        call.Speak(Voice(WhenOpen));
        await call.WaitForHeardAsync(Ms(Greeting) + Ms(Hours));
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp, frozen: 1);
        report.ShouldHaveHeardLines(Greeting, Hours);
        house.Model.Connections.Should().Be(2);
        house.Lines.Should().ContainSingle(line => line.Contains("lost: pong-timeout"));
    }

    [Fact]
    public async Task O16_A_black_hole_in_mid_sentence_is_noticed_and_the_sentence_said_to_its_end()
    {
        var hole = new Fault { At = new FaultPoint { Session = 1, Response = 2, AudioMs = 1200 }, Do = FaultAction.BlackHole };
        await using var house = await StartAsync(Script(hole));
        var call = house.Twilio.PlaceCall(new CallPlan { Steps = [new CallerStep.WaitForBob(), new CallerStep.Speak(Voice(WhenOpen))] });

        await call.WaitForHeardAsync(Ms(Greeting) + 1200);
        await call.WaitForHeardAsync(Ms(Greeting) + Ms(Hours), TimeSpan.FromSeconds(15));
        await call.WaitForQuietAsync();
        call.Speak(Voice(WhereAreYou));
        await call.WaitForAsync(at => at.HeardMs >= Ms(Greeting) + Ms(Hours) + Ms(Address) && !at.IsBobSpeaking, "the second answer");
        var report = await call.HangUpAsync();

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, Hours, Address);
        house.Model.Connections.Should().Be(2);
        house.Lines.Should().ContainSingle(line => IsNoticed(line));
    }

    /// <summary>
    /// While somebody speaks, two watches wait for a sign of life: of the socket for its pong, of the session for its answer. Both are due five seconds
    /// after the last word of the model, and either may be first.
    /// </summary>
    private static bool IsNoticed(string line) => line.Contains("lost: pong-timeout") || line.Contains("lost: mute");

    private static Fault At(FaultMoment moment, FaultAction action) => new() { At = new FaultPoint { On = moment }, Do = action, Times = 0 };
}
