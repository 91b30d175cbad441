using System.Diagnostics;
using Bob.Simulator.Faults;
using Npgsql;

namespace Bob.Bench.Books;

/// <summary>A real PostgreSQL of its owner's, on a free port; gone afterwards. As root it runs as the user <c>postgres</c>, because it refuses to be root.</summary>
/// <param name="initialise">More for <c>initdb</c>.</param>
/// <param name="settings">More for the server, such as <c>-c fsync=off</c>.</param>
public sealed class PrivatePostgres(string[]? initialise = null, string settings = "") : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("bob-postgres-").FullName;
    private int _port, _databases;

    /// <summary>The folder of the newest server programs on this machine; null when it has none.</summary>
    public static string? Programs =>
        (Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql") : []).OrderDescending().Select(version => Path.Combine(version, "bin"))
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'))
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")));

    private string Data => Path.Combine(_folder, "data");

    private bool IsRunning => File.Exists(Path.Combine(Data, "postmaster.pid"));

    /// <summary>Starts it, or starts it again.</summary>
    public async Task StartAsync()
    {
        if (_port == 0)
        {
            _port = FreePort.Next();
            if (Environment.IsPrivilegedProcess)
                await RunAsync("chown", "postgres", _folder);
            await RunAsPostgresAsync(
                "initdb", ["--pgdata", Data, "--username=postgres", "--auth=trust", "--no-instructions", "--encoding=UTF8", "--locale=C", .. initialise ?? []]);
        }

        if (!IsRunning)
        {
            await RunAsPostgresAsync(
                "pg_ctl", "start", "--wait", "--silent", "--pgdata", Data, "--log", Path.Combine(_folder, "log"), "--options",
                $"-c port={_port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' {settings}");
        }
    }

    /// <summary>Stops it, with all connections.</summary>
    public Task StopAsync() => RunAsPostgresAsync("pg_ctl", "stop", "--wait", "--silent", "--mode", "immediate", "--pgdata", Data);

    /// <summary>Connects to a new, empty database.</summary>
    public async Task<NpgsqlConnectionStringBuilder> NewDatabaseAsync(CancellationToken cancellation = default)
    {
        var name = $"bob{Interlocked.Increment(ref _databases)}";
        await using var connection = new NpgsqlConnection(Connection("postgres").ConnectionString);
        await connection.OpenAsync(cancellation);
        await using var create = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await create.ExecuteNonQueryAsync(cancellation);
        return Connection(name);
    }

    public async ValueTask DisposeAsync()
    {
        if (IsRunning)
            await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private NpgsqlConnectionStringBuilder Connection(string database) =>
        new() { Host = "127.0.0.1", Port = _port, Username = "postgres", Database = database, MaxPoolSize = 5 };

    private static Task RunAsPostgresAsync(string program, params string[] arguments)
    {
        var path = Path.Combine(Programs ?? throw new InvalidOperationException("PostgreSQL's server programs are not on this machine."), program);
        return Environment.IsPrivilegedProcess
            ? RunAsync("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", "--", path, .. arguments])
            : RunAsync(path, arguments);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        // Its output is not read: a server that it leaves behind would hold the pipe open.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" </dev/null >/dev/null 2>&1", "sh", program, .. arguments]) { WorkingDirectory = "/" };
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(CancellationToken.None).WaitAsync(Patience);
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: exit code {process.ExitCode}");
    }
}
