using System.Net;
using System.Net.Sockets;

namespace Bob.Simulator.Faults;

/// <summary>Ports for programs that are told theirs.</summary>
public static class FreePort
{
    /// <summary>The kernel gives those from 32,768 on to connections that go out: one of them may be taken before the program is there.</summary>
    private const int From = 12_000, To = 32_000;

    /// <summary>A port that was free a moment ago, and that nobody takes by chance.</summary>
    public static int Next()
    {
        while (true)
        {
            var port = Random.Shared.Next(From, To);
            using var probe = new TcpListener(IPAddress.IPv6Any, port);
            probe.Server.DualMode = true;
            try
            {
                probe.Start();
                return port;
            }
            catch (SocketException taken) when (taken.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                // the next one
            }
        }
    }
}
