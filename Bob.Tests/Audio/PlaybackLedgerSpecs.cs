using AwesomeAssertions;
using Bob.Actors.Audio;
using CsCheck;
using Xunit;

namespace Bob.Tests.Audio;

public sealed class PlaybackLedgerSpecs
{
    private static readonly SpokenItem First = new("r1", "i1", 0);
    private static readonly SpokenItem Second = new("r1", "i2", 0);
    private readonly PlaybackLedger _ledger = new();
    private readonly List<PlaybackMark> _marks = [];

    [Fact]
    public void Whatever_happens_the_ledger_says_what_Twilio_played()
    {
        Gen.Select(Steps(60), Gen.Int[0, 60], Gen.Int[0, 120]).Sample(
            (steps, down, up) => new PlaybackLine(down, up, lossy: false).Run(steps), iter: 500);
    }

    [Fact]
    public void Whatever_happens_on_a_local_line_the_ledger_is_right_to_the_frame()
    {
        Gen.Select(Steps(60), Gen.Const(0)).Sample((steps, none) => new PlaybackLine(none, none, lossy: false).Run(steps), iter: 500);
    }

    [Fact]
    public void A_far_Twilio_only_makes_the_ledger_cautious()
    {
        Gen.Select(Steps(60), Gen.Int[0, 400], Gen.Int[0, 1_500]).Sample(
            (steps, down, up) => new PlaybackLine(down, up, lossy: false).Run(steps), iter: 300);
    }

    [Fact]
    public void T15_Lost_and_doubled_marks_never_make_unheard_words_heard()
    {
        Gen.Select(Steps(60), Gen.Int[0, 60], Gen.Int[0, 600]).Sample(
            (steps, down, up) => new PlaybackLine(down, up, lossy: true).Run(steps), iter: 500);
    }

    [Fact]
    public void An_interruption_cuts_where_the_caller_was_and_what_follows_at_zero()
    {
        Say(First, 1_000);
        Say(Second, 500);
        Send(at: 0);

        var interruption = _ledger.Interrupt(At(640));

        interruption.ClearLine.Should().BeTrue();
        interruption.Cut.Should().Equal(new HeardItem(First, 640, 1_000), new HeardItem(Second, 0, 500));
    }

    [Fact]
    public void An_item_that_was_heard_to_its_end_is_not_cut()
    {
        Say(First, 400);
        _ledger.ItemFinished(First).Should().Be(400);
        Say(Second, 400);
        Send(at: 0);

        var interruption = _ledger.Interrupt(At(500));

        interruption.Cut.Should().Equal(new HeardItem(Second, 100, 400));
    }

    [Fact]
    public void An_item_whose_end_is_still_to_come_is_cut_although_all_of_it_was_heard()
    {
        Say(First, 400);
        Send(at: 0);

        var interruption = _ledger.Interrupt(At(900));

        interruption.Cut.Should().Equal(new HeardItem(First, 400, 400));
    }

    [Fact]
    public void The_clock_of_playback_starts_when_the_line_was_quiet_not_when_the_call_began()
    {
        Say(First, 400);
        Send(at: 0);
        _ledger.ItemFinished(First);
        _ledger.MarkReturned(_marks[^1].ToString(), At(480));
        Say(Second, 1_000);
        Send(at: 60_000);

        var interruption = _ledger.Interrupt(At(60_300));

        interruption.Cut.Should().Equal(new HeardItem(Second, 300, 1_000));
    }

    [Fact]
    public void Audio_that_is_not_sent_yet_is_not_heard()
    {
        Say(First, 200);
        Say(First, 200);
        _ledger.TrySend(At(0), out _).Should().BeTrue();

        var interruption = _ledger.Interrupt(At(5_000));

        interruption.Cut.Should().Equal(new HeardItem(First, 200, 400));
    }

    [Fact]
    public void The_silence_that_fills_up_a_frame_belongs_to_no_item()
    {
        _ledger.Append(Voice.Of(First, ms: 100, padding: 80), At(0));
        Send(at: 0);

        var interruption = _ledger.Interrupt(At(99));

        interruption.Cut.Should().Equal(new HeardItem(First, 90, 90));
    }

    [Fact]
    public void O38_Late_audio_of_a_cancelled_response_is_never_handed_out()
    {
        _ledger.ResponseStarted("r1");
        Say(First, 400);
        Send(at: 0);
        _ledger.Interrupt(At(100));

        _ledger.Append(Voice.Of(First, ms: 400), At(110)).Should().BeFalse();
        _ledger.Append(Voice.Of(Second, ms: 400), At(120)).Should().BeFalse();

        _ledger.TrySend(At(130), out _).Should().BeFalse();
        _ledger.FencedBytes.Should().Be(2 * 400 * Mulaw.BytesPerMs);
        _ledger.ItemFinished(Second).Should().Be(0, "it is not to be heard");
    }

    [Fact]
    public void O38_Late_audio_is_not_heard_either_of_a_response_that_counted_as_ended_before_the_caller_spoke()
    {
        _ledger.ResponseStarted("r1");
        Say(First, 400);
        _ledger.ItemFinished(First);
        Send(at: 0);
        _ledger.MarkReturned(_marks[^1].ToString(), At(450)).Should().BeTrue();
        _ledger.ResponseFinished("r1"); // taken for ended, because nothing more came of it
        _ledger.AllHeard.Should().BeTrue();
        _ledger.Interrupt(At(500));

        _ledger.Append(Voice.Of(Second, ms: 400), At(510)).Should().BeFalse();
    }

    [Fact]
    public void O38_All_responses_that_began_before_the_caller_spoke_are_over()
    {
        _ledger.ResponseStarted("r1");
        _ledger.ResponseFinished("r1");
        _ledger.ResponseStarted("r2");
        _ledger.ResponseFinished("r2");
        _ledger.Interrupt(At(0));

        _ledger.Append(Voice.Of(First, ms: 20), At(10)).Should().BeFalse();
        _ledger.Append(Voice.Of(new SpokenItem("r2", "i3", 0), ms: 20), At(10)).Should().BeFalse();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_session_that_counts_its_responses_anew_is_heard(bool lost)
    {
        _ledger.ResponseStarted("r1", session: 1);
        Say(First, 20);
        _ledger.ResponseFinished("r1");
        if (lost)
            _ledger.ModelLost(1);
        _ledger.Interrupt(At(10));
        _ledger.ResponseStarted("r1", session: 1);
        _ledger.Append(Voice.Of(First, ms: 20), At(10)).Should().BeFalse("it is the same that was interrupted");

        _ledger.ResponseStarted("r1", session: 2);

        _ledger.Append(Voice.Of(First, ms: 20), At(20)).Should().BeTrue();
    }

    [Fact]
    public void A_response_interrupted_before_its_first_word_stays_silent()
    {
        _ledger.ResponseStarted("r1");
        _ledger.Interrupt(At(0)).Should().BeEquivalentTo(new Interruption(false, []));

        _ledger.Append(Voice.Of(First, ms: 20), At(10)).Should().BeFalse();
    }

    [Fact]
    public void The_next_response_is_heard()
    {
        Say(First, 400);
        Send(at: 0);
        _ledger.Interrupt(At(100));
        var next = new SpokenItem("r2", "i3", 0);

        Say(next, 400);
        Send(at: 200);

        _ledger.Interrupt(At(300)).Cut.Should().Equal(new HeardItem(next, 100, 400));
    }

    [Fact]
    public void Marks_come_every_200_ms_and_at_the_end_of_speech()
    {
        var positions = new List<int>();
        for (var sent = 100; sent <= 500; sent += 100)
        {
            Say(First, 100);
            _ledger.TrySend(At(0), out _);
            if (_ledger.TryMark(At(0), out _))
                positions.Add(sent);
        }

        _ledger.ItemFinished(First);
        if (_ledger.TryMark(At(0), out _))
            positions.Add(500);

        positions.Should().Equal(200, 400, 500);
        _ledger.TryMark(At(0), out _).Should().BeFalse("nothing follows the last one");
    }

    [Fact]
    public void A_mark_passes_those_that_went_missing_before_it()
    {
        Say(First, 200);
        Send(at: 0);
        Say(First, 200);
        Send(at: 0);
        _ledger.ResponseFinished("r1");

        _ledger.MarkReturned(_marks[^1].ToString(), At(450)).Should().BeTrue();

        _ledger.AllHeard.Should().BeTrue();
        _ledger.MarkReturned(_marks[0].ToString(), At(460)).Should().BeFalse();
    }

    [Fact]
    public void A_mark_that_was_flushed_by_a_clear_does_not_count_as_heard()
    {
        Say(First, 400);
        Send(at: 0);
        _ledger.Interrupt(At(100));
        var next = new SpokenItem("r2", "i3", 0);
        Say(next, 400);
        Send(at: 110);

        _ledger.MarkReturned(_marks[0].ToString(), At(120)).Should().BeFalse();

        _ledger.Interrupt(At(160)).Cut.Should().Equal(new HeardItem(next, 50, 400));
    }

    [Fact]
    public void A_mark_that_comes_early_proves_that_playback_is_ahead()
    {
        Say(First, 400);
        Send(at: 0);
        Say(First, 400);
        Send(at: 0);

        _ledger.MarkReturned(_marks[0].ToString(), At(300));

        _ledger.Interrupt(At(350)).Cut.Should().Equal(new HeardItem(First, 450, 800));
    }

    [Fact]
    public void A_mark_that_does_not_come_holds_the_reckoning_back()
    {
        for (var i = 0; i < 5; i++)
            Say(First, 200);
        Send(at: 0);

        var interruption = _ledger.Interrupt(At(5_000));

        interruption.Cut.Should().Equal([new HeardItem(First, 400, 1_000)], "a line that stalls is not listened to");
    }

    [Fact]
    public void T17_After_a_lost_line_what_was_not_heard_is_sent_again()
    {
        Say(First, 200);
        Say(First, 200);
        Send(at: 0);

        _ledger.LineLost(At(250));

        _ledger.TrySend(At(9_000), out var again).Should().BeTrue();
        again.Bytes.Should().Be(200 * Mulaw.BytesPerMs, "no mark that has not returned was passed");
        Voice.Decoded(again.Base64).Should().Equal(Voice.Bytes(200 * Mulaw.BytesPerMs));
        _ledger.TrySend(At(9_000), out _).Should().BeFalse();
        _ledger.Interrupt(At(9_050)).Cut.Should().Equal(new HeardItem(First, 250, 400));
    }

    [Fact]
    public void A_mark_of_a_lost_line_does_not_count_on_the_next()
    {
        Say(First, 400);
        Send(at: 0);
        _ledger.LineLost(At(0));
        Send(at: 1_000);

        _ledger.MarkReturned(_marks[0].ToString(), At(1_010)).Should().BeFalse();

        _ledger.RemainingMs(At(1_100)).Should().Be(300);
    }

    [Fact]
    public void T18_A_line_that_was_dead_for_a_while_before_it_shows_costs_at_most_the_way_to_the_next_mark()
    {
        for (var i = 0; i < 25; i++)
            Say(First, 200);
        Send(at: 0);
        foreach (var mark in _marks.Take(5))
            _ledger.MarkReturned(mark.ToString(), At(200 * mark.Number)); // heard up to 1,000 ms, then the line dies

        _ledger.LineLost(At(4_000));

        _ledger.RemainingMs(At(4_000)).Should().Be(5_000 - 1_200);
    }

    [Fact]
    public void The_model_may_be_lost_while_its_words_are_still_heard()
    {
        _ledger.ResponseStarted("r1");
        Say(First, 1_000);
        Send(at: 0);

        var cut = _ledger.ModelLost();

        cut.Should().Equal(new HeardItem(First, 0, 1_000));
        _ledger.Receiving.Should().BeFalse();
        _ledger.RemainingMs(At(400)).Should().Be(600);
        _ledger.Interrupt(At(400)).Cut.Should().Equal(new HeardItem(First, 400, 1_000));
    }

    [Fact]
    public void O13_What_a_lost_session_still_had_in_its_socket_is_not_heard()
    {
        _ledger.ResponseStarted("r1");
        Say(First, 200);
        _ledger.ModelLost();

        _ledger.Append(Voice.Of(First, ms: 200), At(0)).Should().BeFalse("the next session goes on where this one was cut");

        Send(at: 0);
        _ledger.RemainingMs(At(0)).Should().Be(200);
    }

    [Fact]
    public void O20_Ten_minutes_wait_and_not_a_second_more()
    {
        for (var s = 0; s < 600; s++)
            _ledger.Append(Voice.Of(First, ms: 1_000), At(0)).Should().BeTrue();

        _ledger.Append(Voice.Of(First, ms: 20), At(0)).Should().BeFalse();

        _ledger.RefusedBytes.Should().Be(20 * Mulaw.BytesPerMs);
        _ledger.RemainingMs(At(0)).Should().Be(PlaybackLedger.MaxQueuedMs);
    }

    [Fact]
    public void T15_Marks_that_never_return_do_not_silence_Bob_for_good()
    {
        for (var s = 0; s < 3_600; s++)
        {
            _ledger.Append(Voice.Of(First, ms: 1_000), At(s * 1_000)).Should().BeTrue();
            Send(at: s * 1_000);
        }

        _ledger.RefusedBytes.Should().Be(0);
    }

    [Fact]
    public void T15_Without_marks_the_wait_for_the_end_is_as_long_as_the_audio()
    {
        for (var turn = 0; turn < 5; turn++)
        {
            Say(First, 3_000);
            _ledger.ResponseFinished("r1");
            Send(at: turn * 10_000);
            _ledger.RemainingMs(At(turn * 10_000 + 1_000)).Should().Be(2_000);
            _ledger.RemainingMs(At(turn * 10_000 + 4_000)).Should().Be(0);
        }

        _ledger.AllHeard.Should().BeFalse("no mark says so");
    }

    private static Gen<(int What, int HowMuch)[]> Steps(int most) => Gen.Select(Gen.Int[0, 39], Gen.Int[0, 3_000]).Array[1, most];

    private static TimeSpan At(int ms) => TimeSpan.FromMilliseconds(ms);

    private void Say(SpokenItem item, int ms) => _ledger.Append(Voice.Of(item, ms), At(0)).Should().BeTrue();

    /// <summary>Sends all there is, with its marks, as the caller's leg does.</summary>
    private void Send(int at)
    {
        while (true)
        {
            if (_ledger.TryMark(At(at), out var mark))
                _marks.Add(mark);
            else if (!_ledger.TrySend(At(at), out _))
                return;
        }
    }
}
