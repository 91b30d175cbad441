using AwesomeAssertions;
using Bob.Actors.Realtime;
using Xunit;

namespace Bob.Tests.Realtime;

public sealed class SessionRenewalSpecs
{
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(60, 55)]
    [InlineData(30, 25)]
    [InlineData(10, 5)]
    [InlineData(8, 4)]
    [InlineData(1, 0.5)]
    public void O29_A_session_is_renewed_five_minutes_before_its_end_or_half_way(double limitMinutes, double dueMinutes) =>
        SessionRenewal.Of(Now.AddMinutes(limitMinutes), Now)!.Due.Should().Be(Now.AddMinutes(dueMinutes));

    [Fact]
    public void O30_In_the_last_quarter_of_that_it_is_urgent() =>
        SessionRenewal.Of(Now.AddMinutes(60), Now)!.Urgent.Should().Be(Now.AddMinutes(58.75));

    [Fact]
    public void An_end_that_cannot_be_is_not_planned_for()
    {
        SessionRenewal.Of(null, Now).Should().BeNull();
        SessionRenewal.Of(Now, Now).Should().BeNull();
        SessionRenewal.Of(Now.AddHours(-2), Now).Should().BeNull("the clocks are apart");
        SessionRenewal.Of(Now.AddDays(2), Now).Should().BeNull();
    }
}
