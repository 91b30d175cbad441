using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Conversation;
using Bob.Actors.Costs;
using Bob.Actors.Records;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Bob.Actors.Records.JournalEntry;
using BobSaid = Bob.Actors.Records.JournalEntry.BobSaid;
using ToolCalled = Bob.Actors.Records.JournalEntry.ToolCalled;

namespace Bob.Tests.Records;

/// <summary>A call out of its book, to be gone on with.</summary>
public sealed class CallSoFarSpecs
{
    private static readonly CallOpened Opened = new("+15550100001", "+15550100002", null);
    private static readonly StreamAttached Stream = new(new StreamSid("MZ1"));

    private readonly FakeTimeProvider _clock = new(Entries.Noon.AddMinutes(5));
    private readonly List<JournalEntry> _written = [];

    [Fact]
    public void A_call_that_nobody_knows_or_that_is_over_is_none()
    {
        CallSoFar.Of([]).Should().BeNull();
        CallSoFar.Of(Entries.WholeCall()).Should().BeNull();
    }

    [Fact]
    public void A_call_that_was_given_up_and_came_back_is_one()
    {
        JournalEntry[] entries = [.. Entries.WholeCall(), .. Entries.From("CA1", 19, new StreamAttached(new StreamSid("MZ2")))];

        CallSoFar.Of(entries)!.Last.Should().Be(19);
    }

    [Fact]
    public void A_call_that_was_announced_twice_is_the_second()
    {
        var soFar = CallSoFar.Of(Entries.Of("CA1", Opened, Stream, new BobSaid("b1", "Hello."), new CallEnded(CallEnd.CallerLost, null, 0), Opened, Stream))!;

        (soFar.OpenedAt, soFar.Last, soFar.Entries.Count).Should().Be((Entries.Noon.AddSeconds(4), 6, 2));
    }

    [Fact]
    public void Its_book_goes_on_with_the_next_number_the_time_of_the_call_and_its_streams()
    {
        var journal = Resume(Entries.Of("CA1", Opened, Stream, new StepChanged(CallPhase.Live, null, null)));

        journal.Attached(new StreamSid("MZ2"));
        journal.Heard(new Bob.Actors.Realtime.SpeechStarted("c1", 0));
        _clock.Advance(TimeSpan.FromSeconds(1));
        journal.Heard(new Bob.Actors.Realtime.SpeechStopped("c1", 0));
        journal.Heard(new Bob.Actors.Realtime.InputCommitted("c1"));
        journal.Ended(CallEnd.CallerHungUp);

        _written.Select(entry => entry.Number).Should().Equal(4, 5, 6);
        _written.OfType<CallerTurn>().Single().Should().BeEquivalentTo(new { StartedMs = 300_000, EndedMs = 301_000 });
        _written.OfType<CallEnded>().Single().Should().BeEquivalentTo(new { FirstAudioMs = (long?)null, Reconnects = 1, PhoneSeconds = 300 });
    }

    [Fact]
    public void What_its_responses_cost_counts_and_is_not_added_to_the_day_again()
    {
        var day = new DaySpending(100, _clock);
        var meter = new CallMeter(new CostOptions(Prices.None, PerCall: 2), day, _clock);
        var soFar = CallSoFar.Of(Entries.Of("CA1", Opened, Stream, new UsageReported("r1", 1, 1, 0, 0, 1, 1, 0.5m), new UsageReported("r2", 1, 1, 0, 0, 1, 1, 0.7m), new TranscriptionReported("c1", 0, 1, 1, null, 0.1m)))!;

        CallJournal.Resumed(soFar, new Book(_written), _clock, meter);

        meter.Spent.Should().Be(1.3m);
        day.Spent.Should().Be(0);
        meter.Limit.Should().Be(new CostLimit(CallEnd.CallCostCap, IsPassed: false), "another answer and a goodbye might cost 1.4 more");
    }

    [Theory]
    [InlineData(4.0, 1000)]
    [InlineData(7.5, 4500)]
    public void Of_a_sentence_that_was_being_said_the_part_counts_as_heard_that_had_been_played_when_the_process_died(double diedAfter, long heardMs)
    {
        // Said at 12:00:03, when its first words came: the model is far ahead of the voice.
        JournalEntry[] entries = Entries.Of("CA1", Opened, Stream, new StepChanged(CallPhase.Live, null, null), new BobWords("b1", "One two "), new BobSaid("b1", "One two three four."), new BobSpoke("b1", 8000));
        entries = [.. entries[..4], .. entries[4..].Select(entry => entry with { At = Entries.Noon.AddSeconds(3.2) })];

        CallSoFar.Of(entries, Entries.Noon.AddSeconds(diedAfter))!.Unfinished.Should().Equal(new UnfinishedSpeech("b1", heardMs, 8000));
    }

    [Fact]
    public void A_sentence_that_was_played_to_its_end_counts_as_heard_and_the_next_one_from_there()
    {
        JournalEntry[] entries = [.. Entries.Of("CA1", Opened, Stream, new BobSaid("b1", "One."), new BobSaid("b2", "Two three.")), .. Entries.From("CA1", 5, new BobSpoke("b1", 4000), new BobSpoke("b2", 3000))];

        CallSoFar.Of(entries, Entries.Noon.AddSeconds(8))!.Unfinished.Should().Equal(new UnfinishedSpeech("b2", 2000, 3000));
        CallSoFar.Of(entries, Entries.Noon.AddSeconds(9))!.Unfinished.Should().BeEmpty();
    }

    [Fact]
    public void While_the_line_was_down_nothing_was_played()
    {
        var entries = Entries.Of(
            "CA1", Opened, new BobSaid("b1", "Hello."), new BobSpoke("b1", 3000), Stream, new StepChanged(CallPhase.AwaitingCaller, null, null), new StreamAttached(new StreamSid("MZ2")));

        CallSoFar.Of(entries, Entries.Noon.AddSeconds(6))!.Unfinished.Should().Equal(new UnfinishedSpeech("b1", 2000, 3000));
    }

    [Fact]
    public void A_sentence_that_the_caller_interrupted_stays_as_it_is()
    {
        var entries = Entries.Of("CA1", Opened, Stream, new BobSaid("b1", "One two three."), new BobCut("b1", "One", 500, 9000, Lost: false));

        CallSoFar.Of(entries, Entries.Noon.AddSeconds(5))!.Unfinished.Should().BeEmpty();
    }

    [Fact]
    public void A_model_is_told_what_was_heard_and_the_book_has_it_as_cut_off()
    {
        var entries = Entries.Of("CA1", Opened, Stream, new BobSaid("b1", "One two three four."), new BobSpoke("b1", 4000));

        var journal = Resume(entries, Entries.Noon.AddSeconds(4));

        journal.Conversation.Replay().Should().Equal(new Bob.Actors.Conversation.BobSaid("One two", Interrupted: true));
        journal.Conversation.EndsInCutSpeech.Should().BeTrue();
        _written.Should().ContainSingle().Which.Should().BeEquivalentTo(new BobCut("b1", "One two", 2000, 4000, Lost: true), options => options.Excluding(cut => cut.CallSid).Excluding(cut => cut.Number).Excluding(cut => cut.At));
    }

    [Fact]
    public void A_tool_that_had_run_is_told_with_its_output_and_one_that_was_running_as_unknown()
    {
        var entries = Entries.Of("CA1", Opened, Stream, new ToolCalled("t1", "book", "{}"), new ToolReturned("t1", "booked", 20, "ok"), new ToolCalled("t2", "pay", "{}"));

        var journal = Resume(entries);

        journal.Conversation.Replay().Should().Equal(
            new Bob.Actors.Conversation.ToolCalled("t1", "book", "{}", "booked"), new Bob.Actors.Conversation.ToolCalled("t2", "pay", "{}", CallJournal.UnknownOutcome));
        _written.OfType<ToolReturned>().Single().Should().BeEquivalentTo(new { CallId = "t2", Outcome = "process-died" });
    }

    [Fact]
    public void A_number_that_was_being_typed_is_told_once_and_the_book_has_it_as_one()
    {
        var entries = Entries.Of("CA1", Opened, Stream, new KeyPressed("1"), new KeysPressed("1", 3), new BobSaid("b1", "Your number?"), new BobSpoke("b1", 1000), new KeyPressed("4"), new KeyPressed("47", 7));

        var journal = Resume(entries);

        journal.Conversation.Replay().Should().Equal(new CallerPressed("1"), new Bob.Actors.Conversation.BobSaid("Your number?", false), new CallerPressed("47"));
        _written.OfType<KeysPressed>().Should().ContainSingle().Which.Should().BeEquivalentTo(new { Digits = "47", First = 7, Number = 9 });
        CallSoFar.Of([.. entries, .. _written])!.UnfinishedKeys.Should().BeNull();
        Conversation.From([.. entries, .. _written]).Should().Equal(journal.Conversation.Replay());
    }

    [Fact]
    public void A_book_whose_beginning_cannot_be_had_is_gone_on_with_all_the_same()
    {
        var soFar = CallSoFar.Of(Entries.From("CA1", 7, new CallerWords("c1", "good day"), Stream))!;

        (soFar.Call.Caller, soFar.Last).Should().Be(("anonymous", 8));
        Resume(soFar).Conversation.Replay().Should().Equal(new CallerSaid("good day"));
    }

    [Fact]
    public void What_was_said_too_long_ago_for_any_session_is_left_as_it_was_heard()
    {
        JournalEntry[] talk = [new BobSaid("b0", "Long ago."), .. Enumerable.Range(1, ConversationLog.MaxReplayed).SelectMany(i => new JournalEntry[] { new CallerTurn($"c{i}", 1, 2), new CallerWords($"c{i}", "and") })];

        Resume(Entries.Of("CA1", [Opened, Stream, .. talk]));

        _written.Should().BeEmpty();
    }

    private CallJournal Resume(JournalEntry[] entries, DateTimeOffset? diedAt = null) => Resume(CallSoFar.Of(entries, diedAt)!);

    private CallJournal Resume(CallSoFar soFar) => CallJournal.Resumed(soFar, new Book(_written), _clock, CallMeter.Free(_clock));

    private sealed class Book(List<JournalEntry> written) : IJournal
    {
        public void Write(JournalEntry entry) => written.Add(entry);
    }
}
