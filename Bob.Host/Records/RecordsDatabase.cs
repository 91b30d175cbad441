using System.Data.Common;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace Bob.Host.Records;

/// <summary>Where the tables are: a file, or a PostgreSQL server.</summary>
public sealed class RecordsDatabase : IDisposable
{
    /// <summary>Longest wait of a statement, but for those that bring the tables up to date. Whoever writes does not wait that long for it.</summary>
    private const int TimeoutSeconds = 5;

    /// <summary>From one look at who brings the tables up to date to the next.</summary>
    private static readonly TimeSpan TurnInterval = TimeSpan.FromMilliseconds(100);

    private readonly DbContextOptions<SqliteRecords>? _sqlite;
    private readonly DbContextOptions<PostgresRecords>? _postgres;
    private readonly string? _file;
    private readonly DatabaseFile? _held;

    private RecordsDatabase(string? file, DbContextOptions<SqliteRecords>? sqlite, DbContextOptions<PostgresRecords>? postgres, DatabaseFile? held = null) =>
        (_file, _sqlite, _postgres, _held) = (file, sqlite, postgres, held);

    /// <summary>A SQLite file, made when it is missing.</summary>
    public static RecordsDatabase InFile(string path) => InFile(path, new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite });

    /// <summary>A SQLite file, opened in a way of one's own.</summary>
    public static RecordsDatabase InFile(string path, SqliteConnectionStringBuilder connection)
    {
        connection.DefaultTimeout = TimeoutSeconds;
        var options = new DbContextOptionsBuilder<SqliteRecords>().UseSqlite(connection.ConnectionString).AddInterceptors(new Overwriting()).Options;
        return new(path, options, null, new DatabaseFile(path, connection.ConnectionString));
    }

    /// <summary>A PostgreSQL server.</summary>
    public static RecordsDatabase OnServer(string connectionString)
    {
        var connection = new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = "Bob",
            CommandTimeout = TimeoutSeconds,
            Timeout = TimeoutSeconds,
            IncludeErrorDetail = false, // it would hold what callers said
        };
        return new(null, null, new DbContextOptionsBuilder<PostgresRecords>().UseNpgsql(connection.ConnectionString).Options);
    }

    /// <summary>Whether the file was removed, or another put in its place.</summary>
    public bool IsGone => _held is { IsGone: true };

    /// <summary>Whether it is a file that is not there.</summary>
    public bool IsMissing => _file is not null && !File.Exists(_file);

    /// <exception cref="RecordsFailure">The file is gone: what is written to it nobody would find.</exception>
    public RecordsContext Open()
    {
        Look();
        return Context();
    }

    /// <exception cref="RecordsFailure">The file is gone.</exception>
    public void Look()
    {
        if (IsGone)
            throw RecordsFailure.Gone;
    }

    /// <summary>Makes the tables, or brings them up to date. A file that is missing is made; a database on a server is for its owner to make.</summary>
    /// <exception cref="RecordsFailure">It cannot be used.</exception>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        try
        {
            if (_file is not null)
                MakeFile(_file);
            await BringUpToDateAsync(isReplacement: false, cancellation);
        }
        catch (Exception failure) when (RecordsFailure.Of(failure) is { } reason)
        {
            throw reason;
        }
    }

    /// <summary>
    /// For whoever goes on writing: from here on <see cref="IsGone"/> knows. In the place of a file that is gone none is made, and what comes there is not used before it
    /// was found to be a copy of Bob's, and is up to date.
    /// </summary>
    /// <exception cref="RecordsFailure">It cannot be used; a file that is gone still is.</exception>
    public async Task PrepareAndHoldAsync(CancellationToken cancellation)
    {
        if (_held is null)
        {
            await PrepareAsync(cancellation);
            return;
        }

        try
        {
            var isReplacement = IsGone;
            if (!isReplacement)
                MakeFile(_file!);
            else if (!_held.IsThere)
                throw RecordsFailure.Gone;
            if (!await _held.HoldAsync(() => BringUpToDateAsync(isReplacement, cancellation)))
                throw RecordsFailure.Gone;
        }
        catch (Exception failure) when (RecordsFailure.Of(failure) is { } reason)
        {
            throw reason;
        }
    }

    public void Dispose() => _held?.Dispose();

    /// <summary>As <see cref="Open"/>, of the file that is there, which may be another than the one that is gone.</summary>
    private RecordsContext Context() => _sqlite is not null ? new SqliteRecords(_sqlite) : new PostgresRecords(_postgres!);

    /// <param name="isReplacement">An empty one is not filled then: somebody may be at writing it.</param>
    private async Task BringUpToDateAsync(bool isReplacement, CancellationToken cancellation)
    {
        await using var db = Context();
        await db.Database.OpenConnectionAsync(cancellation); // or EF would make a database of whatever name is written
        var applied = (await db.Database.GetAppliedMigrationsAsync(cancellation)).ToList();
        var isEmpty = !applied.Contains(db.Database.GetMigrations().First());
        if (_file is not null && isEmpty && await HasTablesAsync(db, cancellation))
            throw new RecordsFailure("not-bobs", "is another program's", "Name another file, or move it away");
        if (isEmpty && isReplacement)
            throw RecordsFailure.Gone;
        if (applied.Except(db.Database.GetMigrations()).FirstOrDefault() is { } unknown)
            throw new RecordsFailure("newer", $"was brought up to date by a newer version of Bob ({unknown})", "Start that version, or another database");
        if (_file is not null)
            await CheckFileAsync(db, cancellation);
        if (db.Database.GetMigrations().Except(applied).Any())
            await MigrateAsync(db, cancellation);
    }

    /// <summary>
    /// In a file, EF keeps in a table who migrates, and waits for ever for one who died of it. So whoever migrates holds a file of its own, which dies with its
    /// process; what stands in the table then is of the dead.
    /// </summary>
    private async Task MigrateAsync(RecordsContext db, CancellationToken cancellation)
    {
        await using var turn = _file is null ? null : await TurnAsync($"{_file}.migrating", cancellation);
        if (turn is not null)
            await db.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS \"__EFMigrationsLock\"", cancellation);
        else
            await HaveTimeAsync(db, cancellation);
        await db.Database.MigrateAsync(cancellation);
    }

    /// <summary>A large table takes its time; who waits for another program says so. (The connection is open, which this is a setting of. In a file only the wait for a lock is bounded, and stays so.)</summary>
    private static async Task HaveTimeAsync(RecordsContext db, CancellationToken cancellation)
    {
        db.Database.SetCommandTimeout(0);
        await db.Database.ExecuteSqlRawAsync("SET lock_timeout = '30s'", cancellation);
    }

    /// <summary>Waits as long for another process as for a statement.</summary>
    private static async Task<FileStream> TurnAsync(string path, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, PrivateFolder.File(FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException held)
            {
                if (Stopwatch.GetElapsedTime(began).TotalSeconds > TimeoutSeconds)
                    throw new RecordsFailure("migrating", "is being brought up to date by another Bob, or has no room beside it", "Start again when that is done", held);
            }

            await Task.Delay(TurnInterval, cancellation);
        }
    }

    /// <summary>Before SQLite does: its own would be open to whoever the folder is open to. The files beside it get the same rights.</summary>
    private static void MakeFile(string file)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder)
            PrivateFolder.Make(folder);
        if (!File.Exists(file))
            new FileStream(file, PrivateFolder.File(FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite)).Dispose();
    }

    /// <summary>A damaged file is found now, and not in the middle of a call; a file that can only be read, too.</summary>
    private static async Task CheckFileAsync(RecordsContext db, CancellationToken cancellation)
    {
        var connection = db.Database.GetDbConnection();
        await using var check = connection.CreateCommand();
        check.CommandText = "PRAGMA quick_check(1)"; // before anything is written to it
        if (await check.ExecuteScalarAsync(cancellation) is not "ok")
            throw RecordsFailure.Damaged;
        check.CommandText = "PRAGMA journal_mode = wal";
        await check.ExecuteNonQueryAsync(cancellation);
        await using var write = await connection.BeginTransactionAsync(cancellation);
        (check.Transaction, check.CommandText) = (write, "PRAGMA user_version = 1"); // a transaction alone asks for no right to write
        await check.ExecuteNonQueryAsync(cancellation);
        await write.RollbackAsync(cancellation);
    }

    /// <summary>Whether there is a table that Bob, dying of his first start, cannot have left.</summary>
    private static async Task<bool> HasTablesAsync(RecordsContext db, CancellationToken cancellation) => await db.Database
        .SqlQueryRaw<bool>("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_\\_EFMigrations%' ESCAPE '\\') AS \"Value\"")
        .SingleAsync(cancellation);

    /// <summary>
    /// SQLite overwrites what it removes; a server looks after its own disk. Every connection does, also one that only adds: a row that is changed, or a part of the index
    /// of words that is merged into another, leaves its words behind otherwise, where nobody who removes something later finds them.
    /// </summary>
    private sealed class Overwriting : DbConnectionInterceptor
    {
        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
        {
            using var set = connection.CreateCommand();
            set.CommandText = "PRAGMA secure_delete = on";
            set.ExecuteNonQuery();
        }

        public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            ConnectionOpened(connection, eventData);
            return Task.CompletedTask;
        }
    }
}
