using System.Data.Common;
using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Authentication;
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

    private static RecordsFailure Gone => new("gone", "was removed, or another put in its place", "Put it back, or a copy of it");

    /// <exception cref="RecordsFailure">The file is gone: what is written to it nobody would find.</exception>
    public RecordsContext Open() => IsGone ? throw Gone : _sqlite is not null ? new SqliteRecords(_sqlite) : new PostgresRecords(_postgres!);

    /// <summary>Makes the tables, or brings them up to date. A file that is missing is made; a database on a server is for its owner to make.</summary>
    /// <exception cref="RecordsFailure">It cannot be used.</exception>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        try
        {
            if (_file is not null && Path.GetDirectoryName(Path.GetFullPath(_file)) is { } folder)
                MakeFile(_file, folder);
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
        catch (Exception failure) when (RecordsFailure.Of(failure) is { } reason)
        {
            throw reason;
        }
    }

    /// <summary>For whoever goes on writing: from here on <see cref="IsGone"/> knows. A file that has come in the place of one that is gone is brought up to date first; none is made.</summary>
    /// <exception cref="RecordsFailure">It cannot be used.</exception>
    public async Task PrepareAndHoldAsync(CancellationToken cancellation)
    {
        if (IsGone && !_held!.IsThere)
            throw Gone;
        _held?.Release(); // or the one that is gone would be looked at
        await PrepareAsync(cancellation);
        _held?.Hold();
    }

    public void Dispose() => _held?.Dispose();

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

    /// <summary>A large table takes its time; who waits for another program says so. (In a file only the wait for a lock is bounded, and stays so.)</summary>
    private static async Task HaveTimeAsync(RecordsContext db, CancellationToken cancellation)
    {
        db.Database.SetCommandTimeout(0);
        await db.Database.OpenConnectionAsync(cancellation); // and stays open: it is a setting of the connection
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
    private static void MakeFile(string file, string folder)
    {
        PrivateFolder.Make(folder);
        if (!File.Exists(file))
            new FileStream(file, PrivateFolder.File(FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite)).Dispose();
    }

    /// <summary>A damaged file is found now, and not in the middle of a call; a file that can only be read, too.</summary>
    private static async Task CheckFileAsync(RecordsContext db, CancellationToken cancellation)
    {
        var connection = db.Database.GetDbConnection();
        await using var check = connection.CreateCommand();
        check.CommandText = "PRAGMA journal_mode = wal; PRAGMA quick_check(1);";
        await using (var reader = await check.ExecuteReaderAsync(cancellation))
        {
            await reader.NextResultAsync(cancellation);
            if (await reader.ReadAsync(cancellation) && reader.GetString(0) != "ok")
                throw RecordsFailure.Damaged;
        }

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

/// <summary>A database that cannot be used, in words that are safe to show: none of them comes from the database itself.</summary>
/// <param name="word">For a log line and the readiness.</param>
/// <param name="problem">For a fault line of the start.</param>
/// <param name="remedy">What to do about it.</param>
public sealed class RecordsFailure(string word, string problem, string remedy, Exception? cause = null)
    : Exception("The database cannot be used", cause)
{
    public string Word => word;

    public string Problem => problem;

    public string Remedy => remedy;

    /// <summary>Whether the database took exception to what was to be written, and would again.</summary>
    public bool IsRefusal => word == "refused";

    internal static RecordsFailure Damaged { get; } = new("damaged", "is damaged, or is no database of Bob's", "Restore a copy of it, or move it away to begin with an empty one");

    /// <summary>What a database's exception means; null for what is none.</summary>
    public static RecordsFailure? Of(Exception failure) => failure switch
    {
        RecordsFailure known => known,
        DbUpdateException { InnerException: { } inner } => Of(inner),
        InvalidOperationException { InnerException: { } inner } => Of(inner), // EF's advice to retry
        SqliteException sqlite => OfSqlite(sqlite),
        PostgresException postgres => OfPostgres(postgres),
        TimeoutException or NpgsqlException { InnerException: TimeoutException } => new("timeout", "does not answer in time", "Look after the server", failure),
        NpgsqlException { Message: "SSL connection requested. No SSL enabled connection from this host is configured." } =>
            new("no-tls", "does not speak TLS, for which sslmode asks", "Turn it on there (ssl = on), or leave sslmode out where nobody can listen", failure),
        NpgsqlException { InnerException: AuthenticationException } =>
            new("certificate", "shows a certificate that cannot be trusted", "Give it one of an authority that this machine knows, or write sslmode=require, which does not look at it", failure),
        NpgsqlException or SocketException => new("unreachable", "cannot be reached", "Start the server, or correct host and port", failure),
        IOException or UnauthorizedAccessException => new("no-file", "cannot be opened or made", "Let Bob's user write there, or name another place", failure),
        _ => null,
    };

    private static RecordsFailure OfSqlite(SqliteException failure) => failure.SqliteErrorCode switch
    {
        5 or 6 => new("locked", "is locked by another program", "End that program", failure),
        8 => new("read-only", "can only be read", "Let Bob's user write there", failure),
        11 or 26 => new(Damaged.Word, Damaged.Problem, Damaged.Remedy, failure),
        13 => new("full", "is full: there is no room left on the disk", "Make room", failure),
        14 => new("no-file", "cannot be opened or made", "Let Bob's user write there, or name another place", failure),
        12 or 18 or 19 or 20 => new("refused", "does not take what is written to it", "Report this as a bug", failure),
        _ => new($"sqlite-{failure.SqliteErrorCode}", $"cannot be used (SQLite's error {failure.SqliteErrorCode})", "Look at the disk", failure),
    };

    private static RecordsFailure OfPostgres(PostgresException failure) => failure.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
            new("login-refused", "refuses the user or the password", "Correct them", failure),
        PostgresErrorCodes.InvalidCatalogName => new("no-database", "has no database of that name", "Make it with createdb", failure),
        PostgresErrorCodes.InsufficientPrivilege => new("no-rights", "does not let this user make tables", "Make the user the owner of the database", failure),
        PostgresErrorCodes.ReadOnlySqlTransaction => new("read-only", "can only be read", "Name the primary server", failure),
        ['2', '2' or '3', ..] or ['5', '4', ..] => new("refused", "does not take what is written to it", "Report this as a bug", failure),
        ['5', '3', ..] => new("full", "has no room, memory or connections left", "Look after the server", failure),
        _ => new($"postgres-{failure.SqlState}", $"cannot be used (PostgreSQL's error {failure.SqlState})", "Look at the server's log", failure),
    };
}
