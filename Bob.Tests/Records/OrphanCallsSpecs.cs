using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Host.Records;
using Xunit;

namespace Bob.Tests.Records;

/// <summary>Of every call of a dead process it is decided once whether it goes on or is over.</summary>
public sealed class OrphanCallsSpecs
{
    private static readonly CallSid Call = new("CA1");
    private readonly OrphanCalls _orphans = new(awaits: true);

    [Fact]
    public void A_call_whose_caller_came_back_is_not_over()
    {
        Find();

        _orphans.ComesBack(Call).Should().BeTrue();
        _orphans.GiveUp(Call).Should().BeFalse();

        _orphans.Over.Should().BeEmpty();
        _orphans.AreOpen.Should().BeFalse();
        _orphans.DecidedAsync(Call).IsCompleted.Should().BeTrue();
    }

    [Fact]
    public void A_call_that_is_over_does_not_come_back()
    {
        Find();

        _orphans.GiveUp(Call).Should().BeTrue();
        _orphans.ComesBack(Call).Should().BeFalse();
        _orphans.Over.Should().Equal(Call);

        _orphans.Recorded([Call]);
        _orphans.ComesBack(Call).Should().BeFalse();
        (_orphans.Over.Count, _orphans.AreOpen).Should().Be((0, false));
    }

    [Fact]
    public void A_caller_who_is_faster_than_the_books_is_not_given_up_by_them()
    {
        _orphans.ComesBack(Call).Should().BeTrue();

        Find();

        _orphans.Awaited.TryRead(out _).Should().BeFalse();
        _orphans.GiveUp(Call).Should().BeFalse();
    }

    [Fact]
    public void A_call_that_came_back_and_could_not_be_helped_is_over()
    {
        Find();
        _orphans.ComesBack(Call);

        _orphans.GiveUp(Call, evenIfBack: true).Should().BeTrue();

        _orphans.Over.Should().Equal(Call);
    }

    [Fact]
    public void Who_comes_back_waits_for_what_is_being_done_about_the_call_and_nothing_more_is_done()
    {
        Find();
        var work = _orphans.TryBegin(Call);

        _orphans.ComesBack(Call);
        var idle = _orphans.IdleAsync(Call);

        idle.IsCompleted.Should().BeFalse();
        work!.Dispose();
        idle.IsCompleted.Should().BeTrue();
        _orphans.TryBegin(Call).Should().BeNull();
    }

    [Fact]
    public void Where_nobody_waits_all_are_over()
    {
        var orphans = new OrphanCalls();

        orphans.Found([new OrphanCall(Call, Entries.Noon, CallPhase.Live)]);

        orphans.Over.Should().Equal(Call);
    }

    private void Find() => _orphans.Found([new OrphanCall(Call, Entries.Noon, CallPhase.Live)]);
}
