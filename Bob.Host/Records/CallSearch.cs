using System.Globalization;
using System.Text;
using Bob.Actors.Calls;
using Microsoft.EntityFrameworkCore;

namespace Bob.Host.Records;

/// <summary>
/// Finds calls. Every question starts from an index, and none reads all calls or all turns. SQL by hand: the two databases want to be asked in
/// different ways, and neither way is one that LINQ says.
/// </summary>
public abstract class CallSearch(RecordsContext db)
{
    /// <summary>Up to so many turns, or calls, something is rare: that many are read and sorted in some 20 ms.</summary>
    protected const int Rare = 2_000;

    protected RecordsContext Db { get; } = db;

    public static CallSearch Of(RecordsContext db) => db is SqliteRecords ? new SqliteCallSearch(db) : new PostgresCallSearch(db);

    public abstract Task<CallPage> PageAsync(CallQuery query, CancellationToken cancellation);

    protected static CallPage Page(List<CallRow> rows, int limit) => rows.Count <= limit
        ? new CallPage(rows, null)
        : new CallPage(rows[..limit], At(rows[limit - 1]));

    protected static CallPosition At(CallRow row) => new(row.StartedAt, row.CallSid);

    /// <summary>Begins with the candidates, whatever else there is to know.</summary>
    /// <param name="candidates">Gives CallSids by the name of <c>value</c>.</param>
    /// <param name="parameters">Those of the candidates.</param>
    protected static CallSql Among(string candidates, object[] parameters, CallQuery query, string weak = "") =>
        new CallSql($"{candidates} AS candidate CROSS JOIN calls AS c", parameters).And("c.call_sid = candidate.value").And(query, weak);

    /// <param name="count">Counts something, up to one more than is rare.</param>
    protected async Task<bool> IsRareAsync(string count, object[] parameters, CancellationToken cancellation) =>
        (await Db.Database.SqlQueryRaw<int>(count, parameters).ToListAsync(cancellation))[0] <= Rare;

    protected Task<List<CallRow>> RowsAsync(CallSql sql, CancellationToken cancellation) =>
        Db.Calls.FromSqlRaw(sql.Text, sql.Parameters).AsNoTracking().ToListAsync(cancellation);
}

/// <summary>A question about calls, put together from fixed pieces; whatever a client wrote is a parameter.</summary>
public sealed class CallSql
{
    private const string Whole = "SELECT c.* FROM ";

    private readonly StringBuilder _text = new();
    private readonly List<object> _parameters = [];
    private string _joint = " WHERE ";

    /// <param name="from">The table <c>calls</c> as <c>c</c>, and what it is joined to.</param>
    public CallSql(string from, params object[] parameters)
    {
        _text.Append(Whole).Append(from);
        _parameters.AddRange(parameters);
    }

    public string Text => _text.ToString();

    /// <summary>The same question for no more than the places of the calls.</summary>
    public string Positions => $"SELECT c.started_at AS \"StartedAt\", c.call_sid AS \"CallSid\" FROM {_text.ToString(Whole.Length, _text.Length - Whole.Length)}";

    public object[] Parameters => [.. _parameters];

    /// <summary>Adds a condition. <c>{}</c> in it stands for the next of <paramref name="parameters"/>.</summary>
    public CallSql And(string condition, params object[] parameters)
    {
        _text.Append(_joint);
        var parts = condition.Split("{}");
        for (var i = 0; i < parts.Length; i++)
        {
            if (i > 0)
            {
                _text.Append(CultureInfo.InvariantCulture, $"{{{_parameters.Count}}}");
                _parameters.Add(parameters[i - 1]);
            }

            _text.Append(parts[i]);
        }

        _joint = " AND ";
        return this;
    }

    /// <summary>All conditions of a query but for words.</summary>
    /// <param name="weak">Put before the columns that are not to be looked up by an index, because another one is better.</param>
    public CallSql And(CallQuery query, string weak = "")
    {
        var led = false;
        Equal("caller", query.Caller);
        Equal("reason", query.Reason);
        Equal("side", query.Side is { } side ? Enum.GetName<CallSide>(side) : null);
        Equal("result", query.Result is { } result ? Enum.GetName<CallResult>(result) : null);
        if (query.MinCostMicros is { } least)
            And($"{weak}c.cost_micros >= {{}}", least);
        if (query.MaxCostMicros is { } most)
            And($"{weak}c.cost_micros <= {{}}", most);
        if (query.From is { } from)
            And("c.started_at >= {}", from.UtcDateTime);
        if (query.Before is { } before)
            And("c.started_at < {}", before.UtcDateTime);
        if (query.After is { } after)
            And("(c.started_at, c.call_sid) < ({}, {})", after.StartedAt.UtcDateTime, after.CallSid);
        return this;

        // From the one that names the fewest calls to the one that names the most; the first leads.
        void Equal(string column, string? value)
        {
            if (value is null)
                return;
            And($"{(led ? weak : "")}c.{column} = {{}}", value);
            led = true;
        }
    }

    public CallSql NewestFirst(int limit)
    {
        _text.Append(CultureInfo.InvariantCulture, $" ORDER BY c.started_at DESC, c.call_sid DESC LIMIT {limit}");
        return this;
    }
}

/// <summary>PostgreSQL knows how often something occurs, and chooses by that; but not well where words are rare, so those it is told.</summary>
internal sealed class PostgresCallSearch(RecordsContext db) : CallSearch(db)
{
    public override async Task<CallPage> PageAsync(CallQuery query, CancellationToken cancellation)
    {
        CallSql sql;
        if (query.Words?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is not { } words)
            sql = new CallSql("calls AS c").And(query);
        else if (await IsRareAsync($"SELECT count(*)::int AS \"Value\" FROM (SELECT 1 FROM turns WHERE {Says(words.Select((_, i) => $"{{{i}}}"))} LIMIT {Rare + 1}) AS counted", words, cancellation))
            // As an array, because a join to a few hundred calls may make the planner read all of them.
            sql = new CallSql("calls AS c").And($"c.call_sid = ANY(ARRAY(SELECT DISTINCT call_sid FROM turns WHERE {Says(words.Select(_ => "{}"))}))", words).And(query);
        else
            sql = new CallSql("calls AS c").And(query).And($"EXISTS (SELECT 1 FROM turns AS t WHERE t.call_sid = c.call_sid AND t.{Says(words.Select(_ => "{}"))})", words);
        return Page(await RowsAsync(sql.NewestFirst(query.Limit + 1), cancellation), query.Limit);
    }

    /// <summary>What is one word to whoever asks may be several to the index: they stand side by side then, as with SQLite.</summary>
    /// <param name="words">Where the parameters stand.</param>
    private static string Says(IEnumerable<string> words) =>
        $"heard_words @@ ({string.Join(" && ", words.Select(word => $"phraseto_tsquery('simple', bob_words({word}))"))})";
}
