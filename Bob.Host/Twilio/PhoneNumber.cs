using System.Text.RegularExpressions;

namespace Bob.Host.Twilio;

/// <summary>
/// A phone number in E.164, as Twilio tells it: <c>+</c>, country code, and the rest without anything between. The one rule of what is a number: who is
/// looked up, kept and erased is the same caller.
/// </summary>
public readonly partial record struct PhoneNumber
{
    public const string Remedy = "Write it with its country code, such as +15550100001";

    private PhoneNumber(string value) => Value = value;

    public string Value { get; }

    /// <summary>Reads a number as people write it, with spaces, dots, dashes and brackets, and <c>00</c> for <c>+</c>; null when it is none, or lacks its country code.</summary>
    public static PhoneNumber? Of(string? text)
    {
        if (text is null || text.Length > 40)
            return null;
        var bare = Between().Replace(text.Trim(), "");
        if (bare.StartsWith("00", StringComparison.Ordinal))
            bare = $"+{bare[2..]}";
        return Whole().IsMatch(bare) ? new PhoneNumber(bare) : null;
    }

    /// <summary>Whether a text is a number as it is kept, with nothing to take off.</summary>
    public static bool IsE164(string? text) => text is not null && Whole().IsMatch(text);

    public override string ToString() => Value;

    [GeneratedRegex(@"\(0\)|[ \u00a0().\-/]")]
    private static partial Regex Between();

    [GeneratedRegex(@"^\+[1-9][0-9]{4,14}\z")]
    private static partial Regex Whole();
}
