using System.Globalization;
using System.Text;

namespace Bob.Host.Twilio;

/// <summary>Who calls, fit to be logged, stored and told to a model: at most 64 printable characters, "anonymous" when withheld.</summary>
public readonly record struct Caller(string Value)
{
    public const int MaxLength = 64;

    /// <summary>The caller withheld the number, or the network lost it.</summary>
    public static readonly Caller Anonymous = new("anonymous");

    // Words and the same words spelled on a keypad: carriers that must send digits dial "ANONYMOUS".
    private static readonly HashSet<string> Withheld = new(StringComparer.OrdinalIgnoreCase)
    {
        "anonymous", "unknown", "restricted", "private", "unavailable", "blocked", "withheld", "null", "asserted",
        "266696687", "8656696", "7378742833", "7748283", "86282452253", "2562533", "94844353",
    };

    /// <summary>The telephone number, as the callers' table has it; null for whatever is none, such as a SIP address.</summary>
    public string? Number => PhoneNumber.Of(Value)?.Value;

    /// <summary>Cleans a <c>From</c> as it came in: any length, any characters, or none at all.</summary>
    public static Caller Of(string? from)
    {
        if (from is null)
            return Anonymous;
        var clean = new StringBuilder(MaxLength);
        foreach (var c in from)
        {
            if (clean.Length == MaxLength)
                break;
            if (IsShowable(c) && (c != ' ' || clean.Length > 0))
                clean.Append(c);
        }

        var value = clean.ToString().TrimEnd();
        return value.Length == 0 || IsWithheld(value) ? Anonymous : new Caller(value);
    }

    public override string ToString() => Value;

    private static bool IsWithheld(string value)
    {
        var name = value.StartsWith("sip:", StringComparison.OrdinalIgnoreCase) ? value[4..].Split('@')[0] : value;
        return Withheld.Contains(name.TrimStart('+'));
    }

    // U+FFFD stands where bytes were no text.
    private static bool IsShowable(char c) => c != '\uFFFD' && char.GetUnicodeCategory(c) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
