using System.Reflection;
using System.Text.Json.Serialization;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Conversation;
using Bob.Actors.Costs;
using Bob.Actors.Realtime;
using Bob.Actors.Records;
using Bob.Actors.Twilio;
using Bob.Simulator.Realtime;
using Bob.Tests.Simulator;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Bob.Actors.Calls.CallProtocol;
using static Bob.Actors.Records.JournalEntry;

namespace Bob.Tests.Records;

public sealed class CallJournalSpecs
{
    private static readonly AdmitCall Admission = new(new CallSid("CA1"), "+15550100001", "+15550100002");
    private readonly FakeTimeProvider _clock = new(Entries.Noon);
    private readonly KeptJournal _kept = new();
    private readonly CallJournal _journal;

    public CallJournalSpecs()
    {
        _journal = new CallJournal(Admission.CallSid, _kept, _clock);
        _journal.Opened(Admission);
        _journal.Attached(new StreamSid("MZ1"));
    }

    [Fact]
    public void Entries_are_numbered_without_a_gap_and_bear_their_call_and_time()
    {
        _clock.Advance(TimeSpan.FromSeconds(2));
        _journal.CallerPressed("1");

        _kept.Entries.Select(entry => (entry.Number, entry.CallSid, entry.At)).Should().Equal(
            (1, Admission.CallSid, Entries.Noon), (2, Admission.CallSid, Entries.Noon), (3, Admission.CallSid, Entries.Noon.AddSeconds(2)));
    }

    [Fact]
    public void Each_key_is_written_when_it_is_pressed_and_all_of_a_number_name_its_first()
    {
        _journal.CallerPresses("4");
        _journal.RecordingBegun("CA1.wav");
        _journal.CallerPresses("47");
        _journal.Conversation.Replay().Should().BeEmpty("a model is told of whole numbers");
        _journal.CallerPressed("47");
        _journal.CallerPresses("1");

        _kept.All<KeyPressed>().Select(key => (key.DigitsSoFar, key.First)).Should().Equal(("4", null), ("47", 3), ("1", null));
        _kept.Last<KeysPressed>().Should().BeEquivalentTo(new { Digits = "47", First = 3 });
        _journal.Conversation.Replay().Should().Equal(new CallerPressed("47"));
    }

    [Fact]
    public void Keys_of_an_older_book_are_read_as_a_whole_number() =>
        JournalCodec.Read("keys-pressed", 1, """{"digits":"12#"}""").Should().Be(new KeysPressed("12#"));

    [Fact]
    public void A_turn_of_the_callers_tells_when_it_was_in_the_call()
    {
        _clock.Advance(TimeSpan.FromSeconds(3));
        _journal.Heard(new SpeechStarted("c1", 17));
        _clock.Advance(TimeSpan.FromSeconds(2));
        _journal.Heard(new SpeechStopped("c1", 19));

        _journal.Heard(new InputCommitted("c1"));

        _kept.Last<CallerTurn>().Should().BeEquivalentTo(new { ItemId = "c1", StartedMs = 3000, EndedMs = 5000 });
    }

    [Fact]
    public void Growing_words_are_kept_at_once_and_then_now_and_then()
    {
        _journal.Heard(Words("Hel")).Should().BeFalse();
        _journal.Heard(Words("lo")).Should().BeTrue("somebody has to come back for them");
        _journal.Heard(Words(" there")).Should().BeFalse("and is coming already");
        _clock.Advance(CallJournal.WordsInterval);
        _journal.KeepWords();
        _journal.KeepWords();

        _kept.All<BobWords>().Select(words => words.TextSoFar).Should().Equal("Hel", "Hello there");
    }

    [Theory]
    [InlineData("failed", true)]
    [InlineData("incomplete", true)]
    [InlineData("cancelled", false)]
    [InlineData("completed", false)]
    public void O33_O34_An_answer_that_broke_off_after_some_words_is_to_be_gone_on_with(string status, bool goOn)
    {
        _journal.Heard(Words("We open"));
        _journal.Heard(new CallerLegProtocol.ItemSpoken("b1", 900));

        _journal.Heard(new ResponseDone("r", status, null, null, null));
        if (status != "completed")
            _journal.Heard(new CallerLegProtocol.SpeechCut([]));

        _journal.Conversation.EndsInCutSpeech.Should().Be(goOn);
        _journal.Conversation.Replay().Should().Equal(new Bob.Actors.Conversation.BobSaid("We open", false));
    }

    [Fact]
    public void O38_Words_of_a_cancelled_answer_that_never_became_sound_were_not_said()
    {
        _journal.Heard(Words("We open"));
        _journal.Heard(new ResponseDone("r", "cancelled", null, null, null));

        _journal.Heard(new CallerLegProtocol.SpeechCut([]));

        _journal.Conversation.Replay().Should().BeEmpty();
        _kept.Last<BobCut>().Should().BeEquivalentTo(new { ItemId = "b1", HeardMs = 0L, Lost = true });
    }

    [Fact]
    public void O38_Words_that_come_late_do_not_change_what_was_heard()
    {
        _journal.Heard(Words("We open at"));
        _journal.Heard(new CallerLegProtocol.SpeechInterrupted([Cut("b1", 700, 1500)]));
        _journal.Heard(Words(" nine"));

        _journal.Heard(new CallerLegProtocol.SpeechCut([]));

        _journal.Conversation.HeardOf("b1")!.Value.HeardMs.Should().Be(700);
    }

    [Fact]
    public void Words_that_wait_are_written_before_whatever_comes_next()
    {
        _journal.Heard(Words("Hel"));
        _journal.Heard(Words("lo"));

        _journal.Heard(new InputCommitted("c1"));

        _kept.Entries[^2..].Should().Match(last => last.First() is BobWords && last.Last() is CallerTurn);
    }

    [Fact]
    public void What_was_heard_is_written_again_when_the_words_are_whole()
    {
        _journal.Heard(Words("Once upon"));
        _journal.Heard(new CallerLegProtocol.SpeechInterrupted([Cut("b1", 1000, 2000)]));
        _journal.Heard(new TranscriptDone("r", "b1", 0, "Once upon a time there was"));

        _kept.All<BobCut>().Select(cut => cut.HeardText).Should().Equal("Once upon", "Once upon a");
        Conversation.From(_kept.Entries).Should().Equal(new Actors.Conversation.BobSaid("Once upon a", true));
    }

    [Fact]
    public void A_tool_run_tells_how_long_it_took_and_how_it_went()
    {
        _journal.ToolCalled(new FunctionCalled("r", "i", "t1", "look_up", "{}", "completed"));
        _clock.Advance(TimeSpan.FromMilliseconds(120));

        _journal.ToolReturned("t1", "no", "timeout");

        _kept.Last<ToolReturned>().Should().BeEquivalentTo(new { CallId = "t1", Output = "no", Ms = 120, Outcome = "timeout" });
    }

    [Fact]
    public void A_step_is_written_when_it_is_another()
    {
        var live = new CallState(new CallOptions()) with { Phase = CallPhase.Live };
        _journal.Step(new CallState(new CallOptions()));
        _journal.Step(live);
        _journal.Step(live with { Reconnects = 3 });
        _journal.Step(live with { Phase = CallPhase.Ending, End = CallEnd.Goodbye });
        _journal.Step(live with { Phase = CallPhase.Over, End = CallEnd.Goodbye });

        _kept.All<StepChanged>().Select(step => step.Phase).Should().Equal(CallPhase.Live, CallPhase.Ending);
    }

    [Fact]
    public void After_the_end_nothing_is_written_but_that_the_recording_is_not_whole_and_that_once()
    {
        _clock.Advance(TimeSpan.FromMilliseconds(700));
        _journal.Heard(new CallerLegProtocol.BobSpoke());
        _journal.Attached(new StreamSid("MZ2"));

        _journal.Ended(CallEnd.CallerHungUp);
        _journal.CallerPressed("1");
        _journal.Ended(CallEnd.NodeStopped);

        _kept.Entries[^1].Should().BeEquivalentTo(new { End = CallEnd.CallerHungUp, FirstAudioMs = 700, Reconnects = 1 });
        _kept.All<CallEnded>().Should().ContainSingle();

        _journal.RecordingTruncated("disk full").Should().BeTrue();
        _journal.RecordingTruncated("disk error").Should().BeFalse();
        _journal.CallerPressed("1");

        _kept.Entries[^1].Should().BeOfType<RecordingTruncated>().Which.Reason.Should().Be("disk full");
        _kept.Entries.Select(entry => entry.Number).Should().Equal(Enumerable.Range(1, _kept.Entries.Count));
        _journal.RecordingFault.Should().Be("disk full");
    }

    [Fact]
    public void The_callers_last_words_are_written_also_when_they_come_after_the_end()
    {
        _journal.Heard(new InputCommitted("c1"));
        _journal.Heard(new InputCommitted("c2"));
        _journal.Ended(CallEnd.CallerHungUp);

        _journal.Heard(new CallerTranscribed("c1", "Goodbye.", new TranscriptionUsage(0, 9, 4)));
        _journal.Heard(new TranscriptionFailed("c2", null, null));
        _journal.Heard(Words("Good"));

        _kept.Entries[^3..].Select(last => last.GetType().Name).Should().Equal(nameof(CallerWords), nameof(TranscriptionReported), nameof(CallerWordsFailed));
        _kept.Entries.Select(entry => entry.Number).Should().Equal(Enumerable.Range(1, _kept.Entries.Count));
    }

    [Theory]
    [InlineData("1e999", null)]
    [InlineData("-1e999", null)]
    [InlineData("2.5", 2.5)]
    public void A_number_that_none_can_be_written_as_is_none(string seconds, double? read)
    {
        var entry = JournalCodec.Read("transcription-reported", 1, $$"""{"itemId":"c1","textIn":0,"audioIn":0,"textOut":0,"seconds":{{seconds}},"cost":0}""");

        entry.Should().Be(new TranscriptionReported("c1", 0, 0, 0, read, 0));
        JournalCodec.Read(JournalCodec.Kind(entry), 1, JournalCodec.Payload(entry)).Should().Be(entry);
    }

    [Fact]
    public void Every_entry_has_a_text_because_all_that_it_may_hold_has_one()
    {
        Type[] texts = [typeof(string), typeof(bool), typeof(int), typeof(long), typeof(decimal), typeof(StreamSid), typeof(CallEnd)];

        var others = typeof(JournalEntry).GetNestedTypes().Append(typeof(CallEnd)).SelectMany(type => type.GetProperties(BindingFlags.Instance | BindingFlags.Public))
            .Where(property => property.DeclaringType != typeof(JournalEntry) && property.GetCustomAttribute<JsonIgnoreAttribute>() is null)
            .Where(property => (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) is var type && !type.IsEnum && !texts.Contains(type));

        others.Select(property => $"{property.DeclaringType!.Name}.{property.Name}").Should().Equal("TranscriptionReported.Seconds");
    }

    [Fact]
    public void Whatever_happens_the_book_tells_the_same_conversation_as_the_live_call() =>
        Gen.Int[0, 12].Array[0, 40].Sample(
            steps =>
            {
                var kept = new KeptJournal();
                var journal = new CallJournal(Admission.CallSid, kept, _clock);
                journal.Opened(Admission);
                for (var i = 0; i < steps.Length; i++)
                    Happen(journal, steps[i], i % 3);
                journal.CallerPressed("#");
                journal.KeepWords();

                var book = kept.Entries.Select(entry => JournalCodec.Read(JournalCodec.Kind(entry), 1, JournalCodec.Payload(entry))).ToList();

                Conversation.From(book).Should().Equal(journal.Conversation.Replay());
                Conversation.Log(book).EndsInCutSpeech.Should().Be(journal.Conversation.EndsInCutSpeech);
                Conversation.Log(book).EndsWithCaller.Should().Be(journal.Conversation.EndsWithCaller);
            },
            iter: 2_000);

    [Fact]
    public async Task A_model_takes_the_conversation_of_the_book_item_by_item()
    {
        var items = Conversation.From(Entries.WholeCall());
        await using var model = await RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions(), TestContext.Current.CancellationToken);
        await using var session = await RealtimeTestClient.ConfiguredAsync(model);

        var sent = 0;
        foreach (var (item, i) in items.Select((item, i) => (item, i)))
        {
            foreach (var utf8 in RealtimeWriter.ItemCreate(item, $"replay-{i}"))
            {
                await session.SendAsync(System.Text.Encoding.UTF8.GetString(utf8));
                sent++;
            }
        }

        await session.UntilAsync("conversation.item.done", sent);
        session.Of("error").Should().BeEmpty();
        items.Should().Equal(
            new Actors.Conversation.BobSaid("Hello, this is Bob.", false),
            new CallerSaid("When are you open?"),
            new Actors.Conversation.BobSaid("We are open", true),
            new Actors.Conversation.ToolCalled("t1", "look_up", """{"day":"Monday"}""", "nine to five"),
            new CallerPressed("12#"));
    }

    private void Happen(CallJournal journal, int what, int which)
    {
        var (bob, caller) = ($"b{which}", $"c{which}");
        switch (what)
        {
            case 0:
                journal.Heard(new InputCommitted(caller));
                break;
            case 1:
                journal.Heard(new CallerTranscribed(caller, $"words {which}"));
                break;
            case 2 or 3 or 4:
                journal.Heard(new TranscriptDelta("r", bob, 0, $"and some words {what} "));
                break;
            case 5:
                journal.Heard(new TranscriptDone("r", bob, 0, "and some words that are whole"));
                break;
            case 6:
                journal.Heard(new CallerLegProtocol.SpeechInterrupted([Cut(bob, 700, 1500)]));
                break;
            case 7:
                journal.Heard(new CallerLegProtocol.SpeechCut([Cut(bob, 300, 900)]));
                break;
            case 8:
                journal.Heard(new CallerLegProtocol.ItemSpoken(bob, 1500));
                break;
            case 9:
                journal.ToolCalled(new FunctionCalled("r", "i", $"t{which}", "look_up", "{}", "completed"));
                break;
            case 10:
                journal.ToolReturned($"t{which}", "found", null);
                break;
            case 11:
                journal.CallerPresses($"{which}");
                break;
            default:
                journal.CallerPressed($"{which}");
                _clock.Advance(TimeSpan.FromMilliseconds(200));
                break;
        }
    }

    private static TranscriptDelta Words(string delta) => new("r", "b1", 0, delta);

    private static HeardItem Cut(string itemId, long heardMs, long receivedMs) => new(new SpokenItem("r", itemId, 0), heardMs, receivedMs);
}
