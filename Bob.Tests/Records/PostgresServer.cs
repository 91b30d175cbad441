using Bob.Bench.Books;
using Xunit;

[assembly: AssemblyFixture(typeof(Bob.Tests.Records.PostgresServer))]

namespace Bob.Tests.Records;

/// <summary>A real PostgreSQL of the specs' own, started when the first spec asks and gone after the last.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private readonly PrivatePostgres _server = new(["--no-sync"], "-c fsync=off -c full_page_writes=off -c max_connections=500");

    /// <summary>A connection string of a new, empty database.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        await StartAsync();
        return (await _server.NewDatabaseAsync(TestContext.Current.CancellationToken)).ConnectionString;
    }

    /// <summary>Starts it, or starts it again.</summary>
    public async Task StartAsync()
    {
        if (PrivatePostgres.Programs is null)
        {
            throw new InvalidOperationException(
                "PostgreSQL's server programs (initdb, pg_ctl) are not on this machine. Install the package postgresql; .ci/run does it on Debian.");
        }

        await _gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            await _server.StartAsync();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Stops it, with all connections.</summary>
    public Task StopAsync() => _server.StopAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
