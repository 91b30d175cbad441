using System.Text.Encodings.Web;
using System.Text.Json;
using Bob.Simulator.Torture;

namespace Bob.Simulator.CommandLine;

/// <summary>Writes a torture run down for people, or as JSON for programs.</summary>
internal static class TorturePrinter
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>One line, and what was seen instead where it was not survived.</summary>
    public static void Print(TextWriter output, Verdict verdict, bool verbose)
    {
        var recovered = string.Join(", ", verdict.Recoveries.Select(one => FormattableString.Invariant($"{one.Of} {one.Took.TotalMilliseconds:0} ms")));
        output.WriteLine(FormattableString.Invariant(
            $"{(verdict.Survived ? "ok " : "RED")} {verdict.Case.Name,-22} {verdict.Case.Scenario.Hears}  {verdict.Took.TotalSeconds,5:0.0} s  {verdict.Case.Scenario.Title}{(recovered.Length > 0 ? $"  [{recovered}]" : "")}"));
        foreach (var failure in verdict.Failures)
            output.WriteLine($"      {failure}");
        if (!verdict.Survived && verdict.Heard.Length > 0)
            output.WriteLine($"      heard: {verdict.Heard}");
        foreach (var line in verbose && !verdict.Survived ? verdict.Story : [])
            output.WriteLine($"        {line}");
    }

    public static void Print(TextWriter output, TortureReport report)
    {
        output.WriteLine();
        foreach (var (id, why) in report.NotApplicable)
            output.WriteLine($"not applicable yet: {id}, {why}");
        foreach (var recovery in Recoveries(report))
            output.WriteLine(FormattableString.Invariant($"recovery of {recovery.Of,-9} p50 {recovery.P50:0} ms, p99 {recovery.P99:0} ms, {recovery.Count} seen"));
        output.WriteLine(FormattableString.Invariant($"survived {report.Survived.Count}/{report.Ids.Count} ({report.Verdicts.Count} cases) in {report.Took.TotalSeconds:0} s"));
        if (report.Red.Count > 0)
            output.WriteLine($"red: {string.Join(' ', report.Red)}");
    }

    public static void PrintJson(TextWriter output, TortureReport report, bool verbose) => output.WriteLine(JsonSerializer.Serialize(
        new
        {
            Survived = report.Survived,
            report.Red,
            report.NotApplicable,
            Recoveries = Recoveries(report),
            Seconds = Math.Round(report.Took.TotalSeconds, 1),
            Cases = report.Verdicts.Select(verdict => new
            {
                verdict.Case.Id,
                verdict.Case.Case,
                verdict.Case.Scenario.Title,
                verdict.Survived,
                verdict.Failures,
                verdict.Heard,
                Recoveries = verdict.Recoveries.Select(one => new { one.Of, Ms = Math.Round(one.Took.TotalMilliseconds) }),
                Seconds = Math.Round(verdict.Took.TotalSeconds, 1),
                Story = verbose && !verdict.Survived ? verdict.Story : [],
            }),
        },
        Json));

    private static IEnumerable<RecoveryFigures> Recoveries(TortureReport report) => report.Verdicts.SelectMany(verdict => verdict.Recoveries)
        .GroupBy(one => one.Of).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group =>
        {
            var sorted = group.Select(one => one.Took.TotalMilliseconds).Order().ToList();
            return new RecoveryFigures(group.Key, Math.Round(sorted[(sorted.Count - 1) / 2]), Math.Round(sorted[(int)Math.Ceiling(sorted.Count * 0.99) - 1]), sorted.Count);
        });

    private sealed record RecoveryFigures(string Of, double P50, double P99, int Count);
}
