using System.Security.Cryptography;
using System.Text;

namespace Bob.Simulator.Realtime;

/// <summary>The HTTP request that opens a session.</summary>
internal sealed record UpgradeRequest(string Method, string Path, IReadOnlyDictionary<string, string> Query, IReadOnlyDictionary<string, string> Headers)
{
    private const int MaxBytes = 16 * 1024;

    public string? Model => Query.GetValueOrDefault("model");

    public bool AsksForBeta => Headers.ContainsKey("OpenAI-Beta");

    /// <summary>The key of either kind of header, or null.</summary>
    public string? ApiKey => Headers.GetValueOrDefault("api-key")
        ?? (Headers.GetValueOrDefault("Authorization") is { } value && value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? value[7..].Trim() : null);

    /// <summary>The request, or null when the client went away or did not speak HTTP.</summary>
    public static async Task<UpgradeRequest?> ReadAsync(Stream stream, CancellationToken cancellation)
    {
        var buffer = new byte[MaxBytes];
        var length = 0;
        while (!Ends(buffer.AsSpan(0, length)))
        {
            var read = length == MaxBytes ? 0 : await stream.ReadAsync(buffer.AsMemory(length), cancellation);
            if (read == 0)
                return null;
            length += read;
        }

        return Parse(Encoding.Latin1.GetString(buffer, 0, length));
    }

    /// <summary>An HTTP answer that ends the connection.</summary>
    public static byte[] Answer(int status, string? body = null, params (string Name, string? Value)[] headers)
    {
        var text = new StringBuilder($"HTTP/1.1 {status} {Reason(status)}\r\nConnection: close\r\nContent-Length: {Encoding.UTF8.GetByteCount(body ?? "")}\r\n");
        if (body is not null)
            text.Append("Content-Type: application/json\r\n");
        foreach (var (name, value) in headers.Where(header => header.Value is not null))
            text.Append($"{name}: {value}\r\n");
        return Encoding.UTF8.GetBytes(text.Append("\r\n").Append(body).ToString());
    }

    /// <summary>Why this is no request for a session, or null: the HTTP status to answer with.</summary>
    public int? Fault() => Path is not ("/v1/realtime" or "/openai/v1/realtime") ? 404
        : Method != "GET" || !Has("Upgrade", "websocket") || !Has("Sec-WebSocket-Version", "13") || !Headers.ContainsKey("Sec-WebSocket-Key") ? 426
        : null;

    /// <summary>The 101; <paramref name="wrong"/> breaks its <c>Sec-WebSocket-Accept</c>.</summary>
    public byte[] Accept(bool wrong)
    {
        var key = (wrong ? "x" : "") + Headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
        var protocol = Headers.GetValueOrDefault("Sec-WebSocket-Protocol")?.Split(',').Select(name => name.Trim()).Contains("realtime") == true
            ? "Sec-WebSocket-Protocol: realtime\r\n" : "";
#pragma warning disable CA5350 // RFC 6455 asks for SHA-1
        var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key)));
#pragma warning restore CA5350
        return Encoding.ASCII.GetBytes($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{protocol}\r\n");
    }

    private bool Has(string header, string value) => Headers.GetValueOrDefault(header)?.Contains(value, StringComparison.OrdinalIgnoreCase) == true;

    private static bool Ends(ReadOnlySpan<byte> head) => head.EndsWith("\r\n\r\n"u8);

    private static UpgradeRequest? Parse(string head)
    {
        var lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length == 0 || lines[0].Split(' ') is not [var method, var target, "HTTP/1.1"])
            return null;
        var headers = lines.Skip(1).Select(line => line.Split(':', 2)).Where(pair => pair.Length == 2)
            .GroupBy(pair => pair[0].Trim(), StringComparer.OrdinalIgnoreCase)
            .ToDictionary(group => group.Key, group => string.Join(", ", group.Select(pair => pair[1].Trim())), StringComparer.OrdinalIgnoreCase);
        var parts = target.Split('?', 2);
        var query = (parts.Length > 1 ? parts[1] : "").Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2))
            .GroupBy(pair => pair[0]).ToDictionary(group => group.Key, group => Uri.UnescapeDataString(group.Last().ElementAtOrDefault(1) ?? ""));
        return new UpgradeRequest(method, parts[0], query, headers);
    }

    private static string Reason(int status) => status switch
    {
        302 => "Found",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Refused",
    };
}
