using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Faults.TwilioLine;

namespace Bob.Tests.Faults;

/// <summary>How Bob ends a call: politely, to the last byte, and not if the caller has one more thing to say.</summary>
public sealed class TwilioGoodbyeSpecs
{
    internal const string Bye = "goodbye and thank you";

    private static readonly ScriptRule Asks = new() { When = new Occasion { Instructions = ["still there"] }, Say = ["hey you"] };
    private static readonly ScriptRule Ends = new() { When = new Occasion { Instructions = ["goodbye"] }, Say = [Bye] };
    internal static readonly ScriptRule HangsUp = new() { When = new Occasion { Turn = 1 }, Say = [Bye], Call = [new ScriptedCall { Tool = "end_call" }] };
    private static readonly ScriptRule Listens = new() { When = new Occasion { Turn = 2 }, Say = ["of course"] };
    internal static readonly ScriptRule IsDone = new() { When = new Occasion { Tool = "end_call" }, Silent = true };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task T15_The_goodbye_is_heard_to_its_last_byte_whether_marks_return_or_not(bool withholdMarks)
    {
        await using var house = await WholeHouse.StartAsync(Script("hello", "yes", HangsUp, IsDone));

        var report = await house.Twilio.PlaceCall(Waits("hang up please") with { Faults = new MediaFaults { WithholdMarks = withholdMarks } }).Completion;

        report.ShouldHaveHeard("hello", Bye);
        report.EndReason.Should().Be(CallEndReason.HungUpByTwiml);
        report.TwimlDocuments[^1].Should().NotContain("<Say>");
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.Goodbye);
        await house.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task A_caller_who_speaks_during_the_goodbye_is_listened_to()
    {
        await using var house = await WholeHouse.StartAsync(Script("hello", "of course", HangsUp, Listens, IsDone));
        var plan = new CallPlan
        {
            Steps =
            [
                new CallerStep.WaitForBob(), new CallerStep.Speak(WholeHouse.Voice("hang up please")),
                new CallerStep.WaitForBobToSpeak(TimeSpan.FromMilliseconds(300)), new CallerStep.Speak(WholeHouse.Voice("one more thing")),
                new CallerStep.WaitForBob(), new CallerStep.Wait(TimeSpan.FromSeconds(1)), new CallerStep.HangUp(),
            ],
        };

        var report = await house.Twilio.PlaceCall(plan).Completion;

        report.EndReason.Should().Be(CallEndReason.CallerHungUp, report.Story());
        report.Playback[0].Audio.AsSpan().EndsWith(Lines("of course")).Should().BeTrue(report.Story());
        report.Streams.Should().ContainSingle().Which.Clears.Should().ContainSingle();
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.CallerHungUp);
        await house.ShouldBeEmptyAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task T19_A_silent_caller_is_asked_then_told_goodbye_then_hung_up(bool withholdMarks)
    {
        await using var house = await WholeHouse.StartAsync(
            Script("hello", "yes", Asks, Ends), settings: [("SILENCE_PROMPT_SECONDS", "1"), ("SILENCE_GOODBYE_SECONDS", "2"), ("BOB_INSTRUCTIONS", "You answer the telephone.")]);

        var report = await house.Twilio.PlaceCall(Waits() with { Faults = new MediaFaults { WithholdMarks = withholdMarks } }).Completion;

        report.ShouldHaveHeard("hello", "hey you", Bye);
        report.EndReason.Should().Be(CallEndReason.HungUpByTwiml);
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.Silence);
        await house.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task T19_A_caller_who_answers_is_asked_again_the_next_time()
    {
        await using var house = await WholeHouse.StartAsync(
            Script("hello", "yes", Asks, Ends), settings: [("SILENCE_PROMPT_SECONDS", "1"), ("SILENCE_GOODBYE_SECONDS", "2"), ("BOB_INSTRUCTIONS", "You answer the telephone.")]);
        var call = house.Twilio.PlaceCall(Waits());

        await call.WaitForHeardAsync(Lines("hello", "hey you").Length / 8);
        call.Speak(WholeHouse.Voice("yes I am here"));
        var report = await call.Completion;

        report.ShouldHaveHeard("hello", "hey you", "yes", "hey you", Bye);
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.Silence);
    }

    [Fact]
    public async Task A_call_at_its_time_limit_is_ended_with_a_goodbye()
    {
        await using var house = await WholeHouse.StartAsync(
            Script("hello", "yes", Ends), settings: [("MAX_CALL_SECONDS", "2"), ("BOB_INSTRUCTIONS", "You answer the telephone.")]);

        var report = await house.Twilio.PlaceCall(Waits()).Completion;

        report.ShouldHaveHeard("hello", Bye);
        report.EndReason.Should().Be(CallEndReason.HungUpByTwiml);
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.TimeLimit);
        await house.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task In_a_rehearsal_a_silent_caller_is_asked_once_and_then_told_goodbye()
    {
        await using var house = await WholeHouse.StartAsync(settings: [("SILENCE_PROMPT_SECONDS", "1"), ("SILENCE_GOODBYE_SECONDS", "2")]);

        var report = await house.Twilio.PlaceCall(Waits()).Completion;

        house.Model.Sessions[0].Responses.Skip(1).Select(response => response.Text).Should().Equal("Are you still there?", "Thank you for calling. Goodbye!");
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.Silence);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(500)]
    public async Task O13_A_goodbye_that_falls_into_the_loss_of_its_session_is_said_all_the_same(int afterMs)
    {
        var lost = new Fault { At = new FaultPoint { Session = 1, Response = 2, AudioMs = afterMs }, Do = FaultAction.Drop };
        var script = Script("hello", "yes", Ends) with { Faults = [lost] };
        await using var house = await WholeHouse.StartAsync(
            script, settings: [("MAX_CALL_SECONDS", "2"), ("BOB_INSTRUCTIONS", "You answer the telephone.")]);

        var report = await house.Twilio.PlaceCall(Waits()).Completion;

        house.Model.Connections.Should().Be(2);
        report.ShouldHaveHeardLines("hello", Bye);
        report.TwimlDocuments[^1].Should().NotContain("<Say>");
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.TimeLimit);
        await house.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task O13_A_goodbye_that_no_session_can_say_is_said_by_Twilio()
    {
        var lost = new Fault { At = new FaultPoint { Session = 1, Response = 2, Event = "response.created" }, Do = FaultAction.Drop };
        var never = Enumerable.Range(2, 5)
            .Select(session => new Fault { At = new FaultPoint { Session = session, Event = "session.created" }, Do = FaultAction.Drop });
        var script = Script("hello", "yes", Ends) with { Faults = [lost, .. never] };
        await using var house = await WholeHouse.StartAsync(
            script, settings: [("MAX_CALL_SECONDS", "2"), ("BOB_INSTRUCTIONS", "You answer the telephone.")]);

        var report = await house.Twilio.PlaceCall(Waits()).Completion;

        report.ShouldHaveHeard("hello");
        report.TwimlDocuments[^1].Should().Contain(CallState.EarlyFarewell);
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.TimeLimit);
    }

    /// <summary>A caller who says <paramref name="lines"/> and then stays on the line.</summary>
    private static CallPlan Waits(params string[] lines) =>
        WholeHouse.Conversation(lines) is var plan ? plan with { Steps = [.. plan.Steps.SkipLast(1)], MaxDuration = TimeSpan.FromSeconds(30) } : plan;
}

/// <summary>Keys, and when the model is dialled.</summary>
public sealed class TwilioCallSetupSpecs
{
    [Fact]
    public async Task Keys_pressed_quickly_reach_the_model_as_one_message()
    {
        var pressed = new ScriptRule { When = new Occasion { Message = ["pressed 4 "] }, Say = ["four"] };
        var number = new ScriptRule { When = new Occasion { Message = ["pressed 42#"] }, Say = ["forty two"] };
        await using var house = await WholeHouse.StartAsync(Script("hello", "what", pressed, number));
        var plan = new CallPlan
        {
            Steps =
            [
                new CallerStep.WaitForBob(), new CallerStep.Dtmf("4"), new CallerStep.WaitForBob(),
                new CallerStep.Dtmf("4"), new CallerStep.Wait(TimeSpan.FromMilliseconds(300)), new CallerStep.Dtmf("2#"), new CallerStep.WaitForBob(), new CallerStep.HangUp(),
            ],
        };

        var report = await house.Twilio.PlaceCall(plan).Completion;

        report.ShouldHaveHeard("hello", "four", "forty two");
        var session = house.Model.Sessions.Should().ContainSingle().Subject;
        session.Conversation.Where(entry => entry.FromClient).Select(entry => (entry.Role, entry.Text)).Should().Equal(
            ("user", "The caller pressed 4 on the keypad."), ("user", "The caller pressed 42# on the keypad."));
    }

    [Theory]
    [InlineData("true", 1)]
    [InlineData("false", 0)]
    public async Task The_model_is_dialled_at_the_webhook_or_if_told_so_at_the_stream(string early, int connectionsBefore)
    {
        await using var house = await WholeHouse.StartAsync(
            Script("hello"), twilio: options => options with { StreamOpenDelay = TimeSpan.FromSeconds(1) }, settings: ("DIAL_EARLY", early));
        var call = house.Twilio.PlaceCall(WholeHouse.Conversation());

        var connections = -1;
        await call.WaitForAsync(
            c =>
            {
                if (c.CurrentStream is not null)
                    return true;
                connections = house.Model.Connections;
                return false;
            },
            "the stream");
        var report = await call.Completion;

        connections.Should().Be(connectionsBefore);
        report.ShouldHaveHeard("hello");
        house.Model.Connections.Should().Be(1);
        await house.EndOfAsync(report.CallSid);
        await house.ShouldBeEmptyAsync();
    }
}
