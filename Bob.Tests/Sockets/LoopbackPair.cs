using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Bob.Tests.Sockets;

/// <summary>Two ends of a TCP connection on this machine.</summary>
internal static class LoopbackPair
{
    public static async Task<(NetworkStream Near, NetworkStream Far)> OpenAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var near = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await near.ConnectAsync((IPEndPoint)listener.LocalEndpoint, TestContext.Current.CancellationToken);
        var far = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        far.NoDelay = true;
        return (new NetworkStream(near, ownsSocket: true), new NetworkStream(far, ownsSocket: true));
    }
}
