using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Realtime;
using Xunit;
using static Bob.Actors.Calls.CallEvent;

namespace Bob.Tests.Calls;

/// <summary>Whether a conversation gets anywhere, and what becomes of one that does not (A5, A6).</summary>
public sealed class CallProgressSpecs
{
    private readonly CallProgress _progress = new();

    [Theory]
    [InlineData("bob:Hello, how can I help?", true)]
    [InlineData("caller:When are you open?", true)]
    [InlineData("caller:When are you open? caller:when are you OPEN", false)]
    [InlineData("caller:When are you open? caller:When are you open tomorrow", true)]
    [InlineData("caller:could you tell me when you are open please caller:could you tell me when you are open", false)]
    [InlineData("caller:yes bob:And your name? caller:yes", false)]
    [InlineData("caller:yes bob:And your name? caller:yes bob:And your number?", true)]
    [InlineData("caller:bye bye bob:Goodbye! caller:Bye. caller:bye, bye bob:goodbye", false)]
    [InlineData("caller:", false)]
    [InlineData("caller:... bob:Pardon?", false)]
    [InlineData("failed:audio_unintelligible bob:Pardon?", false)]
    [InlineData("failed:server_error bob:We open at nine.", true)]
    [InlineData("failed:audio_unintelligible bob:Pardon? caller:I said hello bob:Hello", true)]
    [InlineData("bob:", false)]
    [InlineData("caller:請問幾點開門 caller:請問幾點開門", false)]
    [InlineData("caller:請問幾點開門 caller:謝謝", true)]
    public void Something_new_is_progress(string said, bool isProgress) => Hear(said).Should().Be(isProgress);

    [Fact]
    public void A_session_that_writes_nothing_down_is_not_judged_by_the_last_one()
    {
        Hear("failed:audio_unintelligible bob:Pardon?").Should().BeFalse();

        _progress.NewSession();

        Hear("bob:We open at nine.").Should().BeTrue();
    }

    [Fact]
    public void What_was_said_long_ago_may_be_said_again()
    {
        Hear("caller:yes").Should().BeTrue();
        for (var turn = 0; turn < 20; turn++)
            Hear($"caller:number{turn}").Should().BeTrue();

        Hear("caller:yes").Should().BeTrue();
    }

    [Fact]
    public void A_call_in_which_nothing_new_is_said_ends_with_a_goodbye()
    {
        var call = Play(new Admitted(), new StreamAttached(), new ModelReady());
        Timers(call.Actions).Should().BeEmpty();
        Timers(Play(new Admitted(), new StreamAttached()).Actions).Should().Equal(TimeSpan.FromMinutes(3));

        foreach (var progress in new CallEvent[] { new Progressed(), new CallerPressed() })
            Timers(call.State.On(progress, TimeSpan.FromHours(1)).Actions).Should().Equal(TimeSpan.FromMinutes(3));
        foreach (var other in new CallEvent[] { new CallerSpoke(), new CallerPaused(), new BobSpoke(), new BobPaused(), new AnswerEnded(), new ToolEnded() })
            Timers(call.State.On(other, TimeSpan.FromHours(1)).Actions).Should().BeEmpty("it may be music");

        var (ending, actions) = call.State.On(new CallerSpoke(), TimeSpan.FromHours(1)).State.On(new TimerFired(CallTimer.Progress), TimeSpan.FromHours(1));
        (ending.Phase, ending.End).Should().Be((CallPhase.Ending, CallEnd.NoProgress));
        actions.Should().Contain(new CallAction.SayGoodbye(CallEnd.NoProgress));
        ending.On(new CallerSpoke(), TimeSpan.FromHours(1)).State.Phase.Should().Be(CallPhase.Ending, "who interrupts the goodbye is no caller");
    }

    [Fact]
    public void Who_gets_nowhere_does_not_talk_Bob_out_of_his_goodbye()
    {
        var ending = Play(new Admitted(), new StreamAttached(), new ModelReady(), new BobSpoke(), new EndRequested(), new TimerFired(CallTimer.Progress)).State;

        ending.On(new CallerSpoke(), TimeSpan.FromHours(1)).State.Phase.Should().Be(CallPhase.Ending);
    }

    [Fact]
    public void Without_a_line_no_time_is_lost()
    {
        var state = Play(new Admitted(), new StreamAttached(), new ModelReady(), new StreamLost()).State;

        state.On(new TimerFired(CallTimer.Progress), TimeSpan.FromHours(1)).State.Phase.Should().Be(CallPhase.AwaitingCaller);
        Timers(state.On(new StreamAttached(), TimeSpan.FromHours(1)).Actions).Should().Equal(TimeSpan.FromMinutes(3));
    }

    private static (CallState State, IReadOnlyList<CallAction> Actions) Play(params CallEvent[] events)
    {
        var (state, actions) = (new CallState(new CallOptions()), (IReadOnlyList<CallAction>)[]);
        foreach (var happened in events)
        {
            (state, var done) = state.On(happened, TimeSpan.FromHours(1));
            actions = done;
        }

        return (state, actions);
    }

    private static IEnumerable<TimeSpan> Timers(IEnumerable<CallAction> actions) =>
        actions.OfType<CallAction.StartTimer>().Where(start => start.Timer == CallTimer.Progress).Select(start => start.Due);

    /// <summary>What the last turn was.</summary>
    private bool Hear(string said)
    {
        var last = false;
        foreach (var turn in System.Text.RegularExpressions.Regex.Split(said, " (?=caller:|bob:|failed:)"))
        {
            last = turn.Split(':', 2) switch
            {
                ["caller", var words] => _progress.Heard(new CallerTranscribed("i", words)),
                ["bob", var words] => _progress.Heard(new TranscriptDone("r", "i", 0, words)),
                [_, var code] => _progress.Heard(new TranscriptionFailed("i", code, null)),
                _ => throw new ArgumentException(turn),
            };
        }

        return last;
    }
}
