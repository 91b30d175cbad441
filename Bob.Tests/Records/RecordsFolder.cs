using System.Linq.Expressions;
using Bob.Host.Records;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Bob.Tests.Records;

/// <summary>A folder of a spec's own, with a database that is made already and a spool; gone with the spec.</summary>
public sealed class RecordsFolder : IDisposable
{
    /// <summary>Made once: its tables take longer to make than to copy.</summary>
    private static readonly Lazy<byte[]> EmptyDatabase = new(() =>
    {
        using var folder = new RecordsFolder(empty: true);
        RecordsDatabase.InFile(folder.Database).PrepareAsync(CancellationToken.None).GetAwaiter().GetResult();
        SqliteConnection.ClearAllPools(); // the last connection brings its journal into the file
        return File.ReadAllBytes(folder.Database);
    });

    private RecordsFolder(bool empty)
    {
        Path = Directory.CreateTempSubdirectory("bob-records-").FullName;
        if (!empty)
            File.WriteAllBytes(Database, EmptyDatabase.Value);
    }

    public string Path { get; }

    public string Database => System.IO.Path.Combine(Path, "bob.db");

    public string Spool => System.IO.Path.Combine(Path, "spool");

    /// <summary>The settings of a host that keeps its books here.</summary>
    public IEnumerable<(string Key, string Value)> Settings => [("DATABASE_PATH", Database), ("SPOOL_PATH", Spool)];

    public static RecordsFolder Make() => new(empty: false);

    /// <summary>Without the database.</summary>
    public static RecordsFolder Empty() => new(empty: true);

    /// <summary>The record of a call, once it has its end.</summary>
    public async Task<CallRow> OfEndedAsync(string callSid)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        while (true)
        {
            await using var db = RecordsDatabase.InFile(Database).Open();
            if (await db.Calls.AsNoTracking().SingleOrDefaultAsync(row => row.CallSid == callSid && row.EndedAt != null, deadline.Token) is { } record)
                return record;
            await tick.WaitForNextTickAsync(deadline.Token);
        }
    }

    /// <summary>What the books say, once it is as wanted; after fifteen seconds what they say then.</summary>
    public async Task<T> WhenAsync<T>(Func<RecordsContext, Task<T>> ask, Func<T, bool> wanted)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        var deadline = DateTime.UtcNow.AddSeconds(15);
        while (true)
        {
            await using var db = RecordsDatabase.InFile(Database).Open();
            if (await ask(db) is var said && (wanted(said) || DateTime.UtcNow > deadline))
                return said;
            await tick.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The one message, once it is as wanted.</summary>
    public async Task<MessageRow> MessageAsync(Expression<Func<MessageRow, bool>> wanted)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        while (true)
        {
            await using var db = RecordsDatabase.InFile(Database).Open();
            if (await db.Messages.AsNoTracking().AnyAsync(wanted, deadline.Token))
                return await db.Messages.AsNoTracking().SingleAsync(deadline.Token);
            await tick.WaitForNextTickAsync(deadline.Token);
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
