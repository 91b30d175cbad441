using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Records;
using Bob.Tests.Records;
using Xunit;
using static Bob.Actors.Calls.CallEvent;

namespace Bob.Tests.Calls;

/// <summary>The rules of a call whose process died: it goes on where it was.</summary>
public sealed class CallStateResumedSpecs
{
    private static readonly TimeSpan Now = TimeSpan.FromHours(1);
    private CallState _state = null!;

    [Fact]
    public void It_dials_the_model_while_Twilio_connects_and_Bob_says_that_they_were_cut_off()
    {
        Resume(new JournalEntry.StepChanged(CallPhase.Live, null, null), new CallOptions { DialEarly = false });

        On(new Admitted()).Should().Contain(action => action is CallAction.StartModel);
        On(new NextStepAsked()).OfType<CallAction.Resume>().Single().Pause.Should().BeFalse("the caller has waited long enough");
        On(new ModelReady()).Should().Equal(new CallAction.OpenSession(Opening.CutOff));
        On(new StreamAttached());
        _state.Phase.Should().Be(CallPhase.Live);
    }

    [Fact]
    public void While_the_model_is_still_being_dialled_a_clip_says_once_that_they_were_cut_off()
    {
        var options = new CallOptions();
        Resume(new JournalEntry.StepChanged(CallPhase.Live, null, null), options);
        On(new Admitted(), new NextStepAsked());

        On(new StreamAttached()).Should().Contain(new CallAction.StartTimer(CallTimer.Greeting, options.GreetingAfter));
        On(new TimerFired(CallTimer.Greeting)).Should().Contain(new CallAction.PlayClip(ClipName.CutOff));
        On(new ClipPlays(ClipName.CutOff), new BridgeBegan(), new BobPaused()).OfType<CallAction.StartTimer>().Should().NotContain(start => start.Timer == CallTimer.Greeting);
        On(new ModelReady()).Should().Contain(new CallAction.OpenSession(Opening.ToldOfCutOff));
        On(new BobSpoke());
        On(new ModelReady()).Should().Contain(new CallAction.OpenSession(Opening.GoOn));
    }

    [Fact]
    public void A_session_that_is_lost_before_Bob_has_said_it_leaves_it_to_the_next_one()
    {
        Resume(new JournalEntry.StepChanged(CallPhase.Live, null, null));
        On(new Admitted(), new NextStepAsked(), new StreamAttached(), new ModelReady());

        On(new ModelReady()).OfType<CallAction.OpenSession>().Single().Opening.Should().Be(Opening.CutOff);
        On(new BobSpoke());
        On(new ModelReady()).OfType<CallAction.OpenSession>().Single().Opening.Should().Be(Opening.GoOn);
    }

    [Fact]
    public void A_call_that_was_ending_goes_on_ending_and_Bob_says_goodbye()
    {
        Resume(new JournalEntry.StepChanged(CallPhase.Ending, CallEnd.Goodbye, null));
        On(new Admitted(), new NextStepAsked());

        On(new ModelReady()).Should().Equal(new CallAction.OpenSession(Opening.Listen));
        On(new StreamAttached()).Should().Contain(new CallAction.SayGoodbye(CallEnd.Goodbye));

        _state.Phase.Should().Be(CallPhase.Ending);
        On(new BobSpoke(), new BobPaused(), new BobFinished());
        On(new NextStepAsked());
        (_state.Phase, _state.End).Should().Be((CallPhase.Over, CallEnd.Goodbye));
    }

    [Fact]
    public void A_call_whose_line_was_closed_hears_what_was_left_to_say_and_is_over()
    {
        Resume(new JournalEntry.StepChanged(CallPhase.Closing, CallEnd.TimeLimit, CallState.EarlyFarewell));
        On(new Admitted()).Should().BeEmpty("no model is needed");

        On(new NextStepAsked()).Should().Equal(
            new CallAction.Answer(new CallProtocol.HangUp(CallState.EarlyFarewell)), new CallAction.Finish(CallEnd.TimeLimit));
    }

    [Fact]
    public void A_call_that_ended_because_the_dead_process_had_no_model_is_given_another_try()
    {
        Resume(new JournalEntry.StepChanged(CallPhase.Ending, CallEnd.ModelUnavailable("timeout"), null));
        On(new Admitted(), new NextStepAsked(), new StreamAttached());

        (_state.Phase, _state.End).Should().Be((CallPhase.Live, null));
    }

    [Fact]
    public void P1_A_call_whose_caller_asked_and_did_not_come_was_lost_with_its_process()
    {
        Resume(new JournalEntry.StepChanged(CallPhase.Live, null, null));
        On(new Admitted(), new NextStepAsked());

        On(new TimerFired(CallTimer.Stream)).Should().Contain(new CallAction.Finish(CallEnd.ProcessDied));
    }

    [Fact]
    public void Its_longest_time_goes_on_and_leaves_it_a_moment_to_be_told()
    {
        Resume(new JournalEntry.StepChanged(CallPhase.Live, null, null), new CallOptions { MaxDuration = TimeSpan.FromMinutes(10) }, age: TimeSpan.FromMinutes(9));
        On(new Admitted()).Should().Contain(new CallAction.StartTimer(CallTimer.Duration, TimeSpan.FromMinutes(1)));

        Resume(new JournalEntry.StepChanged(CallPhase.Live, null, null), new CallOptions { MaxDuration = TimeSpan.FromMinutes(10) }, age: TimeSpan.FromMinutes(11));
        On(new Admitted()).Should().Contain(new CallAction.StartTimer(CallTimer.Duration, TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void P18_A_call_that_kills_its_process_whenever_it_comes_back_is_given_up()
    {
        Resume(new JournalEntry.StepChanged(CallPhase.Live, null, null), streams: [1, 11, 21, 31, 41, 70]);
        On(new Admitted());

        On(new NextStepAsked()).Should().Equal(
            new CallAction.Answer(new CallProtocol.FallBack(Apologise: true)), new CallAction.Finish(CallEnd.StreamUnstable));

        Resume(new JournalEntry.StepChanged(CallPhase.Live, null, null), streams: [11, 21, 31, 41, 70]);
        On(new Admitted());
        On(new NextStepAsked()).Should().Contain(action => action is CallAction.Resume);
    }

    private void Resume(JournalEntry.StepChanged step, CallOptions? options = null, TimeSpan? age = null, int[]? streams = null)
    {
        var soFar = CallSoFar.Of(Entries.Of("CA1", new JournalEntry.CallOpened("+15550100001", "", null), new JournalEntry.StreamAttached(new StreamSid("MZ1")), step))!;
        _state = CallState.Resumed(options ?? new CallOptions(), soFar, age ?? TimeSpan.FromSeconds(20), (streams ?? [20]).Select(ago => TimeSpan.FromSeconds(ago)), Now);
    }

    private List<CallAction> On(params CallEvent[] events)
    {
        List<CallAction> done = [];
        foreach (var happened in events)
        {
            (_state, var actions) = _state.On(happened, Now);
            done.AddRange(actions);
        }

        return done;
    }
}
