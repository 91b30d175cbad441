using System.Security.Cryptography;
using System.Text;

namespace Bob.Simulator.Twilio;

/// <summary>What Twilio writes into <c>X-Twilio-Signature</c>: Base64(HMAC-SHA1(auth token, URL + sorted form)).</summary>
public static class TwilioSignature
{
    /// <summary>Signs <paramref name="url"/> exactly as it is written, with the form's names in ordinal order and its decoded values.</summary>
    public static string Compute(string authToken, string url, IEnumerable<KeyValuePair<string, string>>? form = null)
    {
        var data = new StringBuilder(url);
        foreach (var field in (form ?? []).Distinct().OrderBy(f => f.Key, StringComparer.Ordinal).ThenBy(f => f.Value, StringComparer.Ordinal))
            data.Append(field.Key).Append(field.Value);
        return Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(authToken), Encoding.UTF8.GetBytes(data.ToString())));
    }

    /// <summary>
    /// The URL that is signed for a voice callback: without user, password and fragment; over https without its port, over http with it.
    /// </summary>
    public static string SignedUrl(string url)
    {
        var fragment = url.IndexOf('#');
        if (fragment >= 0)
            url = url[..fragment];
        var scheme = url.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0)
            return url;

        var start = scheme + 3;
        var end = url.IndexOfAny(['/', '?'], start);
        var authority = end < 0 ? url[start..] : url[start..end];
        var rest = end < 0 ? "" : url[end..];
        authority = authority[(authority.LastIndexOf('@') + 1)..];
        var port = authority.LastIndexOf(':');
        if (url.StartsWith("https:", StringComparison.OrdinalIgnoreCase) && port > authority.LastIndexOf(']'))
            authority = authority[..port];
        return url[..start] + authority + rest;
    }

    /// <summary>The signature of a media stream's handshake in one of the forms seen in the field, or a defective one; null sends no header.</summary>
    public static string? ForStream(string? authToken, string url, StreamSignature form)
    {
        if (authToken is null || form == StreamSignature.Missing)
            return null;
        var signed = form switch
        {
            StreamSignature.TrailingSlash => url.EndsWith('/') ? url : url + "/",
            StreamSignature.WithPort443 => WithPort(url, 443),
            _ => url,
        };
        return Compute(form == StreamSignature.Wrong ? authToken + "x" : authToken, signed);
    }

    private static string WithPort(string url, int port)
    {
        var uri = new Uri(url);
        return uri.IsDefaultPort ? $"{uri.Scheme}://{uri.Host}:{port}{uri.PathAndQuery}" : url;
    }
}

/// <summary>Which string the handshake's signature covers.</summary>
public enum StreamSignature
{
    /// <summary>The URL as the TwiML wrote it.</summary>
    AsWritten,

    /// <summary>The URL with a slash at its end, as Twilio's own documentation reports.</summary>
    TrailingSlash,

    /// <summary>The URL with an explicit port 443.</summary>
    WithPort443,

    /// <summary>A signature made with another token.</summary>
    Wrong,

    /// <summary>No signature at all.</summary>
    Missing,
}
