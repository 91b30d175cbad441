using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;
using static Bob.Tests.Faults.ModelFaults;

namespace Bob.Tests.Faults;

/// <summary>The model calls tools twice, wrongly or at a bad moment: each runs once at most, and the caller always gets an answer.</summary>
public sealed class ModelToolSpecs
{
    private const string OneMoment = "One moment please.";
    private const string Result = "Your parcel comes tomorrow.";

    [Fact]
    public async Task O36_A_response_that_is_refused_because_another_one_speaks_comes_after_it()
    {
        // Bob learns late that the caller has spoken, and asks for the tool's answer while the model already speaks.
        var late = new Fault { At = new FaultPoint { Event = "input_audio_buffer.speech_started", Nth = 2 }, Do = FaultAction.Delay, Ms = 2600 };
        var result = new TaskCompletionSource<string>();
        await using var house = await StartAsync(
            Script(new ScriptedCall { Tool = "parcel" }, late), options => options with { Speed = 1.2 }, adjust: Tool("parcel", () => result.Task));
        var call = house.Twilio.PlaceCall(new CallPlan { Steps = [new CallerStep.WaitForBob(), new CallerStep.Speak(Voice(WhenOpen))] });
        await call.WaitForHeardAsync(Ms(Greeting) + Ms(OneMoment));
        await call.WaitForQuietAsync();
        var session = house.Model.Sessions.Should().ContainSingle().Which;

        call.Speak(Voice(WhereAreYou));
        await session.WaitUntilAsync(model => model.Responses is [.., { Number: 3, AudioMs: > 0 }], TestContext.Current.CancellationToken);
        result.SetResult("tomorrow");
        await call.WaitForHeardAsync(Ms(Greeting) + Ms(OneMoment) + Ms(Hours) + Ms(Result));
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        session.Errors.Should().ContainSingle().Which.Code.Should().Be("conversation_already_has_active_response");
        report.ShouldHaveHeardLines(Greeting, OneMoment, Hours, Result);
        session.Responses.Should().HaveCount(4);
        session.Received.Count(received => received.Type == "response.create").Should().Be(3, "for the greeting, in vain, and for the tool's answer");
        session.Responses[^1].Instructions.Should().BeNull("it is the tool's answer, not a prompt after a long silence");
    }

    [Fact]
    public async Task O36_A_refusal_because_of_a_response_that_never_shows_is_got_over()
    {
        var refused = new Fault
        {
            At = new FaultPoint { Received = "response.create", Nth = 2 },
            Do = FaultAction.Reject,
            Error = new FaultError { Code = "conversation_already_has_active_response", Anonymous = true },
        };
        await using var house = await StartAsync(Script(new ScriptedCall { Tool = "parcel" }, refused), adjust: Tool("parcel", () => Task.FromResult("tomorrow")));
        var call = house.Twilio.PlaceCall(new CallPlan { Steps = [new CallerStep.WaitForBob(), new CallerStep.Speak(Voice(WhenOpen))] });

        await call.WaitForHeardAsync(Ms(Greeting) + Ms(OneMoment) + Ms(Result));
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, OneMoment, Result);
    }

    [Fact]
    public async Task O42_A_call_that_is_announced_twice_with_the_same_event_runs_once() =>
        await RunsOnceAsync(new Fault { At = new FaultPoint { Event = "response.output_item.done" }, Do = FaultAction.Duplicate, Times = 0 });

    [Fact]
    public async Task O49_A_call_that_is_announced_twice_runs_once() =>
        await RunsOnceAsync(new Fault { At = new FaultPoint { Response = 2 }, Do = FaultAction.RepeatCall });

    [Theory]
    [InlineData("{\"date\": ")]
    [InlineData("[1, 2]")]
    public async Task O46_Arguments_that_are_no_JSON_object_run_nothing_and_are_answered(string arguments)
    {
        var runs = 0;
        await using var house = await StartAsync(
            Script(new ScriptedCall { Tool = "parcel", RawArguments = arguments }), adjust: Tool("parcel", () => Task.FromResult($"{++runs}")));

        await AnsweredAsync(house, "invalid_arguments");

        runs.Should().Be(0);
    }

    [Fact]
    public async Task O47_A_tool_that_does_not_exist_is_answered()
    {
        await using var house = await StartAsync(Script(new ScriptedCall { Tool = "parcels" }), adjust: Tool("parcel", () => Task.FromResult("tomorrow")));

        await AnsweredAsync(house, "unknown_tool");
    }

    private static async Task RunsOnceAsync(Fault fault)
    {
        var runs = 0;
        await using var house = await StartAsync(Script(new ScriptedCall { Tool = "parcel" }, fault), adjust: Tool("parcel", () => Task.FromResult($"tomorrow {++runs}")));

        await AnsweredAsync(house, "tomorrow 1");

        runs.Should().Be(1);
    }

    private static async Task AnsweredAsync(WholeHouse house, string output)
    {
        var report = await house.Twilio.PlaceCall(Conversation(WhenOpen)).Completion;

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, OneMoment, Result);
        var session = house.Model.Sessions.Should().ContainSingle().Which;
        session.Conversation.Should().ContainSingle(item => item.Type == "function_call_output").Which.Output.Should().Contain(output);
        session.Responses.Should().HaveCount(3);
        session.Errors.Should().BeEmpty();
    }

    private static RealtimeScript Script(ScriptedCall call, params Fault[] faults) => new()
    {
        Greeting = new Reply { Say = [Greeting] },
        Rules =
        [
            new ScriptRule { When = new Occasion { Tool = "*" }, Say = [Result] },
            new ScriptRule { When = new Occasion { Turn = 1 }, Say = [OneMoment], Call = [call] },
            new ScriptRule { When = new Occasion { Turn = 2 }, Say = [Hours] },
        ],
        CallerSays = [WhenOpen, WhereAreYou],
        Faults = faults,
    };
}
