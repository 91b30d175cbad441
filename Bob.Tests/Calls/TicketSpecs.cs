using AwesomeAssertions;
using Bob.Actors.Calls;
using Xunit;

namespace Bob.Tests.Calls;

/// <summary>T25: nobody gets in without a ticket that is right, fresh and unused.</summary>
public sealed class TicketSpecs
{
    private static readonly TimeSpan Life = TimeSpan.FromSeconds(10);
    private readonly Ticket _ticket = new(TimeSpan.FromHours(1), Life);

    [Fact]
    public void T25_It_lets_in_once()
    {
        _ticket.Refuse(_ticket.Value, At(3)).Should().BeNull();

        _ticket.Refuse(_ticket.Value, At(4)).Should().Be("used ticket");
    }

    [Fact]
    public void T25_It_lets_in_to_the_end_of_its_life_and_not_after()
    {
        _ticket.Refuse(_ticket.Value, At(10.001)).Should().Be("expired ticket");

        _ticket.Refuse(_ticket.Value, At(10)).Should().BeNull();
    }

    [Fact]
    public void T25_A_wrong_one_is_refused_and_uses_nothing_up()
    {
        var value = _ticket.Value;
        foreach (var wrong in new[] { "", value[..^1], value + "A", value.ToUpperInvariant() + "!", new Ticket(At(0), Life).Value, "\ud800" })
            _ticket.Refuse(wrong, At(1)).Should().Be("wrong ticket");

        _ticket.Refuse(value, At(2)).Should().BeNull();
    }

    [Fact]
    public void Tickets_cannot_be_guessed_and_need_no_escaping()
    {
        var values = Enumerable.Range(0, 200).Select(_ => new Ticket(At(0), Life).Value).ToList();

        values.Should().OnlyHaveUniqueItems();
        values.Should().OnlyContain(value => value.Length == 32 && value.All(c => char.IsAsciiLetterOrDigit(c) || c == '-' || c == '_'));
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromHours(1) + TimeSpan.FromSeconds(seconds);
}
