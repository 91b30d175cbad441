using System.Security.Cryptography;
using System.Text;

namespace Bob.Actors.Sockets;

/// <summary>What both ends of a WebSocket handshake compute (RFC 6455, 4).</summary>
public static class WebSocketHandshake
{
    public const string Version = "13";
    private const int KeyBytes = 16;

    /// <summary>A key for one handshake.</summary>
    public static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes));

    /// <summary>Whether a client's key is one.</summary>
    public static bool IsKey(string? key)
    {
        Span<byte> bytes = stackalloc byte[KeyBytes];
        return key is { Length: 24 } && Convert.TryFromBase64String(key, bytes, out var length) && length == KeyBytes;
    }

    /// <summary>The server's answer to a key.</summary>
#pragma warning disable CA5350 // no secret is protected: RFC 6455 asks for SHA-1
    public static string Accept(string key) => Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes($"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
}
