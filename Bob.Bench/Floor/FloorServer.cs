using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;

namespace Bob.Bench.Floor;

/// <summary>
/// The leanest relay of a call's two sockets that .NET's sockets allow: own framing, completions on the thread that saw them, one core. What Bob
/// costs is told as a multiple of it.
/// </summary>
internal static class FloorServer
{
    /// <summary>Serves until the process is ended.</summary>
    public static async Task<int> RunAsync(int port, int modelPort)
    {
        // Wakes the part of .NET that lets System.Runtime's meter be read from outside; Bob has it awake anyway.
        using var awake = new Meter("Bob.Bench.Floor");
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(512);
        while (true)
        {
            // Kept alive by its sockets.
            _ = new FloorCall(await listener.AcceptAsync(), modelPort);
        }
    }
}
