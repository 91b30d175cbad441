using System.Buffers.Text;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Recording;
using Bob.Tests.Audio;
using Xunit;

namespace Bob.Tests.Recording;

/// <summary>An hour of a call, without waiting for it: both voices come from clocks that are not the recorder's.</summary>
public sealed class RecordedHourSpecs
{
    private const int Frame = Mulaw.FrameBytes, FrameMs = 20, Turns = 360, TurnMs = 10_000, SpeechMs = 6_000, TripMs = 30;
    private const byte Spoken = 0x11;

    private readonly FrameClock _clock = new();
    private readonly PlaybackLedger _ledger = new();
    private readonly StereoTimeline _timeline = new();
    private readonly Queue<(double HeardMs, string Mark)> _marks = new();
    private readonly byte[] _left = new byte[(Turns + 1) * TurnMs * Mulaw.BytesPerMs], _right = new byte[(Turns + 1) * TurnMs * Mulaw.BytesPerMs];

    /// <summary>The caller says a frame's worth whenever they hear Bob begin, and when they hear him end.</summary>
    [Theory]
    [InlineData(-200)]
    [InlineData(0)]
    [InlineData(200)]
    public void Over_an_hour_both_sides_stay_within_40_ms_of_each_other(int ppm)
    {
        var rate = 1 + (ppm / 1e6);
        var random = new Random(ppm);
        var arrived = 0.0;
        for (var i = 0; i < Turns * TurnMs / FrameMs; i++)
        {
            var now = i * FrameMs / rate; // when the phone network's frame is spoken, on the recorder's clock
            var inTurn = i * FrameMs % TurnMs;
            if (inTurn == 0)
                Speak(i * FrameMs / TurnMs, now, rate);
            while (_marks.TryPeek(out var mark) && mark.HeardMs <= now)
                Pass(_marks.Dequeue());
            arrived = Math.Max(arrived, now + FrameMs + (random.NextDouble() * 15));
            var audio = new byte[Frame];
            audio.AsSpan().Fill(inTurn is 0 or SpeechMs ? Spoken : Mulaw.Silence);
            _timeline.Caller(Position(_clock.SpokenAt(i * FrameMs, Frame, Ms(arrived))), audio);
            if (i % 25 == 24)
                Write(now);
        }

        Write(Turns * TurnMs / rate);

        var worst = 0.0;
        for (var turn = 0; turn < Turns; turn++)
        {
            var at = (int)(turn * TurnMs / rate * Mulaw.BytesPerMs);
            var (from, length) = (Math.Max(0, at - 4_000), (SpeechMs + 1_000) * Mulaw.BytesPerMs);
            var caller = _left.AsSpan(from, length);
            var bob = _right.AsSpan(from, length);
            worst = Math.Max(worst, Math.Abs(caller.IndexOf(Spoken) - bob.IndexOfAnyExcept(Mulaw.Silence)));
            worst = Math.Max(worst, Math.Abs(caller.LastIndexOf(Spoken) + 1 - Frame - (bob.LastIndexOfAnyExcept(Mulaw.Silence) + 1)));
        }

        (worst / Mulaw.BytesPerMs).Should().BeLessThanOrEqualTo(40);
    }

    /// <summary>The model's audio comes faster than it is heard; the phone network plays it by its own clock.</summary>
    private void Speak(int turn, double now, double rate)
    {
        var item = new SpokenItem($"r{turn}", $"i{turn}", 0);
        _ledger.ResponseStarted(item.ResponseId);
        for (var ms = 0; ms < SpeechMs; ms += FrameMs)
        {
            _ledger.Append(Voice.Of(item, Voice.Bytes(Frame, 1)), Ms(now)).Should().BeTrue();
            while (_ledger.TrySend(Ms(now), out var sent))
            {
                var decoded = new byte[sent.Bytes];
                Base64.DecodeFromUtf8(sent.Base64, decoded, out _, out _);
                _timeline.Bob(Position(_ledger.SentIsHeardAt) - sent.Bytes, decoded);
            }

            if (_ledger.TryMark(Ms(now), out var mark))
                _marks.Enqueue((now + ((ms + FrameMs) / rate) + TripMs, Name(mark)));
        }

        _ledger.ItemFinished(item);
        _ledger.ResponseFinished(item.ResponseId);
        if (_ledger.TryMark(Ms(now), out var last))
            _marks.Enqueue((now + (SpeechMs / rate) + TripMs, Name(last)));
    }

    private void Pass((double HeardMs, string Mark) mark)
    {
        var believed = _ledger.SentIsHeardAt;
        _ledger.MarkReturned(mark.Mark, Ms(mark.HeardMs)).Should().BeTrue();
        var correction = _ledger.SentIsHeardAt - believed;
        if (correction != TimeSpan.Zero)
            _timeline.MoveBob(Position(Ms(mark.HeardMs) - correction), Position(Ms(mark.HeardMs)));
    }

    private void Write(double now)
    {
        while (_timeline.Take(Position(Ms(now)), out var position) is { IsEmpty: false } samples)
        {
            for (var i = 0; i < samples.Length / 2; i++)
                (_left[position + i], _right[position + i]) = (samples[2 * i], samples[(2 * i) + 1]);
        }
    }

    private static string Name(PlaybackMark mark)
    {
        Span<byte> name = stackalloc byte[PlaybackMark.MaxLength];
        return System.Text.Encoding.ASCII.GetString(name[..mark.Write(name)]);
    }

    private static long Position(TimeSpan at) => (long)Math.Round(at.TotalMilliseconds * Mulaw.BytesPerMs);

    private static TimeSpan Ms(double ms) => TimeSpan.FromMilliseconds(ms);
}
