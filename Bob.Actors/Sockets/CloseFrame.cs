using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Bob.Actors.Sockets;

/// <summary>The payload of a CLOSE: nothing, or a code and a reason (RFC 6455, 5.5.1 and 7.4).</summary>
internal static class CloseFrame
{
    public const int ProtocolError = 1002, InvalidText = 1007, PolicyViolation = 1008;

    /// <summary>Whether a peer may send this code. 1004 to 1006 and 1015 never travel; what has no meaning yet may not be used.</summary>
    public static bool Allows(int code) => code is (>= 1000 and <= 1003) or (>= 1007 and <= 1014) or (>= 3000 and <= 4999);

    /// <summary>Reads a payload. Gives the code to answer with when it breaks a rule, else 0.</summary>
    /// <param name="code">0 when the peer gave none.</param>
    public static int Read(ReadOnlySpan<byte> payload, out int code, out string reason)
    {
        (code, reason) = (0, "");
        if (payload.IsEmpty)
            return 0;
        if (payload.Length == 1)
            return ProtocolError;
        code = BinaryPrimitives.ReadUInt16BigEndian(payload);
        if (!Allows(code))
            return ProtocolError;
        if (!Utf8.IsValid(payload[2..]))
            return InvalidText;
        reason = Encoding.UTF8.GetString(payload[2..]);
        return 0;
    }

    /// <summary>Writes a payload; a reason that is too long is cut between two characters.</summary>
    public static byte[] Write(int code, string reason)
    {
        Span<byte> payload = stackalloc byte[FrameHeader.MaxControlPayload];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)code);
        Utf8.FromUtf16(reason, payload[2..], out _, out var written);
        return payload[..(2 + written)].ToArray();
    }
}
