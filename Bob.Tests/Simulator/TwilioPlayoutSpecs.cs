using AwesomeAssertions;
using Bob.Simulator.Twilio;
using Xunit;

namespace Bob.Tests.Simulator;

/// <summary>Positions are bytes on the line: eight are one millisecond.</summary>
public sealed class TwilioPlayoutSpecs
{
    private readonly List<(long At, byte[] Audio)> _played = [];
    private readonly Playout _playout;

    public TwilioPlayoutSpecs() => _playout = new Playout((at, audio) => _played.Add((at, audio.ToArray())));

    [Fact]
    public void Audio_plays_from_its_arrival_at_eight_bytes_per_millisecond()
    {
        _playout.Enqueue(100, Bytes(0, 160));

        _playout.Advance(107);
        _playout.Advance(1000);

        _played.Select(p => p.At).Should().Equal(100, 107);
        _played.SelectMany(p => p.Audio).Should().Equal(Bytes(0, 160));
        _playout.PlayedBytes.Should().Be(160);
    }

    [Fact]
    public void Audio_that_comes_in_time_follows_without_a_gap_and_late_audio_starts_when_it_comes()
    {
        _playout.Enqueue(0, Bytes(0, 160));
        _playout.Enqueue(100, Bytes(160, 160));
        _playout.Enqueue(500, Bytes(320, 160));

        _playout.Advance(1000);

        _played.Where(p => p.Audio.Length > 0).Select(p => (p.At, p.Audio.Length)).Should().Equal((0, 100), (100, 60), (160, 160), (500, 160));
    }

    [Fact]
    public void A_mark_is_due_when_the_last_byte_before_it_was_played()
    {
        _playout.Enqueue(0, Bytes(0, 160));
        _playout.Mark(10, "m");

        _playout.Advance(159);
        _playout.TryTakeDue(out _).Should().BeFalse();
        _playout.Advance(160);

        _playout.TryTakeDue(out var mark).Should().BeTrue();
        mark.Should().Be(new PlayedMark("m", 160, Flushed: false));
    }

    [Fact]
    public void A_mark_behind_nothing_is_due_at_once()
    {
        _playout.Mark(10, "m");

        _playout.TryTakeDue(out var mark).Should().BeTrue();
        mark.Should().Be(new PlayedMark("m", 10, Flushed: false));
    }

    [Fact]
    public void Clear_drops_what_was_not_played_and_flushes_every_mark()
    {
        _playout.Enqueue(0, Bytes(0, 160));
        _playout.Mark(0, "a");
        _playout.Enqueue(0, Bytes(0, 160));
        _playout.Mark(0, "b");

        var dropped = _playout.Clear(200);

        dropped.Should().Be(120);
        _playout.PlayedBytes.Should().Be(200);
        _playout.BufferedBytes.Should().Be(0);
        _playout.TryTakeDue(out var a).Should().BeTrue();
        _playout.TryTakeDue(out var b).Should().BeTrue();
        (a.Flushed, b.Flushed).Should().Be((false, true));
        _playout.Enqueue(300, Bytes(7, 8));
        _playout.Advance(400);
        _played[^1].At.Should().Be(300);
    }

    [Fact]
    public void More_than_ten_minutes_are_not_taken()
    {
        _playout.Enqueue(0, new byte[Playout.MaxBufferedBytes]).Should().BeTrue();

        _playout.Enqueue(0, new byte[1]).Should().BeFalse();
        _playout.Enqueue(8, new byte[8]).Should().BeTrue();
    }

    private static byte[] Bytes(int first, int count) => [.. Enumerable.Range(first, count).Select(i => (byte)i)];
}
