using System.Net;
using System.Net.Sockets;
using Bob.Bench.Figures;
using Bob.Bench.Line;

namespace Bob.Bench.Model;

/// <summary>How the model answers.</summary>
internal enum Shape
{
    /// <summary>Every 20 ms of the caller come back as one delta: the worst case.</summary>
    Echo,

    /// <summary>Turns: the caller talks, the model answers in deltas of 200 to 400 ms, faster than real time.</summary>
    Speech,
}

/// <param name="AcceptDelay">From the request to the answer of the handshake.</param>
/// <param name="FirstDeltaDelay">From <c>response.create</c> to the first audio.</param>
internal sealed record ModelPlan(Shape Shape, TimeSpan AcceptDelay, TimeSpan FirstDeltaDelay);

/// <summary>A Realtime server without a mind: the GA shape of OpenAI's events, and audio that can be recognised.</summary>
internal sealed class RealtimeModel : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public RealtimeModel(Exchange exchange, ModelPlan plan, CallJourneys journeys)
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(512);
        _listener.Blocking = false;
        exchange.Watch(_listener, () => _ = new RealtimeSession(exchange, _listener.Accept(), plan, journeys, Sessions++));
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Sessions since the beginning.</summary>
    public int Sessions { get; private set; }

    public void Dispose() => _listener.Dispose();
}
