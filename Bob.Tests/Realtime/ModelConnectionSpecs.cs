using Akka.Actor;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Realtime;
using Bob.Tests.Calls;
using Bob.Tests.Sockets;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Bob.Tests.Realtime;

[Collection(Alone.Name)] // counts the memory of the whole process
public sealed class ModelConnectionSpecs
{
    private static readonly RealtimeOptions Options = new()
    {
        Url = new Uri("wss://model.example/v1/realtime"),
        Model = "gpt-realtime",
        ApiKey = "sk-specs",
        Instructions = "You are Bob.",
        Greeting = "Say hello.",
    };

    [Fact]
    public void O18_What_waits_for_a_peer_that_takes_nothing_is_at_most_100_KB_of_a_call()
    {
        const int Calls = 50;
        var lines = new List<(CallerTurns Turns, ModelConnection Connection)>();
        var before = GC.GetTotalMemory(forceFullCollection: true);

        for (var call = 0; call < Calls; call++)
        {
            var setup = new ModelLegSetup(new CallSid("CA1"), ActorRefs.Nobody, new CallerAudioRing(), Options, [], new FakeDialer(), new FakeTimeProvider());
            var socket = new FakeMessageSocket();
            socket.Hold();
            var (turns, connection) = (new CallerTurns(setup.Ring, setup.Clock), new ModelConnection(socket, ModelLine.Next(1), ActorRefs.Nobody, setup));
            for (var frame = 0; frame < 60 * 50; frame++)
            {
                turns.Frame(new CallerAudio(new byte[Mulaw.FrameBytes]));
                connection.SendAudio();
            }

            lines.Add((turns, connection));
        }

        ((GC.GetTotalMemory(forceFullCollection: true) - before) / Calls).Should().BeLessThan(100 * 1024);
        GC.KeepAlive(lines);
    }
}
