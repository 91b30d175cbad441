using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Conversation;
using CsCheck;
using Xunit;

namespace Bob.Tests.Conversations;

public sealed class ConversationLogSpecs
{
    private readonly ConversationLog _log = new();

    [Fact]
    public void What_was_said_is_replayed_in_the_order_of_first_sight()
    {
        _log.BobWords("b1", "Hello.");
        _log.CallerTurn("c1");
        _log.BobWords("b2", "Nine to ");
        _log.CallerWords("c1", " When are you open? "); // words come after the answer to them
        _log.BobSaid("b2", "Nine to five.");

        _log.Replay().Should().Equal(new BobSaid("Hello.", false), new CallerSaid("When are you open?"), new BobSaid("Nine to five.", false));
    }

    [Fact]
    public void Words_that_come_after_the_whole_text_add_nothing()
    {
        _log.BobSaid("b1", "Hello.");
        _log.BobWords("b1", "Hello.");

        _log.Replay().Should().Equal(new BobSaid("Hello.", false));
    }

    [Fact]
    public void A_turn_without_words_is_left_out()
    {
        _log.CallerTurn("c1");
        _log.CallerTurn("c2");
        _log.CallerWords("c2", "  ");
        _log.BobTurn("b1");

        _log.Replay().Should().BeEmpty();
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(400, "")]
    [InlineData(500, "Hello")]
    [InlineData(800, "Hello")]
    [InlineData(900, "Hello out")]
    [InlineData(2_050, "Hello out there,")]
    [InlineData(2_290, "Hello out there,")]
    [InlineData(2_300, "Hello out there, friend")]
    public void Of_an_interrupted_sentence_the_heard_words_remain(long heardMs, string heard)
    {
        _log.BobSaid("b1", "Hello out there, friend");

        _log.BobCut("b1", heardMs, receivedMs: 2_300, lost: false);

        _log.Replay().Should().Equal(heard == "" ? [] : [new BobSaid(heard, true)]);
    }

    [Theory]
    [InlineData("您好，我们今天营业到六点。", 500, "您好，我们今")]
    [InlineData("OK 您好，我们今天营业到六点", 300, "OK 您")]
    [InlineData("สวัสดีค่ะ ยินดีต้อนรับ", 200, "สวัส")]
    [InlineData("😀😀😀😀😀", 500, "😀😀")]
    public void A_script_without_spaces_is_cut_between_characters(string text, long heardMs, string heard)
    {
        _log.BobSaid("b1", text);

        _log.BobCut("b1", heardMs, receivedMs: 1_000, lost: false);

        _log.Replay().Should().Equal(new BobSaid(heard, true));
    }

    [Fact]
    public void That_the_caller_was_asked_to_wait_is_no_answer()
    {
        _log.CallerWords("u1", "When are you open?");

        _log.BobSaid("c1", "One moment, please.", ClipName.Filler);

        _log.EndsWithCaller.Should().BeTrue();
        _log.Replay().Should().Equal(new CallerSaid("When are you open?"));
    }

    [Fact]
    public void A_greeting_without_the_model_is_told_to_the_model_which_has_said_nothing_yet()
    {
        _log.IsOnlyGreeted.Should().BeFalse();
        _log.BobSaid("c1", "Hello, this is Bob.", ClipName.Greeting);

        _log.IsOnlyGreeted.Should().BeTrue();
        _log.Replay().Should().Equal(new BobSaid("Hello, this is Bob.", false));
        _log.BobWords("b1", "How can");
        _log.IsOnlyGreeted.Should().BeFalse();
    }

    [Fact]
    public void Words_that_come_after_the_interruption_are_cut_as_well()
    {
        _log.BobCut("b1", heardMs: 500, receivedMs: 1_000, lost: false);

        _log.BobSaid("b1", "one two three four");

        _log.Replay().Should().Equal(new BobSaid("one two", true));
    }

    [Fact]
    public void A_sentence_that_never_came_to_its_end_is_cut_by_the_pace_of_the_voice()
    {
        _log.BobWords("b1", "The quick brown fox jumps over the lazy dog");

        _log.BobCut("b1", heardMs: 1_000, receivedMs: 1_000, lost: true);

        _log.Replay().Should().Equal(new BobSaid("The quick brown", true)); // 15 characters a second
    }

    [Fact]
    public void The_pace_is_learnt_from_what_this_voice_said_before()
    {
        _log.BobSaid("b1", new string('x', 60));
        _log.BobSpoke("b1", receivedMs: 10_000);
        _log.BobWords("b2", "The quick brown fox");

        _log.BobCut("b2", heardMs: 1_600, receivedMs: 1_600, lost: true);

        _log.Replay()[1].Should().Be(new BobSaid("The quick", true)); // 6 characters a second
    }

    [Fact]
    public void Only_finished_tools_are_replayed_and_of_others_it_is_told_that_they_are_at_work()
    {
        _log.ToolCalled("t1", "lookup", "{}");
        _log.ToolCalled("t2", "book", """{"day":1}""");
        _log.ToolReturned("t2", "booked");
        _log.ToolReturned("t3", "of nobody");

        _log.Replay().OfType<ToolCalled>().Should().Equal(new ToolCalled("t2", "book", """{"day":1}""", "booked"));
        _log.Replay().OfType<Note>().Should().ContainSingle().Which.Text.Should().StartWith("The tool lookup was called and is still at work");
    }

    [Fact]
    public void O49_A_call_that_comes_twice_is_one()
    {
        _log.ToolCalled("t1", "book", "{}");
        _log.ToolReturned("t1", "booked");
        _log.ToolCalled("t1", "book", "{}");

        _log.Replay().Should().Equal(new ToolCalled("t1", "book", "{}", "booked"));
    }

    [Fact]
    public void Keys_in_a_row_are_one_entry()
    {
        _log.CallerPressed("1");
        _log.CallerPressed("2");
        _log.BobSaid("b1", "Thanks.");
        _log.CallerPressed("#");

        _log.Replay().Should().Equal(new CallerPressed("12"), new BobSaid("Thanks.", false), new CallerPressed("#"));
    }

    [Fact]
    public void A_long_call_is_replayed_by_its_end()
    {
        for (var i = 0; i < 500; i++)
            _log.CallerWords($"c{i}", $"{i}");

        _log.Replay().Should().HaveCount(ConversationLog.MaxReplayed).And.EndWith(new CallerSaid("499"));
    }

    [Fact]
    public void A_lost_session_leaves_something_to_go_on_with()
    {
        _log.CallerWords("c1", "Tell me a story.");
        _log.BobWords("b1", "Once upon a time");
        _log.BobCut("b1", heardMs: 700, receivedMs: 700, lost: true);

        _log.EndsInCutSpeech.Should().BeTrue();
        _log.EndsWithCaller.Should().BeFalse();
    }

    [Fact]
    public void O13_A_session_lost_before_its_first_word_leaves_a_question_to_answer()
    {
        _log.CallerWords("c1", "Tell me a story.");
        _log.BobWords("b1", "Once upon a time");
        _log.BobCut("b1", heardMs: 0, receivedMs: 0, lost: true);

        _log.EndsInCutSpeech.Should().BeFalse("there is nothing to go on with");
        _log.EndsWithCaller.Should().BeTrue();
    }

    [Fact]
    public void What_the_caller_interrupted_is_not_gone_on_with()
    {
        _log.CallerWords("c1", "Tell me a story.");
        _log.BobSaid("b1", "Once upon a time");
        _log.BobCut("b1", heardMs: 0, receivedMs: 900, lost: false);

        _log.EndsInCutSpeech.Should().BeFalse();
        _log.EndsWithCaller.Should().BeFalse("their turn comes again as audio");
    }

    [Fact]
    public void The_last_word_is_the_callers()
    {
        _log.BobSaid("b1", "Hello.");
        _log.EndsWithCaller.Should().BeFalse();
        _log.CallerTurn("c1");
        _log.EndsWithCaller.Should().BeFalse("their turn comes again as audio");

        _log.CallerWords("c1", "Hello?");

        _log.EndsWithCaller.Should().BeTrue();
    }

    [Fact]
    public void A_turn_in_which_nothing_was_said_wants_no_answer()
    {
        _log.BobSaid("b1", "Hello.");

        _log.CallerWords("c1", " ");

        _log.EndsWithCaller.Should().BeFalse();
    }

    [Fact]
    public void Keys_and_tool_results_want_an_answer()
    {
        _log.CallerPressed("1");
        _log.EndsWithCaller.Should().BeTrue();
        _log.ToolCalled("t1", "lookup", "{}");
        _log.EndsWithCaller.Should().BeFalse("the result comes by itself");

        _log.ToolReturned("t1", "found");

        _log.EndsWithCaller.Should().BeTrue();
    }

    [Fact]
    public void A_tools_result_is_the_last_word_whatever_was_said_while_it_was_at_work()
    {
        _log.ToolCalled("t1", "lookup", "{}");
        _log.CallerWords("c1", "Are you there?");
        _log.EndsWithCaller.Should().BeFalse("an answer now would be one without the result");
        _log.Replay()[0].Should().BeOfType<Note>().Which.Text.Should().Contain("lookup").And.Contain("Do not call it again");
        _log.BobSaid("b1", "Sure.");

        _log.ToolReturned("t1", "found");

        _log.EndsWithCaller.Should().BeTrue();
        _log.Replay().Should().Equal(new CallerSaid("Are you there?"), new BobSaid("Sure.", false), new ToolCalled("t1", "lookup", "{}", "found"));
    }

    [Fact]
    public void O34_An_answer_that_broke_off_is_gone_on_with()
    {
        _log.CallerWords("c1", "Tell me a story.");
        _log.BobSaid("b1", "Once upon a time");
        _log.BobSpoke("b1", 900);

        _log.BobBrokeOff("b1");

        _log.EndsInCutSpeech.Should().BeTrue();
        _log.Replay().Should().Equal(new CallerSaid("Tell me a story."), new BobSaid("Once upon a time", false));
        _log.BobSaid("b2", "there was a king.");
        _log.EndsInCutSpeech.Should().BeFalse();
    }

    [Fact]
    public void However_a_sentence_is_cut_the_rest_is_a_beginning_of_it_and_ends_between_words()
    {
        Gen.Select(Gen.String[Gen.Char["abc. é"], 0, 60], Gen.Long[0, 20_000], Gen.Long[0, 20_000], Gen.Bool).Sample((text, heard, received, whole) =>
        {
            var log = new ConversationLog();
            if (whole)
                log.BobSaid("b1", text);
            else
                log.BobWords("b1", text);

            log.BobCut("b1", Math.Min(heard, received), received, lost: false);

            if (log.Replay().SingleOrDefault() is not BobSaid said)
                return;
            said.Text.Should().NotBeEmpty();
            text.Should().StartWith(said.Text);
            (said.Text.Length == text.TrimEnd().Length || text[said.Text.Length] == ' ').Should().BeTrue();
            if (whole && received > 0)
                said.Text.Length.Should().BeLessThanOrEqualTo((int)(text.Length * Math.Min(heard, received) / received));
        }, iter: 5_000);
    }
}
