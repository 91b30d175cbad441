using System.Net.Sockets;
using System.Text;

namespace Bob.Simulator.Faults;

/// <summary>One connection through a <see cref="FaultProxy"/>. Thread-safe.</summary>
public sealed class ProxiedConnection
{
    private const int OpeningBytes = 2048;

    private readonly Socket _client, _server;
    private readonly ProxyFlow _toServer, _toClient;
    private readonly CancellationTokenSource _end = new(); // never disposed: whoever ends the connection may come last
    private readonly Lock _gate = new();
    private readonly List<ProxyFault> _pending;
    private readonly StringBuilder _opening = new();
    private bool _ending;

    internal ProxiedConnection(int number, Socket client, Socket server, IEnumerable<ProxyFault> faults)
    {
        (Number, _client, _server) = (number, client, server);
        _toServer = new ProxyFlow(client, server, ProxyDirection.ToServer, this);
        _toClient = new ProxyFlow(server, client, ProxyDirection.ToClient, this);
        _pending = [.. faults];
    }

    /// <summary>1-based, since the proxy's count began.</summary>
    public int Number { get; }

    /// <summary>Whether both ends are still connected through it.</summary>
    public bool IsOpen { get; private set; } = true;

    /// <summary>The client asked for a WebSocket.</summary>
    public bool IsWebSocket
    {
        get
        {
            lock (_gate)
                return _opening.ToString().Contains("upgrade: websocket", StringComparison.OrdinalIgnoreCase);
        }
    }

    internal bool AnEndHasGone => TcpState.PeerHasGone(_client) || TcpState.PeerHasGone(_server);

    /// <summary>Does it now.</summary>
    public void Strike(ProxyFault fault)
    {
        switch (fault.Do)
        {
            case ProxyAction.Reset:
                End(reset: true);
                break;
            case ProxyAction.Fin:
                End(reset: false);
                break;
            default:
                if (fault.Way != ProxyDirection.ToClient)
                    _toServer.Strike(fault);
                if (fault.Way != ProxyDirection.ToServer)
                    _toClient.Strike(fault);
                break;
        }
    }

    internal async Task RunAsync(CancellationToken stop)
    {
        await using var stopping = stop.Register(() => End(reset: true));
        foreach (var fault in Take(fault => fault.AfterBytes is null))
            Strike(fault);
        await Task.WhenAll(GuardAsync(_toServer.ReadAsync), GuardAsync(_toServer.WriteAsync), GuardAsync(_toClient.ReadAsync), GuardAsync(_toClient.WriteAsync));
        End(reset: false);
        IsOpen = false;
    }

    /// <summary>The first failure of either way is the end of both.</summary>
    private async Task GuardAsync(Func<CancellationToken, Task> loop)
    {
        try
        {
            await loop(_end.Token);
        }
        catch (Exception over) when (over is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            End(reset: over is SocketException);
        }
    }

    internal void Saw(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (_opening.Length < OpeningBytes)
                _opening.Append(Encoding.Latin1.GetString(bytes[..Math.Min(bytes.Length, OpeningBytes - _opening.Length)]));
        }
    }

    internal long BytesToNextFault(ProxyDirection way, long passed)
    {
        lock (_gate)
            return _pending.Where(fault => fault.Counted == way && fault.AfterBytes > passed).Select(fault => fault.AfterBytes!.Value - passed).DefaultIfEmpty(long.MaxValue).Min();
    }

    internal void Passed(ProxyDirection way, long passed)
    {
        foreach (var fault in Take(fault => fault.Counted == way && fault.AfterBytes <= passed))
            Strike(fault);
    }

    private List<ProxyFault> Take(Func<ProxyFault, bool> due)
    {
        lock (_gate)
        {
            var taken = _pending.Where(due).ToList();
            _pending.RemoveAll(taken.Contains);
            return taken;
        }
    }

    private void End(bool reset)
    {
        lock (_gate)
        {
            if (_ending)
                return;
            _ending = true;
        }

        foreach (var socket in (Socket[])[_client, _server])
        {
            try
            {
                if (reset)
                    socket.LingerState = new LingerOption(true, 0);
                else
                    socket.Shutdown(SocketShutdown.Both);
            }
            catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
            {
                // that end was closed before
            }

            socket.Close();
        }

        _end.Cancel();
    }
}
