using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using Bob.Bench.Books;
using Bob.Tests.Records;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Xunit;

namespace Bob.Tests.Api;

/// <summary>The API over books with many calls in them, and what it asks the database.</summary>
public abstract class SeededApi : IAsyncLifetime
{
    /// <summary>So many that no database reads a table as a whole because it is small.</summary>
    public const int Calls = 10_000;

    public ApiHost Bob { get; private set; } = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Connection string of a server's database; null: a file.</summary>
    protected abstract Task<string?> ServerAsync();

    public async ValueTask InitializeAsync()
    {
        Bob = await ApiHost.StartAsync(await ServerAsync());
        await SeededBooks.FillAsync(Bob.Database, Calls, Cancellation);
    }

    public ValueTask DisposeAsync() => Bob.DisposeAsync();

    /// <summary>All that the database is asked for one question to the API.</summary>
    public async Task<IReadOnlyList<(string Sql, IReadOnlyList<DbParameter> Parameters)>> AskedAsync(string question)
    {
        string database;
        await using (var db = Bob.Database.Open())
            database = db.Database.GetConnectionString()!;
        var commands = new Commands(database);
        using (DiagnosticListener.AllListeners.Subscribe(commands))
            (await Bob.GetAsync(question)).EnsureSuccessStatusCode();
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

public sealed class SqliteSeededApi : SeededApi
{
    protected override Task<string?> ServerAsync() => Task.FromResult<string?>(null);
}

public sealed class PostgresSeededApi(PostgresServer server) : SeededApi
{
    protected override async Task<string?> ServerAsync() => await server.NewDatabaseAsync();
}
