using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;
using static Bob.Tests.Faults.ModelFaults;

namespace Bob.Tests.Faults;

/// <summary>A session ends by the clock of the server: nobody hears of it.</summary>
public sealed class ModelRenewalSpecs
{
    [Fact]
    public async Task O29_A_session_is_replaced_in_a_silence_before_it_ends()
    {
        await using var house = await StartAsync(Script(), model: options => options with { SessionLimit = TimeSpan.FromSeconds(16) }, settings: ("SILENCE_PROMPT_SECONDS", "20"));
        var call = house.Twilio.PlaceCall(new CallPlan { Steps = [new CallerStep.WaitForBob(), new CallerStep.Speak(Voice(WhenOpen))] });

        await call.WaitForHeardAsync(Ms(Greeting) + Ms(Hours));
        await house.UntilAsync(() => house.Lines.Any(line => line.Contains("goes on in a new session")), "the change of sessions");
        call.Speak(Voice(WhereAreYou));
        await call.WaitForHeardAsync(Ms(Greeting) + Ms(Hours) + Ms(Address));
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, Hours, Address);
        house.Model.Connections.Should().Be(2);
        house.Lines.Should().NotContain(line => line.Contains("lost") || line.Contains("reconnected"));
        var (first, second) = (house.Model.Sessions[0], house.Model.Sessions[1]);
        first.Sent("error").Should().Be(0, "it was left before it expired");
        second.Errors.Should().BeEmpty();
        second.Conversation.Where(item => item is { FromClient: true, Role: not "system" }).Select(item => item.Text).Should().Equal(Greeting, WhenOpen, Hours);
        second.Conversation.Should().ContainSingle(item => item.Role == "user" && !item.FromClient).Which.Text.Should().Be(WhereAreYou);
    }

    [Fact]
    public async Task O29_A_call_outlives_session_after_session()
    {
        await using var house = await StartAsync(Script(), model: options => options with { SessionLimit = TimeSpan.FromSeconds(5) }, settings: ("SILENCE_PROMPT_SECONDS", "20"));
        var call = house.Twilio.PlaceCall(new CallPlan());

        await call.WaitForHeardAsync(Ms(Greeting));
        await house.UntilAsync(() => house.Lines.Count(line => line.Contains("goes on in a new session")) == 3, "three changes of sessions");
        call.Speak(Voice(WhenOpen));
        await call.WaitForHeardAsync(Ms(Greeting) + Ms(Hours));
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, Hours);
        house.Model.Sessions.Should().OnlyContain(session => session.Sent("error") == 0);
    }

    [Fact]
    public async Task O29_A_successor_that_is_refused_harms_nobody()
    {
        var refused = new Fault { At = new FaultPoint { Session = 2, On = FaultMoment.Connect }, Do = FaultAction.Http, Status = 503 };
        await using var house = await StartAsync(Script(refused), model: options => options with { SessionLimit = TimeSpan.FromSeconds(12) }, settings: ("SILENCE_PROMPT_SECONDS", "20"));
        var call = house.Twilio.PlaceCall(new CallPlan { Steps = [new CallerStep.WaitForBob(), new CallerStep.Speak(Voice(WhenOpen))] });

        await house.UntilAsync(() => house.Lines.Any(line => line.Contains("goes on in a new session")), "the change of sessions");
        call.Speak(Voice(WhereAreYou));
        await call.WaitForHeardAsync(Ms(Greeting) + Ms(Hours) + Ms(Address));
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, Hours, Address);
        house.Model.Connections.Should().Be(3);
        house.Lines.Should().NotContain(line => line.Contains("lost"));
    }

    [Fact]
    public async Task O30_A_session_that_expires_in_mid_sentence_finishes_it_in_the_next_one() =>
        await ModelDropSpecs.FinishesAsync(new Fault { At = ModelDropSpecs.MidAnswer, Do = FaultAction.Expire });
}
