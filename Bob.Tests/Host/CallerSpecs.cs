using AwesomeAssertions;
using Bob.Host.Twilio;
using Xunit;

namespace Bob.Tests.Host;

public sealed class CallerSpecs
{
    [Theory]
    [InlineData("+15550100001", "+15550100001")]
    [InlineData("client:alice", "client:alice")]
    [InlineData("sip:alice@example.com", "sip:alice@example.com")]
    [InlineData("  +15550100001\r\n", "+15550100001")]
    [InlineData("+1555\0010\u202E0001", "+15550100001")]
    [InlineData("\uD83D\uDE00 Ann\uD800", "Ann")]
    public void A_caller_keeps_what_can_be_shown(string from, string caller) => Caller.Of(from).Value.Should().Be(caller);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("\0\u202E")]
    [InlineData("\uD83D\uDE00")]
    [InlineData("anonymous")]
    [InlineData("Restricted")]
    [InlineData("UNKNOWN")]
    [InlineData("+266696687")]
    [InlineData("266696687")]
    [InlineData("+7378742833")]
    [InlineData("sip:anonymous@anonymous.invalid")]
    public void A_withheld_caller_is_anonymous(string? from) => Caller.Of(from).Should().Be(Caller.Anonymous);

    [Fact]
    public void A_caller_is_never_longer_than_64_characters() =>
        Caller.Of(new string('9', 65_536)).Value.Should().Be(new string('9', Caller.MaxLength));
}
