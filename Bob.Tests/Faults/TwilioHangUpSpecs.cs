using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Faults.TwilioLine;

namespace Bob.Tests.Faults;

/// <summary>However the end of a call shows, and in whatever order: it ends once, and nothing of it is left.</summary>
public sealed class TwilioHangUpSpecs
{
    [Theory]
    [InlineData(false, false, true, false)]
    [InlineData(true, true, true, false)]
    [InlineData(true, false, false, false)]
    [InlineData(false, true, true, true)]
    [InlineData(true, false, false, true)]
    public async Task T16_T39_Stop_status_and_action_may_come_twice_late_or_not_at_all(bool twice, bool outOfOrder, bool action, bool omitStop)
    {
        await using var house = await WholeHouse.StartAsync(
            Script("hello"),
            twilio: options => options with { CallbacksTwice = twice, CallbacksOutOfOrder = outOfOrder, ActionAfterHangUp = action });
        var unhandled = house.Unhandled();

        var report = await house.Twilio.PlaceCall(WholeHouse.Conversation() with { Faults = new MediaFaults { OmitStop = omitStop } }).Completion;

        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.CallerHungUp);
        await house.ShouldBeEmptyAsync();
        house.Ends.Should().ContainSingle();
        report.Warnings.Should().BeEmpty();
        unhandled.Should().BeEmpty();
    }

    [Fact]
    public async Task T39_Everything_that_says_that_a_call_is_over_may_come_at_once()
    {
        await using var house = await WholeHouse.StartAsync(Script("abcdefghijklmnopqrstuvwxyz"));
        var unhandled = house.Unhandled();
        for (var round = 0; round < 5; round++)
        {
            var call = house.Twilio.PlaceCall(new CallPlan());
            await call.WaitForHeardAsync(200);

            await Task.WhenAll(
                [.. Enumerable.Range(0, 3).SelectMany(_ => new Task[]
                {
                    house.PostAsync("/call-status", Form(call.CallSid, "completed")),
                    house.PostAsync("/call-next", Form(call.CallSid, "completed")),
                    house.PostAsync("/stream-status", [.. Form(call.CallSid, "completed"), new("StreamSid", "MZ1"), new("StreamEvent", "stream-error"), new("StreamError", "gone")]),
                }),
                call.HangUpAsync()]);

            (await house.EndOfAsync(call.CallSid)).Should().Be(CallEnd.CallerHungUp);
        }

        await house.ShouldBeEmptyAsync();
        house.Ends.Should().HaveCount(5);
        unhandled.Should().BeEmpty();
        house.Model.Connections.Should().Be(5);
    }

    [Fact]
    public async Task T39_A_question_about_a_call_that_is_over_is_answered_with_its_end()
    {
        await using var house = await WholeHouse.StartAsync(Script("hello"));
        var report = await house.Twilio.PlaceCall(WholeHouse.Conversation()).Completion;

        var late = await house.PostAsync("/call-next", Form(report.CallSid, "in-progress"));

        late.Body.Should().Contain("<Response><Hangup /></Response>");
        await house.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task A_caller_who_hangs_up_before_the_stream_leaves_nothing_behind()
    {
        await using var house = await WholeHouse.StartAsync(Script("hello"), twilio: options => options with { StreamOpenDelay = TimeSpan.FromSeconds(30) });
        var call = house.Twilio.PlaceCall(new CallPlan());
        var session = await house.Model.NextSessionAsync(TestContext.Current.CancellationToken);
        await session.WaitUntilAsync(s => s.Configured, TestContext.Current.CancellationToken);

        await call.HangUpAsync();

        (await house.EndOfAsync(call.CallSid)).Should().Be(CallEnd.CallerHungUp);
        session.CallerAudio.Should().BeEmpty();
        await house.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task A_full_house_is_busy_and_has_room_again_when_a_call_ends()
    {
        await using var house = await WholeHouse.StartAsync(Script("hello"), settings: ("MAX_CALLS", "1"));
        var first = house.Twilio.PlaceCall(new CallPlan());
        await first.WaitForHeardAsync(200);

        var second = await house.Twilio.PlaceCall(new CallPlan()).Completion;
        var sessions = house.Model.Connections;
        await first.HangUpAsync();
        await house.EndOfAsync(first.CallSid);
        var third = await house.Twilio.PlaceCall(WholeHouse.Conversation()).Completion;

        (second.EndReason, second.EndDetail).Should().Be((CallEndReason.Rejected, "busy"));
        sessions.Should().Be(1);
        third.ShouldHaveHeard("hello");
        house.Ends.Should().NotContain(end => end.CallSid.Value == second.CallSid);
        await house.EndOfAsync(third.CallSid);
        await house.ShouldBeEmptyAsync();
    }
}
