using System.Net;
using System.Net.Sockets;

namespace Bob.Simulator.Faults;

/// <summary>
/// A TCP proxy on loopback that breaks what passes through it: for faults below the protocol, which neither end can be made to have. What is scheduled
/// strikes connections to come, at an exact byte if wanted; what is struck, those there are.
/// </summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private static readonly TimeSpan TryAgain = TimeSpan.FromMilliseconds(50);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly List<ProxiedConnection> _connections = [];
    private readonly HashSet<Task> _running = [];
    private readonly List<ProxyFault> _scheduled = [];
    private readonly Task _accepting;
    private int _count;

    private FaultProxy(int targetPort)
    {
        TargetPort = targetPort;
        _listener.Start(backlog: 512);
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = Task.Run(AcceptAsync, CancellationToken.None);
    }

    /// <summary>Where it listens, on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Where connections lead to from now on, on 127.0.0.1; 0: nobody is there, and they are reset.</summary>
    public int TargetPort { get; set; }

    /// <summary>How long a connection is held while nobody listens at the target, as a load balancer does in front of a server that restarts.</summary>
    public TimeSpan Holds { get; set; }

    /// <summary>Connections that are up.</summary>
    public IReadOnlyList<ProxiedConnection> Open
    {
        get
        {
            lock (_gate)
                return [.. _connections.Where(connection => connection.IsOpen)];
        }
    }

    /// <summary>Starts to listen.</summary>
    public static FaultProxy Start(int targetPort) => new(targetPort);

    /// <summary>For connections to come.</summary>
    public void Schedule(params IEnumerable<ProxyFault> faults)
    {
        lock (_gate)
            _scheduled.AddRange(faults);
    }

    /// <summary>Forgets what is scheduled, and counts connections from 1 again.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _scheduled.Clear();
            _count = 0;
        }
    }

    /// <summary>Does it now, to every connection that is up and is meant. Returns to how many.</summary>
    public int Strike(ProxyFault fault, Func<ProxiedConnection, bool>? meant = null)
    {
        var struck = Open.Where(connection => meant?.Invoke(connection) ?? true).ToList();
        foreach (var connection in struck)
            connection.Strike(fault);
        return struck.Count;
    }

    /// <summary>Resets what is up, and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        Task[] running;
        lock (_gate)
            running = [.. _running];
        await Task.WhenAll(running);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptSocketAsync(_stop.Token);
                var serving = ServeAsync(client);
                lock (_gate)
                {
                    _running.RemoveWhere(task => task.IsCompleted);
                    _running.Add(serving);
                }
            }
            catch (Exception over) when (over is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // stopped, or a client that gave up in the backlog
            }
        }
    }

    private async Task ServeAsync(Socket client)
    {
        client.NoDelay = true;
        if (await ConnectAsync(client) is not { } server)
        {
            client.LingerState = new LingerOption(true, 0);
            client.Close();
            return;
        }

        ProxiedConnection connection;
        lock (_gate)
        {
            var number = ++_count;
            connection = new ProxiedConnection(number, client, server, _scheduled.Where(fault => fault.Connection == 0 || fault.Connection == number));
            _connections.RemoveAll(old => !old.IsOpen);
            _connections.Add(connection);
        }

        await connection.RunAsync(_stop.Token);
    }

    private async Task<Socket?> ConnectAsync(Socket client)
    {
        var until = DateTime.UtcNow + Holds;
        while (!_stop.IsCancellationRequested)
        {
            var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                if (TargetPort == 0)
                    throw new SocketException((int)SocketError.ConnectionRefused);
                await server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, TargetPort), _stop.Token);
                return server;
            }
            catch (Exception refused) when (refused is SocketException or OperationCanceledException)
            {
                server.Dispose();
                if (DateTime.UtcNow >= until || TcpState.PeerHasGone(client))
                    return null;
                await Task.Delay(TryAgain, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        return null;
    }
}
