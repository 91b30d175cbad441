using Microsoft.Data.Sqlite;

namespace Bob.Host.Records;

/// <summary>
/// Whether the database is still the file of its name. One that is removed, or that another is put in the place of, goes on taking whatever is written through connections that
/// were open before, for nobody to read again. So one connection is held, and its file looked at: Linux says of it when it is <c>(deleted)</c>.
/// </summary>
internal sealed class DatabaseFile(string path, string connectionString) : IDisposable
{
    private const string Files = "/proc/self/fd";
    private const string Deleted = " (deleted)";

    private readonly string _path = Path.GetFullPath(path);
    private SqliteConnection? _held;
    private string? _link;

    /// <summary>Whether there is a file of the name.</summary>
    public bool IsThere => File.Exists(_path);

    /// <summary>Whether the file that was held is not the one of the name any more. False where nobody can tell.</summary>
    public bool IsGone => _link is not null && new FileInfo(_link).LinkTarget is { } target && target.EndsWith(Deleted, StringComparison.Ordinal) && target.StartsWith(_path, StringComparison.Ordinal);

    /// <summary>From here on the file that is there now counts; connections to another are not used again.</summary>
    public void Hold()
    {
        Dispose();
        using (var pool = new SqliteConnection(connectionString))
            SqliteConnection.ClearPool(pool);
        var before = Links();
        _held = new SqliteConnection(new SqliteConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        _held.Open();
        using var look = _held.CreateCommand();
        look.CommandText = "PRAGMA schema_version"; // it opens nothing before it is asked for something
        look.ExecuteScalar();
        _link = Links().Except(before).FirstOrDefault();
    }

    public void Dispose()
    {
        _held?.Dispose();
        (_held, _link) = (null, null);
    }

    /// <summary>What this process has open of the file.</summary>
    private HashSet<string> Links() => Directory.Exists(Files) ? [.. Directory.EnumerateFiles(Files).Where(link => new FileInfo(link).LinkTarget == _path)] : [];
}
