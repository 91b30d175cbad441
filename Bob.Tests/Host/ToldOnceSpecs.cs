using AwesomeAssertions;
using Bob.Host.Calls;
using Xunit;

namespace Bob.Tests.Host;

public sealed class ToldOnceSpecs
{
    [Fact]
    public void Of_what_was_told_no_more_is_kept_than_has_room()
    {
        var told = new ToldOnce(2);

        new[] { "a", "b", "a", "c", "b", "a", "", "" }.Select(told.IsNew).Should().Equal(true, true, false, true, false, true, true, true);
    }
}
