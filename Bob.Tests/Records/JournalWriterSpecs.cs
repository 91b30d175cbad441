using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Records;
using Bob.Host.Records;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;
using static Bob.Actors.Records.JournalEntry;

namespace Bob.Tests.Records;

/// <summary>The writer over a database with troubles. Nothing is lost, and nothing comes twice.</summary>
public sealed partial class JournalWriterSpecs(PostgresServer server) : IDisposable
{
    private readonly RecordsFolder _folder = RecordsFolder.Make();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_told_is_in_the_database_and_what_Bob_waits_for_leaves_some_of_the_second()
    {
        await using var node = await StartAsync(RecordsDatabase.InFile(_folder.Database));
        var entries = Entries.WholeCall();

        node.Tell(entries);
        await node.UntilWrittenAsync("CA1", entries);

        // How long that takes is the machine's; what Bob waits for by himself, also with a batch under way, leaves some of the second.
        (JournalWriter.BatchInterval + (2 * JournalWriter.Patience)).Should().BeLessThan(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task P10_While_another_program_locks_the_file_the_journal_is_spooled_and_comes_in_order_afterwards()
    {
        await using var node = await StartAsync(RecordsDatabase.InFile(_folder.Database));
        var entries = Entries.WholeCall();
        node.Tell(entries[..4]);
        await node.UntilWrittenAsync("CA1", entries[..4]);

        using (var other = new SqliteConnection($"Data Source={_folder.Database};Pooling=False"))
        {
            other.Open();
            Execute(other, "BEGIN EXCLUSIVE");
            node.Tell(entries[4..8]);
            await node.UntilSpooledAsync();
            node.Tell(entries[8..]);
            node.Writer.State.Should().Be(JournalState.Spool);
            Execute(other, "ROLLBACK");
        }

        await node.UntilWrittenAsync("CA1", entries);
        await node.UntilAsync(() => node.Spool.Length == 0 && node.Writer.State == JournalState.Database);
    }

    [Fact]
    public async Task P10_A_server_that_is_stopped_and_started_again_has_everything_once()
    {
        // A server of its own: the others are in use.
        await using var own = new PostgresServer();
        await using var node = await StartAsync(RecordsDatabase.OnServer(await own.NewDatabaseAsync()));
        var entries = Entries.WholeCall();
        node.Tell(entries[..6]);
        await node.UntilWrittenAsync("CA1", entries[..6]);

        await own.StopAsync();
        node.Tell(entries[6..12]);
        await node.UntilSpooledAsync();
        await node.UntilAsync(() => node.Writer.Failure is not null);
        await own.StartAsync();
        node.Tell(entries[12..]);

        await node.UntilWrittenAsync("CA1", entries);
        await node.UntilAsync(() => node.Spool.Length == 0 && node.Writer.Failure is null);
    }

    [Fact]
    public async Task P10_A_server_that_answers_nothing_is_given_up_and_asked_again()
    {
        var connection = await server.NewDatabaseAsync();
        await using var node = await StartAsync(RecordsDatabase.OnServer(connection));
        await using var other = new NpgsqlConnection(connection);
        await other.OpenAsync(Cancellation);
        await using var transaction = await other.BeginTransactionAsync(Cancellation);
        await using var locking = new NpgsqlCommand("LOCK TABLE journal IN ACCESS EXCLUSIVE MODE", other, transaction);
        await locking.ExecuteNonQueryAsync(Cancellation);
        var entries = Entries.WholeCall();

        node.Tell(entries);
        await node.UntilSpooledAsync();
        await node.UntilAsync(() => node.Writer.Failure is not null);
        node.Writer.Failure.Should().Be("timeout");
        await transaction.RollbackAsync(Cancellation);

        await node.UntilWrittenAsync("CA1", entries);
        await node.UntilAsync(() => node.Spool.Length == 0 && node.Writer.Failure is null);
    }

    [Fact]
    public async Task P11_A_file_that_can_only_be_read_costs_nothing()
    {
        var connection = new SqliteConnectionStringBuilder { DataSource = _folder.Database, Mode = SqliteOpenMode.ReadOnly, Pooling = false };
        var entries = Entries.WholeCall();
        await using (var node = Start(RecordsDatabase.InFile(_folder.Database, connection)))
        {
            node.Tell(entries);
            await node.UntilSpooledAsync();
            await node.UntilAsync(() => node.Writer.Failure is not null);
            node.Writer.Failure.Should().Be("read-only");
        }

        await using var next = await StartAsync(RecordsDatabase.InFile(_folder.Database));

        (await next.Store.EntriesAsync(new CallSid("CA1"), Cancellation)).Should().Equal(entries);
        next.Spool.Length.Should().Be(0, "what a dead process has left comes first");
    }

    [Fact]
    public async Task P9_A_database_without_room_costs_nothing()
    {
        await using var node = await StartAsync(RecordsDatabase.OnServer(await server.NewDatabaseAsync()));
        var entries = Entries.WholeCall();

        // The same error as of a full disk, made by hand.
        await using (var db = node.Database.Open())
            await ExecuteAsync(db, "CREATE FUNCTION full_disk() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$ LANGUAGE plpgsql; CREATE TRIGGER full_disk BEFORE INSERT ON journal EXECUTE FUNCTION full_disk();");
        node.Tell(entries);
        await node.UntilSpooledAsync();
        await node.UntilAsync(() => node.Writer.Failure == "full");
        await using (var db = node.Database.Open())
            await ExecuteAsync(db, "DROP TRIGGER full_disk ON journal;");

        await node.UntilWrittenAsync("CA1", entries);
    }

    [Fact]
    public async Task P9_When_the_spool_has_no_room_either_the_journal_waits_in_memory()
    {
        Directory.CreateDirectory(_folder.Spool);
        File.CreateSymbolicLink(Path.Combine(_folder.Spool, "journal.spool"), "/dev/full");
        await using var node = await StartAsync(RecordsDatabase.InFile(_folder.Database));
        var entries = Entries.WholeCall();

        using (var other = new SqliteConnection($"Data Source={_folder.Database};Pooling=False"))
        {
            other.Open();
            Execute(other, "BEGIN EXCLUSIVE");
            node.Tell(entries[..9]);
            await node.UntilAsync(() => node.Writer.State == JournalState.Memory);
            node.Tell(entries[9..]);
            Execute(other, "ROLLBACK");
        }

        await node.UntilWrittenAsync("CA1", entries);
        await node.UntilAsync(() => node.Writer.State == JournalState.Database);
    }

    [Fact]
    public async Task An_entry_that_is_refused_for_what_it_is_is_put_aside_and_holds_up_no_other()
    {
        var database = RecordsDatabase.OnServer(await server.NewDatabaseAsync());
        await using var node = await StartAsync(database);
        await using (var db = database.Open())
            await ExecuteAsync(db, "ALTER TABLE turns ADD CONSTRAINT quiet CHECK (text NOT LIKE '%poison%');");
        var entries = Entries.Of("CA1", new CallOpened("a", "b", null), new CallerWords("c1", "some poison"), new CallerWords("c2", "some water"));

        node.Tell(entries);
        await node.UntilWrittenAsync("CA1", [entries[0], entries[2]]);

        await node.UntilAsync(() => File.Exists(Path.Combine(_folder.Spool, "journal.unread")));
        File.ReadAllText(Path.Combine(_folder.Spool, "journal.unread")).Should().Contain("some poison");
    }

    [Fact]
    public async Task An_id_that_no_index_takes_is_put_aside_and_holds_up_no_other()
    {
        await using var node = await StartAsync(RecordsDatabase.OnServer(await server.NewDatabaseAsync()));
        var id = Convert.ToHexString(RandomNumberGenerator.GetBytes(8_000));
        var entries = Entries.Of("CA1", new CallOpened("a", "b", null), new CallerWords(id, "some words"), new CallerWords("c2", "some water"));

        node.Tell(entries);
        await node.UntilWrittenAsync("CA1", [entries[0], entries[2]]);

        File.ReadAllText(Path.Combine(_folder.Spool, "journal.unread")).Should().Contain("some words");
    }

    [Fact]
    public async Task What_fails_in_a_way_that_nobody_thought_of_is_tried_again_and_the_journal_is_spooled()
    {
        var before = Entries.WholeCall("CA-before");
        using (var spool = Spool.Open(_folder.Spool))
            spool.Append(before);
        var lines = File.ReadAllText(Path.Combine(_folder.Spool, "journal.spool"));
        File.WriteAllText(Path.Combine(_folder.Spool, "journal.spool"), $"00000000 a line that is not whole\n{lines}");
        var log = new ShortOfMemory("were not whole");

        await using var node = await StartAsync(RecordsDatabase.InFile(_folder.Database), log);
        node.Writer.Failure.Should().Be("bug");
        var entries = Entries.WholeCall();
        node.Tell(entries);

        await node.UntilWrittenAsync("CA1", entries);
        await node.UntilWrittenAsync("CA-before", before);
        await node.UntilAsync(() => node.Writer is { Failure: null, State: JournalState.Database });
        log.Lines.Should().Contain(line => line.StartsWith("Error: What the journal asks of the database fails in an unexpected way"));
    }

    [Fact]
    public async Task A_writer_that_ends_before_its_time_says_so()
    {
        await using var node = Start(RecordsDatabase.InFile(_folder.Database));

        node.Spool.Dispose();
        node.Tell(Entries.WholeCall());

        await node.UntilAsync(() => node.Writer.State == JournalState.Ended);
        node.Writer.Failure.Should().Be("bug");
    }

    [Fact]
    public async Task A_writer_that_runs_out_of_memory_has_ended_and_what_it_had_and_what_comes_after_is_counted_as_lost()
    {
        using var lost = new LostEntries();
        var connection = new SqliteConnectionStringBuilder { DataSource = _folder.Database, Mode = SqliteOpenMode.ReadOnly, Pooling = false };
        Directory.CreateDirectory(_folder.Spool);
        File.CreateSymbolicLink(Path.Combine(_folder.Spool, "journal.spool"), "/dev/full");
        var log = new ShortOfMemory("The spool takes nothing either");
        await using var node = Start(RecordsDatabase.InFile(_folder.Database, connection), log);
        var entries = Entries.WholeCall();

        node.Tell(entries);
        await node.UntilAsync(() => node.Writer.State == JournalState.Ended);
        await node.UntilAsync(() => log.Lines.Any(line => line == $"Error: {entries.Length} entries of the journal were lost: neither database nor spool took them"));
        node.Tell(Entries.WholeCall("CA2"));

        log.Lines.Should().Contain(line => line.StartsWith("Critical: The writer of the journal has ended"));
        lost.Count.Should().BeGreaterThanOrEqualTo(2 * entries.Length);
        node.Writer.IsFull.Should().BeFalse("calls are taken for a while all the same");
        node.Tell(Enumerable.Repeat(entries[2], JournalWriter.MaxWaiting / 2));
        node.Writer.IsFull.Should().BeTrue();
    }

    [Fact]
    public async Task What_nobody_takes_until_the_end_of_the_process_is_counted_as_lost()
    {
        using var lost = new LostEntries();
        Directory.CreateDirectory(_folder.Spool);
        File.CreateSymbolicLink(Path.Combine(_folder.Spool, "journal.spool"), "/dev/full");
        var log = new ShortOfMemory(at: null);
        var node = await StartAsync(RecordsDatabase.InFile(_folder.Database), log);
        using var other = new SqliteConnection($"Data Source={_folder.Database};Pooling=False");
        other.Open();
        Execute(other, "ALTER TABLE journal RENAME TO away");
        var entries = Entries.WholeCall();

        node.Tell(entries);
        await node.DisposeAsync();
        node.Tell(entries[..1]);

        log.Lines.Should().Contain($"Error: {entries.Length} entries of the journal were lost: neither database nor spool took them");
        lost.Count.Should().BeGreaterThanOrEqualTo(entries.Length + 1);
    }

    [Fact]
    public async Task What_waits_in_memory_at_the_end_of_the_process_is_tried_again_before_it_is_given_up()
    {
        Directory.CreateDirectory(_folder.Spool);
        File.CreateSymbolicLink(Path.Combine(_folder.Spool, "journal.spool"), "/dev/full");
        var node = await StartAsync(RecordsDatabase.InFile(_folder.Database));
        using var other = new SqliteConnection($"Data Source={_folder.Database};Pooling=False");
        other.Open();
        Execute(other, "ALTER TABLE journal RENAME TO away");
        var entries = Entries.WholeCall();
        node.Tell(entries);
        await node.UntilAsync(() => node.Writer.State == JournalState.Memory && node.Writer.Failure is not null);

        Execute(other, "ALTER TABLE away RENAME TO journal");
        await node.DisposeAsync();

        (await node.Store.EntriesAsync(new CallSid("CA1"), Cancellation)).Should().Equal(entries);
    }

    [Fact]
    public async Task The_end_of_the_process_leaves_nothing_behind()
    {
        var entries = Entries.WholeCall();
        var node = await StartAsync(RecordsDatabase.InFile(_folder.Database));

        node.Tell(entries);
        await node.DisposeAsync();

        (await node.Store.EntriesAsync(new CallSid("CA1"), Cancellation)).Should().Equal(entries);
        new FileInfo(Path.Combine(_folder.Spool, "journal.spool")).Length.Should().Be(0);
    }

    [Fact]
    public async Task Calls_of_this_process_are_not_given_up_when_the_database_comes_late()
    {
        var before = Entries.WholeCall("CA-before")[..3];
        await new JournalStore(RecordsDatabase.InFile(_folder.Database), NodeOf(_folder)).WriteAsync(before, Cancellation);
        using var other = new SqliteConnection($"Data Source={_folder.Database};Pooling=False");
        other.Open();
        Execute(other, "BEGIN EXCLUSIVE");

        await using var node = Start(RecordsDatabase.InFile(_folder.Database));
        node.Tell(Entries.WholeCall("CA-now")[..3]);
        await node.UntilSpooledAsync();
        Execute(other, "ROLLBACK");

        await node.UntilWrittenAsync("CA-now", Entries.WholeCall("CA-now")[..3]);
        await node.UntilAsync(() => Reason(_folder, "CA-before") == "process-died");
        Reason(_folder, "CA-now").Should().BeNull();
    }

    public void Dispose() => _folder.Dispose();

    private async Task<Node> StartAsync(RecordsDatabase database, ILogger<JournalWriter>? log = null)
    {
        var node = new Node(database, Spool.Open(_folder.Spool), log);
        await node.Writer.PrepareAsync(Cancellation);
        node.Writer.Start();
        return node;
    }

    /// <summary>Without the database at the start.</summary>
    private Node Start(RecordsDatabase database, ILogger<JournalWriter>? log = null)
    {
        var node = new Node(database, Spool.Open(_folder.Spool), log);
        node.Writer.Start();
        return node;
    }

    private static string NodeOf(RecordsFolder folder)
    {
        using var spool = Spool.Open(folder.Spool);
        return spool.Node;
    }

    private static string? Reason(RecordsFolder folder, string callSid)
    {
        using var db = RecordsDatabase.InFile(folder.Database).Open();
        return db.Calls.Single(call => call.CallSid == callSid).Reason;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static async Task ExecuteAsync(RecordsContext db, string sql)
    {
        await using var command = Microsoft.EntityFrameworkCore.RelationalDatabaseFacadeExtensions.GetDbConnection(db.Database).CreateCommand();
        await command.Connection!.OpenAsync(Cancellation);
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private sealed class Node(RecordsDatabase database, Spool spool, ILogger<JournalWriter>? log) : IAsyncDisposable
    {
        private bool _over;

        public RecordsDatabase Database => database;

        public Spool Spool => spool;

        public JournalStore Store { get; } = new(database, spool.Node);

        public JournalWriter Writer => field ??= new JournalWriter(Store, spool, TimeProvider.System, log ?? NullLogger<JournalWriter>.Instance);

        public void Tell(IEnumerable<JournalEntry> entries)
        {
            foreach (var entry in entries)
                Writer.Write(entry);
        }

        public Task UntilSpooledAsync() => UntilAsync(() => spool.Length > 0);

        public async Task UntilWrittenAsync(string callSid, IReadOnlyList<JournalEntry> entries)
        {
            IReadOnlyList<JournalEntry> there = [];
            await UntilAsync(() => (there = Read()).Count >= entries.Count);
            there.Should().Equal(entries);

            IReadOnlyList<JournalEntry> Read()
            {
                try
                {
                    return Store.EntriesAsync(new CallSid(callSid), Cancellation).GetAwaiter().GetResult();
                }
                catch (RecordsFailure)
                {
                    return []; // for now
                }
            }
        }

        public async Task UntilAsync(Func<bool> happened)
        {
            using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            var deadline = DateTime.UtcNow.AddSeconds(20);
            while (!happened())
            {
                DateTime.UtcNow.Should().BeBefore(deadline, "it should have happened by now");
                await tick.WaitForNextTickAsync(Cancellation);
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (_over)
                return;
            _over = true;
            await Writer.StopAsync();
            Writer.Dispose();
            spool.Dispose();
        }
    }
    /// <summary>Keeps the lines of a log, and once has no memory for the one that is named.</summary>
    private sealed class ShortOfMemory(string? at) : ILogger<JournalWriter>
    {
        private readonly ConcurrentQueue<string> _lines = new();
        private string? _at = at;

        public IReadOnlyCollection<string> Lines => _lines;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = $"{logLevel}: {formatter(state, exception)}";
            if (_at is not null && line.Contains(_at, StringComparison.Ordinal))
            {
                _at = null;
                throw new InsufficientMemoryException();
            }

            _lines.Enqueue(line);
        }
    }

    /// <summary>What the process counts; other specs may add to it.</summary>
    private sealed class LostEntries : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _count;

        public LostEntries()
        {
            _listener.SetMeasurementEventCallback<long>((_, more, _, _) => Interlocked.Add(ref _count, more));
            _listener.EnableMeasurementEvents(RecordsMetrics.Lost);
            _listener.Start();
        }

        public long Count => Interlocked.Read(ref _count);

        public void Dispose() => _listener.Dispose();
    }
}
