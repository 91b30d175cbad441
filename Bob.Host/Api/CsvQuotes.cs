namespace Bob.Host.Api;

/// <summary>The quotation marks of a CSV file (RFC 4180): a cell that begins with one ends with one, and a mark within it is written twice.</summary>
internal static class CsvQuotes
{
    private const char Quote = '"';

    /// <summary>Those that are out of place, each with the line it stands in. Within a cell that does not begin with one they are text.</summary>
    public static IEnumerable<string> Faults(string text)
    {
        var (line, opened) = (1, 0);
        var (begins, inside) = (true, false);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\n' || (c == '\r' && (i + 1 == text.Length || text[i + 1] != '\n')))
                line++;
            if (!inside)
            {
                inside = begins && c == Quote;
                opened = inside ? line : opened;
                begins = EndsCell(c);
            }
            else if (c == Quote)
            {
                var next = i + 1 < text.Length ? text[i + 1] : ',';
                if (next == Quote)
                {
                    i++;
                    continue;
                }

                (inside, begins) = (false, false);
                if (!EndsCell(next))
                    yield return $"Line {line}: has text behind the \" that closes a cell{(opened < line ? $", which line {opened} opens" : "")}. Write \"\" for a \" within a cell.";
            }
        }

        if (inside)
            yield return $"Line {opened}: \" opens a cell and nothing closes it. Write another \" where the cell ends.";
    }

    private static bool EndsCell(char c) => c is ',' or '\r' or '\n';
}
