using AwesomeAssertions;
using Bob.Actors.Realtime;
using CsCheck;
using Xunit;

namespace Bob.Tests.Realtime;

public sealed partial class ResponseGateSpecs
{
    private static readonly ResponseRequest Keys = new("keys");
    private readonly ResponseGate _gate = new();

    [Fact]
    public void Of_a_long_call_the_latest_responses_are_remembered_and_no_more()
    {
        for (var i = 0; i < 1_000; i++)
        {
            _gate.Started($"r{i}");
            _gate.Spoke($"r{i}");
            _gate.CallBegan($"c{i}", $"r{i}");
            _gate.OutputSent($"c{i}", answer: false);
            _gate.OutputConfirmed($"c{i}");
            _gate.Ended($"r{i}").Should().BeTrue();
        }

        _gate.Has("r936").Should().BeTrue();
        _gate.SpokeWith("c936").Should().BeTrue();
        _gate.Ended("r936").Should().BeFalse("it had ended before");
        _gate.Has("r935").Should().BeFalse();
        _gate.HasSpoken("r935").Should().BeFalse();
        _gate.Knows("c935").Should().BeFalse();
        _gate.Idle.Should().BeTrue();
    }

    [Fact]
    public void A_request_goes_out_once()
    {
        _gate.Want(Keys);

        _gate.Next().Should().Be(Keys);

        _gate.Next().Should().BeNull();
    }

    [Fact]
    public void O36_Nothing_is_asked_while_a_response_is_active()
    {
        _gate.Started("r1");
        _gate.Want(Keys);

        _gate.Next().Should().BeNull();
        _gate.Ended("r1");

        _gate.Next().Should().Be(Keys);
    }

    [Fact]
    public void Nothing_is_asked_into_the_callers_turn()
    {
        _gate.Want(Keys);
        _gate.CallerStarted();

        _gate.Next().Should().BeNull();
        _gate.CallerTurnVoid();

        _gate.Next().Should().Be(Keys);
    }

    [Fact]
    public void A_newer_request_of_the_same_purpose_replaces_the_one_that_waits()
    {
        _gate.Want(new ResponseRequest("goodbye", "short"));
        _gate.Want(Keys);
        _gate.Want(new ResponseRequest("goodbye", "shorter"));

        _gate.Next().Should().Be(Keys);
        Speak("r1");

        _gate.Next().Should().Be(new ResponseRequest("goodbye", "shorter"));
        Speak("r2");
        _gate.Next().Should().BeNull();
    }

    [Fact]
    public void O17_A_response_whose_end_is_missing_is_over_when_the_next_one_begins()
    {
        _gate.Started("r1");
        _gate.Started("r2");

        _gate.Active.Should().Be("r2");
        _gate.Has("r1").Should().BeTrue("it may still be heard, and cut");
        _gate.Ended("r1").Should().BeFalse("it changes nothing any more");
        _gate.Active.Should().Be("r2");
        _gate.Ended("r2").Should().BeTrue();
        _gate.Idle.Should().BeTrue();
    }

    [Fact]
    public void Two_parallel_tools_get_one_answer()
    {
        _gate.Started("r1");
        _gate.CallBegan("c1", "r1");
        _gate.CallBegan("c2", "r1");
        _gate.OutputSent("c2", answer: true);
        _gate.Ended("r1");

        _gate.Next().Should().BeNull("one tool still runs");
        _gate.OutputSent("c1", answer: true);

        _gate.Next()!.Purpose.Should().Be("tool");
        Confirm("c1", "c2");
        Speak("r2");
        _gate.Next().Should().BeNull();
        _gate.Idle.Should().BeTrue();
    }

    [Fact]
    public void O49_The_same_call_again_changes_nothing()
    {
        Call("c1", "r1");
        _gate.OutputSent("c1", answer: true);
        _gate.Next().Should().NotBeNull();
        Confirm("c1");
        Speak("r2");

        _gate.CallBegan("c1", "r1");

        _gate.Idle.Should().BeTrue();
    }

    [Fact]
    public void A_slow_tool_does_not_hold_up_the_answer_to_another_response()
    {
        Call("slow", "r1");
        Call("quick", "r2");

        _gate.OutputSent("quick", answer: true);

        _gate.Next()!.Purpose.Should().Be("tool");
        Confirm("quick");
        Speak("r3");
        _gate.Next().Should().BeNull();
        _gate.OutputSent("slow", answer: true);
        _gate.Next()!.Purpose.Should().Be("tool");
    }

    [Fact]
    public void A_response_that_has_seen_the_output_is_the_answer_to_it()
    {
        Call("c1", "r1");
        _gate.CallerStarted();
        _gate.OutputSent("c1", answer: true);
        Confirm("c1");

        Speak("r2");

        _gate.Next().Should().BeNull();
        _gate.Idle.Should().BeTrue();
    }

    [Fact]
    public void A_response_that_began_before_the_output_was_there_is_not_the_answer_to_it()
    {
        Call("c1", "r1");
        _gate.CallerStarted();
        _gate.OutputSent("c1", answer: true);

        _gate.Started("r2");
        Confirm("c1");
        _gate.Ended("r2");

        _gate.Next()!.Purpose.Should().Be("tool");
    }

    [Fact]
    public void An_output_that_wants_no_answer_gets_none()
    {
        Call("c1", "r1");

        _gate.OutputSent("c1", answer: false);

        _gate.Next().Should().BeNull();
        _gate.Idle.Should().BeTrue();
    }

    [Fact]
    public void An_output_of_a_call_from_a_lost_session_is_answered()
    {
        _gate.Knows("old").Should().BeFalse();

        _gate.OutputSent("old", answer: true);

        _gate.Next()!.Purpose.Should().Be("tool");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void O36_A_refused_request_is_made_again_after_the_servers_own_response(bool refusedFirst)
    {
        _gate.Want(Keys);
        _gate.Next().Should().Be(Keys);

        Collide("r1", refusedFirst);

        _gate.Next().Should().BeNull("the server's own response is active");
        _gate.Ended("r1");
        _gate.Next().Should().Be(Keys);
    }

    [Fact]
    public void O36_A_refused_answer_to_a_tool_is_asked_for_again_when_the_servers_response_has_not_seen_it()
    {
        Call("c1", "r1");
        _gate.OutputSent("c1", answer: true);
        _gate.Next()!.Purpose.Should().Be("tool");

        _gate.Started("r2");
        Confirm("c1");
        _gate.Refused();
        _gate.Ended("r2");

        _gate.Next()!.Purpose.Should().Be("tool");
    }

    [Fact]
    public void O36_A_refused_answer_to_a_tool_is_not_asked_for_again_when_the_servers_response_has_seen_it()
    {
        Call("c1", "r1");
        _gate.OutputSent("c1", answer: true);
        _gate.Next()!.Purpose.Should().Be("tool");
        Confirm("c1");

        Collide("r2", refusedFirst: false);
        _gate.Ended("r2");

        _gate.Next().Should().BeNull();
        _gate.Idle.Should().BeTrue();
    }

    [Fact]
    public void O36_A_refusal_that_comes_when_the_servers_response_is_over_blocks_nothing()
    {
        _gate.Want(Keys);
        _gate.Next();
        Speak("r1");

        _gate.Refused();

        _gate.Next().Should().Be(Keys);
    }

    [Fact]
    public void O36_A_response_that_was_never_announced_ends_all_the_same()
    {
        _gate.Want(Keys);
        _gate.Next();
        _gate.Refused();

        _gate.Ended("r1");

        _gate.Next().Should().Be(Keys);
    }

    [Fact]
    public void O42_Events_that_come_twice_change_nothing()
    {
        _gate.Started("r1");
        _gate.Ended("r1");
        _gate.Want(Keys);
        _gate.Next().Should().Be(Keys);
        _gate.Want(new ResponseRequest("goodbye"));

        _gate.Ended("r1");
        _gate.Next().Should().BeNull("the first request is not answered yet");
        _gate.Started("r1");

        _gate.Active.Should().BeNull();
    }

    [Fact]
    public void A_response_of_ours_that_crosses_the_callers_first_word_does_not_end_their_turn()
    {
        _gate.Want(Keys);
        _gate.Next();
        _gate.CallerStarted();
        Speak("r1");
        _gate.Want(new ResponseRequest("goodbye"));

        _gate.Next().Should().BeNull("the caller still speaks");
        Speak("r2");

        _gate.Next()!.Purpose.Should().Be("goodbye");
    }

    [Fact]
    public void It_knows_whether_the_response_of_a_call_has_words()
    {
        Call("c1", "r1");
        _gate.SpokeWith("c1").Should().BeFalse();

        _gate.Spoke("r1");

        _gate.SpokeWith("c1").Should().BeTrue();
        _gate.SpokeWith("c2").Should().BeFalse();
    }

    [Fact]
    public void What_is_of_use_in_silence_alone_is_not_asked_for_in_the_callers_turn()
    {
        _gate.CallerStarted();
        _gate.Want(new ResponseRequest("still-there", OnlyInSilence: true));

        Speak("r1"); // the answer

        _gate.Next().Should().BeNull();
    }

    [Fact]
    public void Whatever_the_order_no_request_collides_and_every_tool_is_answered_exactly_once() =>
        Gen.Select(Gen.Int[0, 99], Gen.Int[0, 99]).Array[1, 80].Sample(steps => new Session().Run(steps), iter: 5_000);

    private void Speak(string response)
    {
        _gate.Started(response);
        _gate.Ended(response);
    }

    private void Call(string call, string response)
    {
        _gate.Started(response);
        _gate.CallBegan(call, response);
        _gate.Ended(response);
    }

    private void Confirm(params string[] calls)
    {
        foreach (var call in calls)
            _gate.OutputConfirmed(call);
    }

    private void Collide(string response, bool refusedFirst)
    {
        if (refusedFirst)
            _gate.Refused();
        _gate.Started(response);
        if (!refusedFirst)
            _gate.Refused();
    }
}
