using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace Bob.Host.Records;

/// <summary>
/// Whether the database is still the file of its name. One that is removed, renamed, or that another is put in the place of, goes on taking whatever is written through
/// connections that were open before, for nobody to find again; and new connections would open the newcomer with the journal of the other. So one connection is held, and
/// SQLite asked whether its file has moved; it may come back. A link among its folders that is pointed elsewhere is not noticed as long as the file it led to stays. Safe
/// from any thread.
/// </summary>
internal sealed class DatabaseFile(string path, string connectionString) : IDisposable
{
    /// <summary>SQLITE_FCNTL_HAS_MOVED (sqlite.org, "Standard File Control Opcodes").</summary>
    private const int HasMoved = 20;

    private readonly Lock _gate = new();
    private SqliteConnection? _held;

    /// <summary>Whether there is a file of the name, with something in it.</summary>
    public bool IsThere => new FileInfo(path) is { Exists: true, Length: > 0 };

    /// <summary>Whether the file that is held is not the one of the name any more. False while none is held, and where nobody can tell.</summary>
    public bool IsGone
    {
        get
        {
            lock (_gate)
                return HasMovedFrom(_held);
        }
    }

    /// <summary>Whether the file of a connection is not the one of its name any more.</summary>
    public static bool HasMovedFrom(SqliteConnection? connection)
    {
        if (connection?.Handle is not { } handle)
            return false;
        var moved = 0;
        try
        {
            return FileControl(handle.DangerousGetHandle(), "main", HasMoved, ref moved) == 0 && moved != 0;
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            return false; // SQLite goes by another name here
        }
    }

    /// <summary>Holds the file that is there, once it was found to be good.</summary>
    /// <returns>False: it was moved while somebody looked at it.</returns>
    public async Task<bool> HoldAsync(Func<Task> look)
    {
        ClearPool(); // what was open before may have another file, or another journal beside it
        var file = new SqliteConnection(new SqliteConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        try
        {
            file.Open();
            await look();
            lock (_gate)
            {
                if (HasMovedFrom(file))
                    return false;
                (file, _held) = (_held, file);
            }

            return true;
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>Lets it go, so that nothing is left beside it.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _held?.Dispose();
            _held = null;
        }

        ClearPool();
    }

    /// <summary>What SQLite's own .NET library does not pass on.</summary>
    [DllImport("e_sqlite3", EntryPoint = "sqlite3_file_control", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
    private static extern int FileControl(nint connection, [MarshalAs(UnmanagedType.LPStr)] string database, int operation, ref int answer);

    /// <summary>Connections that were open before are not used again.</summary>
    private void ClearPool()
    {
        using var pool = new SqliteConnection(connectionString);
        SqliteConnection.ClearPool(pool);
    }
}
