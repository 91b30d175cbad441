using System.Net;
using System.Text;

namespace Bob.Host.Twilio;

/// <summary>
/// The fields of a Twilio request, in the order they came. Not ASP.NET's form: that one merges names that differ in case only, and the
/// signature is made over the names as they are.
/// </summary>
public sealed class TwilioForm
{
    /// <summary>Largest body that is read. A caller ID alone may be 64 KB, percent-encoded three times that.</summary>
    public const int MaxBodyBytes = 512 * 1024;

    /// <summary>Most fields that are read; Twilio sends about 30.</summary>
    public const int MaxFields = 1_000;

    /// <summary>Longest field in a log, in characters.</summary>
    public const int LongestShown = 200;

    /// <summary>No fields at all.</summary>
    public static readonly TwilioForm Empty = new([]);

    private TwilioForm(IReadOnlyList<KeyValuePair<string, string>> fields) => Fields = fields;

    public IReadOnlyList<KeyValuePair<string, string>> Fields { get; }

    /// <summary>The first value of a field, or null when it is absent.</summary>
    public string? this[string name]
    {
        get
        {
            foreach (var field in Fields)
            {
                if (field.Key == name)
                    return field.Value;
            }

            return null;
        }
    }

    /// <summary>A field as it may stand in a log: printable, at most <see cref="LongestShown"/> characters, empty when it is absent.</summary>
    public string Shown(string name) => new([.. (this[name] ?? "").Where(c => !char.IsControl(c) && !char.IsSurrogate(c)).Take(LongestShown)]);

    /// <summary>Decodes a form body; null when it has more than <see cref="MaxFields"/> fields. Bytes that are not UTF-8 become U+FFFD.</summary>
    public static TwilioForm? Parse(ReadOnlySpan<byte> body)
    {
        var text = Encoding.UTF8.GetString(body);
        var fields = new List<KeyValuePair<string, string>>();
        foreach (var range in text.AsSpan().Split('&'))
        {
            var pair = text[range];
            if (pair.Length == 0)
                continue;
            if (fields.Count == MaxFields)
                return null;
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            fields.Add(equals < 0
                ? new(WebUtility.UrlDecode(pair), "")
                : new(WebUtility.UrlDecode(pair[..equals]), WebUtility.UrlDecode(pair[(equals + 1)..])));
        }

        return new TwilioForm(fields);
    }
}
