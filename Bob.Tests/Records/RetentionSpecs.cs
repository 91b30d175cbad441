using System.Text;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Records;
using Bob.Host.Records;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static Bob.Actors.Records.JournalEntry;

namespace Bob.Tests.Records;

/// <summary>Each kind goes when its time is over, wherever the books are kept.</summary>
public abstract class RetentionSpecs : IAsyncLifetime
{
    private KeptBooks _books = null!;

    private protected KeptBooks Books => _books;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected abstract Task<RecordsDatabase> EmptyAsync();

    public async ValueTask InitializeAsync() => _books = await KeptBooks.WithCallsAsync(await EmptyAsync());

    public virtual ValueTask DisposeAsync()
    {
        _books.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Each_kind_is_kept_as_many_days_as_the_settings_say()
    {
        var retention = Retention(("KEEP_MESSAGES_DAYS", "10"), ("KEEP_RECORDINGS_DAYS", "20"), ("KEEP_TRANSCRIPTS_DAYS", "30"), ("KEEP_CALLS_DAYS", "90"));
        const string calls = "CA1 CA2 CA3", both = "+15550100001 +15550100009";

        await AfterAsync(retention, 9);
        (await _books.TablesAsync()).Should().Contain($"journal: {calls};").And.Contain("messages: +15550100001 +15550100009 anonymous;");
        _books.Files().Should().HaveCount(8);

        (await AfterAsync(retention, 2)).Messages.Should().Be(3);
        (await _books.TablesAsync()).Should().Contain("messages:;").And.Contain($"journal: {calls};");
        _books.Files().Should().Equal("CA1-2.wav", "CA1.txt", "CA1.wav", "CA11.wav", "CA2.part", "CA3.wav");

        (await AfterAsync(retention, 10)).Recordings.Should().Be(4);
        _books.Files().Should().Equal("CA1.txt", "CA11.wav");
        await using (var db = _books.Database.Open())
            (await db.Calls.AnyAsync(row => row.Recording != null, Cancellation)).Should().BeFalse();

        (await AfterAsync(retention, 10)).Rows.Should().Be(new RemovedRows(Turns: 12, ToolRuns: 3, Entries: 54));
        (await _books.TablesAsync()).Should().Be($"calls: {calls}; turns:; tools:; journal:; usage: CA1r1 CA2r1 CA3r1; messages:; callers: {both}");

        (await AfterAsync(retention, 58)).IsNothing.Should().BeTrue();
        (await AfterAsync(retention, 1)).Rows.Should().Be(new RemovedRows(Calls: 3, Usage: 3));
        (await _books.TablesAsync()).Should().Be($"calls:; turns:; tools:; journal:; usage:; messages:; callers: {both}");
    }

    [Fact]
    public async Task The_sound_of_a_message_is_kept_as_long_as_the_message()
    {
        await AfterAsync(Retention(("KEEP_RECORDINGS_DAYS", "20")), 21);
        _books.Files().Should().Equal("CA1.txt", "CA11.wav", "RE15550100001.wav", "RE15550100009.wav");

        await AfterAsync(Retention(("KEEP_RECORDINGS_DAYS", "20"), ("KEEP_MESSAGES_DAYS", "22")), 2);
        _books.Files().Should().Equal("CA1.txt", "CA11.wav");
    }

    [Fact]
    public async Task Recordings_that_no_record_names_go_by_their_age_and_what_Bob_did_not_name_stays()
    {
        string[] bobs = [$"CA{new string('1', 32)}.wav", $"CA{new string('1', 32)}-2.part", $"RE{new string('2', 32)}.wav", $"RE{new string('3', 32)}.fetched", $"call-{new string('4', 32)}.wav"];
        string[] others = ["hold-music.wav", "CAROL.wav", "RECORDING.wav", $"CA{new string('1', 33)}.wav", $"my-CA{new string('1', 32)}.wav"];
        foreach (var name in bobs.Concat(others))
            _books.Record(name);

        await AfterAsync(Retention(("KEEP_RECORDINGS_DAYS", "20")), 21);

        _books.Files().Should().Contain(others).And.NotContain(bobs);
    }

    [Fact]
    public async Task What_cannot_be_removed_stays_in_the_books_for_another_day_and_holds_up_nothing_else()
    {
        string[] stuck = ["CA1-2.wav", $"RE{KeptBooks.Caller[1..]}.wav"];
        foreach (var name in stuck)
            _books.RecordForGood(name);
        var retention = Retention(("KEEP_CALLS_DAYS", "5"), ("KEEP_MESSAGES_DAYS", "5"));

        (await AfterAsync(retention, 6)).Should().BeEquivalentTo(new { Rows = new { Calls = 2 }, Messages = 2 });
        (await _books.TablesAsync()).Should().StartWith("calls: CA1; turns: CA1; ").And.Contain("messages: +15550100001;");

        foreach (var name in stuck)
            _books.Release(name);
        (await AfterAsync(retention, 1)).Should().BeEquivalentTo(new { Rows = new { Calls = 1 }, Messages = 1 });
        _books.Files().Should().Equal("CA1.txt", "CA11.wav");
    }

    [Fact]
    public async Task The_books_name_a_recording_that_cannot_be_removed_until_it_can()
    {
        _books.RecordForGood("CA1-2.wav");
        var retention = Retention(("KEEP_RECORDINGS_DAYS", "5"));

        (await AfterAsync(retention, 6)).Recordings.Should().Be(3);
        (await RecordedAsync()).Should().Equal("CA1.wav");

        _books.Release("CA1-2.wav");
        (await AfterAsync(retention, 1)).Recordings.Should().Be(1);
        (await RecordedAsync()).Should().BeEmpty();

        async Task<List<string?>> RecordedAsync()
        {
            await using var db = _books.Database.Open();
            return await db.Calls.Where(row => row.Recording != null).Select(row => row.Recording).ToListAsync(Cancellation);
        }
    }

    [Fact]
    public async Task With_a_call_goes_all_that_belongs_to_it_and_nothing_newer()
    {
        var retention = Retention(("KEEP_CALLS_DAYS", "1"));
        _books.Clock.Advance(TimeSpan.FromDays(1));
        await CallAsync("CA4", KeptBooks.Caller);

        var outdated = await retention.ApplyAsync(Cancellation);

        outdated.Rows.Should().Be(new RemovedRows(Calls: 3, Turns: 12, ToolRuns: 3, Entries: 54, Usage: 3));
        (await _books.TablesAsync()).Should().StartWith("calls: CA4; turns: CA4; tools: CA4; journal: CA4; ");
        _books.Files().Should().NotContain(["CA1.wav", "CA1-2.wav", "CA2.part", "CA3.wav"]).And.Contain("CA11.wav");
    }

    [Theory]
    [InlineData("KEEP_TRANSCRIPTS_DAYS", 2)]
    [InlineData("KEEP_CALLS_DAYS", 0)]
    public async Task Entries_of_a_call_without_a_record_go_with_the_transcripts_and_what_erased_calls_left_with_the_calls(string key, int left)
    {
        await _books.Store.WriteAsync(KeptBooks.CallOf("CA4", KeptBooks.Caller)[3..6], Cancellation);
        await _books.Erasure().EraseAsync(KeptBooks.Caller, Cancellation);

        await AfterAsync(Retention((key, "5")), 6);

        await using var db = _books.Database.Open();
        (await db.Turns.CountAsync(Cancellation)).Should().Be(0);
        (await db.Journal.CountAsync(Cancellation)).Should().Be(left);
    }

    [Fact]
    public async Task A_call_that_goes_on_is_left_and_one_that_cannot_go_on_is_not_and_its_node_may_come_back()
    {
        await _books.Store.WriteAsync(KeptBooks.CallOf("CA5", KeptBooks.Caller)[..6], Cancellation);
        var retention = Retention(("KEEP_TRANSCRIPTS_DAYS", "1"));

        await AfterAsync(retention, 1);
        (await _books.TablesAsync()).Should().Contain("journal: CA5;");
        await AfterAsync(retention, 2);
        (await _books.TablesAsync()).Should().Contain("journal:;");

        (await _books.Store.EndLostAsync((await _books.Store.OrphansAsync(new HashSet<CallSid>(), Cancellation)).Select(orphan => orphan.CallSid).ToHashSet(), Cancellation)).Should().Be(1);
        await using var db = _books.Database.Open();
        (await db.Calls.SingleAsync(row => row.CallSid == "CA5", Cancellation)).Reason.Should().Be("process-died");
    }

    [Fact]
    public async Task Who_did_not_call_for_long_and_was_not_changed_is_forgotten_and_who_is_blocked_never_is()
    {
        var retention = Retention(("KEEP_CALLERS_DAYS", "30"));
        const string changed = "+15550100005", blocked = "+15550100666";
        await KnowAsync(blocked, row => row.Blocked = true);
        _books.Clock.Advance(TimeSpan.FromDays(10));
        await KnowAsync(changed, row => row.UpdatedAt = _books.Clock.GetUtcNow());
        await CallAsync("CA4", KeptBooks.Other);

        (await AfterAsync(retention, 19)).IsNothing.Should().BeTrue();
        (await AfterAsync(retention, 2)).Callers.Should().Be(1);
        (await CallersAsync()).Should().Equal(changed, KeptBooks.Other, blocked);

        (await AfterAsync(retention, 10)).Callers.Should().Be(2);
        (await AfterAsync(retention, 30_000)).IsNothing.Should().BeTrue();
        (await CallersAsync()).Should().Equal(blocked);
    }

    [Fact]
    public async Task The_last_call_of_a_caller_counts_also_when_it_is_no_longer_kept()
    {
        var retention = Retention(("KEEP_CALLS_DAYS", "5"), ("KEEP_CALLERS_DAYS", "30"));
        _books.RecordForGood("CA3.wav");
        _books.Clock.Advance(TimeSpan.FromDays(20));
        await CallAsync("CA4", KeptBooks.Other);

        (await AfterAsync(retention, 6)).Rows.Calls.Should().Be(3);
        _books.Release("CA3.wav");
        (await AfterAsync(retention, 1)).Rows.Calls.Should().Be(1, "the older call of the two goes later");
        (await AfterAsync(retention, 4)).Callers.Should().Be(1);
        (await AfterAsync(retention, 18)).IsNothing.Should().BeTrue();
        (await CallersAsync()).Should().Equal(KeptBooks.Other);

        (await AfterAsync(retention, 2)).Callers.Should().Be(1);
    }

    [Theory]
    [InlineData("36500")]
    [InlineData("5")]
    public async Task Who_only_left_a_message_has_called_also_when_it_is_no_longer_kept(string keepMessages)
    {
        var retention = Retention(("KEEP_MESSAGES_DAYS", keepMessages), ("KEEP_CALLERS_DAYS", "30"));
        const string caller = "+15550100007";
        await KnowAsync(caller, _ => { });
        _books.Clock.Advance(TimeSpan.FromDays(20));
        await _books.Store.WriteAsync([KeptBooks.MessageOf("CA7", caller) with { At = _books.Clock.GetUtcNow() }], Cancellation);

        await AfterAsync(retention, 11);
        (await CallersAsync()).Should().Equal(caller);
        await AfterAsync(retention, 18);
        (await CallersAsync()).Should().Equal(caller);

        (await AfterAsync(retention, 2)).Callers.Should().Be(1);
    }

    [Fact]
    public async Task Of_a_call_that_is_gone_the_day_stays_with_its_caller_and_only_as_long_as_callers_are_forgotten()
    {
        await KnowAsync("+15550100007", _ => { });

        await AfterAsync(Retention(("KEEP_CALLS_DAYS", "5"), ("KEEP_CALLERS_DAYS", "30")), 6);
        (await LastCallsAsync()).Should().Equal(Entries.Noon.AddHours(-12), Entries.Noon.AddHours(-12), null);

        await CallAsync("CA7", "+15550100007");
        await AfterAsync(Retention(("KEEP_CALLS_DAYS", "5")), 6);
        (await LastCallsAsync()).Should().Equal(Entries.Noon.AddHours(-12), Entries.Noon.AddHours(-12), null);

        async Task<List<DateTimeOffset?>> LastCallsAsync()
        {
            await using var db = _books.Database.Open();
            return await db.Callers.OrderBy(row => row.UpdatedAt).ThenBy(row => row.Name == null).Select(row => row.LastCallAt).ToListAsync(Cancellation);
        }
    }

    [Fact]
    public async Task Many_callers_are_forgotten_step_by_step()
    {
        await using (var db = _books.Database.Open())
        {
            db.Callers.AddRange(Enumerable.Range(0, 1_200).Select(i => new CallerRow { Number = $"+1666{i:0000000}", Blocked = i % 3 == 0, UpdatedAt = Entries.Noon }));
            await db.SaveChangesAsync(Cancellation);
        }

        (await AfterAsync(Retention(("KEEP_CALLERS_DAYS", "30")), 31)).Callers.Should().Be(802);

        (await CallersAsync()).Should().HaveCount(400);
    }

    [Fact]
    public async Task What_single_responses_cost_goes_and_the_sum_of_a_call_and_what_the_days_cap_is_kept_by_stay()
    {
        var retention = Retention(("KEEP_USAGE_DAYS", "8"));
        var spent = Entries.Of("CA4", new CallOpened(KeptBooks.Caller, "+15550100002", null), new UsageReported("r1", 1, 1, 0, 0, 1, 1, 1.25m), new CallEnded(CallEnd.Goodbye, 800, 0, 61, 0.5m));
        var nextDay = Entries.Noon.AddHours(12);
        await _books.Store.WriteAsync([.. spent.Select(entry => entry with { At = nextDay })], Cancellation);

        (await AfterAsync(retention, 8)).Should().Be(new Outdated(new RemovedRows(), 0, 0, Usage: 3));
        _books.Clock.Advance(TimeSpan.FromHours(11.9)); // midnight is near
        (await AfterAsync(retention, 0)).IsNothing.Should().BeTrue();
        (await _books.Store.DearestResponseAsync(nextDay, Cancellation)).Should().Be(1.25m, "it is of the last seven days");

        (await AfterAsync(retention, 1)).Usage.Should().Be(2);
        await using var db = _books.Database.Open();
        (await db.Usage.AnyAsync(Cancellation)).Should().BeFalse();
        (await db.Calls.SingleAsync(row => row.CallSid == "CA4", Cancellation)).CostMicros.Should().Be(1_750_000);
    }

    [Fact]
    public async Task Without_a_setting_everything_is_kept()
    {
        var before = await _books.TablesAsync();

        (await AfterAsync(Retention(), 36_500)).IsNothing.Should().BeTrue();

        (await _books.TablesAsync()).Should().Be(before);
        _books.Files().Should().HaveCount(8);
    }

    private async Task KnowAsync(string number, Action<CallerRow> know)
    {
        var row = new CallerRow { Number = number, UpdatedAt = Entries.Noon };
        know(row);
        await using var db = _books.Database.Open();
        db.Callers.Add(row);
        await db.SaveChangesAsync(Cancellation);
    }

    /// <summary>A call that is over now.</summary>
    protected Task CallAsync(string call, string caller) =>
        _books.Store.WriteAsync([.. KeptBooks.CallOf(call, caller).Select(entry => entry with { At = _books.Clock.GetUtcNow() })], Cancellation);

    private async Task<List<string>> CallersAsync()
    {
        await using var db = _books.Database.Open();
        return await db.Callers.Select(row => row.Number).Order().ToListAsync(Cancellation);
    }

    protected Retention Retention(params (string Key, string Value)[] settings) => Retention(NullLogger<Retention>.Instance, settings);

    protected Retention Retention(ILogger<Retention> log, params (string Key, string Value)[] settings) =>
        new(_books.Database, _books.Options(settings), _books.Clock, log);

    protected async Task<Outdated> AfterAsync(Retention retention, int days)
    {
        _books.Clock.Advance(TimeSpan.FromDays(days));
        return await retention.ApplyAsync(Cancellation);
    }
}

public sealed class SqliteRetentionSpecs : RetentionSpecs
{
    private readonly RecordsFolder _folder = RecordsFolder.Empty();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_was_removed_is_nowhere_in_the_file_also_when_something_else_cannot_be_removed()
    {
        await Books.Store.WriteAsync(
            Entries.Of("CA9", new CallOpened("+15550100007", "", null), new CallerWords("c1", "canarybird"), new CallEnded(CallEnd.CallerHungUp, 1, 0)), Cancellation);
        await using (var db = Books.Database.Open())
            await db.Database.ExecuteSqlRawAsync("CREATE TRIGGER stuck BEFORE DELETE ON usage BEGIN SELECT RAISE(ABORT, 'stuck'); END", Cancellation);
        Held().Should().Contain("canarybird");

        var removing = () => AfterAsync(Retention(("KEEP_TRANSCRIPTS_DAYS", "5"), ("KEEP_USAGE_DAYS", "8")), 9);

        (await removing.Should().ThrowAsync<RecordsFailure>()).Which.Word.Should().Be("refused");
        Held().Should().NotContain("canary");
        SqliteConnection.ClearAllPools();
    }

    [Fact]
    public async Task However_many_words_were_removed_none_of_them_is_in_the_file()
    {
        JournalEntry[] call = [new CallOpened("+15550100007", "", null), new CallEnded(CallEnd.CallerHungUp, 1, 0)];
        await Books.Store.WriteAsync([.. Entries.Of("CA8", call).Select(entry => entry with { At = Entries.Noon.AddDays(3) }), .. Entries.Of("CA9", call)], Cancellation);
        await using (var db = Books.Database.Open())
        {
            await db.Database.ExecuteSqlRawAsync(
                "WITH RECURSIVE turn(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM turn WHERE i < 20000) INSERT INTO turns (call_sid, number, item_id, role, words, text, interrupted)"
                + " SELECT iif(i % 20, 'CA8', 'CA9'), i, 'c' || i, 'Caller', 'Whole', iif(i % 20, 'kept', 'xcanary') || hex(randomblob(200)), 0 FROM turn",
                Cancellation);
        }

        Held().Should().Contain("canary");

        (await AfterAsync(Retention(("KEEP_TRANSCRIPTS_DAYS", "5")), 6)).Rows.Turns.Should().Be(1_012);

        Held().Should().NotContain("canary");
        SqliteConnection.ClearAllPools();
    }

    [Fact]
    public async Task The_journal_waits_for_no_file_that_is_being_removed()
    {
        Books.RecordForGood("CA1-2.wav");
        Exception? refused = null;
        var log = new Listener(() => refused ??= Record.ExceptionAsync(() => CallAsync("CA9", KeptBooks.Other)).GetAwaiter().GetResult());

        (await AfterAsync(Retention(log, ("KEEP_CALLS_DAYS", "5")), 6)).Rows.Calls.Should().Be(2);

        refused.Should().BeNull();
        (await Books.TablesAsync()).Should().StartWith("calls: CA1 CA9;");
    }

    protected override Task<RecordsDatabase> EmptyAsync() => Task.FromResult(RecordsDatabase.InFile(_folder.Database));

    private string Held() => string.Concat(Directory.GetFiles(_folder.Path, "bob.db*").Select(file =>
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), Encoding.Latin1);
        return reader.ReadToEnd();
    }));

    /// <summary>Does something when a file is told of that cannot be removed: while files are removed, that is.</summary>
    private sealed class Listener(Action act) : ILogger<Retention>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Warning)
                act();
        }
    }
}

public sealed class PostgresRetentionSpecs(PostgresServer server) : RetentionSpecs
{
    protected override async Task<RecordsDatabase> EmptyAsync() => RecordsDatabase.OnServer(await server.NewDatabaseAsync());
}
