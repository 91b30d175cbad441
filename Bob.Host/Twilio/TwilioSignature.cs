using System.Security.Cryptography;
using System.Text;

namespace Bob.Host.Twilio;

/// <summary>
/// Twilio's request signature: HMAC-SHA1 over the URL and, for a form, every field name and value, sorted by name.
/// See "Webhooks security" in Twilio's documentation.
/// </summary>
public static class TwilioSignature
{
    public const string Header = "X-Twilio-Signature";

    /// <summary>The signature of a request. <paramref name="fields"/> is empty for GET requests, WebSocket handshakes and JSON bodies.</summary>
    public static string Compute(string authToken, string url, IEnumerable<KeyValuePair<string, string>> fields)
    {
        var data = new StringBuilder(url);

        // Ordinal: CallSid, CallStatus, Called. A culture's order would put Called first and refuse every real call.
        // A repeated name: its distinct values, sorted, each after the name, as Twilio's own libraries do it.
        foreach (var name in fields.GroupBy(field => field.Key, field => field.Value, StringComparer.Ordinal).OrderBy(name => name.Key, StringComparer.Ordinal))
        {
            foreach (var value in name.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
                data.Append(name.Key).Append(value);
        }

        var hash = HMACSHA1.HashData(Encoding.UTF8.GetBytes(authToken), Encoding.UTF8.GetBytes(data.ToString()));
        return Convert.ToBase64String(hash);
    }

    /// <summary>Whether one of the tokens signed one of the URLs. Every candidate is computed and compared in constant time.</summary>
    public static bool Matches(
        string? signature, IReadOnlyList<string> authTokens, IReadOnlyList<string> urls, IReadOnlyList<KeyValuePair<string, string>> fields)
    {
        if (string.IsNullOrEmpty(signature))
            return false;
        var given = Encoding.UTF8.GetBytes(signature);
        var matches = false;
        foreach (var token in authTokens)
        {
            foreach (var url in urls)
                matches |= CryptographicOperations.FixedTimeEquals(given, Encoding.ASCII.GetBytes(Compute(token, url, fields)));
        }

        return matches;
    }
}
