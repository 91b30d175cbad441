using System.Net.Sockets;

namespace Bob.Simulator.Faults;

/// <summary>What the kernel knows of a connection that nobody reads.</summary>
internal static class TcpState
{
    /// <summary>The other end has closed or reset it. Linux only; elsewhere a connection that is not read never seems to end.</summary>
    public static bool PeerHasGone(Socket socket)
    {
        const int tcp = 6, tcpInfo = 11, established = 1;
        var info = new byte[8];
        try
        {
            return OperatingSystem.IsLinux() && socket.GetRawSocketOption(tcp, tcpInfo, info) > 0 && info[0] != established;
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }
}
