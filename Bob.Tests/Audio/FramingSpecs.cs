using AwesomeAssertions;
using Bob.Actors.Audio;
using CsCheck;
using Xunit;

namespace Bob.Tests.Audio;

public sealed class FramingSpecs
{
    private static readonly SpokenItem First = new("r1", "i1", 0);
    private static readonly SpokenItem Second = new("r1", "i2", 0);
    private readonly Framing _framing = new();

    [Fact]
    public void Whole_frames_pass_untouched()
    {
        var audio = Voice.Of(First, ms: 400);

        var framed = _framing.Push(audio, out var flushed);

        framed.Should().BeSameAs(audio);
        flushed.Should().BeNull();
        _framing.Flush().Should().BeNull();
    }

    [Fact]
    public void Any_split_of_any_audio_comes_out_as_the_same_bytes_in_whole_frames()
    {
        Gen.Int[0, 700].Array[0, 12].Sample(pieces =>
        {
            var framing = new Framing();
            var said = Voice.Bytes(pieces.Sum());
            var heard = new List<VoiceAudio?>();

            var from = 0;
            foreach (var piece in pieces)
            {
                heard.Add(framing.Push(Voice.Of(First, said.AsSpan(from, piece)), out var flushed));
                flushed.Should().BeNull();
                from += piece;
            }

            heard.Add(framing.Flush());

            var frames = heard.OfType<VoiceAudio>().ToList();
            var bytes = frames.SelectMany(frame => Voice.Decoded(frame.Base64)).ToArray();
            frames.Should().OnlyContain(frame => frame.Bytes > 0 && frame.Bytes % Mulaw.FrameBytes == 0 && frame.Item == First);
            frames.Should().OnlyContain(frame => Voice.Decoded(frame.Base64).Length == frame.Bytes);
            bytes.Take(said.Length).Should().Equal(said);
            bytes.Skip(said.Length).Should().OnlyContain(padding => padding == Mulaw.Silence).And.HaveCountLessThan(Mulaw.FrameBytes);
            frames.Sum(frame => frame.Padding).Should().Be(bytes.Length - said.Length);
            frames.SkipLast(1).Should().OnlyContain(frame => frame.Padding == 0);
        }, iter: 1_000);
    }

    [Fact]
    public void A_new_item_first_flushes_what_is_left_of_the_old_one()
    {
        _framing.Push(Voice.Of(First, Voice.Bytes(100)), out _).Should().BeNull();

        var framed = _framing.Push(Voice.Of(Second, ms: 20), out var flushed);

        flushed!.Item.Should().Be(First);
        flushed.Padding.Should().Be(60);
        Voice.Decoded(flushed.Base64).Should().Equal([.. Voice.Bytes(100), .. Enumerable.Repeat(Mulaw.Silence, 60)]);
        framed!.Item.Should().Be(Second);
        _framing.Flush().Should().BeNull();
    }

    [Fact]
    public void After_an_interruption_nothing_is_left()
    {
        _framing.Push(Voice.Of(First, Voice.Bytes(100)), out _);

        _framing.Drop();

        _framing.Flush().Should().BeNull();
        _framing.Push(Voice.Of(Second, Voice.Bytes(160)), out var flushed)!.Bytes.Should().Be(160);
        flushed.Should().BeNull();
    }

    [Fact]
    public void A_second_flush_gives_nothing()
    {
        _framing.Push(Voice.Of(First, Voice.Bytes(1)), out _);

        _framing.Flush()!.Padding.Should().Be(159);

        _framing.Flush().Should().BeNull();
    }
}
