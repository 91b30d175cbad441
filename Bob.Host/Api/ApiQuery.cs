using System.Globalization;
using System.Text;
using Bob.Actors.Calls;
using Bob.Host.Twilio;

namespace Bob.Host.Api;

/// <summary>The parameters of a question, read strictly: one that is unknown, given twice or not understood is said, and never passed over.</summary>
/// <param name="known">The parameters that the address has.</param>
internal sealed class ApiQuery
{
    public const int DefaultLimit = 50;
    public const int MostLimit = 200;

    private const int LongestText = 200;

    private static readonly string[] Moments =
        ["yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    private readonly IQueryCollection _query;

    public ApiQuery(HttpRequest request, params string[] known)
    {
        _query = request.Query;
        foreach (var (name, values) in _query)
        {
            if (!known.Contains(name, StringComparer.Ordinal))
                throw ApiProblem.Bad(Shown(name), "is no parameter of this address", $"Write {string.Join(", ", known)}");
            if (values.Count > 1)
                throw ApiProblem.Bad(name, "is given more than once", "Write it once");
        }
    }

    public string? Text(string name)
    {
        if (_query[name].ToString().Trim() is not { Length: > 0 } text)
            return null;
        if (text.Length > LongestText || text.Any(char.IsControl) || !IsWhole(text))
            throw ApiProblem.Bad(name, $"is longer than {LongestText} characters, or holds some that are no text", "Write less");
        return text;
    }

    public int Limit() => Whole("limit", DefaultLimit, MostLimit);

    /// <summary>A number from 1.</summary>
    public int Whole(string name, int byDefault, int most)
    {
        if (Text(name) is not { } text)
            return byDefault;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most
            ? number
            : throw ApiProblem.Bad(name, $"is not a whole number from 1 to {most}", $"Write one such as {byDefault}");
    }

    /// <summary>Words that are looked for: at least one has a letter or a digit.</summary>
    public string? Words(string name) => Text(name) is not { } text || text.Any(char.IsLetterOrDigit)
        ? Text(name)
        : throw ApiProblem.Bad(name, "has no word in it", "Write words that were said");

    /// <summary>A time, UTC where it says nothing else.</summary>
    /// <param name="endOfDay">Whether a mere date stands for its end.</param>
    public DateTimeOffset? Time(string name, bool endOfDay)
    {
        if (Text(name) is not { } text)
            return null;
        const DateTimeStyles utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) && date < DateOnly.MaxValue)
            return new DateTimeOffset((endOfDay ? date.AddDays(1) : date).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
        return DateTimeOffset.TryParseExact(text.Replace(' ', '+'), Moments, CultureInfo.InvariantCulture, utc, out var time)
            ? time
            : throw ApiProblem.Bad(name, "is no time", "Write 2026-03-01 or 2026-03-01T12:30:00Z");
    }

    public T? OneOf<T>(string name)
        where T : struct, Enum =>
        Text(name) is not { } text ? null
        : char.IsAsciiLetter(text[0]) && Enum.TryParse<T>(text, ignoreCase: true, out var value) && Enum.IsDefined(value) ? value
        : throw ApiProblem.Bad(name, "is not known", $"Write one of {string.Join(", ", Enum.GetNames<T>())}");

    public bool? Flag(string name) => Text(name) switch
    {
        null => null,
        "true" => true,
        "false" => false,
        _ => throw ApiProblem.Bad(name, "is neither true nor false", "Write true or false"),
    };

    /// <summary>An amount of the currency of the prices, as millionths.</summary>
    public long? Micros(string name)
    {
        if (Text(name) is not { } text)
            return null;
        const NumberStyles plain = NumberStyles.AllowDecimalPoint;
        return decimal.TryParse(text, plain, CultureInfo.InvariantCulture, out var amount) && amount <= 1_000_000_000
            ? (long)(amount * 1_000_000)
            : throw ApiProblem.Bad(name, "is no amount", "Write one such as 0.25");
    }

    /// <summary>A caller's number: in whatever form a person writes it, or the word that stands for none.</summary>
    public string? Caller(string name)
    {
        if (Text(name) is not { } text)
            return null;
        // A plus that nobody escaped is a space in an address; without it the number would be another one, and nothing would be found.
        if (_query[name].ToString() is [' ', >= '1' and <= '9', ..])
            text = $"+{text}";
        return PhoneNumber.Of(text)?.Value ?? Twilio.Caller.Of(text).Value;
    }

    /// <summary>Something a client wrote, fit to be told to them again.</summary>
    private static string Shown(string name) => name.Length <= 40 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? name : "A parameter";

    /// <summary>Half a pair of surrogates is no text, and no database takes it.</summary>
    private static bool IsWhole(string text) => !text.EnumerateRunes().Contains(Rune.ReplacementChar);
}
