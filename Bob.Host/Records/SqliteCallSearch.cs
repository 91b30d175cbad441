using System.Text.Json;
using Microsoft.EntityFrameworkCore;

namespace Bob.Host.Records;

/// <summary>
/// SQLite knows nothing of how often something occurs, so it is tried: what is rare (a word, a cost) is looked up and gives a few candidates; for what is
/// common the calls are walked, the newest first, until the page is full.
/// </summary>
internal sealed class SqliteCallSearch(RecordsContext db) : CallSearch(db)
{
    /// <summary>Most calls that are walked for one page; a page that would need more is short, and has a next one.</summary>
    private const int MostWalked = 4_000;

    /// <summary>Numbers of turns that are further apart than this are looked for by themselves.</summary>
    private const long Gap = 50;

    private const int Shortest = 100, Longest = 1_000;

    /// <summary>Keeps SQLite from looking a column up by its index.</summary>
    private const string Weak = "+";

    private const string TurnsThatSay = "SELECT count(*) AS \"Value\" FROM (SELECT rowid FROM turn_words WHERE turn_words MATCH {0} LIMIT {1})";

    private const string CallsThatCost = "SELECT count(*) AS \"Value\" FROM (SELECT 1 FROM calls WHERE cost_micros BETWEEN {0} AND {1} LIMIT {2})";

    private const string SaidWord = "(SELECT DISTINCT t.call_sid AS value FROM turn_words AS w CROSS JOIN turns AS t ON t.id = w.rowid WHERE w.turn_words MATCH {0})";

    private const string CostSoMuch = "(SELECT call_sid AS value FROM calls WHERE cost_micros BETWEEN {0} AND {1})";

    public override async Task<CallPage> PageAsync(CallQuery query, CancellationToken cancellation)
    {
        if (query.Words is not { } words)
            return Page(await RowsAsync((await QuestionAsync(query, cancellation)).NewestFirst(query.Limit + 1), cancellation), query.Limit);

        var match = Match(words);
        return await IsRareAsync(TurnsThatSay, [match, Rare + 1], cancellation)
            ? Page(await RowsAsync(Among(SaidWord, [match], query, Weak).NewestFirst(query.Limit + 1), cancellation), query.Limit)
            : await WalkAsync(query, match, cancellation);
    }

    /// <summary>Each word in quotation marks, which keeps it from being read as an operator.</summary>
    private static string Match(string words) => string.Join(
        ' ', words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(word => $"\"{word.Replace("\"", "\"\"", StringComparison.Ordinal)}\""));

    /// <summary>The question without its words.</summary>
    private async Task<CallSql> QuestionAsync(CallQuery query, CancellationToken cancellation)
    {
        object[] cost = [query.MinCostMicros ?? long.MinValue, query.MaxCostMicros ?? long.MaxValue];
        return query is { Caller: null } and not { MinCostMicros: null, MaxCostMicros: null }
            && await IsRareAsync(CallsThatCost, [.. cost, Rare + 1], cancellation)
                ? Among(CostSoMuch, cost, query, Weak)
                : new CallSql("calls AS c").And(query, Weak);
    }

    private async Task<CallPage> WalkAsync(CallQuery query, string match, CancellationToken cancellation)
    {
        List<CallPosition> found = [];
        var step = Shortest;
        var walked = 0;
        var atEnd = false;
        while (found.Count <= query.Limit && walked < MostWalked && !atEnd)
        {
            var calls = await PositionsAsync((await QuestionAsync(query, cancellation)).NewestFirst(step), cancellation);
            var said = await SaidAmongAsync(calls, match, cancellation);
            found.AddRange(calls.Where(call => said.Contains(call.CallSid)));
            atEnd = calls.Count < step;
            walked += calls.Count;
            // As many as will do if the rest is like what was seen, and some more.
            step = found.Count == 0 ? Longest : Math.Clamp((query.Limit + 1 - found.Count) * walked / found.Count * 5 / 4, Shortest, Longest);
            if (calls.Count > 0)
                query = query with { After = calls[^1] };
        }

        var page = Page(await RowsAsync(Of(found.Take(query.Limit + 1)), cancellation), query.Limit);
        return page.Next is null && !atEnd ? page with { Next = query.After } : page;
    }

    private static CallSql Of(IEnumerable<CallPosition> calls) => Among(
        "json_each({0})", [JsonSerializer.Serialize(calls.Select(call => call.CallSid))], new CallQuery(), Weak).NewestFirst(int.MaxValue);

    private async Task<List<CallPosition>> PositionsAsync(CallSql sql, CancellationToken cancellation)
    {
        var rows = await Db.Database.SqlQueryRaw<Position>(sql.Positions, sql.Parameters).ToListAsync(cancellation);
        return [.. rows.Select(row => new CallPosition(new DateTimeOffset(row.StartedAt, TimeSpan.Zero), row.CallSid))];
    }

    /// <summary>In which of some calls, and maybe of others, the words were said.</summary>
    private async Task<IReadOnlySet<string>> SaidAmongAsync(List<CallPosition> calls, string match, CancellationToken cancellation)
    {
        var spans = await Db.Database.SqlQueryRaw<Span>(
            "SELECT min(t.id) AS \"First\", max(t.id) AS \"Last\" FROM json_each({0}) AS c CROSS JOIN turns AS t ON t.call_sid = c.value GROUP BY c.key",
            JsonSerializer.Serialize(calls.Select(call => call.CallSid))).ToListAsync(cancellation);
        var said = await Db.Database.SqlQueryRaw<string>(
            "SELECT t.call_sid AS \"Value\" FROM json_each({0}) AS run CROSS JOIN turn_words AS w CROSS JOIN turns AS t ON t.id = w.rowid"
            + " WHERE w.turn_words MATCH {1} AND w.rowid BETWEEN json_extract(run.value, '$[0]') AND json_extract(run.value, '$[1]')",
            JsonSerializer.Serialize(Runs(spans)), match).ToListAsync(cancellation);
        return said.ToHashSet();
    }

    /// <summary>Turns of one time stand near each other; those of one caller do not.</summary>
    private static List<long[]> Runs(List<Span> spans)
    {
        List<long[]> runs = [];
        foreach (var (first, last) in spans.OrderBy(span => span.First))
        {
            if (runs.Count > 0 && first - runs[^1][1] <= Gap)
                runs[^1][1] = Math.Max(runs[^1][1], last);
            else
                runs.Add([first, last]);
        }

        return runs;
    }

    private sealed record Span(long First, long Last);

    private sealed record Position(DateTime StartedAt, string CallSid);
}
