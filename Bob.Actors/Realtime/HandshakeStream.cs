using Bob.Actors.Sockets;

namespace Bob.Actors.Realtime;

/// <summary>
/// Stands between an HTTP client and its connection, so that what follows a handshake can be read below the client: no read goes past an empty
/// line, where the head of an answer ends, and so the client never has a byte that is not its own. To it these are short reads like any other.
/// </summary>
/// <param name="connection">The connection in the clear: below it is TLS, if any. Disposed with this.</param>
internal sealed class HandshakeStream(Stream connection) : LineStream
{
    private ReadOnlyMemory<byte> _rest;
    private int _matched;

    private static ReadOnlySpan<byte> EmptyLine => "\r\n\r\n"u8;

    /// <summary>The handshake is through: the connection, and what of it has come that the client was not given. From here on nobody reads here.</summary>
    public (Stream Connection, ReadOnlyMemory<byte> Come) Over()
    {
        var come = _rest;
        _rest = default;
        return (connection, come);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> room, CancellationToken cancellation = default)
    {
        if (_rest.IsEmpty)
        {
            var received = await connection.ReadAsync(room, cancellation);
            var taken = UntilEmptyLine(room.Span[..received]);
            _rest = room[taken..received].ToArray();
            return taken;
        }

        var rest = _rest[..Math.Min(_rest.Length, room.Length)];
        var given = UntilEmptyLine(rest.Span);
        rest[..given].CopyTo(room);
        _rest = _rest[given..];
        return given;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation = default) => connection.WriteAsync(bytes, cancellation);

    public override Task FlushAsync(CancellationToken cancellation) => connection.FlushAsync(cancellation);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            connection.Dispose();
    }

    /// <summary>How many of these bytes, which follow those before them, end with an empty line; all of them if none ends there.</summary>
    private int UntilEmptyLine(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            _matched = bytes[i] == EmptyLine[_matched] ? _matched + 1 : bytes[i] == (byte)'\r' ? 1 : 0;
            if (_matched < EmptyLine.Length)
                continue;
            _matched = 0;
            return i + 1;
        }

        return bytes.Length;
    }
}
