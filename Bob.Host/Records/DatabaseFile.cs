using Microsoft.Data.Sqlite;

namespace Bob.Host.Records;

/// <summary>
/// Whether the database is still the file of its name. One that is removed, renamed, or that another is put in the place of, goes on taking whatever is written through
/// connections that were open before, for nobody to find again. So one connection is held, and Linux asked where its file is.
/// </summary>
internal sealed class DatabaseFile(string path, string connectionString) : IDisposable
{
    private const string Files = "/proc/self/fd";

    private readonly string _name = Path.GetFileName(path);
    private SqliteConnection? _held;
    private string? _link, _place;

    /// <summary>Whether there is a file of the name.</summary>
    public bool IsThere => File.Exists(path);

    /// <summary>Whether the file that was held is not where it was any more. False where nobody can tell.</summary>
    public bool IsGone => _link is not null && new FileInfo(_link).LinkTarget != _place;

    /// <summary>From here on the file that is there now counts.</summary>
    public void Hold()
    {
        Release();
        var before = Links().Select(file => file.Link).ToHashSet();
        _held = new SqliteConnection(new SqliteConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        _held.Open();
        using var look = _held.CreateCommand();
        look.CommandText = "PRAGMA schema_version"; // it opens nothing before it is asked for something
        look.ExecuteScalar();
        (_link, _place) = Links().FirstOrDefault(file => !before.Contains(file.Link));
    }

    /// <summary>Lets it go, and connections to it are not used again.</summary>
    public void Release()
    {
        Dispose();
        using var pool = new SqliteConnection(connectionString);
        SqliteConnection.ClearPool(pool);
    }

    public void Dispose()
    {
        _held?.Dispose();
        (_held, _link, _place) = (null, null, null);
    }

    /// <summary>What this process has open under that name: by links in <c>/proc</c>, and where they lead, past all links in the path.</summary>
    private IEnumerable<(string Link, string Place)> Links() => !Directory.Exists(Files)
        ? []
        : Directory.EnumerateFiles(Files)
            .Select(link => (Link: link, Place: new FileInfo(link).LinkTarget ?? ""))
            .Where(file => file.Place.EndsWith($"/{_name}", StringComparison.Ordinal))
            .ToList();
}
