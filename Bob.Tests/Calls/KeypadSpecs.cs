using AwesomeAssertions;
using Bob.Actors.Calls;
using Xunit;

namespace Bob.Tests.Calls;

public sealed class KeypadSpecs
{
    private readonly Keypad _keypad = new();

    [Fact]
    public void Keys_are_collected_into_one_entry()
    {
        foreach (var key in "0123456789*#ABCD")
            _keypad.Press(key.ToString()).Should().BeTrue();

        _keypad.Take().Should().Be("0123456789*#ABCD");

        _keypad.Take().Should().BeEmpty("the next entry begins");
    }

    [Theory] // T36
    [InlineData("")]
    [InlineData("12")]
    [InlineData("a")]
    [InlineData("E")]
    [InlineData(" ")]
    [InlineData("w")]
    [InlineData("٣")] // a digit, but of no telephone
    public void T36_What_is_no_key_is_refused(string digit)
    {
        _keypad.Press(digit).Should().BeFalse();

        _keypad.Take().Should().BeEmpty();
    }

    [Fact]
    public void T36_A_flood_of_keys_is_cut()
    {
        var taken = Enumerable.Range(0, 1_000).Count(_ => _keypad.Press("5"));

        taken.Should().Be(64);
        _keypad.Take().Should().HaveLength(64);
        _keypad.Press("6").Should().BeTrue();
    }
}
