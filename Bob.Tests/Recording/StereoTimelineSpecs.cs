using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Recording;
using Bob.Tests.Audio;
using CsCheck;
using Xunit;

namespace Bob.Tests.Recording;

public sealed class StereoTimelineSpecs
{
    private readonly StereoTimeline _timeline = new();
    private readonly RecordedFile _file = new();

    [Fact]
    public void Whatever_happens_the_file_holds_what_was_heard() =>
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 40_000], Gen.Int[0, 8_000]).Array[1, 80].Sample(steps => new Heard().Run(steps), iter: 1_000);

    [Fact]
    public void The_caller_is_left_and_Bob_is_right_and_silence_is_where_nobody_speaks()
    {
        _timeline.Caller(2, [1, 2]);
        _timeline.Bob(3, [7, 8]);

        Take(6);

        _file.Left.Should().Equal(0xFF, 0xFF, 1, 2, 0xFF, 0xFF);
        _file.Right.Should().Equal(0xFF, 0xFF, 0xFF, 7, 8, 0xFF);
    }

    [Fact]
    public void Bob_is_silent_from_where_he_was_cut_also_when_that_is_known_late()
    {
        _timeline.Bob(0, Voice.Bytes(8_000));
        Take(4_000);

        _timeline.CutBob(3_000);
        _timeline.Bob(5_000, [1, 2, 3]);
        Take(5_003);

        _file.Right.Should().Equal([.. Voice.Bytes(3_000), .. Enumerable.Repeat(Mulaw.Silence, 2_000), 1, 2, 3]);
    }

    [Fact]
    public void Playback_that_was_held_up_leaves_a_gap_and_loses_nothing()
    {
        _timeline.Bob(0, Voice.Bytes(4_000));
        Take(3_000);

        _timeline.MoveBob(1_000, 3_000);
        Take(6_000);

        _file.Right.Should().Equal([.. Voice.Bytes(1_000), .. Enumerable.Repeat(Mulaw.Silence, 2_000), .. Voice.Bytes(3_000, 1_000)]);
    }

    [Fact]
    public void A_frame_that_the_network_held_up_is_put_in_its_place()
    {
        Take(24_000);

        _timeline.Caller(100, [1, 2, 3]);
        Take(24_000);

        _file.Left[100..103].Should().Equal(1, 2, 3);
        _file.Left.Should().HaveCount(24_000);
    }

    [Fact]
    public void What_is_too_old_or_absurdly_far_ahead_is_left_out()
    {
        Take(StereoTimeline.Mendable + 1_000);

        _timeline.Caller(998, [1, 2, 3, 4]);
        _timeline.Bob(long.MaxValue / 2, [1]);
        Take(StereoTimeline.Mendable + 1_000);

        _file.Left[996..1_004].Should().Equal(0xFF, 0xFF, 0xFF, 0xFF, 3, 4, 0xFF, 0xFF);
    }

    [Fact]
    public void Nothing_is_taken_twice_when_nothing_changed()
    {
        _timeline.Caller(0, Voice.Bytes(1_000));
        Take(1_000);

        _timeline.Take(1_000, out _).IsEmpty.Should().BeTrue();
    }

    private void Take(long until) => _file.Take(_timeline, until);

    /// <summary>What a disk makes of what is taken.</summary>
    private sealed class RecordedFile
    {
        private byte[] _bytes = [];

        public byte[] Left => Side(0);

        public byte[] Right => Side(1);

        public void Take(StereoTimeline timeline, long until)
        {
            while (timeline.Take(until, out var position) is { IsEmpty: false } taken)
            {
                (2 * position).Should().BeLessThanOrEqualTo(_bytes.Length, "a file has no holes");
                if ((2 * position) + taken.Length > _bytes.Length)
                    Array.Resize(ref _bytes, (int)(2 * position) + taken.Length);
                taken.CopyTo(_bytes.AsSpan((int)(2 * position)));
            }
        }

        private byte[] Side(int side)
        {
            var samples = new byte[_bytes.Length / 2];
            for (var i = 0; i < samples.Length; i++)
                samples[i] = _bytes[(2 * i) + side];
            return samples;
        }
    }

    /// <summary>The plainest timeline there can be: two long arrays, and the rule of what is past mending.</summary>
    private sealed class Heard
    {
        private const int Length = 1_000_000;
        private readonly StereoTimeline _timeline = new();
        private readonly RecordedFile _file = new();
        private readonly byte[] _caller = Silence(), _bob = Silence();
        private int _now, _taken;

        private int Fixed => Math.Max(0, _taken - StereoTimeline.Mendable);

        public void Run((int What, int Where, int HowMuch)[] steps)
        {
            foreach (var (what, where, howMuch) in steps)
                Step(what, where, howMuch);
            Take();
            _file.Left.AsSpan().SequenceEqual(_caller.AsSpan(0, _now)).Should().BeTrue("the caller is where they spoke");
            _file.Right.AsSpan().SequenceEqual(_bob.AsSpan(0, _now)).Should().BeTrue("Bob is where he was heard");
        }

        private void Step(int what, int where, int howMuch)
        {
            var audio = Voice.Bytes(howMuch, where);
            switch (what)
            {
                case 0 or 1:
                    _now += howMuch;
                    break;
                case 2 or 3:
                    _now += howMuch;
                    Take();
                    break;
                case 4 or 5:
                    _timeline.Caller(_now - where, audio);
                    Put(_caller, _now - where, audio);
                    break;
                case 6 or 7:
                    _timeline.Bob(_now + 20_000 - where, audio);
                    Put(_bob, _now + 20_000 - where, audio);
                    break;
                case 8:
                    _timeline.CutBob(_now + 5_000 - where);
                    _bob.AsSpan(Math.Max(_now + 5_000 - where, Fixed)).Fill(Mulaw.Silence);
                    break;
                default:
                    Move(_now + 5_000 - where, howMuch - 4_000);
                    break;
            }
        }

        private void Move(int from, int way)
        {
            _timeline.MoveBob(from, from + way);
            from = Math.Max(from, Fixed);
            var before = (byte[])_bob.Clone();
            _bob.AsSpan(Math.Max(Fixed, Math.Min(from, from + way))).Fill(Mulaw.Silence);
            for (var i = Math.Max(from, Fixed - way); i < Length && i + way < Length; i++)
                _bob[i + way] = before[i];
        }

        private void Take()
        {
            _file.Take(_timeline, _now);
            _taken = _now;
        }

        private void Put(byte[] side, int position, byte[] audio)
        {
            for (var i = Math.Max(0, Fixed - position); i < audio.Length; i++)
                side[position + i] = audio[i];
        }

        private static byte[] Silence()
        {
            var silence = new byte[Length];
            silence.AsSpan().Fill(Mulaw.Silence);
            return silence;
        }
    }
}
