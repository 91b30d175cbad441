using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Bob.Actors.Sockets;

/// <summary>What <see cref="FrameReader.Next"/> found.</summary>
internal enum ReceivedKind
{
    /// <summary>No more without more bytes.</summary>
    Nothing,
    Text,
    Binary,
    Ping,
    Pong,
    Close,

    /// <summary>The message passes the cap; what follows cannot be read.</summary>
    TooBig,

    /// <summary>The peer broke the rules; what follows cannot be read.</summary>
    Violation,
}

/// <summary>One thing received. <paramref name="Payload"/> is valid until the reader is used again.</summary>
/// <param name="Code">Of a CLOSE, 0 when it has none; of a violation the one to close with.</param>
/// <param name="Reason">Of a CLOSE or a violation.</param>
internal readonly record struct Received(ReceivedKind Kind, ReadOnlyMemory<byte> Payload = default, int Code = 0, string Reason = "");

/// <summary>
/// Makes messages of bytes (RFC 6455, 5), in one buffer: payloads are unmasked where they lie, a message of one frame is handed out where it
/// lies, and the fragments of a message are moved together. The buffer grows with the bytes that came, not with those that were announced.
/// </summary>
internal sealed class FrameReader
{
    private const int InitialBytes = 2 * 1024;
    private const int LeastRoom = 512;

    /// <summary>Bytes of a character that lacks its last.</summary>
    private const int MostCut = 3;

    /// <summary>Buffers up to this size stay with the socket (an audio delta of OpenAI has some 18 KB); larger ones are lent by the pool for one message.</summary>
    private const int MostKept = 32 * 1024;

    private static readonly Received NoText = new(ReceivedKind.Violation, default, CloseFrame.InvalidText, "text that is no UTF-8");

    private readonly bool _masks;
    private readonly int _maxMessageBytes;
    private byte[] _buffer;
    private bool _lent;

    /// <summary>The message so far, and after it what has come and is not looked at yet; between them may be frames that are done with.</summary>
    private int _message, _messageLength, _next, _end;

    /// <summary>Bytes of an unfinished text that are known to be characters.</summary>
    private int _characters;

    private FrameOpcode _opcode;
    private bool _insideMessage, _whole;

    /// <param name="masks">Whether the peer has to mask what it sends.</param>
    /// <param name="maxMessageBytes">Cap of one message over all its fragments.</param>
    /// <param name="come">The first bytes, which somebody else has read.</param>
    public FrameReader(bool masks, int maxMessageBytes, ReadOnlySpan<byte> come = default)
    {
        (_masks, _maxMessageBytes, _end) = (masks, maxMessageBytes, come.Length);
        _buffer = new byte[Math.Max(InitialBytes, come.Length)];
        come.CopyTo(_buffer);
    }

    /// <summary>Where to put the next bytes; then call <see cref="Came"/>. Only after <see cref="ReceivedKind.Nothing"/>.</summary>
    public Memory<byte> Room()
    {
        if (_messageLength == 0 && _next == _end)
        {
            (_next, _end) = (0, 0);
            if (_lent)
                Replace(InitialBytes);
        }

        if (_buffer.Length - _end < LeastRoom)
            CloseUp();
        if (_buffer.Length - _end < LeastRoom)
            Replace(Math.Min(_buffer.Length * 2, _maxMessageBytes + FrameHeader.MaxSize + FrameHeader.MaxControlPayload + LeastRoom));
        return _buffer.AsMemory(_end);
    }

    public void Came(int bytes) => _end += bytes;

    /// <summary>The next message or control frame of what has come.</summary>
    public Received Next()
    {
        if (_whole)
            (_whole, _messageLength) = (false, 0);
        while (FrameHeader.TryRead(_buffer.AsSpan(_next, _end - _next), out var header))
        {
            if (header.Violation(_masks, _insideMessage) is { } violation)
                return new Received(ReceivedKind.Violation, default, CloseFrame.ProtocolError, violation);
            if (!header.Control && header.Length > (ulong)(_maxMessageBytes - _messageLength))
                return new Received(ReceivedKind.TooBig);
            var length = (int)header.Length;
            if (_end - _next - header.Size < length)
                break;

            var start = _next + header.Size;
            _next = start + length;
            FrameMask.Apply(_buffer.AsSpan(start, length), header.Key);
            if (header.Control)
                return Control(header.Opcode, _buffer.AsMemory(start, length));
            Append(start, length);
            if (!_insideMessage)
                (_opcode, _characters) = (header.Opcode, 0);
            _insideMessage = !header.Final;
            if (header.Final)
                return Message();
            if (_opcode == FrameOpcode.Text && !MayBecomeText())
                return NoText;
        }

        return default;
    }

    private static Received Control(FrameOpcode opcode, ReadOnlyMemory<byte> payload)
    {
        if (opcode != FrameOpcode.Close)
            return new Received(opcode == FrameOpcode.Ping ? ReceivedKind.Ping : ReceivedKind.Pong, payload);
        return CloseFrame.Read(payload.Span, out var code, out var reason) switch
        {
            0 => new Received(ReceivedKind.Close, payload, code, reason),
            var answer => new Received(ReceivedKind.Violation, default, answer, "malformed close"),
        };
    }

    private void Append(int start, int length)
    {
        if (_messageLength == 0)
            _message = start;
        else
            _buffer.AsSpan(start, length).CopyTo(_buffer.AsSpan(_message + _messageLength));
        _messageLength += length;
    }

    private Received Message()
    {
        _whole = true;
        var message = _buffer.AsMemory(_message, _messageLength);
        if (_opcode == FrameOpcode.Binary)
            return new Received(ReceivedKind.Binary);
        return Utf8.IsValid(message.Span)
            ? new Received(ReceivedKind.Text, message)
            : NoText;
    }

    /// <summary>Whether the fragments so far are the begin of a text. A peer that sends none is not read on to the end of its message.</summary>
    private bool MayBecomeText()
    {
        var fresh = _buffer.AsSpan(_message + _characters, _messageLength - _characters);
        var whole = fresh.Length;
        for (var cut = 1; cut <= Math.Min(MostCut, fresh.Length); cut++)
        {
            if (Rune.DecodeFromUtf8(fresh[^cut..], out _, out _) == OperationStatus.NeedMoreData)
                whole = fresh.Length - cut;
        }

        _characters += whole;
        return Utf8.IsValid(fresh[..whole]);
    }

    /// <summary>Moves what is still needed to the front.</summary>
    private void CloseUp() => MoveTo(_buffer);

    private void Replace(int size)
    {
        var (old, lent) = (_buffer, _lent);
        _lent = size > MostKept;
        var buffer = _lent ? ArrayPool<byte>.Shared.Rent(size) : new byte[size];
        MoveTo(buffer);
        _buffer = buffer;
        if (lent)
            ArrayPool<byte>.Shared.Return(old);
    }

    private void MoveTo(byte[] buffer)
    {
        var rest = _end - _next;
        Buffer.BlockCopy(_buffer, _message, buffer, 0, _messageLength);
        Buffer.BlockCopy(_buffer, _next, buffer, _messageLength, rest);
        (_message, _next, _end) = (0, _messageLength, _messageLength + rest);
    }
}
