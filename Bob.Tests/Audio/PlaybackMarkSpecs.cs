using AwesomeAssertions;
using Bob.Actors.Audio;
using CsCheck;
using Xunit;

namespace Bob.Tests.Audio;

public sealed class PlaybackMarkSpecs
{
    [Fact]
    public void Every_name_reads_back_and_fits()
    {
        Gen.Select(Gen.Int[0, int.MaxValue], Gen.Int[0, int.MaxValue]).Sample((generation, number) =>
        {
            var mark = new PlaybackMark(generation, number);
            Span<byte> name = stackalloc byte[PlaybackMark.MaxLength];

            var length = mark.Write(name);

            var text = System.Text.Encoding.ASCII.GetString(name[..length]);
            text.Should().Be(mark.ToString());
            PlaybackMark.TryParse(text, out var read).Should().BeTrue();
            read.Should().Be(mark);
        }, iter: 2_000);
    }

    [Theory] // T14
    [InlineData("")]
    [InlineData("g")]
    [InlineData(":m")]
    [InlineData("g:m1")]
    [InlineData("g1:m")]
    [InlineData("g1m1")]
    [InlineData("g1:m1:m2")]
    [InlineData("x1:m1")]
    [InlineData("g-1:m1")]
    [InlineData("g1:m+1")]
    [InlineData("g 1:m1")]
    [InlineData("g1:m1 ")]
    [InlineData("g1:m99999999999")]
    [InlineData("audio:1")]
    public void T14_A_name_that_is_not_ours_is_no_mark(string name)
    {
        PlaybackMark.TryParse(name, out var mark).Should().BeFalse();

        mark.Should().Be(default(PlaybackMark));
    }

    [Fact]
    public void T14_No_text_whatever_throws() =>
        Gen.OneOf(Gen.String, Gen.String[Gen.Char["gm:0123456789"], 0, 8]).Sample(name =>
        {
            if (PlaybackMark.TryParse(name, out var mark))
                PlaybackMark.TryParse(mark.ToString(), out _).Should().BeTrue();
        }, iter: 5_000);

    [Fact]
    public void A_name_does_not_go_into_too_little_room()
    {
        var write = () => new PlaybackMark(12, 345).Write(new byte[4]);

        write.Should().Throw<ArgumentException>();
    }
}
