using System.Globalization;
using System.Text;
using Bob.Host.Records;
using Bob.Host.Twilio;
using CsvHelper;
using CsvHelper.Configuration;

namespace Bob.Host.Api;

/// <summary>
/// Callers as CSV (RFC 4180, UTF-8). A spreadsheet takes a cell that begins with <c>=</c> or its like for a formula, and runs it; so such a cell gets an
/// apostrophe in front when it is written, which is taken off when it is read. In some languages spreadsheets cut lines at semicolons or tabs, whatever
/// quotation marks stand around them: the same is done behind each of those. What has an apostrophe already gets another one, so that every text comes
/// back as it was.
/// </summary>
public static class CallersCsv
{
    public const int MostRows = 10_000;

    private const int MostFaults = 20;
    private const char Guard = '\'';

    /// <summary>The last four are what a spreadsheet takes for the first four in some languages.</summary>
    private const string Dangerous = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20";

    private static readonly string[] Columns = ["number", "name", "company", "notes", "tags", "vip", "blocked"];

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Lines end as they may.</summary>
    private static readonly CsvConfiguration Reading = new(CultureInfo.InvariantCulture) { BadDataFound = null };

    private static readonly CsvConfiguration Writing = new(CultureInfo.InvariantCulture)
    {
        NewLine = "\r\n",
        ShouldQuote = cell => cell.Field is { } text && (text.AsSpan().IndexOfAny("\",;\r\n") >= 0 || text.Trim().Length < text.Length),
    };

    /// <summary>Some callers, one line each.</summary>
    /// <param name="first">Whether the line with the names of the columns is to come first, and a mark that tells spreadsheets the encoding.</param>
    public static byte[] Write(IEnumerable<CallerRow> rows, bool first)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        using (var csv = new CsvWriter(text, Writing))
        {
            if (first)
                WriteLine(csv, Columns);
            foreach (var row in rows)
                WriteLine(csv, [row.Number, row.Name, row.Company, row.Notes, string.Join(';', row.Tags), row.Vip ? "true" : "false", row.Blocked ? "true" : "false"]);
        }

        return first ? [.. Encoding.UTF8.Preamble, .. Utf8.GetBytes(text.ToString())] : Utf8.GetBytes(text.ToString());
    }

    /// <summary>Reads all callers of a file, or tells all that is wrong with it.</summary>
    public static (IReadOnlyList<ReadCaller> Callers, IReadOnlyList<string> Faults) Read(ReadOnlySpan<byte> file)
    {
        string text;
        try
        {
            text = Utf8.GetString(file.StartsWith(Encoding.UTF8.Preamble) ? file[Encoding.UTF8.Preamble.Length..] : file);
        }
        catch (DecoderFallbackException)
        {
            return ([], ["The file is not UTF-8. Save it as CSV UTF-8."]);
        }

        return Read(text);
    }

    /// <summary>A cell, with an apostrophe wherever a formula could begin.</summary>
    public static string Guarded(string cell)
    {
        var guarded = new StringBuilder(cell.Length + 1);
        var begins = true;
        foreach (var c in cell)
        {
            if (begins && IsGuarded(c))
                guarded.Append(Guard);
            guarded.Append(c);
            begins = Begins(c, begins);
        }

        return guarded.ToString();
    }

    /// <summary>The same without what <see cref="Guarded"/> has put in.</summary>
    public static string Bare(string cell)
    {
        var bare = new StringBuilder(cell.Length);
        var begins = true;
        for (var i = 0; i < cell.Length; i++)
        {
            if (begins && cell[i] == Guard && i + 1 < cell.Length && IsGuarded(cell[i + 1]))
                i++;
            bare.Append(cell[i]);
            begins = Begins(cell[i], begins);
        }

        return bare.ToString();
    }

    private static bool IsGuarded(char c) => c == Guard || Dangerous.Contains(c);

    /// <summary>Whether the next character may be the first of a cell: behind a separator, and behind what spreadsheets take off in front of a cell.</summary>
    private static bool Begins(char c, bool began) => c is ';' or '\t' or '\r' or '\n' || (began && c is (' ' or '"'));

    private static void WriteLine(CsvWriter csv, IEnumerable<string?> cells)
    {
        foreach (var cell in cells)
            csv.WriteField(Guarded(cell ?? ""));
        csv.NextRecord();
    }

    private static (IReadOnlyList<ReadCaller>, IReadOnlyList<string>) Read(string text)
    {
        if (CsvQuotes.Faults(text).Take(MostFaults).ToList() is { Count: > 0 } misplaced)
            return ([], misplaced); // where a cell ends is anybody's guess then
        using var csv = new CsvParser(new StringReader(text), Reading);
        var names = csv.Read() ? csv.Record!.Select(name => name.Trim().ToLowerInvariant()).ToArray() : [];
        if (FaultOf(names) is { } fault)
            return ([], [$"Line 1: {fault}. Write {string.Join(',', Columns)}, or those of them that the file has, number among them."]);

        var lines = new Dictionary<string, int>();
        List<ReadCaller> callers = [];
        List<string> faults = [];
        for (var line = csv.RawRow + 1; csv.Read() && faults.Count < MostFaults; line = csv.RawRow + 1)
        {
            var before = faults.Count;
            var caller = ReadLine(names, csv, line, faults);
            if (faults.Count > before)
                continue;
            if (!lines.TryAdd(caller!.Number, line))
                faults.Add($"Line {line}: has the number of line {lines[caller.Number]}. Write it once.");
            else if (callers.Count == MostRows)
                return ([], [$"The file has more than {MostRows} callers. Send it in parts."]);
            else
                callers.Add(caller);
        }

        return (callers, faults);
    }

    private static string? FaultOf(string[] names) =>
        names.Except(Columns).FirstOrDefault(name => name.Length > 0) is { } unknown ? $"{(unknown.Length <= 40 && !unknown.Any(char.IsControl) ? unknown : "a name")} is no column"
        : !names.Contains(Columns[0]) ? $"{Columns[0]} is missing"
        : names.Except(Columns).Any() ? "a column has no name"
        : names.GroupBy(name => name).FirstOrDefault(same => same.Count() > 1) is { Key: var twice } ? $"{twice} is named twice"
        : null;

    private static ReadCaller? ReadLine(string[] names, CsvParser csv, int line, List<string> faults)
    {
        if (csv.Count != names.Length)
        {
            faults.Add($"Line {line}: has {csv.Count} cells where the first line names {names.Length}. Put quotes around a cell with commas, quotes or line breaks.");
            return null;
        }

        var cells = names.Zip(csv.Record!).ToDictionary(cell => cell.First, cell => Bare(cell.Second));
        if (PhoneNumber.Of(cells["number"]) is not { } number)
        {
            faults.Add($"Line {line}: number is no phone number. {PhoneNumber.Remedy}.");
            return null;
        }

        var form = new CallerForm(
            cells.GetValueOrDefault("name"),
            cells.GetValueOrDefault("company"),
            cells.GetValueOrDefault("notes"),
            cells.GetValueOrDefault("tags")?.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
            Flag("vip"),
            Flag("blocked"));
        faults.AddRange(form.Faults.Select(fault => $"Line {line}: {fault}"));
        return new ReadCaller(number.Value, form, names.ToHashSet());

        bool Flag(string name)
        {
            switch (cells.GetValueOrDefault(name)?.Trim().ToLowerInvariant())
            {
                case "true" or "yes" or "1": return true;
                case null or "" or "false" or "no" or "0": return false;
                default:
                    faults.Add($"Line {line}: {name} is neither true nor false. Write one of them.");
                    return false;
            }
        }
    }
}

/// <summary>A caller of a file.</summary>
/// <param name="Columns">What the file tells of callers; what it does not stays as it is known.</param>
public sealed record ReadCaller(string Number, CallerForm Form, IReadOnlySet<string> Columns)
{
    public void WriteTo(CallerRow row, DateTimeOffset now)
    {
        var whole = new CallerForm(
            Columns.Contains("name") ? Form.Name : row.Name,
            Columns.Contains("company") ? Form.Company : row.Company,
            Columns.Contains("notes") ? Form.Notes : row.Notes,
            Columns.Contains("tags") ? Form.Tags : row.Tags,
            Columns.Contains("vip") ? Form.Vip : row.Vip,
            Columns.Contains("blocked") ? Form.Blocked : row.Blocked);
        whole.WriteTo(row, now);
    }
}
