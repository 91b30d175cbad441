using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Costs;
using Bob.Actors.Records;
using Bob.Host.Records;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static Bob.Actors.Records.JournalEntry;

namespace Bob.Tests.Records;

/// <summary>What the day has cost survives a restart, wherever it stood written.</summary>
public sealed class SpendingSoFarSpecs : IDisposable
{
    private readonly RecordsFolder _folder = RecordsFolder.Make();
    private readonly DaySpending _day = new(100, TimeProvider.System);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_sum_of_today_and_of_no_other_day_is_read_with_what_was_left_in_the_spool()
    {
        await WriteAsync(Calls("CA-yesterday", DateTimeOffset.UtcNow.AddDays(-1)));
        await WriteAsync(Calls("CA-today", DateTimeOffset.UtcNow));
        await WriteAsync(Calls("CA-of-another", DateTimeOffset.UtcNow), "another node");
        using (var left = Spool.Open(_folder.Spool))
            left.Append(Calls("CA-spooled", DateTimeOffset.UtcNow));

        using var spool = Spool.Open(_folder.Spool);
        await using var node = new Node(_folder, spool, _day);
        await node.Writer.PrepareAsync(Cancellation);
        node.Writer.Start();
        await node.Spending.StartAsync(Cancellation);

        _day.Spent.Should().Be(3.5m);
    }

    [Fact]
    public async Task How_dear_a_response_can_be_is_known_from_those_of_the_last_days()
    {
        await WriteAsync(Calls("CA-friday", DateTimeOffset.UtcNow.AddDays(-3)));

        using var spool = Spool.Open(_folder.Spool);
        await using var node = new Node(_folder, spool, _day);
        await node.Writer.PrepareAsync(Cancellation);
        node.Writer.Start();
        await node.Spending.StartAsync(Cancellation);

        (_day.Spent, _day.Expected).Should().Be((0, 1.25m));
    }

    [Fact]
    public async Task The_minutes_of_a_call_whose_process_died_count_when_its_end_is_written()
    {
        var now = DateTimeOffset.UtcNow;
        JournalEntry[] entries = [new CallOpened("+15550100001", "+15550100002", null), new StreamAttached(new StreamSid("MZ1")), new UsageReported("r1", 1, 1, 0, 0, 1, 1, 1.25m)];
        await WriteAsync([.. entries.Select((entry, i) => entry with { CallSid = new CallSid("CA-dead"), Number = i + 1, At = now })]);

        using var spool = Spool.Open(_folder.Spool);
        var orphans = new OrphanCalls(awaits: true);
        await using var node = new Node(_folder, spool, _day, orphans);
        await node.Writer.PrepareAsync(Cancellation);
        node.Writer.Start();
        await node.Spending.StartAsync(Cancellation);
        _day.Spent.Should().Be(1.25m);
        var dead = await orphans.Awaited.ReadAsync(Cancellation);

        orphans.GiveUp(dead.CallSid).Should().BeTrue();

        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (_day.Spent != 1.75m) // with a minute
            await tick.WaitForNextTickAsync(deadline.Token);
    }

    [Fact]
    public async Task Without_the_database_what_the_spool_holds_counts_until_the_database_says_all()
    {
        await WriteAsync(Calls("CA-today", DateTimeOffset.UtcNow));
        using (var left = Spool.Open(_folder.Spool))
            left.Append(Calls("CA-spooled", DateTimeOffset.UtcNow));
        using var other = new SqliteConnection($"Data Source={_folder.Database};Pooling=False");
        other.Open();
        Execute(other, "BEGIN EXCLUSIVE");

        using var spool = Spool.Open(_folder.Spool);
        await using var node = new Node(_folder, spool, _day);
        node.Writer.Start();
        await node.Spending.StartAsync(Cancellation);
        (_day.Spent, _day.Expected).Should().Be((1.75m, 1.25m));
        _day.Add(10);
        Execute(other, "ROLLBACK");

        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (_day.Spent != 13.5m)
            await tick.WaitForNextTickAsync(deadline.Token);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>A call that cost 1.75.</summary>
    private static JournalEntry[] Calls(string callSid, DateTimeOffset at)
    {
        JournalEntry[] entries =
        [
            new CallOpened("+15550100001", "+15550100002", null), new UsageReported("r1", 1, 1, 0, 0, 1, 1, 1.25m), new UsageReported("r2", 1, 1, 0, 0, 1, 1),
            new TranscriptionReported("c1", 0, 20, 8, null, 0.25m), new CallEnded(CallEnd.Goodbye, 800, 0, 61, 0.25m),
        ];
        // Today, also in the first second of the day.
        return [.. entries.Select((entry, i) => entry with { CallSid = new CallSid(callSid), Number = i + 1, At = at })];
    }

    private async Task WriteAsync(JournalEntry[] entries, string? node = null)
    {
        using var spool = Spool.Open(_folder.Spool);
        var database = RecordsDatabase.InFile(_folder.Database);
        await database.PrepareAsync(Cancellation);
        await new JournalStore(database, node ?? spool.Node).WriteAsync(entries, Cancellation);
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private sealed class Node : IAsyncDisposable
    {
        public Node(RecordsFolder folder, Spool spool, DaySpending day, OrphanCalls? orphans = null)
        {
            var store = new JournalStore(RecordsDatabase.InFile(folder.Database), spool.Node, new Prices { PhoneMinute = 0.5m });
            Writer = new JournalWriter(store, spool, TimeProvider.System, NullLogger<JournalWriter>.Instance, orphans);
            Spending = new SpendingSoFar(day, store, Writer, spool, TimeProvider.System, NullLogger<SpendingSoFar>.Instance);
        }

        public JournalWriter Writer { get; }

        public SpendingSoFar Spending { get; }

        public async ValueTask DisposeAsync()
        {
            Spending.Stop();
            await Writer.StopAsync();
            Writer.Dispose();
        }
    }
}
