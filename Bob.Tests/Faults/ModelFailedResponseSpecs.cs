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
