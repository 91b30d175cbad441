using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;
using static Bob.Tests.Faults.ModelFaults;

namespace Bob.Tests.Faults;

/// <summary>A response fails while its session lives on.</summary>
public sealed class ModelFailedResponseSpecs
{
    [Fact]
    public async Task O31_A_rate_limit_is_waited_for_and_the_question_answered() =>
        await AnsweredAfterAsync(new ScriptedFailure { Type = "tokens", Code = "rate_limit_exceeded", Message = "Rate limit reached. Please try again in 0.4s." });

    [Fact]
    public async Task O32_A_server_error_is_tried_again_once() => await AnsweredAfterAsync(new ScriptedFailure());

    [Fact]
    public async Task O35_An_empty_account_ends_in_an_apology()
    {
        await using var house = await StartAsync(Failing(new ScriptedFailure { Type = "insufficient_quota", Code = "insufficient_quota", Message = "You exceeded your quota." }));

        var report = await house.Twilio.PlaceCall(Conversation(WhenOpen, WhereAreYou)).Completion;

        await house.ShouldBeOverAsync(report, new CallEnd(CallResult.Failed, CallSide.Model, "model-no-credit"));
        report.ShouldHaveApologised();
        report.ShouldHaveHeardLines(Greeting);
        house.Model.Connections.Should().Be(1);
    }

    [Fact]
    public async Task O31_A_rate_limit_that_does_not_lift_ends_in_an_apology()
    {
        var limited = new ScriptedFailure { Type = "tokens", Code = "rate_limit_exceeded", Message = "Rate limit reached. Please try again in 0.3s." };
        var script = Script();
        await using var house = await StartAsync(script with { Rules = [new ScriptRule { When = new Occasion { Turn = 1 }, Fail = limited }, .. script.Rules] });

        var report = await house.Twilio.PlaceCall(Conversation(WhenOpen, WhereAreYou)).Completion;

        await house.ShouldBeOverAsync(report, new CallEnd(CallResult.Failed, CallSide.Model, "model-rate-limited"));
        report.ShouldHaveApologised();
        report.ShouldHaveHeardLines(Greeting);
        house.Model.Connections.Should().Be(1);
        house.Model.Sessions[0].Responses.Select(response => response.Status).Should().Equal("completed", "failed", "failed", "failed");
    }

    [Fact]
    public async Task O33_A_session_in_which_every_answer_fails_is_replaced_and_the_question_answered()
    {
        // What was spoken in a session is poison to it; what it was given as text, as a new session is, can be answered.
        var script = Script() with
        {
            Rules =
            [
                new ScriptRule { When = new Occasion { Message = [WhenOpen] }, Say = [Hours] },
                new ScriptRule { When = new Occasion { Heard = [WhenOpen] }, Fail = new ScriptedFailure() },
                new ScriptRule { When = new Occasion { Heard = [WhereAreYou] }, Say = [Address] },
            ],
        };
        await using var house = await StartAsync(script);
        var call = house.Twilio.PlaceCall(new CallPlan { Steps = [new CallerStep.WaitForBob(), new CallerStep.Speak(Voice(WhenOpen))] });

        await call.WaitForHeardAsync(Ms(Greeting) + Ms(Hours));
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, Hours);
        house.Model.Sessions.Select(session => session.Responses.Count(response => response.Status == "failed")).Should().Equal(2, 0);
        house.Lines.Should().Contain(line => line.Contains("lost: server-error"));
    }

    [Theory]
    [InlineData("max_output_tokens", "broke off", "and close at five today.")]
    [InlineData("content_filter", "withheld", "I cannot speak about that.")]
    public async Task O34_An_answer_that_breaks_off_is_finished_or_explained(string reason, string told, string rest)
    {
        const string Cut = "We open at nine o'clock";
        var script = Script();
        await using var house = await StartAsync(script with
        {
            Rules =
            [
                new ScriptRule { When = new Occasion { Message = [told] }, Say = [rest] },
                new ScriptRule { When = new Occasion { Turn = 1 }, Say = [Cut], Fail = new ScriptedFailure { Status = "incomplete", Reason = reason } },
                .. script.Rules,
            ],
        });

        var report = await house.Twilio.PlaceCall(Conversation(WhenOpen, WhereAreYou)).Completion;

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, Cut, rest, Address);
        house.Model.Connections.Should().Be(1);
        house.Model.Sessions[0].Errors.Should().BeEmpty();
    }

    private static async Task AnsweredAfterAsync(ScriptedFailure failure)
    {
        await using var house = await StartAsync(Failing(failure));

        var report = await house.Twilio.PlaceCall(Conversation(WhenOpen, WhereAreYou)).Completion;

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, Hours, Address);
        house.Model.Connections.Should().Be(1);
        house.Model.Sessions[0].Responses.Select(response => response.Status).Should().Equal("completed", "failed", "completed", "completed");
        house.Model.Sessions[0].Errors.Should().BeEmpty();
    }

    /// <summary>The first answer fails before a word is said.</summary>
    private static RealtimeScript Failing(ScriptedFailure failure)
    {
        var script = Script();
        return script with { Rules = [new ScriptRule { When = new Occasion { Turn = 1 }, Once = true, Fail = failure }, .. script.Rules] };
    }
}
