using System.Diagnostics.Metrics;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Realtime;
using Bob.Actors.Sockets;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Bob.Tests.Realtime;

public sealed class CallerTurnsSpecs : IDisposable
{
    private const int FrameMs = Mulaw.FrameBytes / Mulaw.BytesPerMs;
    private readonly FakeTimeProvider _clock = new();
    private readonly WakingTime _waking;
    private readonly CallerAudioRing _ring = new();
    private readonly CallerTurns _turns;
    private int _frames;

    public CallerTurnsSpecs() => _turns = new CallerTurns(_ring, _waking = new WakingTime(_clock));

    public void Dispose() => _waking.Dispose();

    [Fact]
    public void A_turn_that_is_not_in_words_yet_is_said_again_to_a_new_session()
    {
        Speak(400);
        _turns.Started(200);
        Speak(600);
        _turns.Stopped("item_1", 800);

        ResentFrom().Should().Be(10);
    }

    [Fact]
    public void A_turn_that_is_in_words_is_not_said_again()
    {
        Speak(400);
        _turns.Started(200);
        Speak(600);
        _turns.Stopped("item_1", 800);

        _turns.Settled("item_1");

        ResentFrom().Should().Be(40);
    }

    [Fact]
    public void Words_settle_their_own_turn_and_no_later_one()
    {
        Speak(1_000);
        _turns.Started(100);
        _turns.Stopped("item_1", 300);
        _turns.Started(500);
        _turns.Stopped("item_2", 900);

        _turns.Settled("item_1");

        ResentFrom().Should().Be(25);
    }

    [Fact]
    public void Words_of_a_later_turn_settle_no_earlier_one()
    {
        Speak(1_000);
        _turns.Started(100);
        _turns.Stopped("item_1", 300);
        _turns.Started(500);
        _turns.Stopped("item_2", 900);
        _turns.Settled("item_2");

        ResentFrom().Should().Be(5);
    }

    [Fact]
    public void A_turn_that_will_never_be_in_words_keeps_its_sound_until_it_is_answered()
    {
        Speak(1_000);
        _turns.Started(100);
        _turns.Stopped("item_1", 300);

        _turns.Wordless("item_1");

        _turns.AwaitsWords.Should().BeFalse("there is nothing to wait for");
        ResentFrom().Should().Be(5);
    }

    [Theory]
    [InlineData(0, CallerAudioRing.MaxMs)]
    [InlineData(10, CallerAudioRing.MaxMs - 10)]
    public void Silence_that_ends_a_turn_takes_no_room_of_what_still_waits_to_be_sent(int shortFrameMs, int waiting)
    {
        _turns.Frame(new CallerAudio(new byte[8 * shortFrameMs]));
        Speak(9_000, send: false);

        _turns.AddSilence(8_000);

        (_ring.WaitingMs, _ring.DroppedBytes).Should().Be((waiting, 0));
    }

    [Fact]
    public void Words_of_an_unknown_turn_settle_nothing()
    {
        Speak(1_000);
        _turns.Started(100);
        _turns.Stopped("item_1", 300);

        _turns.Settled("item_of_another_session");

        ResentFrom().Should().Be(5);
    }

    [Fact]
    public void Words_that_come_twice_settle_once()
    {
        Speak(1_000);
        _turns.Started(100);
        _turns.Stopped("item_1", 300);
        _turns.Settled("item_1");
        _ring.NewSession(); // counts from 300 ms on
        SendAll();
        _turns.Started(100);

        _turns.Settled("item_1");

        ResentFrom().Should().Be(20);
    }

    [Fact]
    public void An_answer_that_ends_settles_the_turns_that_ended_before_it_began()
    {
        Speak(1_000);
        _turns.Started(100);
        _turns.Stopped("item_1", 300);

        _turns.AnswerBegan();
        _turns.AnswerEnded();

        ResentFrom().Should().Be(15);
    }

    [Fact]
    public void An_answer_settles_nothing_before_it_ends()
    {
        Speak(1_000);
        _turns.Started(100);
        _turns.Stopped("item_1", 300);

        _turns.AnswerBegan();

        ResentFrom().Should().Be(5);
    }

    [Fact]
    public void An_answer_does_not_settle_what_was_said_during_it()
    {
        Speak(1_000);
        _turns.Started(100);
        _turns.Stopped("item_1", 300);
        _turns.AnswerBegan();
        _turns.Started(500);
        _turns.Stopped("item_2", 900);

        _turns.AnswerEnded();

        ResentFrom().Should().Be(25);
    }

    [Fact]
    public void A_second_and_a_half_of_silence_is_filled_in_when_no_frame_came_for_1500_ms_and_again_after_1500_more()
    {
        Speak(20);

        Advance(1_499);
        _turns.FillQuiet();
        SendAll().Should().Be(0);

        Advance(1);
        _turns.FillQuiet();
        _turns.FillQuiet();
        SendAll().Should().Be(75);

        Advance(1_499);
        _turns.FillQuiet();
        SendAll().Should().Be(0);

        Advance(1);
        _turns.FillQuiet();
        _ring.Send(Mulaw.FrameBytes).SequenceEqual(CallerAudio.Silence.Mulaw).Should().BeTrue();
    }

    [Fact]
    public void A_frame_in_time_needs_no_filling()
    {
        for (var i = 0; i < 10; i++)
        {
            Speak(20);
            Advance(1_400);
            _turns.FillQuiet();
        }

        _frames.Should().Be(10);
        SendAll().Should().Be(0, "Speak has sent them, and nothing else came");
    }

    /// <summary>After a standstill the timers ring before the sockets are read: silence put in there would cut what the caller is saying in two.</summary>
    [Fact]
    public void When_Bob_himself_stood_still_nothing_is_filled_in_before_what_came_meanwhile_is_read()
    {
        Speak(20);

        _clock.Advance(TimeSpan.FromSeconds(5));
        _turns.FillQuiet();
        Advance(500);
        _turns.FillQuiet();
        SendAll().Should().Be(0);

        Speak(5_000);
        Advance(1_400);
        _turns.FillQuiet();
        SendAll().Should().Be(0);
    }

    [Fact]
    public void What_no_session_takes_is_counted_and_a_new_leg_counts_only_its_own()
    {
        using var drops = new Drops();

        Speak(CallerAudioRing.MaxMs + 100, send: false);
        drops.Bytes.Should().Be(100 * Mulaw.BytesPerMs);

        var next = new CallerTurns(_ring, _clock);
        next.Frame(new CallerAudio(new byte[Mulaw.FrameBytes]));
        drops.Bytes.Should().Be(120 * Mulaw.BytesPerMs);
    }

    /// <summary>The caller's audio arrives, and goes to the model at once.</summary>
    private void Speak(int ms, bool send = true)
    {
        for (var at = 0; at < ms; at += FrameMs)
        {
            var frame = new byte[Mulaw.FrameBytes];
            BitConverter.TryWriteBytes(frame, _frames++);
            _turns.Frame(new CallerAudio(frame));
        }

        if (send)
            SendAll();
    }

    private void Advance(int ms)
    {
        for (var left = ms; left > 0; left -= 250)
            _clock.Advance(TimeSpan.FromMilliseconds(Math.Min(left, 250)));
    }

    private int SendAll()
    {
        var sent = 0;
        while (!_ring.Send(Mulaw.FrameBytes).IsEmpty)
            sent++;
        return sent;
    }

    /// <summary>The first frame that a new session gets.</summary>
    private int ResentFrom()
    {
        _ring.NewSession();
        return _ring.Send(Mulaw.FrameBytes) is { IsEmpty: false } first ? BitConverter.ToInt32(first) : _frames;
    }

    /// <summary>What this spec's own thread counts as dropped: other specs count on others.</summary>
    private sealed class Drops : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly int _thread = Environment.CurrentManagedThreadId;

        public Drops()
        {
            _listener.SetMeasurementEventCallback<long>((_, bytes, _, _) => Bytes += Environment.CurrentManagedThreadId == _thread ? bytes : 0);
            _listener.EnableMeasurementEvents(CallMetrics.CallerAudioDropped);
            _listener.Start();
        }

        public long Bytes { get; private set; }

        public void Dispose() => _listener.Dispose();
    }
}
