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

    /// <summary>Whether there was no file when it was prepared first.</summary>
    private bool? _isNew;

    private RecordsDatabase(string? file, DbContextOptions<SqliteRecords>? sqlite, DbContextOptions<PostgresRecords>? postgres, DatabaseFile? held = null) =>
        (_file, _sqlite, _postgres, _held) = (file, sqlite, postgres, held);

    /// <summary>A SQLite file, made when it is missing.</summary>
    public static RecordsDatabase InFile(string path) => InFile(path, new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite });

    /// <summary>A SQLite file, opened in a way of one's own.</summary>
    public static RecordsDatabase InFile(string path, SqliteConnectionStringBuilder connection)
    {
        connection.DefaultTimeout = TimeoutSeconds;
        var file = new DatabaseFile(path, connection.ConnectionString);
        return new(path, new DbContextOptionsBuilder<SqliteRecords>().UseSqlite(connection.ConnectionString).AddInterceptors(new Opening(file)).Options, null, file);
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

    /// <summary>Whether it is a file that is not there, or has nothing in it.</summary>
    public bool IsMissing => _held is { IsThere: false };

    /// <exception cref="RecordsFailure">The file is gone.</exception>
    public RecordsContext Open()
    {
        Look();
        return _sqlite is not null ? new SqliteRecords(_sqlite) : new PostgresRecords(_postgres!);
    }

    /// <exception cref="RecordsFailure">The file is gone: what is written to it nobody would find.</exception>
    public void Look()
    {
        if (IsGone)
            throw RecordsFailure.Gone;
    }

    /// <summary>
    /// Makes the tables, or brings them up to date. A file that is missing is made, unless it was there before: then somebody may be about to put another in its place. A
    /// database on a server is for its owner to make.
    /// </summary>
    /// <exception cref="RecordsFailure">It cannot be used.</exception>
    public Task PrepareAsync(CancellationToken cancellation) => PrepareAsync(() => BringUpToDateAsync(cancellation));

    /// <summary>
    /// For whoever goes on writing: from here on <see cref="IsGone"/> knows. A file that is gone may come back; another in its place is for the next start, and not for the
    /// connections, the journal and the memory of this one.
    /// </summary>
    /// <exception cref="RecordsFailure">It cannot be used.</exception>
    public Task PrepareAndHoldAsync(CancellationToken cancellation) => PrepareAsync(async () =>
    {
        if (_held is null)
            await BringUpToDateAsync(cancellation);
        else if (!await _held.HoldAsync(() => BringUpToDateAsync(cancellation)))
            throw RecordsFailure.Gone;
    });

    public void Dispose() => _held?.Dispose();

    private async Task PrepareAsync(Func<Task> prepare)
    {
        try
        {
            Look();
            if (_file is not null && (_isNew ??= IsMissing))
                MakeFile(_file);
            else if (IsMissing)
                throw RecordsFailure.Gone;
            await prepare();
        }
        catch (Exception failure) when (RecordsFailure.Of(failure) is { } reason)
        {
            throw reason;
        }
    }

    private async Task BringUpToDateAsync(CancellationToken cancellation)
    {
        await using var db = Open();
        await db.Database.OpenConnectionAsync(cancellation); // or EF would make a database of whatever name is written
        var applied = (await db.Database.GetAppliedMigrationsAsync(cancellation)).ToList();
        if (_file is not null && !applied.Contains(db.Database.GetMigrations().First()) && await HasTablesAsync(db, cancellation))
            throw new RecordsFailure("not-bobs", "is another program's", "Name another file, or move it away");
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
    /// Nobody opens what is in the place of a file that is gone, also whoever was at work before. And SQLite overwrites what it removes; a server looks after its own disk.
    /// Every connection does, also one that only adds: a row that is changed, or a part of the index of words that is merged into another, leaves its words behind otherwise,
    /// where nobody who removes something later finds them.
    /// </summary>
    private sealed class Opening(DatabaseFile file) : DbConnectionInterceptor
    {
        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
        {
            var opened = (SqliteConnection)connection;
            if (file.IsGone || DatabaseFile.HasMovedFrom(opened))
            {
                SqliteConnection.ClearPool(opened);
                opened.Close(); // or whoever has it would go on with it
                throw RecordsFailure.Gone;
            }

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
