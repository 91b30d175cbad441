using System.Text;
using AwesomeAssertions;
using Bob.Host.Api;
using Bob.Host.Records;
using Bob.Host.Twilio;
using CsCheck;
using Xunit;

namespace Bob.Tests.Api;

public sealed class CallersCsvSpecs
{
    /// <summary>Texts with all that CSV and spreadsheets make something of.</summary>
    private static readonly Gen<string> Cell =
        Gen.OneOf(Gen.Char["=+-@\t\r\n'\",;|! aé您\uff1d\uff0b"].Array[0, 12].Select(chars => new string(chars)), Gen.Char.AlphaNumeric.Array[0, 12].Select(chars => new string(chars)));

    private static readonly Gen<CallerRow> Row = Gen.Select(Cell, Cell, Cell, Cell.List[0, 3], Gen.Bool, Gen.Bool, (name, company, notes, tags, vip, blocked) =>
    {
        var row = new CallerRow { Number = "+15550100001" };
        new CallerForm(Line(name), Line(company), notes, [.. tags.Select(tag => Line(tag).Replace(";", "", StringComparison.Ordinal)).Where(tag => tag.Trim().Length > 0)], vip, blocked)
            .WriteTo(row, DateTimeOffset.UnixEpoch);
        return row;
    });

    [Fact]
    public void Whatever_is_written_down_comes_back_as_it_was() => Row.List[1, 5].Sample(rows =>
    {
        var numbered = rows.Select((row, i) => Copy(row, $"+1555010000{i}")).ToList();

        var (callers, faults) = CallersCsv.Read(CallersCsv.Write(numbered, first: true));

        faults.Should().BeEmpty();
        callers.Select(caller =>
        {
            var row = new CallerRow { Number = caller.Number };
            caller.WriteTo(row, DateTimeOffset.UnixEpoch);
            return row;
        }).Should().BeEquivalentTo(numbered, options => options.WithStrictOrdering());
    });

    [Fact]
    public void D7_No_cell_begins_as_a_formula_does() => Row.Sample(row =>
    {
        var text = Encoding.UTF8.GetString(CallersCsv.Write([row], first: false));

        using var csv = new CsvHelper.CsvParser(new StringReader(text), System.Globalization.CultureInfo.InvariantCulture);
        csv.Read();
        csv.Record!.Where(cell => cell.Length > 0 && "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20".Contains(cell[0])).Should().BeEmpty();
    });

    [Theory]
    [InlineData(';')]
    [InlineData('\t')]
    public void D7_Nor_does_one_where_lines_are_cut_elsewhere(char separator) => Row.Sample(row =>
    {
        var text = Encoding.UTF8.GetString(CallersCsv.Write([row], first: false));

        // As a spreadsheet cuts a line that takes quotation marks for what they are at the beginning of a cell alone.
        var cells = text.Split(separator, '\r', '\n').Select(cell => cell.TrimStart(' ', '"'));
        cells.Where(cell => cell.Length > 0 && "=+-@\uff1d\uff0b\uff0d\uff20".Contains(cell[0])).Should().BeEmpty();
    });

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("call back;=HYPERLINK(1);thanks", "call back;'=HYPERLINK(1);thanks")]
    [InlineData("a\n@SUM(1)", "a\n'@SUM(1)")]
    [InlineData(" \"=1\"", " \"'=1\"")]
    [InlineData("1+1=2; o'clock", "1+1=2; o'clock")]
    [InlineData("'=1", "''=1")]
    public void D7_An_apostrophe_stands_where_a_formula_could_begin(string cell, string written)
    {
        CallersCsv.Guarded(cell).Should().Be(written);
        CallersCsv.Bare(written).Should().Be(cell);
    }

    [Fact]
    public void A_guard_comes_off_as_it_went_on() => Cell.Sample(cell => CallersCsv.Bare(CallersCsv.Guarded(cell)).Should().Be(cell));

    [Fact]
    public void An_apostrophe_that_guards_nothing_stays() => CallersCsv.Bare("'s Heerenberg").Should().Be("'s Heerenberg");

    [Fact]
    public void Whatever_a_file_holds_it_is_read_or_refused() =>
        Gen.Char["number,name\r\n\"';+1 50="].Array[0, 80].Select(chars => new string(chars)).Sample(text =>
        {
            var (callers, faults) = CallersCsv.Read(Encoding.UTF8.GetBytes("number,name\n" + text));

            callers.Should().OnlyContain(caller => PhoneNumber.Of(caller.Number) != null);
            faults.Should().OnlyContain(fault => fault.StartsWith("Line ", StringComparison.Ordinal));
        });

    [Theory]
    [InlineData("+15550100001,\"Ada\n+15550100002,Bo\n+15550100003,\"Cy\"\n", "Line 4: has text behind the \" that closes a cell, which line 2 opens. Write")]
    [InlineData("+15550100001,Ada\n+15550100002,\"Bo\nand so on\n", "Line 3: \" opens a cell and nothing closes it. Write another \" where the cell ends.")]
    [InlineData("+15550100001,\"Ada\"\"\n", "Line 2: \" opens a cell and nothing closes it")]
    [InlineData("\"", "Line 2: \" opens a cell and nothing closes it")]
    [InlineData("+15550100001,\"two\nlines\"x\n", "Line 3: has text behind the \" that closes a cell, which line 2 opens. Write \"\" for a \" within a cell.")]
    [InlineData("+15550100001,\"a\"b\"c\"\r\n\"+1\" ,Bo", "Line 2: has text behind the \"", "Line 3: has text behind the \"")]
    public void A_quotation_mark_that_is_out_of_place_is_told_with_its_line(string lines, params string[] told)
    {
        var (callers, faults) = CallersCsv.Read(Encoding.UTF8.GetBytes($"number,name\n{lines}"));

        callers.Should().BeEmpty();
        faults.Should().HaveSameCount(told.Where(one => one.StartsWith("Line ", StringComparison.Ordinal)));
        string.Join('\n', faults).Should().ContainAll(told);
    }

    [Fact]
    public void Quotation_marks_in_their_place_are_read()
    {
        var (callers, faults) = CallersCsv.Read(Encoding.UTF8.GetBytes("number,name,notes\r\n\"+15550100001\",\"Ada \"\"the\"\" B\",\"a,\r\nb\"\r\n+15550100002,5\" pipe,\"\"\r\n"));

        faults.Should().BeEmpty();
        callers.Select(caller => caller.Form.Name).Should().Equal("Ada \"the\" B", "5\" pipe");
        callers[0].Form.Notes.Should().Be("a,\r\nb");
    }

    [Theory]
    [InlineData("+15550100001", "+15550100001")]
    [InlineData(" +1 (555) 010-0001 ", "+15550100001")]
    [InlineData("0049 30 901820", "+4930901820")]
    [InlineData("+44 (0)20 7946 0958", "+442079460958")]
    [InlineData("030 901820", null)]
    [InlineData("+0123456789", null)]
    [InlineData("+1234567890123456", null)]
    [InlineData("+1555o100001", null)]
    [InlineData("", null)]
    public void A_number_is_read_as_people_write_it(string written, string? number) => PhoneNumber.Of(written)?.Value.Should().Be(number);

    private static CallerRow Copy(CallerRow row, string number) => new()
    {
        Number = number,
        Name = row.Name,
        Company = row.Company,
        Notes = row.Notes,
        Tags = row.Tags,
        Vip = row.Vip,
        Blocked = row.Blocked,
        UpdatedAt = row.UpdatedAt,
    };

    private static string Line(string text) => new([.. text.Where(c => !char.IsControl(c))]);
}
