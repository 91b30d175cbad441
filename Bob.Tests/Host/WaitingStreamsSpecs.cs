using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Twilio;
using Bob.Host.Calls;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Bob.Tests.Host;

public sealed class WaitingStreamsSpecs
{
    private const int Places = (2 * 1) + 16;
    private readonly FakeTimeProvider _clock = new();
    private readonly WaitingStreams _waiting;

    public WaitingStreamsSpecs() => _waiting = new WaitingStreams(new CallOptions { MaxCalls = 1 }, _clock);

    [Fact]
    public void Sockets_beyond_the_places_are_refused_until_one_leaves()
    {
        var places = Enumerable.Range(0, Places).Select(_ => _waiting.TryEnter()).ToList();

        places.Should().NotContainNulls();
        _waiting.TryEnter().Should().BeNull();
        places[0]!.Dispose();
        places[0]!.Dispose();
        _waiting.TryEnter().Should().NotBeNull();
        _waiting.TryEnter().Should().BeNull();
    }

    [Fact]
    public void A_socket_that_has_become_a_call_leaves_its_place()
    {
        var places = Enumerable.Range(0, Places).Select(_ => _waiting.TryEnter()).ToList();

        _clock.Advance(MediaStreamReader.StartDeadline + TimeSpan.FromSeconds(0.5));
        places.ForEach(place => place!.Dispose());

        Enumerable.Range(0, Places).Select(_ => _waiting.TryEnter()).Should().NotContainNulls();
        _waiting.TryEnter().Should().BeNull("a place is given back once");
    }
}
