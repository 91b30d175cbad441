using System.ComponentModel;
using System.Text;
using System.Text.Json.Serialization;
using Bob.Host.Records;

namespace Bob.Host.Api;

/// <summary>What is written down of a caller. Whatever is left out is empty.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public record CallerForm(
    [property: Description("At most 200 characters.")] string? Name = null,
    [property: Description("At most 200 characters.")] string? Company = null,
    [property: Description("At most 4000 characters. Bob is told them as data.")] string? Notes = null,
    [property: Description("At most 20, of at most 40 characters each, without semicolons.")] IReadOnlyList<string>? Tags = null,
    [property: Description("To be treated with preference.")] bool Vip = false,
    [property: Description("Not to be answered.")] bool Blocked = false)
{
    public const int LongestName = 200, LongestNotes = 4_000, LongestTag = 40, MostTags = 20;

    /// <summary>What may not be written down, one line each.</summary>
    [JsonIgnore]
    public IEnumerable<string> Faults
    {
        get
        {
            if (!IsLine(Name, LongestName))
                yield return $"name is longer than {LongestName} characters, or no single line. Write a shorter one.";
            if (!IsLine(Company, LongestName))
                yield return $"company is longer than {LongestName} characters, or no single line. Write a shorter one.";
            if (!IsText(Notes, LongestNotes))
                yield return $"notes are longer than {LongestNotes} characters, or hold some that are no text. Write less.";
            if (Tags is { Count: > MostTags })
                yield return $"tags are more than {MostTags}. Write fewer.";
            if (Tags?.Any(tag => string.IsNullOrWhiteSpace(tag) || tag.Contains(';', StringComparison.Ordinal) || !IsLine(tag, LongestTag)) == true)
                yield return $"tags hold an empty one, a semicolon, or one longer than {LongestTag} characters. Write short words.";
        }
    }

    /// <summary>
    /// Puts it into a row. What says nothing new changes nothing, nor the time of the last change: an import every night makes nobody known for longer. Whom Bob has
    /// forgotten it adds again, and they are known from then on as if they were new.
    /// </summary>
    public void WriteTo(CallerRow row, DateTimeOffset now)
    {
        var told = (Tidy(Name), Tidy(Company), Tidy(Notes), Vip, Blocked);
        List<string> tags = [.. (Tags ?? []).Select(tag => tag.Trim()).Distinct()];
        if (row.UpdatedAt != default && told == (row.Name, row.Company, row.Notes, row.Vip, row.Blocked) && tags.SequenceEqual(row.Tags))
            return;
        (row.Name, row.Company, row.Notes, row.Vip, row.Blocked) = told;
        (row.Tags, row.UpdatedAt) = (tags, now);
    }

    private static string? Tidy(string? text) => text?.Trim() is { Length: > 0 } tidy ? tidy : null;

    private static bool IsLine(string? text, int longest) => text is null || (IsText(text, longest) && !text.Any(char.IsControl));

    private static bool IsText(string? text, int longest) =>
        text is null || (text.Length <= longest && !text.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')) && !text.EnumerateRunes().Contains(Rune.ReplacementChar));
}

/// <summary>A caller who is new.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record NewCallerForm([property: Description("The number, with its country code.")] string? Number = null) : CallerForm;

/// <summary>A caller as the business knows them.</summary>
internal sealed record CallerView(
    string Number, string? Name, string? Company, string? Notes, IReadOnlyList<string> Tags, bool Vip, bool Blocked, DateTimeOffset UpdatedAt)
{
    public static CallerView Of(CallerRow row) => new(row.Number, row.Name, row.Company, row.Notes, row.Tags, row.Vip, row.Blocked, row.UpdatedAt);
}
