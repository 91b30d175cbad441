using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using AwesomeAssertions;
using Bob.Bench.Books;
using Bob.Host.Records;
using Bob.Tests.Records;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;
using Xunit;

namespace Bob.Tests.Api;

/// <summary>No question of the API reads all calls or all turns: the database says how it would answer each of them.</summary>
public abstract class ApiPlanSpecs : IAsyncLifetime
{
    private const int Calls = 5_000;

    private ApiHost _bob = null!;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Connection string of a server's database; null: a file.</summary>
    protected abstract Task<string?> ServerAsync();

    /// <summary>The parts of a plan that read a whole table.</summary>
    protected abstract Task<IReadOnlyList<string>> ScansAsync(DbConnection connection, string sql, IReadOnlyList<DbParameter> parameters);

    public async ValueTask InitializeAsync()
    {
        _bob = await ApiHost.StartAsync(await ServerAsync());
        await SeededBooks.FillAsync(_bob.Database, Calls, Cancellation);
    }

    public ValueTask DisposeAsync() => _bob.DisposeAsync();

    [Fact]
    public async Task Every_question_starts_from_an_index()
    {
        List<string> scans = [];
        var cursor = (await _bob.JsonAsync("/api/calls?limit=1")).GetProperty("next").GetString();
        foreach (var question in ApiQuestions.Of(Calls, $"/api/calls?cursor={cursor}"))
        {
            var asked = await AskedAsync(question);
            asked.Should().NotBeEmpty(question);
            await using var db = _bob.Database.Open();
            await db.Database.OpenConnectionAsync(Cancellation);
            foreach (var (sql, parameters) in asked)
                scans.AddRange((await ScansAsync(db.Database.GetDbConnection(), sql, parameters)).Select(scan => $"{question}: {scan} IN {sql}"));
        }

        scans.Should().BeEmpty();
    }

    [Fact]
    public async Task Words_are_found_whether_they_are_rare_or_common()
    {
        (await CountAsync("words=zanzibar")).Should().Be(2);
        (await CountAsync("words=centennial")).Should().Be(50);
        (await CountAsync("words=weekly")).Should().Be(200, "the page is full");
        (await CountAsync("words=hello")).Should().Be(200);
        (await CountAsync("words=hello&reason=model-no-credit")).Should().Be(5);
        (await CountAsync("words=hello&from=2025-01-02&to=2025-01-02")).Should().Be(200);
        (await CountAsync("words=hello%20zanzibar")).Should().Be(0);
    }

    private async Task<int> CountAsync(string query) => (await _bob.JsonAsync($"/api/calls?limit=200&{query}")).GetProperty("items").GetArrayLength();

    private async Task<IReadOnlyList<(string Sql, IReadOnlyList<DbParameter> Parameters)>> AskedAsync(string question)
    {
        string database;
        await using (var db = _bob.Database.Open())
            database = db.Database.GetConnectionString()!;
        var commands = new Commands(database);
        using (DiagnosticListener.AllListeners.Subscribe(commands))
            (await _bob.GetAsync(question)).EnsureSuccessStatusCode();
        return [.. commands.Seen];
    }

    /// <summary>What Entity Framework asks one database.</summary>
    private sealed class Commands(string database) : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
    {
        public ConcurrentQueue<(string, IReadOnlyList<DbParameter>)> Seen { get; } = new();

        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == DbLoggerCategory.Name)
                value.Subscribe(this);
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value is { Key: { } key, Value: CommandEventData command } && key == RelationalEventId.CommandExecuting.Name
                && command.Context?.Database.GetConnectionString() == database)
                Seen.Enqueue((command.Command.CommandText, [.. command.Command.Parameters.Cast<DbParameter>()]));
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }
}

public sealed class SqliteApiPlanSpecs : ApiPlanSpecs
{
    protected override Task<string?> ServerAsync() => Task.FromResult<string?>(null);

    protected override async Task<IReadOnlyList<string>> ScansAsync(DbConnection connection, string sql, IReadOnlyList<DbParameter> parameters)
    {
        await using var explain = connection.CreateCommand();
        explain.CommandText = $"EXPLAIN QUERY PLAN {sql}";
        foreach (var parameter in parameters)
            explain.Parameters.Add(new Microsoft.Data.Sqlite.SqliteParameter(parameter.ParameterName, parameter.Value));
        await using var reader = await explain.ExecuteReaderAsync(Cancellation);
        List<string> scans = [];
        while (await reader.ReadAsync(Cancellation))
        {
            var step = reader.GetString(3);
            if (step.StartsWith("SCAN ", StringComparison.Ordinal) && !IsBounded(step, sql))
                scans.Add(step);
        }

        return scans;
    }

    /// <summary>A few candidates, what JSON or the index of words gives, and a list in the order of an index up to a limit; turns never.</summary>
    private static bool IsBounded(string step, string sql) =>
        step is "SCAN candidate" || step.StartsWith("SCAN (", StringComparison.Ordinal) || step.Contains("VIRTUAL TABLE", StringComparison.Ordinal)
        || (step == "SCAN m" && sql.Contains("ORDER BY \"m\".\"id\" DESC", StringComparison.Ordinal) && sql.Contains("LIMIT", StringComparison.Ordinal)) // by its key
        || (step.Contains(" USING ", StringComparison.Ordinal) && sql.Contains("LIMIT", StringComparison.Ordinal) && !step.StartsWith("SCAN t", StringComparison.Ordinal));
}

public sealed class PostgresApiPlanSpecs(PostgresServer server) : ApiPlanSpecs
{
    protected override async Task<string?> ServerAsync() => await server.NewDatabaseAsync();

    protected override async Task<IReadOnlyList<string>> ScansAsync(DbConnection connection, string sql, IReadOnlyList<DbParameter> parameters)
    {
        await using var explain = (NpgsqlCommand)connection.CreateCommand();
        // A table of 5,000 rows is read as a whole because it is small; the question is whether an index would do.
        explain.CommandText = "SET enable_seqscan = off";
        await explain.ExecuteNonQueryAsync(Cancellation);
        explain.CommandText = $"EXPLAIN {sql}";
        foreach (var parameter in parameters)
            explain.Parameters.Add(((NpgsqlParameter)parameter).Clone());
        await using var reader = await explain.ExecuteReaderAsync(Cancellation);
        List<string> scans = [];
        while (await reader.ReadAsync(Cancellation))
        {
            var step = reader.GetString(0);
            if (step.Contains("Seq Scan", StringComparison.Ordinal))
                scans.Add(step);
        }

        return scans;
    }
}
