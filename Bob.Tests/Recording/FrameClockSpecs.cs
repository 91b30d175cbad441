using AwesomeAssertions;
using Bob.Actors.Recording;
using CsCheck;
using Xunit;

namespace Bob.Tests.Recording;

public sealed class FrameClockSpecs
{
    private const int Frame = 160;
    private readonly FrameClock _clock = new();

    [Fact]
    public void Frames_that_follow_each_other_lie_gapless_however_unevenly_they_come()
    {
        var first = _clock.SpokenAt(0, Frame, Ms(1_020));

        for (var i = 1; i < 500; i++)
            _clock.SpokenAt(i * 20, Frame, Ms(1_020 + (i * 20) + (i * 7 % 19))).Should().Be(first + Ms(i * 20));
    }

    [Fact]
    public void A_lump_of_frames_after_a_hold_up_lies_where_it_was_spoken()
    {
        _clock.SpokenAt(0, Frame, Ms(20));

        for (var i = 1; i < 140; i++)
            _clock.SpokenAt(i * 20, Frame, Ms(2_820)).Should().Be(Ms(i * 20));
    }

    [Fact]
    public void What_Twilio_leaves_out_is_left_out()
    {
        _clock.SpokenAt(0, Frame, Ms(20));

        _clock.SpokenAt(60_000, Frame, Ms(60_020)).Should().Be(Ms(60_000));
    }

    [Theory]
    [InlineData(3_600_000)]
    [InlineData(-3_600_000)]
    [InlineData(-500)]
    [InlineData(700)]
    public void T33_Timestamps_that_jump_move_nothing(long jumpMs)
    {
        for (var i = 0; i < 100; i++)
            _clock.SpokenAt(7_200_000 + (i * 20), Frame, Ms((i + 1) * 20));

        for (var i = 100; i < 200; i++)
            (_clock.SpokenAt(7_200_000 + (i * 20) + jumpMs, Frame, Ms((i + 1) * 20)) - Ms(i * 20)).Duration().Should().BeLessThanOrEqualTo(Ms(20));
    }

    [Fact]
    public void Frames_without_timestamps_lie_where_they_came()
    {
        for (var i = 0; i < 100; i++)
            _clock.SpokenAt(-1, Frame, Ms((i + 1) * 20)).Should().Be(Ms(i * 20));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public void T33_Frames_whose_timestamps_are_none_lie_gapless_however_unevenly_they_come(int timed)
    {
        var first = _clock.SpokenAt(timed > 0 ? 0 : -1, Frame, Ms(1_020));

        for (var i = 1; i < 500; i++)
            _clock.SpokenAt(i < timed ? i * 20 : -1, Frame, Ms(1_020 + (i * 20) + (i * 7 % 19))).Should().Be(first + Ms(i * 20));
    }

    [Fact]
    public void Silence_that_Twilio_leaves_out_without_saying_so_is_made_up_for()
    {
        for (var i = 0; i < 1_200; i++)
        {
            var spoken = (i * 20) + (i < 100 ? 0 : 900);
            var placed = _clock.SpokenAt(-1, Frame, Ms(spoken + 20));
            if (i is < 100 or >= 1_100)
                placed.Should().Be(Ms(spoken));
        }
    }

    [Fact]
    public void In_an_hour_of_drifting_uneven_lumpy_and_jumping_frames_none_is_40_ms_out_of_place() =>
        Gen.Select(Gen.Int[-200, 200], Gen.Int[0, 15], Gen.Int[0, 1_000_000]).Sample(
            (ppm, jitterMs, seed) =>
            {
                var (clock, random) = (new FrameClock(), new Random(seed));
                var (jump, heldUntil, worst, last) = (10_000_000L, 0.0, 0.0, 0.0);
                for (var i = 0; i < 180_000; i++)
                {
                    var spoken = i * 20.0;
                    if (random.Next(5_000) == 0)
                        heldUntil = spoken + random.Next(3_000);
                    if (random.Next(5_000) == 0 && spoken > heldUntil + 100)
                        jump += random.Next(2) == 0 ? 3_600_000 : -random.Next(1, 3_000);
                    var arrived = last = Math.Max(last, Math.Max(heldUntil, spoken + 20 + (random.NextDouble() * jitterMs)));
                    var timestamp = jump + (long)(spoken * (1 + (ppm / 1e6)));
                    var error = Math.Abs((clock.SpokenAt(timestamp, Frame, Ms(arrived)) - Ms(spoken)).TotalMilliseconds);
                    worst = Math.Max(worst, error);
                }

                worst.Should().BeLessThanOrEqualTo(40);
            },
            iter: 30);

    private static TimeSpan Ms(double ms) => TimeSpan.FromMilliseconds(ms);
}
