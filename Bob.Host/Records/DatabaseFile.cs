using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace Bob.Host.Records;

/// <summary>
/// Whether the database is still the file of its name. One that is removed, renamed, or that another is put in the place of, goes on taking whatever is written through
/// connections that were open before, for nobody to find again. So one connection is held, and SQLite asked whether its file has moved. Safe from any thread.
/// </summary>
internal sealed class DatabaseFile(string path, string connectionString) : IDisposable
{
    /// <summary>SQLITE_FCNTL_HAS_MOVED (sqlite.org, "Standard File Control Opcodes").</summary>
    private const int HasMoved = 20;

    private readonly Lock _gate = new();
    private SqliteConnection? _held;

    /// <summary>Whether there is a file of the name.</summary>
    public bool IsThere => File.Exists(path);

    /// <summary>Whether the file that is held is not the one of the name any more. False while none is held, and where nobody can tell.</summary>
    public bool IsGone
    {
        get
        {
            lock (_gate)
                return _held?.Handle is { } handle && Moved(handle.DangerousGetHandle());
        }
    }

    /// <summary>From here on the file that is there now counts.</summary>
    public void Hold()
    {
        Release();
        var held = new SqliteConnection(new SqliteConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        held.Open();
        using (var look = held.CreateCommand())
        {
            look.CommandText = "PRAGMA schema_version"; // it opens nothing before it is asked for something
            look.ExecuteScalar();
        }

        lock (_gate)
            _held = held;
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
        lock (_gate)
        {
            _held?.Dispose();
            _held = null;
        }
    }

    private bool Moved(nint connection)
    {
        var moved = 0;
        try
        {
            return FileControl(connection, "main", HasMoved, ref moved) == 0 && moved != 0;
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            Dispose(); // SQLite goes by another name here
            return false;
        }
    }

    /// <summary>What SQLite's own .NET library does not pass on.</summary>
    [DllImport("e_sqlite3", EntryPoint = "sqlite3_file_control", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
    private static extern int FileControl(nint connection, [MarshalAs(UnmanagedType.LPStr)] string database, int operation, ref int answer);
}
