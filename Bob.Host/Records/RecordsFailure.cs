using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Bob.Host.Records;

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

    /// <summary>Of a file that is not there any more.</summary>
    internal const string GoneWord = "gone";

    internal static RecordsFailure Gone => new(GoneWord, "was removed, or another put in its place", "Put it back, or put a copy in its place and start Bob again");

    internal static RecordsFailure Damaged { get; } = new("damaged", "is damaged, or is no database of Bob's", "Put a copy in its place, or move it away and start Bob again to begin with an empty one");

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
        PostgresErrorCodes.LockNotAvailable => new("locked", "is locked by another program", "End that program, or wait for it", failure),
        PostgresErrorCodes.ReadOnlySqlTransaction => new("read-only", "can only be read", "Name the primary server", failure),
        ['2', '2' or '3', ..] or ['5', '4', ..] => new("refused", "does not take what is written to it", "Report this as a bug", failure),
        ['5', '3', ..] => new("full", "has no room, memory or connections left", "Look after the server", failure),
        _ => new($"postgres-{failure.SqlState}", $"cannot be used (PostgreSQL's error {failure.SqlState})", "Look at the server's log", failure),
    };
}
