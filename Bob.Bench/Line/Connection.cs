using System.Net;
using System.Net.Sockets;

namespace Bob.Bench.Line;

/// <summary>One TCP connection of the load side. Never blocks once it is connected.</summary>
internal abstract class Connection
{
    private readonly Exchange _exchange;
    private readonly Socket _socket;
    private readonly int _token;
    private byte[] _received = new byte[4 * 1024];
    private byte[] _unsent = [];
    private int _length;

    protected Connection(Exchange exchange, Socket socket)
    {
        (_exchange, _socket) = (exchange, socket);
        socket.NoDelay = true;
        socket.Blocking = false;
        _token = exchange.Watch(socket, Receive);
    }

    public bool Closed { get; private set; }

    protected Exchange Exchange => _exchange;

    /// <summary>Connects to a port of this machine, which takes microseconds.</summary>
    protected static Socket Dial(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Takes what has come so far and gives back how many bytes of it are done with.</summary>
    protected abstract int Take(Span<byte> received);

    /// <summary>The far end is gone.</summary>
    protected abstract void Ended();

    public void Close()
    {
        if (Closed)
            return;
        Closed = true;
        _exchange.Forget(_token, _socket);
    }

    /// <summary>Cuts the connection: the far end is told of a reset.</summary>
    protected void Reset()
    {
        if (!Closed)
            _socket.LingerState = new LingerOption(true, 0);
        Close();
    }

    protected void Send(ReadOnlySpan<byte> bytes)
    {
        if (Closed)
            return;
        if (_unsent.Length > 0)
        {
            _unsent = [.. _unsent, .. bytes];
            return;
        }

        var sent = Math.Max(0, _socket.Send(bytes, SocketFlags.None, out var error));
        if (error is not (SocketError.Success or SocketError.WouldBlock))
        {
            Lost();
        }
        else if (sent < bytes.Length)
        {
            _unsent = bytes[sent..].ToArray();
            _exchange.After(TimeSpan.FromMilliseconds(5), SendRest);
        }
    }

    private void SendRest()
    {
        var rest = _unsent;
        _unsent = [];
        Send(rest);
    }

    private void Receive()
    {
        if (_length == _received.Length)
            Array.Resize(ref _received, _received.Length * 2);
        var count = _socket.Receive(_received.AsSpan(_length), SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock)
            return;
        if (error != SocketError.Success || count == 0)
        {
            Lost();
            return;
        }

        _length += count;
        var done = 0;
        while (!Closed && _length > done && Take(_received.AsSpan(done, _length - done)) is var taken and > 0)
            done += taken;
        _length -= done;
        if (_length > 0 && done > 0)
            _received.AsSpan(done, _length).CopyTo(_received);
    }

    private void Lost()
    {
        if (Closed)
            return;
        Close();
        Ended();
    }
}
