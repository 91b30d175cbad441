using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using AwesomeAssertions;
using Bob.Host.Records;
using Bob.Simulator.Faults;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xunit;

namespace Bob.Tests.Records;

/// <summary>A database that cannot be used stops the start with one clear line, unless it may be missing.</summary>
public sealed class RecordsStartSpecs(PostgresServer server) : IDisposable
{
    private const UnixFileMode Everybodys = (UnixFileMode)0b111_101_101;

    private readonly RecordsFolder _folder = RecordsFolder.Make();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P10_A_corrupt_file_stops_the_program_with_one_line_and_stays_as_it_is()
    {
        File.WriteAllBytes(_folder.Database, [.. Enumerable.Repeat((byte)'x', 8192)]);

        var (exitCode, lines) = await BobProcess.RunAsync(_folder.Settings);

        exitCode.Should().Be(1);
        lines.Where(line => !line.Contains("REHEARSAL")).Should().Equal(
            "[bob] DATABASE_PATH: the database is damaged, or is no database of Bob's. Put a copy in its place, or move it away and start Bob again to begin with an empty one.");
        File.ReadAllBytes(_folder.Database).Should().OnlyContain(octet => octet == (byte)'x');
    }

    [Fact]
    public async Task P10_A_page_in_the_middle_that_is_damaged_is_found()
    {
        await new JournalStore(RecordsDatabase.InFile(_folder.Database), "n").WriteAsync(Entries.WholeCall(), Cancellation);
        SqliteConnection.ClearAllPools();
        using (var file = File.OpenWrite(_folder.Database))
        {
            file.Position = 4096 * 3;
            file.Write([.. Enumerable.Repeat((byte)0xA5, 4096 * 4)]);
        }

        (await FailureAsync(RecordsDatabase.InFile(_folder.Database))).Word.Should().Be("damaged");
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_is_told() =>
        (await FailureAsync(RecordsDatabase.InFile("/proc/bob/bob.db"))).Word.Should().Be("no-file");

    [Fact]
    public async Task P11_A_file_that_can_only_be_read_is_told() =>
        (await FailureAsync(RecordsDatabase.InFile(
            _folder.Database, new SqliteConnectionStringBuilder { DataSource = _folder.Database, Mode = SqliteOpenMode.ReadOnly, Pooling = false })))
        .Word.Should().Be("read-only");

    [Fact]
    public async Task D11_A_server_that_is_not_there_stops_the_program_and_shows_no_password()
    {
        var (exitCode, lines) = await BobProcess.RunAsync(
            [.. _folder.Settings, ("DATABASE_URL", "postgresql://bob:canary@127.0.0.1:1/bob")]);

        exitCode.Should().Be(1);
        lines.Where(line => !line.Contains("REHEARSAL")).Should().Equal("[bob] DATABASE_URL: the database cannot be reached. Start the server, or correct host and port.");
    }

    [Fact]
    public async Task D11_With_a_database_that_may_be_missing_Bob_starts_keeps_his_books_in_the_spool_and_shows_no_password()
    {
        await using var bob = await BobProcess.StartAsync(
            [.. _folder.Settings, ("DATABASE_URL", "postgresql://bob:canary@127.0.0.1:1/bob"), ("DATABASE_REQUIRED", "false"), ("LOG_LEVEL", "Verbose")]);

        bob.Lines.Should().Contain(line => line.Contains("WRN The database cannot be reached; the journal goes to the spool until it can be used"));
        using var http = new HttpClient { BaseAddress = bob.Address };
        (await http.GetStringAsync("health/ready", Cancellation)).Should().Contain("\"ready\":true").And.Contain("\"database\":\"unreachable\"").And.NotContain("canary");
        bob.Lines.Should().NotContain(line => line.Contains("canary"));
    }

    [Fact]
    public async Task A_server_without_a_database_of_that_name_is_told_and_gets_none()
    {
        var named = new NpgsqlConnectionStringBuilder(await server.NewDatabaseAsync());
        var databases = await DatabasesAsync(named);

        var (exitCode, lines) = await BobProcess.RunAsync(
            [.. _folder.Settings, ("DATABASE_URL", $"postgresql://{named.Username}@{named.Host}:{named.Port}/bbo")]);

        exitCode.Should().Be(1);
        lines.Where(line => !line.Contains("REHEARSAL")).Should().Equal("[bob] DATABASE_URL: the database has no database of that name. Make it with createdb.");
        (await DatabasesAsync(named)).Should().BeEquivalentTo(databases);
    }

    [Theory]
    [InlineData("require")]
    [InlineData("verify-full")]
    public async Task A_server_without_TLS_that_is_to_have_it_is_told(string mode)
    {
        var named = new NpgsqlConnectionStringBuilder(await server.NewDatabaseAsync());

        var (exitCode, lines) = await BobProcess.RunAsync(
            [.. _folder.Settings, ("DATABASE_URL", $"postgresql://{named.Username}@{named.Host}:{named.Port}/{named.Database}?sslmode={mode}")]);

        exitCode.Should().Be(1);
        lines.Where(line => !line.Contains("REHEARSAL")).Should().Equal(
            "[bob] DATABASE_URL: the database does not speak TLS, for which sslmode asks. Turn it on there (ssl = on), or leave sslmode out where nobody can listen.");
    }

    [Fact]
    public async Task A_server_whose_certificate_nobody_vouches_for_is_told()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var refused = FailureAsync(RecordsDatabase.OnServer($"Host=127.0.0.1;Port={((IPEndPoint)listener.LocalEndpoint).Port};Username=bob;Database=bob;SSL Mode=VerifyFull"));

        using var certificate = SelfSignedServer.MakeCertificate();
        while (await Task.WhenAny(refused, listener.AcceptTcpClientAsync(Cancellation).AsTask()) is Task<TcpClient> accepted)
            await ShowAsync(await accepted, certificate);

        var failure = await refused;
        (failure.Word, failure.Problem).Should().Be(("certificate", "shows a certificate that cannot be trusted"));
    }

    [Theory]
    [InlineData("CREATE TABLE songs (title TEXT); INSERT INTO songs VALUES ('Daisy Bell')")]
    [InlineData("PRAGMA journal_mode = wal; CREATE TABLE songs (title TEXT)")]
    [InlineData("CREATE TABLE \"__EFMigrationsHistory\" (\"MigrationId\" TEXT PRIMARY KEY, \"ProductVersion\" TEXT); INSERT INTO \"__EFMigrationsHistory\" VALUES ('20200101000000_Songs', '9.0'); CREATE TABLE songs (title TEXT)")]
    public async Task A_file_of_another_program_is_told_and_stays_as_it_is(string tables)
    {
        using var folder = RecordsFolder.Empty();
        await using (var other = new SqliteConnection($"Data Source={folder.Database};Pooling=false"))
        {
            await other.OpenAsync(Cancellation);
            await using var make = new SqliteCommand(tables, other);
            await make.ExecuteNonQueryAsync(Cancellation);
        }

        var before = await File.ReadAllBytesAsync(folder.Database, Cancellation);

        var (exitCode, lines) = await BobProcess.RunAsync(folder.Settings);

        exitCode.Should().Be(1);
        lines.Where(line => !line.Contains("REHEARSAL")).Should().Equal("[bob] DATABASE_PATH: the database is another program's. Name another file, or move it away.");
        (await File.ReadAllBytesAsync(folder.Database, Cancellation)).Should().Equal(before);
    }

    [Fact]
    public async Task Folders_that_Bob_makes_are_for_his_user_alone_and_those_that_are_there_stay_as_they_are()
    {
        if (OperatingSystem.IsWindows())
            return; // a folder's rights are inherited there

        using var folder = RecordsFolder.Empty();
        var there = Directory.CreateDirectory(Path.Combine(folder.Path, "srv"), Everybodys).FullName;
        File.SetUnixFileMode(there, Everybodys);
        var data = Path.Combine(there, "bob", "data");

        await using (await BobProcess.StartAsync([("DATABASE_PATH", Path.Combine(data, "bob.db")), ("SPOOL_PATH", Path.Combine(data, "spool"))]))
        {
            foreach (var made in new[] { Path.Combine(there, "bob"), data, Path.Combine(data, "spool") })
                File.GetUnixFileMode(made).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, made);
            File.GetUnixFileMode(there).Should().Be(Everybodys);
        }
    }

    [Fact]
    public async Task A_newer_database_is_not_touched()
    {
        await using (var db = RecordsDatabase.InFile(_folder.Database).Open())
            await db.Database.ExecuteSqlRawAsync("INSERT INTO __EFMigrationsHistory VALUES ('29991231000000_Tomorrow', '99.0')", Cancellation);

        var failure = await FailureAsync(RecordsDatabase.InFile(_folder.Database));

        $"{failure.Problem}. {failure.Remedy}".Should().Be(
            "was brought up to date by a newer version of Bob (29991231000000_Tomorrow). Start that version, or another database");
    }

    [Fact]
    public async Task A_Bob_who_was_killed_while_he_made_the_tables_holds_up_no_other()
    {
        using var folder = RecordsFolder.Empty();
        await LeaveMigratingAsync(folder);

        await RecordsDatabase.InFile(folder.Database).PrepareAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(20), Cancellation);

        await using var db = RecordsDatabase.InFile(folder.Database).Open();
        (await db.Database.GetPendingMigrationsAsync(Cancellation)).Should().BeEmpty();
    }

    [Fact]
    public async Task Tables_that_are_up_to_date_are_not_made_again()
    {
        await using (var made = RecordsDatabase.InFile(_folder.Database).Open())
            await made.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS \"__EFMigrationsLock\"", Cancellation);
        await LeaveMigratingAsync(_folder);

        await RecordsDatabase.InFile(_folder.Database).PrepareAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(20), Cancellation);

        await using var db = RecordsDatabase.InFile(_folder.Database).Open();
        (await db.Database.SqlQueryRaw<int>("SELECT count(*) AS \"Value\" FROM \"__EFMigrationsLock\"").SingleAsync(Cancellation)).Should().Be(1, "nobody looked at it");
    }

    [Fact]
    public async Task While_another_Bob_makes_the_tables_a_second_waits_a_while_and_says_so()
    {
        using var folder = RecordsFolder.Empty();
        await using var other = new FileStream($"{folder.Database}.migrating", FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);

        (await FailureAsync(RecordsDatabase.InFile(folder.Database))).Word.Should().Be("migrating");
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Speaks TLS with whoever asks for it, and no other encryption, as a PostgreSQL server does before anything else.</summary>
    private static async Task ShowAsync(TcpClient client, X509Certificate2 certificate)
    {
        using var connection = client;
        var wire = client.GetStream();
        var asked = new byte[8];
        try
        {
            do
            {
                await wire.ReadExactlyAsync(asked, Cancellation);
                await wire.WriteAsync(AsksForTls(asked) ? "S"u8.ToArray() : "N"u8.ToArray(), Cancellation);
            }
            while (!AsksForTls(asked));

            await using var tls = new SslStream(wire);
            await tls.AuthenticateAsServerAsync(certificate);
            await tls.ReadExactlyAsync(asked, Cancellation);
        }
        catch (Exception over) when (over is IOException or AuthenticationException)
        {
            // the client does not like it
        }

        static bool AsksForTls(byte[] request) => BinaryPrimitives.ReadInt32BigEndian(request.AsSpan(4)) == 80877103;
    }

    private static async Task<IReadOnlyList<string>> DatabasesAsync(NpgsqlConnectionStringBuilder server)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync(Cancellation);
        await using var names = new NpgsqlCommand("SELECT array_agg(datname::text) FROM pg_database", connection);
        // Those that other specs make meanwhile are called bob and a number.
        return [.. ((string[])(await names.ExecuteScalarAsync(Cancellation))!).Where(name => !name.StartsWith("bob", StringComparison.Ordinal))];
    }

    /// <summary>What EF leaves behind when its process dies while it migrates.</summary>
    private static async Task LeaveMigratingAsync(RecordsFolder folder)
    {
        File.Open(folder.Database, FileMode.OpenOrCreate).Dispose();
        await using var db = RecordsDatabase.InFile(folder.Database).Open();
        await db.Database.ExecuteSqlRawAsync(
            "CREATE TABLE \"__EFMigrationsLock\" (\"Id\" INTEGER NOT NULL CONSTRAINT \"PK___EFMigrationsLock\" PRIMARY KEY, \"Timestamp\" TEXT NOT NULL); "
            + "INSERT INTO \"__EFMigrationsLock\" VALUES (1, '2026-03-01 12:00:00+00:00')",
            Cancellation);
    }

    private static async Task<RecordsFailure> FailureAsync(RecordsDatabase database) =>
        (await FluentActions.Awaiting(() => database.PrepareAsync(Cancellation)).Should().ThrowAsync<RecordsFailure>()).Which;
}
