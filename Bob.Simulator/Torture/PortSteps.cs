using System.Net;
using System.Net.Sockets;

namespace Bob.Simulator.Torture;

/// <summary>
/// The ports that connections of a machine are made from, in a scenario with a network of its own: <c>ports 64</c> (no more than so many from now on) · <c>ports taken</c> (all of them
/// towards the model, by connections that say nothing) · <c>ports free</c>.
/// </summary>
internal static class PortSteps
{
    private const string Range = "/proc/sys/net/ipv4/ip_local_port_range";

    /// <summary>Above those that Bob and the far ends listen on.</summary>
    private const int First = 61_000;

    private const int MostTries = 1_000;

    public static IReadOnlyDictionary<string, Step> Verbs { get; } = new Dictionary<string, Step> { ["ports"] = PortsAsync };

    private static async Task PortsAsync(Stage stage, string text)
    {
        if (!stage.Scenario.Bob.OwnNetwork)
            throw new StepFailedException("the ports are the machine's: give the scenario a network of its own (bob.ownNetwork)");
        switch (text)
        {
            case "taken":
                await TakeAsync(stage);
                break;
            case "free":
                Free(stage);
                break;
            default:
                await File.WriteAllTextAsync(Range, $"{First} {First + int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) - 1}");
                break;
        }
    }

    private static async Task TakeAsync(Stage stage)
    {
        stage.Strike("ports taken");
        var none = false;
        for (var left = MostTries; !none; left--)
        {
            if (left == 0)
                throw new StepFailedException("there is no end of ports: say first how many there are");
            // Reset in the end: a port whose connection ended in order is not free for a while.
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { LingerState = new LingerOption(enable: true, seconds: 0) };
            stage.Undo.Add(socket);
            try
            {
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, stage.Lane.Model.Port));
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressNotAvailable)
            {
                none = true;
            }
        }
    }

    private static void Free(Stage stage)
    {
        foreach (var socket in stage.Undo.OfType<Socket>().ToList())
        {
            socket.Dispose();
            stage.Undo.Remove(socket);
        }
    }
}
