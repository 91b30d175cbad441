using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Bob.Actors.Calls;
using Bob.Host.Twilio;

namespace Bob.Host.Api;

/// <summary>The parameters of a question, read strictly: one that is unknown, given twice or not understood is said, and never passed over.</summary>
internal sealed partial class ApiQuery(HttpRequest request)
{
    public const int DefaultLimit = 50;
    public const int MostLimit = 200;

    private const int LongestText = 200;

    private static readonly string[] Moments =
        ["yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <summary>Why calls end, but for what follows the model's failures.</summary>
    private static readonly string[] Reasons =
    [
        .. typeof(CallEnd).GetProperties(BindingFlags.Public | BindingFlags.Static).Select(known => known.GetValue(null)).OfType<CallEnd>().Select(end => end.Reason),
    ];

    private readonly IQueryCollection _query = request.Query;

    /// <summary>Refuses what the address has no parameter for, before anything is done: who misspells one that limits what is to be done means less than the whole.</summary>
    /// <exception cref="ApiProblem">There is such a parameter.</exception>
    public static void Check(HttpContext context)
    {
        // Whatever is text in a handler and no part of its path is a parameter; so the document has it, too.
        if (context.GetEndpoint() is not RouteEndpoint endpoint || endpoint.Metadata.GetMetadata<MethodInfo>() is not { } handler || endpoint.Metadata.GetMetadata<OpenToAll>() is not null)
            return;
        string[] known =
        [
            .. handler.GetParameters().Where(one => one.ParameterType == typeof(string) && endpoint.RoutePattern.GetParameter(one.Name!) is null).Select(one => one.Name!),
        ];
        Check(context.Request.Query, known);
    }

    /// <param name="known">The parameters that the address has.</param>
    public static void Check(IQueryCollection query, IReadOnlyCollection<string> known)
    {
        foreach (var (name, values) in query)
        {
            if (!known.Contains(name, StringComparer.Ordinal))
                throw ApiProblem.Bad(Shown(name), "is no parameter of this address", known.Count == 0 ? "It has none" : $"Write {string.Join(", ", known)}");
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

    /// <summary>Why a call ended.</summary>
    public string? Reason(string name) =>
        Text(name) is not { } text || Reasons.Contains(text) || OfModel().IsMatch(text)
            ? Text(name)
            : throw ApiProblem.Bad(name, "is not known", $"Write one of {string.Join(", ", Reasons)}, or model- and the word of the log");

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

    /// <summary>A caller: their number, in whatever form a person writes it, the word that stands for none, or the address of a telephone that has none.</summary>
    public string? Caller(string name)
    {
        if (Text(name) is not { } text)
            return null;
        // A plus that nobody escaped is a space in an address; without it the number would be another one, and nothing would be found.
        if (_query[name].ToString() is [' ', >= '1' and <= '9', ..])
            text = $"+{text}";
        if (PhoneNumber.Of(text) is { } number)
            return number.Value;
        return Twilio.Caller.Of(text).Value; // whatever Twilio called a caller, it can be asked for
    }

    /// <summary>Something a client wrote, fit to be told to them again.</summary>
    private static string Shown(string name) => name.Length <= 40 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? name : "A parameter";

    [GeneratedRegex(@"^model-[a-z0-9-]+\z")]
    private static partial Regex OfModel();

    /// <summary>Half a pair of surrogates is no text, and no database takes it.</summary>
    private static bool IsWhole(string text) => !text.EnumerateRunes().Contains(Rune.ReplacementChar);
}
