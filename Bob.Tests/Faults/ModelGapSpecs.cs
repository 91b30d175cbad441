using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;
using static Bob.Tests.Faults.ModelFaults;

namespace Bob.Tests.Faults;

/// <summary>What was said and done before and during the pause between two sessions is not lost with the first.</summary>
public sealed class ModelGapSpecs
{
    private const string OneMoment = "One moment please.";
    private const string Result = "Your parcel comes tomorrow.";

    /// <summary>The second session takes 2.5 s to be configured: a gap to speak into.</summary>
    private static readonly Fault SlowReturn = new() { At = new FaultPoint { Session = 2, Event = "session.updated" }, Do = FaultAction.Delay, Ms = 2500 };

    /// <summary>What goes on in the second session takes its time, so that a question always finds it under way.</summary>
    private static readonly Fault Unhurried = new() { At = new FaultPoint { Session = 2, Response = 1 }, Do = FaultAction.Pace, Speed = 1 };

    [Fact]
    public async Task O13_A_question_into_the_gap_is_answered_instead_of_the_cut_sentence()
    {
        var drop = new Fault { At = new FaultPoint { Session = 1, Response = 2, AudioMs = 400 }, Do = FaultAction.Drop };
        await using var house = await StartAsync(Script(drop, SlowReturn, Unhurried));
        var call = house.Twilio.PlaceCall(new CallPlan { Steps = [new CallerStep.WaitForBob(), new CallerStep.Speak(Voice(WhenOpen))] });

        await call.WaitForHeardAsync(Ms(Greeting) + 400);
        call.Speak(Voice(WhereAreYou));
        await call.WaitForHeardAsync(Ms(Greeting) + 400 + Ms(Address));
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        var heard = Heard(report, Greeting, Hours, Address);
        heard[^1].Should().Be(new HeardLine(Address, 0, Ms(Address)));
        heard.Where(part => part.Line == Hours).Sum(part => part.ToMs - part.FromMs).Should().BeLessThan(900, "nobody goes on with what the caller talks over");
        var second = house.Model.Sessions[1];
        second.Conversation.Should().ContainSingle(item => item.Role == "user" && !item.FromClient, "the caller spoke once").Which.Text.Should().Be(WhereAreYou);
        second.Responses.Select(response => response.Status).Should().Equal("cancelled", "completed");
        second.Errors.Should().BeEmpty();
        house.Model.Connections.Should().Be(2);
    }

    [Theory]
    [InlineData(TranscriptArrival.Late)]
    [InlineData(TranscriptArrival.Missing)]
    public async Task O13_An_answer_to_a_question_that_is_not_in_words_yet_is_finished_and_not_given_again(TranscriptArrival words)
    {
        var drop = new Fault { At = ModelDropSpecs.MidAnswer, Do = FaultAction.Drop };
        await using var house = await StartAsync(Script(drop) with { Transcription = new ScriptedTranscription { Arrives = words } });

        var report = await house.Twilio.PlaceCall(Conversation(WhenOpen, WhereAreYou)).Completion;

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, Hours, Address);
        house.Model.Connections.Should().Be(2);
        var second = house.Model.Sessions[1];
        second.Conversation.Where(item => item is { FromClient: true, Role: not "system" }).Select(item => (item.Role, item.ContentType))
            .Should().Equal(("assistant", "output_text"), ("user", "input_audio"), ("assistant", "output_text"));
        second.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task O13_The_result_of_a_tool_is_part_of_what_the_next_session_knows()
    {
        var runs = 0;
        var script = ToolScript(new Fault { At = new FaultPoint { Session = 1, Response = 3, AudioMs = 400 }, Do = FaultAction.Drop });
        await using var house = await StartAsync(script, adjust: Tool("parcel", () => Task.FromResult($"tomorrow {++runs}")));

        var report = await house.Twilio.PlaceCall(Conversation(WhenOpen, WhereAreYou)).Completion;

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, OneMoment, Result, Address);
        runs.Should().Be(1);
        var given = house.Model.Sessions[1].Conversation.Where(item => item.FromClient).ToList();
        given.Should().ContainSingle(item => item.Type == "function_call").Which.Name.Should().Be("parcel");
        given.Should().ContainSingle(item => item.Type == "function_call_output").Which.Output.Should().Be("tomorrow 1");
        house.Model.Sessions[1].Errors.Should().BeEmpty();
        house.Model.Connections.Should().Be(2);
    }

    [Fact]
    public async Task O13_A_tool_that_returns_into_the_gap_is_answered_in_the_next_session()
    {
        var result = new TaskCompletionSource<string>();
        var script = ToolScript(new Fault { At = new FaultPoint { Session = 1, Response = 2, Event = "response.done" }, Do = FaultAction.Drop });
        await using var house = await StartAsync(script with { Faults = [.. script.Faults, SlowReturn] }, adjust: Tool("parcel", () => result.Task));
        var call = house.Twilio.PlaceCall(new CallPlan { Steps = [new CallerStep.WaitForBob(), new CallerStep.Speak(Voice(WhenOpen))] });

        await call.WaitForHeardAsync(Ms(Greeting) + Ms(OneMoment));
        await house.UntilAsync(() => house.Lines.Any(line => line.Contains("dialling again")), "the drop");
        result.SetResult("tomorrow");
        await call.WaitForHeardAsync(Ms(Greeting) + Ms(OneMoment) + Ms(Result));
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, OneMoment, Result);
        house.Model.Sessions[1].Conversation.Should().ContainSingle(item => item.Type == "function_call_output").Which.Output.Should().Be("tomorrow");
        house.Model.Sessions[1].Errors.Should().BeEmpty();
    }

    private static RealtimeScript ToolScript(params Fault[] faults) => new()
    {
        Greeting = new Reply { Say = [Greeting] },
        Rules =
        [
            new ScriptRule { When = new Occasion { Tool = "parcel" }, Say = [Result] },
            new ScriptRule { When = new Occasion { Turn = 1 }, Say = [OneMoment], Call = [new ScriptedCall { Tool = "parcel" }] },
            new ScriptRule { When = new Occasion { Turn = 2 }, Say = [Address] },
        ],
        CallerSays = [WhenOpen, WhereAreYou],
        Faults = faults,
    };
}
