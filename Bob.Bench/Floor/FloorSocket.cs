using System.Net.Sockets;
using Bob.Bench.Line;

namespace Bob.Bench.Floor;

/// <summary>One socket of the floor: receives where the kernel reports it, sends at once.</summary>
internal sealed class FloorSocket : IDisposable
{
    private readonly Socket _socket;
    private readonly bool _masks;
    private readonly SocketAsyncEventArgs _receive = new();
    private byte[] _received = new byte[8 * 1024];
    private int _length;

    public FloorSocket(Socket socket, bool masks)
    {
        (_socket, _masks) = (socket, masks);
        socket.NoDelay = true;
        _receive.Completed += (_, _) => Receive();
    }

    /// <summary>Room for a message, after <see cref="WebSocketFrames.MaxHeader"/>.</summary>
    public byte[] Room { get; } = new byte[16 * 1024];

    /// <summary>Takes what has come so far and gives back how many bytes of it are done with.</summary>
    public required Func<FloorSocket, Memory<byte>, int> Take { get; init; }

    public required Action Ended { get; init; }

    public void Start()
    {
        Expect();
        if (!_socket.ReceiveAsync(_receive))
            Receive();
    }

    public void Send(ReadOnlySpan<byte> bytes) => _socket.Send(bytes);

    /// <summary>Sends the first bytes of <see cref="Room"/> as a message.</summary>
    public void Say(int opcode, int length)
    {
        var begin = WebSocketFrames.Frame(Room, opcode, length, _masks ? 0x5A17C3E9u : 0);
        _socket.Send(Room.AsSpan(begin, WebSocketFrames.MaxHeader - begin + length));
    }

    public void Dispose() => _socket.Dispose();

    private void Expect() => _receive.SetBuffer(_received, _length, _received.Length - _length);

    private void Receive()
    {
        try
        {
            do
            {
                if (_receive.SocketError != SocketError.Success || _receive.BytesTransferred == 0)
                {
                    Ended();
                    return;
                }

                _length += _receive.BytesTransferred;
                var done = 0;
                while (_length > done && Take(this, _received.AsMemory(done, _length - done)) is var taken and > 0)
                    done += taken;
                _length -= done;
                if (_length > 0)
                    _received.AsSpan(done, _length).CopyTo(_received);
                if (_length == _received.Length)
                    Array.Resize(ref _received, _length * 2);
                Expect();
            }
            while (!_socket.ReceiveAsync(_receive));
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            Ended();
        }
    }
}
