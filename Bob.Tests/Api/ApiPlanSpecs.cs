using System.Data.Common;
using System.Text.RegularExpressions;
using AwesomeAssertions;
using Bob.Bench.Books;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xunit;

namespace Bob.Tests.Api;

/// <summary>
/// Every question of the API is answered by the index that was made for it, and no table is read as a whole: the database says how it would answer, with
/// many calls in the books and its own choice of plan. That the specs would see a missing index, a spec shows with each of them.
/// </summary>
public abstract partial class ApiPlanSpecs(SeededApi books)
{
    protected const string ByTime = "IX_calls_started_at_call_sid", ByCaller = "IX_calls_caller_started_at_call_sid", ByResult = "IX_calls_result_started_at_call_sid",
        BySide = "IX_calls_side_started_at_call_sid", ByReason = "IX_calls_reason_started_at_call_sid", ByCost = "IX_calls_cost_micros_started_at_call_sid",
        TurnsOfCall = "IX_turns_call_sid_item_id", ToolsOfCall = "IX_tool_runs_call_sid_tool_call_id", UsageOfCall = "IX_usage_call_sid",
        MessagesOfCall = "IX_messages_call_sid", MessagesOfCaller = "IX_messages_caller", OpenMessages = "ix_messages_open";

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The indexes that answer a question of <see cref="ApiQuestions"/>, which is named by its parameters without their values.</summary>
    protected abstract IReadOnlyDictionary<string, string[]> Expected { get; }

    /// <summary>Whether a line of a plan reads a table, or an index, from one end to the other.</summary>
    /// <param name="sql">What the plan is for.</param>
    protected abstract bool ReadsAll(string line, string sql);

    protected abstract DbParameter Copy(DbParameter parameter);

    /// <summary>What stands before a question to be told its plan.</summary>
    protected abstract string Explain { get; }

    /// <summary>The text in a row of a plan.</summary>
    protected abstract string Line(DbDataReader row);

    [Fact]
    public async Task Every_question_is_answered_by_the_index_that_was_made_for_it()
    {
        List<string> faults = [];
        foreach (var asked in await QuestionsAsync())
            faults.AddRange(await FaultsAsync(asked, null));

        faults.Should().BeEmpty();
    }

    [Fact]
    public async Task An_index_that_is_missing_is_noticed()
    {
        var questions = await QuestionsAsync();
        var indexes = Expected.Values.SelectMany(names => names).Where(name => name.StartsWith("IX_", StringComparison.OrdinalIgnoreCase)).Distinct().ToList();
        indexes.Count.Should().BeGreaterThan(10);

        List<string> unnoticed = [];
        foreach (var index in indexes)
        {
            List<string> faults = [];
            foreach (var asked in questions.Where(one => Expected[one.Name].Contains(index)))
                faults.AddRange(await FaultsAsync(asked, index));
            if (faults.Count == 0)
                unnoticed.Add(index);
        }

        unnoticed.Should().BeEmpty();
    }

    [Fact]
    public async Task Words_are_found_whether_they_are_rare_or_common()
    {
        (await CountAsync("words=zanzibar")).Should().Be(4);
        (await CountAsync("words=centennial")).Should().Be(100);
        (await CountAsync("words=weekly")).Should().Be(200, "the page is full");
        (await CountAsync("words=hello")).Should().Be(200);
        (await CountAsync("words=hello&reason=model-no-credit")).Should().Be(10);
        (await CountAsync("words=hello&from=2025-01-02&to=2025-01-02")).Should().Be(200);
        (await CountAsync("words=hello%20zanzibar")).Should().Be(0);
    }

    private async Task<int> CountAsync(string query) => (await books.Bob.JsonAsync($"/api/calls?limit=200&{query}")).GetProperty("items").GetArrayLength();

    private async Task<IReadOnlyList<Question>> QuestionsAsync()
    {
        var cursor = (await books.Bob.JsonAsync("/api/calls?limit=1")).GetProperty("next").GetString();
        List<Question> questions = [];
        foreach (var address in ApiQuestions.Of(SeededApi.Calls, $"/api/calls?cursor={cursor}"))
            questions.Add(new Question(Name(address), await books.AskedAsync(address)));
        questions.Select(question => question.Name).Should().BeEquivalentTo(Expected.Keys);
        return questions;
    }

    /// <param name="without">An index that is not there for once.</param>
    private async Task<IReadOnlyList<string>> FaultsAsync(Question question, string? without)
    {
        await using var db = books.Bob.Database.Open();
        await db.Database.OpenConnectionAsync(Cancellation);
        var connection = db.Database.GetDbConnection();
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        if (without is not null)
            await ExecuteAsync(connection, transaction, $"DROP INDEX \"{without}\"");
        List<string> faults = [];
        HashSet<string> used = [];
        foreach (var (sql, parameters) in question.Asked)
        {
            foreach (var line in await PlanAsync(connection, transaction, sql, parameters))
            {
                used.UnionWith(IndexName().Matches(line).Select(match => match.Value));
                if (ReadsAll(line, sql))
                    faults.Add($"{question.Name}: {line.Trim()} IN {sql}");
            }
        }

        await transaction.RollbackAsync(Cancellation);
        faults.AddRange(Expected[question.Name].Except(used).Select(index => $"{question.Name}: {index} is not used, but {string.Join(", ", used)}"));
        return faults;
    }

    private async Task<IReadOnlyList<string>> PlanAsync(DbConnection connection, DbTransaction transaction, string sql, IReadOnlyList<DbParameter> parameters)
    {
        await using var explain = connection.CreateCommand();
        (explain.CommandText, explain.Transaction) = ($"{Explain} {sql}", transaction);
        foreach (var parameter in parameters)
            explain.Parameters.Add(Copy(parameter));
        await using var reader = await explain.ExecuteReaderAsync(Cancellation);
        List<string> plan = [];
        while (await reader.ReadAsync(Cancellation))
            plan.Add(Line(reader));
        return plan;
    }

    private static async Task ExecuteAsync(DbConnection connection, DbTransaction transaction, string sql)
    {
        await using var command = connection.CreateCommand();
        (command.CommandText, command.Transaction) = (sql, transaction);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    /// <summary>An address without the values of its parameters, but for those on which the plan hangs.</summary>
    private static string Name(string address)
    {
        var parts = address.Split('?');
        var path = parts[0].Replace(SeededBooks.CallSid(SeededApi.Calls / 40 * 20), "{callSid}", StringComparison.Ordinal).Replace(SeededBooks.Caller(7), "{number}", StringComparison.Ordinal);
        return parts.Length == 1 ? path : $"{path}?{string.Join('&', parts[1].Split('&').Select(one => one.Split('=')[0] is "words" or "handled" ? one : one.Split('=')[0]))}";
    }

    [GeneratedRegex(@"\b((IX|ix|PK)_\w+|sqlite_autoindex_\w+)")]
    private static partial Regex IndexName();

    private sealed record Question(string Name, IReadOnlyList<(string Sql, IReadOnlyList<DbParameter> Parameters)> Asked);
}

public sealed class SqliteApiPlanSpecs(SqliteSeededApi books) : ApiPlanSpecs(books), IClassFixture<SqliteSeededApi>
{
    private const string Call = "sqlite_autoindex_calls_1", Caller = "sqlite_autoindex_callers_1";

    protected override IReadOnlyDictionary<string, string[]> Expected { get; } = new Dictionary<string, string[]>
    {
        ["/api/calls"] = [ByTime],
        ["/api/calls?cursor"] = [ByTime],
        ["/api/calls?from&to"] = [ByTime],
        ["/api/calls?number"] = [ByCaller],
        ["/api/calls?number&result&from"] = [ByCaller],
        ["/api/calls?result"] = [ByResult],
        ["/api/calls?side&to"] = [BySide],
        ["/api/calls?reason"] = [ByReason],
        ["/api/calls?result&side&reason"] = [ByReason],
        ["/api/calls?minCost"] = [ByCost, Call],
        ["/api/calls?minCost&maxCost&result"] = [ByCost, Call],
        ["/api/calls?words=zanzibar"] = [Call],
        ["/api/calls?words=centennial"] = [Call],
        ["/api/calls?words=weekly"] = [Call],
        ["/api/calls?words=hello"] = [ByTime, TurnsOfCall, Call],
        ["/api/calls?words=w1+w2"] = [Call],
        ["/api/calls?words=w700"] = [Call],
        ["/api/calls?words=hello&result"] = [ByResult, TurnsOfCall, Call],
        ["/api/calls?words=weekly&from&to"] = [Call],
        ["/api/calls?words=hello&number"] = [ByCaller, TurnsOfCall, Call],
        ["/api/calls/{callSid}"] = [Call, TurnsOfCall, ToolsOfCall, MessagesOfCall, UsageOfCall],
        ["/api/callers"] = [Caller],
        ["/api/callers/{number}"] = [Caller],
        ["/api/callers.csv"] = [Caller],
        ["/api/messages"] = [],
        ["/api/messages?handled=false"] = [OpenMessages],
        ["/api/messages?handled=true"] = [],
        ["/api/messages?number"] = [MessagesOfCaller],
        ["/api/messages/5"] = [],
    };

    protected override string Explain => "EXPLAIN QUERY PLAN";

    protected override string Line(DbDataReader row) => row.GetString(3);

    protected override DbParameter Copy(DbParameter parameter) => new SqliteParameter(parameter.ParameterName, parameter.Value);

    /// <summary>But for candidates, what JSON or the index of words gives, and a list in the order of an index or a key, up to a limit.</summary>
    protected override bool ReadsAll(string line, string sql)
    {
        if (!line.StartsWith("SCAN ", StringComparison.Ordinal) || line is "SCAN candidate" || line.StartsWith("SCAN (", StringComparison.Ordinal))
            return false;
        if (line.Contains("VIRTUAL TABLE", StringComparison.Ordinal))
            return !line.Contains("VIRTUAL TABLE INDEX 1:", StringComparison.Ordinal) && !line.Contains(":M", StringComparison.Ordinal);
        var inOrder = line.Contains(" USING ", StringComparison.Ordinal) || (line == "SCAN m" && sql.Contains("ORDER BY \"m\".\"id\" DESC", StringComparison.Ordinal));
        return !inOrder || !sql.Contains("LIMIT", StringComparison.Ordinal) || line.StartsWith("SCAN t", StringComparison.Ordinal);
    }
}

public sealed class PostgresApiPlanSpecs(PostgresSeededApi books) : ApiPlanSpecs(books), IClassFixture<PostgresSeededApi>
{
    private const string Call = "PK_calls", Caller = "PK_callers", Message = "PK_messages", Words = "ix_turns_heard_words";

    protected override IReadOnlyDictionary<string, string[]> Expected { get; } = new Dictionary<string, string[]>
    {
        ["/api/calls"] = [ByTime],
        ["/api/calls?cursor"] = [ByTime],
        ["/api/calls?from&to"] = [ByTime],
        ["/api/calls?number"] = [ByCaller],
        ["/api/calls?number&result&from"] = [ByCaller],
        ["/api/calls?result"] = [ByResult],
        ["/api/calls?side&to"] = [BySide],
        ["/api/calls?reason"] = [ByReason],
        ["/api/calls?result&side&reason"] = [ByReason],
        ["/api/calls?minCost"] = [ByCost],
        ["/api/calls?minCost&maxCost&result"] = [ByTime],
        ["/api/calls?words=zanzibar"] = [Words, Call],
        ["/api/calls?words=centennial"] = [Words, Call],
        ["/api/calls?words=weekly"] = [Words, Call],
        ["/api/calls?words=hello"] = [ByTime, TurnsOfCall],
        ["/api/calls?words=w1+w2"] = [Words, Call],
        ["/api/calls?words=w700"] = [Words, Call],
        ["/api/calls?words=hello&result"] = [ByResult, TurnsOfCall],
        ["/api/calls?words=weekly&from&to"] = [Words, Call],
        ["/api/calls?words=hello&number"] = [ByCaller, TurnsOfCall],
        ["/api/calls/{callSid}"] = [Call, TurnsOfCall, ToolsOfCall, MessagesOfCall, UsageOfCall],
        ["/api/callers"] = [Caller],
        ["/api/callers/{number}"] = [Caller],
        ["/api/callers.csv"] = [Caller],
        ["/api/messages"] = [Message],
        ["/api/messages?handled=false"] = [OpenMessages],
        ["/api/messages?handled=true"] = [Message],
        ["/api/messages?number"] = [MessagesOfCaller],
        ["/api/messages/5"] = [Message],
    };

    protected override string Explain => "EXPLAIN";

    protected override string Line(DbDataReader row) => row.GetString(0);

    protected override DbParameter Copy(DbParameter parameter) => ((NpgsqlParameter)parameter).Clone();

    /// <summary>But for the look whether a word is rare, which ends at the first so many turns that have it.</summary>
    protected override bool ReadsAll(string line, string sql) => line.Contains("Seq Scan", StringComparison.Ordinal) && !sql.StartsWith("SELECT count(*)", StringComparison.Ordinal);
}
