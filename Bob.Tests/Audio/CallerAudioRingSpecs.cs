using AwesomeAssertions;
using Bob.Actors.Audio;
using CsCheck;
using Xunit;

namespace Bob.Tests.Audio;

public sealed class CallerAudioRingSpecs
{
    private const int FrameMs = Mulaw.FrameBytes / Mulaw.BytesPerMs;
    private readonly CallerAudioRing _ring = new();
    private int _spoken;

    [Fact]
    public void Nothing_is_sent_twice_in_a_session()
    {
        Speak(400);
        var first = SendAll();

        Speak(200);
        var second = SendAll();

        first.Should().Equal(Enumerable.Range(0, 20));
        second.Should().Equal(Enumerable.Range(20, 10));
    }

    [Fact]
    public void O15_Only_the_last_ten_seconds_wait_and_the_rest_is_counted()
    {
        Speak(12_000);

        var sent = SendAll();

        sent.Should().Equal(Enumerable.Range(100, 500));
        _ring.DroppedBytes.Should().Be(2_000 * Mulaw.BytesPerMs);
    }

    [Fact]
    public void A_new_session_gets_the_turn_that_is_not_in_words_yet()
    {
        Speak(2_400);
        SendAll();
        _ring.SpeechStarted(audioStartMs: 2_000);
        Speak(2_600);
        SendAll();

        _ring.NewSession();

        SendAll().Should().Equal(Enumerable.Range(100, 150));
    }

    [Fact]
    public void A_frame_in_which_a_turn_begins_is_part_of_the_turn()
    {
        Speak(2_400);
        SendAll();
        _ring.SpeechStarted(audioStartMs: 2_010);
        Speak(2_600);
        SendAll();

        _ring.NewSession();

        SendAll()[0].Should().Be(100);
    }

    [Fact]
    public void A_new_session_does_not_get_a_turn_that_is_in_words()
    {
        Speak(3_000);
        SendAll();
        _ring.SpeechStarted(audioStartMs: 1_000);
        _ring.TurnSettled(audioEndMs: 2_800);

        _ring.NewSession();

        SendAll().Should().Equal(Enumerable.Range(140, 10));
    }

    [Fact]
    public void Of_two_turns_the_second_stays_when_the_first_is_in_words()
    {
        Speak(1_200);
        SendAll();
        _ring.SpeechStarted(audioStartMs: 1_000);
        Speak(3_200);
        SendAll();
        _ring.SpeechStarted(audioStartMs: 4_000);
        _ring.TurnSettled(audioEndMs: 3_000);
        Speak(1_600);
        SendAll();

        _ring.NewSession();

        SendAll()[0].Should().Be(200);
    }

    [Fact]
    public void Speech_that_the_model_had_not_found_yet_is_in_the_tail()
    {
        Speak(CallerAudioRing.TailMs + 2_400);
        SendAll();

        _ring.NewSession();

        SendAll().Should().Equal(Enumerable.Range(120, CallerAudioRing.TailMs / 20));
    }

    [Fact]
    public void A_new_session_gets_what_came_while_there_was_none()
    {
        Speak(CallerAudioRing.TailMs + 400);
        SendAll();
        Speak(2_000);

        _ring.NewSession();

        SendAll().Should().Equal(Enumerable.Range(20, (CallerAudioRing.TailMs + 2_000) / 20));
    }

    [Fact]
    public void A_session_counts_its_own_audio_from_zero()
    {
        Speak(4_200);
        SendAll();
        _ring.SpeechStarted(audioStartMs: 4_000);
        Speak(800);
        SendAll();
        _ring.NewSession();
        SendAll();
        _ring.SpeechStarted(audioStartMs: 0);
        _ring.TurnSettled(audioEndMs: 900);

        _ring.NewSession();

        SendAll().Should().Equal(Enumerable.Range(245, 5));
    }

    [Fact]
    public void A_session_that_dies_before_it_finds_the_speech_again_costs_no_word()
    {
        Speak(1_200);
        SendAll();
        _ring.SpeechStarted(audioStartMs: 1_000);
        Speak(3_800);
        SendAll();
        _ring.NewSession();
        SendAll();

        _ring.NewSession();

        SendAll().Should().Equal(Enumerable.Range(50, 200));
    }

    [Fact]
    public void What_waited_for_a_session_is_not_understood_by_being_sent()
    {
        Speak(4_000);
        _ring.NewSession();
        SendAll();

        _ring.NewSession();

        SendAll().Should().Equal(Enumerable.Range(0, 200));
    }

    [Fact]
    public void A_session_that_found_no_speech_in_what_it_got_again_has_understood_it()
    {
        Speak(1_200);
        SendAll();
        _ring.SpeechStarted(audioStartMs: 1_000);
        Speak(3_800);
        SendAll();
        _ring.NewSession();
        Speak(CallerAudioRing.TailMs + 1_400);
        SendAll();

        _ring.NewSession();

        SendAll().Should().Equal(Enumerable.Range(320, CallerAudioRing.TailMs / 20));
    }

    [Fact]
    public void A_position_beyond_the_audio_skips_none_of_it()
    {
        Speak(1_000);
        SendAll();
        _ring.TurnSettled(audioEndMs: 60_000);
        Speak(1_000);

        _ring.NewSession();

        SendAll().Should().Equal(Enumerable.Range(50, 50));
    }

    [Fact]
    public void O17_Turns_that_were_being_answered_are_taken_out_of_what_a_new_session_listens_to()
    {
        Speak(1_200);
        SendAll();
        _ring.SpeechStarted(audioStartMs: 200);
        Speak(1_800);
        SendAll();
        _ring.AnswerBegan(audioEndMs: 1_000);
        _ring.SpeechStarted(audioStartMs: 2_000);

        var answered = _ring.TakeAnswered();

        Enumerable.Range(0, answered.Length / Mulaw.FrameBytes).Select(frame => NumberOf(answered.AsSpan(frame * Mulaw.FrameBytes, Mulaw.FrameBytes)))
            .Should().Equal(Enumerable.Range(10, 40));
        _ring.NewSession();
        SendAll().Should().Equal(Enumerable.Range(100, 50), "what was said after them is heard as ever");
        _ring.TakeAnswered().Should().Equal(answered, "the session that went on with the answer is lost as well");
        _ring.NewSession();
        _ring.AnswerEnded(audioEndMs: 0);
        _ring.TakeAnswered().Should().BeEmpty("now the answer is whole");
    }

    [Fact]
    public void O29_A_session_that_takes_over_in_silence_leaves_no_turn_to_answer()
    {
        Speak(1_200);
        SendAll();
        _ring.SpeechStarted(audioStartMs: 200);
        _ring.AnswerBegan(audioEndMs: 1_000);
        _ring.TakeAnswered().Should().NotBeEmpty();
        _ring.NewSession();

        _ring.HandOver();

        _ring.TakeAnswered().Should().BeEmpty();
    }

    [Fact]
    public void O13_A_turn_whose_answer_takes_so_long_that_its_sound_is_gone_is_not_waited_for()
    {
        Speak(1_200);
        SendAll();
        _ring.SpeechStarted(audioStartMs: 200);
        _ring.AnswerBegan(audioEndMs: 1_000);
        Speak(CallerAudioRing.MaxMs + 2_000);

        _ring.TakeAnswered().Should().BeEmpty();

        _ring.NewSession();
        SendAll().Should().HaveCount(CallerAudioRing.MaxMs / FrameMs);
    }

    [Fact]
    public void Turns_that_are_in_words_or_not_being_answered_are_not_taken_out()
    {
        Speak(3_000);
        SendAll();
        _ring.TakeAnswered().Should().BeEmpty();
        _ring.SpeechStarted(audioStartMs: 200);
        _ring.TakeAnswered().Should().BeEmpty();
        _ring.AnswerBegan(audioEndMs: 1_000);
        _ring.TurnSettled(audioEndMs: 1_000);

        _ring.TakeAnswered().Should().BeEmpty();
    }

    [Fact]
    public void O29_A_session_that_takes_over_in_silence_gets_the_last_half_second_again()
    {
        Speak(8_000);
        SendAll();

        _ring.HandOver();

        SendAll().Should().Equal(Enumerable.Range(375, CallerAudioRing.OverlapMs / 20));
        Speak(400);
        SendAll().Should().Equal(Enumerable.Range(400, 20));
    }

    [Fact]
    public void O29_What_is_in_words_already_is_not_part_of_that()
    {
        Speak(3_000);
        SendAll();
        _ring.SpeechStarted(audioStartMs: 1_000);
        _ring.TurnSettled(audioEndMs: 2_800);

        _ring.HandOver();

        SendAll().Should().Equal(Enumerable.Range(140, 10));
    }

    [Fact]
    public void O29_The_clock_of_the_session_that_takes_over_begins_with_what_it_gets()
    {
        Speak(4_000);
        SendAll();
        _ring.HandOver();
        SendAll();
        _ring.SpeechStarted(audioStartMs: 200);

        _ring.NewSession();

        SendAll().Should().Equal(Enumerable.Range(185, 15));
    }

    [Fact]
    public void O52_A_storm_of_turns_costs_no_memory_and_none_of_the_callers_voice()
    {
        Speak(2_400);
        SendAll();
        for (var i = 0; i < 100_000; i++)
            _ring.SpeechStarted(audioStartMs: 2_000 + (i / 1_000));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100_000; i++)
            _ring.SpeechStarted(audioStartMs: 2_100);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1_000);

        _ring.NewSession();

        SendAll().Should().Equal(Enumerable.Range(100, 20));
    }

    [Fact]
    public void Whatever_happens_a_session_gets_each_frame_once_in_order_and_the_next_one_what_was_not_understood()
    {
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 400]).Array[0, 60].Sample(steps => new Reference().Run(steps), iter: 3_000);
    }

    [Fact]
    public void Audio_of_any_length_goes_out_as_it_came_in()
    {
        Gen.Select(Gen.Int[1, 5_000], Gen.Int[1, 3_000]).Array[1, 80].Sample(steps =>
        {
            var (ring, said, heard) = (new CallerAudioRing(), new List<byte>(), new List<byte>());
            foreach (var (spoken, sent) in steps)
            {
                var audio = Enumerable.Range(said.Count, spoken).Select(number => (byte)(number % 251)).ToArray();
                said.AddRange(audio);
                ring.Add(audio);
                heard.AddRange(ring.Send(sent));
            }

            while (ring.Send(int.MaxValue) is { IsEmpty: false } rest)
                heard.AddRange(rest);
            heard.Count.Should().Be(said.Count - (int)ring.DroppedBytes);
            if (ring.DroppedBytes == 0)
                heard.Should().Equal(said);
            else
                heard.TakeLast(CallerAudioRing.MaxMs).Should().Equal(said.TakeLast(CallerAudioRing.MaxMs));
        }, iter: 500);
    }

    private void Speak(int ms)
    {
        for (var i = 0; i < ms / FrameMs; i++)
            _ring.Add(Frame(_spoken++));
    }

    /// <summary>The numbers of the frames that went out, counted since the call began.</summary>
    private List<int> SendAll()
    {
        var sent = new List<int>();
        while (_ring.Send(10 * Mulaw.FrameBytes) is { IsEmpty: false } audio)
        {
            for (; audio.Length > 0; audio = audio[Mulaw.FrameBytes..])
                sent.Add(NumberOf(audio));
        }

        return sent;
    }

    /// <summary>A frame that holds its number at both ends.</summary>
    private static byte[] Frame(int number)
    {
        var frame = new byte[Mulaw.FrameBytes];
        BitConverter.TryWriteBytes(frame, number);
        BitConverter.TryWriteBytes(frame.AsSpan(^4..), number);
        return frame;
    }

    private static int NumberOf(ReadOnlySpan<byte> audio)
    {
        var number = BitConverter.ToInt32(audio);
        BitConverter.ToInt32(audio[(Mulaw.FrameBytes - 4)..]).Should().Be(number, "a frame stays whole");
        return number;
    }

    /// <summary>The same in the plainest way: all frames of the call in a list, nothing is ever forgotten.</summary>
    private sealed class Reference
    {
        private const int Capacity = CallerAudioRing.MaxMs / FrameMs;
        private const int Tail = CallerAudioRing.TailMs / FrameMs;
        private readonly CallerAudioRing _ring = new();
        private readonly List<int> _openTurns = [];
        private int _frames, _next, _sessionStart, _settled, _caughtUp;
        private long _dropped;

        public void Run((int What, int HowMuch)[] steps)
        {
            foreach (var (what, howMuch) in steps)
                Step(what, howMuch);
            Send(int.MaxValue);
            _ring.Send(1).Length.Should().Be(0);
            _ring.DroppedBytes.Should().Be(_dropped);
        }

        private void Step(int what, int howMuch)
        {
            switch (what)
            {
                case < 3:
                    Speak(howMuch);
                    break;
                case < 6:
                    Send(howMuch);
                    break;
                case 6 when _next > _sessionStart:
                    // Turns are found in order, after what is settled, and not long after they began.
                    var earliest = new[] { _sessionStart, _settled, _openTurns.LastOrDefault(), _next < _caughtUp ? 0 : _next - Tail }.Max();
                    var start = Math.Min(_next, earliest + howMuch % 50);
                    _ring.SpeechStarted((start - _sessionStart) * FrameMs);
                    _openTurns.Add(start);
                    break;
                case 7 when _openTurns.Count > 0:
                    var end = Math.Min(_next, _openTurns[0] + 1 + howMuch);
                    _ring.TurnSettled((end - _sessionStart) * FrameMs);
                    _settled = Math.Max(_settled, end);
                    _openTurns.RemoveAll(turn => turn < _settled);
                    break;
                case 8:
                    NewSession();
                    break;
            }
        }

        private void Speak(int frames)
        {
            for (var i = 0; i < frames; i++)
                _ring.Add(Frame(_frames++));

            var drop = _frames - Capacity - _next;
            if (drop <= 0)
                return;
            _dropped += drop * Mulaw.FrameBytes;
            _next += drop;
            _sessionStart += drop; // the session's clock does not count them
        }

        private void Send(int frames)
        {
            for (; frames > 0 && _next < _frames; frames--)
                NumberOf(_ring.Send(Mulaw.FrameBytes)).Should().Be(_next++);
        }

        private void NewSession()
        {
            var from = _openTurns.Count > 0 ? _openTurns[0] : Math.Max(_settled, _next < _caughtUp ? _sessionStart : _next - Tail);
            from = Math.Max(Math.Min(from, _next), Math.Max(0, _frames - Capacity));
            _caughtUp = _frames + Tail;
            _next = _sessionStart = from;
            _openTurns.Clear();
            _ring.NewSession();
        }
    }
}
