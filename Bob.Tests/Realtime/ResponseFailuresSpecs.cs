using AwesomeAssertions;
using Bob.Actors.Realtime;
using Xunit;

namespace Bob.Tests.Realtime;

public sealed class ResponseFailuresSpecs
{
    private readonly ResponseFailures _failures = new();

    [Fact]
    public void A_response_that_ends_well_calls_for_nothing() => _failures.Ended(Done("completed")).Should().BeNull();

    [Fact]
    public void A_response_that_was_interrupted_calls_for_nothing() => _failures.Ended(Done("cancelled", "turn_detected")).Should().BeNull();

    [Fact]
    public void O31_A_rate_limit_is_waited_for_twice_as_long_as_it_says_and_then_given_up()
    {
        for (var i = 0; i < 2; i++)
            _failures.Ended(Limited("Please try again in 3.5s.")).Should().Be(new Remedy.AskAgain(TimeSpan.FromSeconds(3.5)));

        _failures.Ended(Limited("Please try again in 0.1s.")).Should().Be(new Remedy.GiveUp(new ModelFailure(FailureKind.RateLimited, "rate-limited")));
    }

    [Fact]
    public void O31_A_rate_limit_that_says_nothing_is_waited_for_a_second_and_a_half() =>
        _failures.Ended(Limited("Rate limit reached.")).Should().Be(new Remedy.AskAgain(TimeSpan.FromSeconds(1.5)));

    [Fact]
    public void O31_A_rate_limit_of_20_s_is_not_waited_for_on_the_line() =>
        _failures.Ended(Limited("Please try again in 20s.")).Should().Be(new Remedy.GiveUp(new ModelFailure(FailureKind.RateLimited, "rate-limited")));

    [Fact]
    public void O32_O33_A_server_error_is_tried_again_once_and_then_the_session_is_replaced()
    {
        _failures.Ended(Failed("server_error")).Should().Be(new Remedy.AskAgain(TimeSpan.FromMilliseconds(250)));

        _failures.Ended(Failed("server_error")).Should().Be(new Remedy.GiveUp(new ModelFailure(FailureKind.Transient, "server-error")));
    }

    [Fact]
    public void A_response_in_between_that_ends_well_makes_up_for_those_before_it()
    {
        for (var i = 0; i < 10; i++)
        {
            _failures.Ended(Failed("server_error")).Should().BeOfType<Remedy.AskAgain>();
            _failures.Ended(Limited("Please try again in 1s.")).Should().BeOfType<Remedy.AskAgain>();
            _failures.Ended(Done("incomplete", "max_output_tokens")).Should().BeOfType<Remedy.SayTheRest>();
            _failures.Ended(Done("completed"));
        }
    }

    [Theory]
    [InlineData("max_output_tokens", "Finish its last sentence")]
    [InlineData("content_filter", "cannot speak about that")]
    public void O34_An_answer_that_breaks_off_is_finished_or_explained_but_not_for_ever(string reason, string note)
    {
        for (var i = 0; i < 2; i++)
            _failures.Ended(Done("incomplete", reason)).Should().BeOfType<Remedy.SayTheRest>().Which.Note.Should().Contain(note);

        _failures.Ended(Done("incomplete", reason)).Should().BeNull();
    }

    [Fact]
    public void O35_An_empty_account_is_for_good() =>
        _failures.Ended(Failed("insufficient_quota")).Should().Be(new Remedy.GiveUp(new ModelFailure(FailureKind.Permanent, "no-credit")));

    private static ResponseDone Done(string status, string? reason = null) => new("r1", status, reason, null, null);

    private static ResponseDone Failed(string code, string message = "Sorry.") =>
        new("r1", "failed", null, new RealtimeError("x", code, message, null, null), null);

    private static ResponseDone Limited(string message) => Failed("rate_limit_exceeded", message);
}
