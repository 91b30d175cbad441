using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Host.Calls;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Bob.Tests.Host;

/// <summary>What a process that leaves waits for, and for how long.</summary>
public sealed class CallsTakenOverSpecs
{
    private static readonly CallSid Call = new("CA1");
    private readonly FakeTimeProvider _clock = new();
    private readonly CallsTakenOver _calls;

    public CallsTakenOverSpecs() => _calls = new CallsTakenOver(_clock);

    [Fact]
    public void A_message_is_waited_for_as_long_as_it_can_take_and_no_longer()
    {
        _calls.Records(Call);

        _clock.Advance(TimeSpan.FromSeconds(149));
        _calls.Count.Should().Be(1);
        _clock.Advance(TimeSpan.FromSeconds(1));
        _calls.Count.Should().Be(0);
    }

    [Fact]
    public void A_telephone_that_nobody_answers_leads_to_a_message()
    {
        _calls.Rings(Call);
        _clock.Advance(TimeSpan.FromSeconds(49));
        _calls.Count.Should().Be(1);

        _calls.Records(Call);
        _clock.Advance(TimeSpan.FromSeconds(100));
        _calls.Count.Should().Be(1);
        _calls.CameBack(Call);

        _calls.Count.Should().Be(0);
    }

    [Fact]
    public void Who_hangs_up_in_a_message_has_the_time_in_which_Twilio_tries_to_report_it()
    {
        _calls.Records(Call);
        _calls.HungUp(Call);
        _calls.HungUp(new CallSid("CA2")); // was nowhere

        _clock.Advance(TimeSpan.FromSeconds(16));
        _calls.Count.Should().Be(1);
        _clock.Advance(TimeSpan.FromSeconds(1));
        _calls.Count.Should().Be(0);
    }
}
