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
/// <param name="FaultEvery">One of so many sessions has a fault, each time another; 0: none has.</param>
internal sealed record ModelPlan(Shape Shape, TimeSpan AcceptDelay, TimeSpan FirstDeltaDelay, int FaultEvery = 0)
{
    /// <summary>How long a session may last: a client that is to be there for longer renews it.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(1);

    public ModelFault FaultOf(int session) =>
        FaultEvery > 0 && session % FaultEvery == 0 ? (ModelFault)(1 + (session / FaultEvery % ((int)ModelFault.Garbage))) : ModelFault.None;
}

/// <summary>What goes wrong with a session.</summary>
internal enum ModelFault
{
    None,

    /// <summary>The handshake is answered with 503.</summary>
    Refuses,

    /// <summary>The connection is reset where the answer should begin.</summary>
    Resets,

    /// <summary>The connection is reset in the middle of a frame of the answer.</summary>
    ResetsInFrame,

    /// <summary>The connection ends without a word.</summary>
    Vanishes,

    /// <summary>The server closes with 1011.</summary>
    Closes,

    /// <summary>Events that are none.</summary>
    Garbage,
}

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
