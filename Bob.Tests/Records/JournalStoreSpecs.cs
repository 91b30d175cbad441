using System.Globalization;
using System.Text.Json;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Costs;
using Bob.Actors.Records;
using Bob.Host.Records;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Logging;
using Npgsql;
using Xunit;
using static Bob.Actors.Records.JournalEntry;

namespace Bob.Tests.Records;

/// <summary>What the books promise, wherever they are kept.</summary>
public abstract class JournalStoreSpecs : IAsyncLifetime
{
    private RecordsDatabase _database = null!;
    private JournalStore _store = null!;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected abstract Task<RecordsDatabase> EmptyAsync();

    public async ValueTask InitializeAsync()
    {
        _database = await EmptyAsync();
        _store = new JournalStore(_database, "node-1", new Prices { PhoneMinute = 0.02m });
        await _store.PrepareAsync(Cancellation);
    }

    public abstract ValueTask DisposeAsync();

    [Fact]
    public async Task A_message_is_one_row_however_often_and_in_whatever_order_it_is_reported()
    {
        await _store.WriteAsync([KeptBooks.MessageOf("CA1", null)], Cancellation);
        await _store.WriteAsync([KeptBooks.MessageOf("CA1", "+15550100001"), KeptBooks.MessageOf("CA1", null)], Cancellation);
        await _store.WriteAsync([KeptBooks.MessageOf("CA2", "+15550100002"), KeptBooks.MessageOf("CA2", null), .. Entries.Of("CA3", new CallOpened("+15550100003", "", null))], Cancellation);
        await _store.WriteAsync([KeptBooks.MessageOf("CA3", null), KeptBooks.MessageOf("CA4", null)], Cancellation);

        await using var db = _database.Open();
        var messages = (await db.Messages.ToListAsync(Cancellation)).OrderBy(row => row.CallSid).ToList();

        messages.Select(row => row.Caller).Should().Equal("+15550100001", "+15550100002", "+15550100003", "anonymous");
        messages.Should().OnlyContain(row => row.RecordingUrl!.EndsWith(row.RecordingSid!) && row.Seconds == 9 && row.Node == "node-1" && row.Recording == null);
    }

    [Fact]
    public async Task What_is_written_is_read_again_in_order()
    {
        var entries = Entries.WholeCall();

        await _store.WriteAsync(entries[..7], Cancellation);
        await _store.WriteAsync([.. entries[7..], .. Entries.WholeCall("CA2")], Cancellation);

        (await _store.EntriesAsync(new CallSid("CA1"), Cancellation)).Should().Equal(entries);
        (await _store.EntriesAsync(new CallSid("CA3"), Cancellation)).Should().BeEmpty();
        Conversation.From(await _store.EntriesAsync(new CallSid("CA2"), Cancellation)).Should().Equal(Conversation.From(entries));
    }

    [Fact]
    public async Task Writing_an_entry_twice_changes_nothing()
    {
        var entries = Entries.WholeCall();
        await _store.WriteAsync(entries, Cancellation);
        var before = await AllAsync();

        await _store.WriteAsync(entries, Cancellation);
        await _store.WriteAsync([.. entries[3..6], .. entries[3..6]], Cancellation);

        (await AllAsync()).Should().Be(before);
    }

    [Fact]
    public async Task However_a_call_is_cut_into_batches_and_repeated_its_record_is_the_same()
    {
        var entries = Entries.WholeCall();
        await _store.WriteAsync(entries, Cancellation);
        var whole = await AllAsync();

        for (var size = 1; size < 6; size += 2)
        {
            var other = new JournalStore(await EmptyAsync(), "node-1");
            await other.PrepareAsync(Cancellation);
            for (var at = 0; at < entries.Length; at += size)
                await other.WriteAsync(entries[Math.Max(0, at - 2)..Math.Min(entries.Length, at + size)], Cancellation);
            (await other.EntriesAsync(new CallSid("CA1"), Cancellation)).Should().Equal(entries);
        }

        (await AllAsync()).Should().Be(whole);
    }

    [Fact]
    public async Task The_tables_tell_of_the_call()
    {
        await _store.WriteAsync(Entries.WholeCall(), Cancellation);

        await using var db = _database.Open();
        (await db.Calls.SingleAsync(Cancellation)).Should().BeEquivalentTo(new
        {
            CallSid = "CA1",
            Caller = "+15550100001",
            Called = "+15550100002",
            Node = "node-1",
            StartedAt = Entries.Noon,
            EndedAt = Entries.Noon.AddSeconds(17),
            Step = CallPhase.Over,
            Result = CallResult.Completed,
            Side = CallSide.Caller,
            Reason = "caller-hung-up",
            FirstAudioMs = 850,
            Reconnects = 0,
        });
        (await db.Turns.OrderBy(turn => turn.Number).ToListAsync(Cancellation)).Should().BeEquivalentTo(
            new object[]
            {
                new { Role = TurnRole.Bob, ItemId = "b1", Text = "Hello, this is Bob.", Words = TurnWords.Whole, HeardText = (string?)null, Interrupted = false, StartedMs = 3000, EndedMs = 4500 },
                new { Role = TurnRole.Caller, ItemId = "c1", Text = "When are you open?", Words = TurnWords.Whole, HeardText = (string?)null, Interrupted = false, StartedMs = 7200, EndedMs = 8100 },
                new { Role = TurnRole.Bob, ItemId = "b2", Text = "We are open from nine to five.", Words = TurnWords.Whole, HeardText = "We are open", Interrupted = true, StartedMs = 8000, EndedMs = 9000 },
                new { Role = TurnRole.Caller, ItemId = "c2", Text = "", Words = TurnWords.Failed, HeardText = (string?)null, Interrupted = false, StartedMs = (long?)null, EndedMs = (long?)null },
                new { Role = TurnRole.Keypad, ItemId = "keys-16", Text = "12#", Words = TurnWords.Whole, HeardText = (string?)null, Interrupted = false, StartedMs = (long?)15_000, EndedMs = (long?)null },
            },
            options => options.WithStrictOrdering());
        (await db.ToolRuns.SingleAsync(Cancellation)).Should().BeEquivalentTo(
            new { Name = "look_up", Arguments = """{"day":"Monday"}""", Output = "nine to five", Ms = 42, Outcome = "ok" });
        (await db.Usage.SingleAsync(Cancellation)).Should().BeEquivalentTo(
            new { Kind = UsageKind.Model, ResponseId = "r1", TextIn = 300, CachedTextIn = 120, TextOut = 12, AudioOut = 40 });
    }

    [Fact]
    public async Task Writing_down_a_turn_is_billed_beside_the_responses_also_after_the_end()
    {
        await _store.WriteAsync(
            Entries.Of(
                "CA1", new CallOpened("+15550100001", "+15550100002", null), new UsageReported("r1", 1, 1, 0, 0, 1, 1, 0.5m), new TranscriptionReported("c1", 1, 26, 12, null, 0.25m),
                new CallEnded(CallEnd.CallerHungUp, 1, 0), new TranscriptionReported("c2", 0, 0, 0, 2.5, 0.125m)),
            Cancellation);

        await using var db = _database.Open();
        (await db.Usage.OrderBy(row => row.Number).ToListAsync(Cancellation)).Skip(1).Should().BeEquivalentTo(
            new object[]
            {
                new { Kind = UsageKind.Transcription, ResponseId = "c1", TextIn = 1, AudioIn = 26, TextOut = 12, Seconds = (double?)null, CostMicros = 250_000 },
                new { Kind = UsageKind.Transcription, ResponseId = "c2", TextIn = 0, AudioIn = 0, TextOut = 0, Seconds = (double?)2.5, CostMicros = 125_000 },
            },
            options => options.WithStrictOrdering());
        (await db.Calls.SingleAsync(Cancellation)).CostMicros.Should().Be(875_000);
        (await _store.DearestResponseAsync(Entries.Noon, Cancellation)).Should().Be(0.5m);
    }

    [Fact]
    public async Task A_number_is_one_turn_which_grows_with_its_keys_and_began_with_the_first()
    {
        var entries = Entries.Of(
            "CA1", new CallOpened("+15550100001", "+15550100002", null), new KeyPressed("4"), new KeyPressed("47", 2), new KeysPressed("47", 2), new KeyPressed("1"), new KeyPressed("11", 5));

        await _store.WriteAsync(entries[..2], Cancellation);
        (await KeysAsync()).Should().Equal("4 Partial 1000");
        await _store.WriteAsync(entries[2..4], Cancellation);
        await _store.WriteAsync(entries[3..], Cancellation);
        (await KeysAsync()).Should().Equal("47 Whole 1000", "11 Partial 4000");

        async Task<List<string>> KeysAsync()
        {
            await using var db = _database.Open();
            return [.. (await db.Turns.Where(turn => turn.Role == TurnRole.Keypad).OrderBy(turn => turn.Number).ToListAsync(Cancellation)).Select(turn => $"{turn.Text} {turn.Words} {turn.StartedMs}")];
        }
    }

    [Fact]
    public async Task Enumerations_are_readable_words_and_times_are_UTC()
    {
        await _store.WriteAsync(Entries.WholeCall(), Cancellation);

        await using var db = _database.Open();
        (await db.Database.SqlQueryRaw<string>("SELECT result || ' ' || side || ' ' || step AS \"Value\" FROM calls").SingleAsync(Cancellation))
            .Should().Be("Completed Caller Over");
        (await db.Database.SqlQueryRaw<string>("SELECT DISTINCT kind AS \"Value\" FROM journal WHERE number = 1").SingleAsync(Cancellation)).Should().Be("call-opened");
        (await db.Calls.SingleAsync(Cancellation)).StartedAt.Offset.Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public async Task Characters_that_a_database_refuses_hold_up_nothing()
    {
        var entries = Entries.Of(
            "CA1", new CallOpened("anon\0ymous", "", null), new CallerWords("c\0", "half a pair \ud83d, a NUL \0 and 您好 😀"), new ToolCalled("t1", "x", "\0"));

        await _store.WriteAsync(entries, Cancellation);

        await using var db = _database.Open();
        (await db.Turns.SingleAsync(Cancellation)).Text.Should().Be("half a pair \ufffd, a NUL  and 您好 😀");
        (await _store.EntriesAsync(new CallSid("CA1"), Cancellation)).Should().HaveCount(3);
    }

    [Fact]
    public async Task A_call_that_a_dead_process_left_open_gets_its_end_once()
    {
        await _store.WriteAsync(Entries.WholeCall("CA1")[..6], Cancellation);
        await _store.WriteAsync(Entries.WholeCall("CA2")[..6], Cancellation);
        await _store.WriteAsync(Entries.WholeCall("CA3"), Cancellation);
        await new JournalStore(_database, "node-2").WriteAsync(Entries.WholeCall("CA4")[..6], Cancellation);
        var alive = new HashSet<CallSid> { new("CA2") };

        var orphans = await _store.OrphansAsync(alive, Cancellation);
        orphans.Should().Equal(new OrphanCall(new CallSid("CA1"), Entries.Noon.AddSeconds(5), CallPhase.Live));
        var lost = orphans.Select(orphan => orphan.CallSid).Append(new CallSid("CA3")).Append(new CallSid("CA4")).ToHashSet();
        (await _store.EndLostAsync(lost, Cancellation)).Should().Be(1);
        (await _store.EndLostAsync(lost, Cancellation)).Should().Be(0);

        (await _store.EntriesAsync(new CallSid("CA1"), Cancellation)).Skip(6).Should().Equal(
            new CallEnded(CallEnd.ProcessDied, 3_000, 0, 4, 0.02m) { CallSid = new CallSid("CA1"), Number = 7, At = Entries.Noon.AddSeconds(5) });
        (await _store.UnendedCallsAsync(Cancellation)).Select(call => (call.CallSid.Value, call.Node)).Should().BeEquivalentTo([("CA2", "node-1"), ("CA4", "node-2")]);
        await using var db = _database.Open();
        (await db.Calls.SingleAsync(call => call.CallSid == "CA1", Cancellation)).Reason.Should().Be("process-died");
    }

    [Fact]
    public async Task What_was_being_said_and_done_when_a_process_died_ends_with_it()
    {
        using var folder = RecordsFolder.Make();
        var died = Entries.Noon.AddMilliseconds(12_250);
        Directory.CreateDirectory(folder.Spool);
        await File.WriteAllTextAsync(Path.Combine(folder.Spool, "alive"), "", Cancellation);
        File.SetLastWriteTimeUtc(Path.Combine(folder.Spool, "alive"), died.UtcDateTime);
        using var life = new SignOfLife(folder.Spool, TimeProvider.System);
        var store = new JournalStore(_database, "node-1", life: life);
        await store.WriteAsync(
            [.. Entries.WholeCall()[..6], .. Entries.From("CA1", 7, new RecordingBegun("CA1.wav"), new ToolCalled("t1", "look_up", "{}"), new KeyPressed("12"), new BobSaid("b2", "We are open from nine to five on all days of the week but one."))],
            Cancellation);

        (await store.EndLostAsync(new HashSet<CallSid> { new("CA1") }, Cancellation)).Should().Be(1);

        var written = (await store.EntriesAsync(new CallSid("CA1"), Cancellation)).Skip(10).ToList();
        written.Select(entry => entry.At).Should().OnlyContain(at => at == died);
        written.Should().ContainSingle(entry => entry is BobCut).Which.Should().Match<BobCut>(cut => cut.ItemId == "b2" && cut.HeardMs == 3_250 && cut.Lost && cut.HeardText.StartsWith("We are open") && cut.HeardText.Length < 60);
        written.OfType<ToolReturned>().Single().Outcome.Should().Be("process-died");
        written.OfType<KeysPressed>().Single().Digits.Should().Be("12");
        written.OfType<RecordingTruncated>().Single().Reason.Should().Be("process died");
        written[^1].Should().BeOfType<CallEnded>().Which.FirstAudioMs.Should().Be(3_000);
        await using var db = _database.Open();
        (await db.Calls.SingleAsync(Cancellation)).EndedAt.Should().Be(died);
        (await db.Turns.SingleAsync(turn => turn.ItemId == "b2", Cancellation)).HeardMs.Should().Be(3_250);
    }

    [Fact]
    public async Task A_call_that_cannot_be_read_is_named_once_and_costs_no_other_its_end()
    {
        var log = new KeptLog();
        var store = new JournalStore(_database, "node-1", log: log);
        foreach (var call in new[] { "CA1", "CA2", "CA3" })
            await store.WriteAsync(Entries.WholeCall(call)[..6], Cancellation);
        await using var db = _database.Open();
        await db.Database.ExecuteSqlRawAsync("UPDATE calls SET step = 'Dreaming' WHERE call_sid = 'CA2'", Cancellation);

        (await store.OrphansAsync(new HashSet<CallSid>(), Cancellation)).Select(orphan => orphan.CallSid.Value).Should().BeEquivalentTo("CA1", "CA3");
        (await store.EndLostAsync(new HashSet<CallSid> { new("CA1"), new("CA2"), new("CA3") }, Cancellation)).Should().Be(2);

        (await store.UnendedCallsAsync(Cancellation)).Select(call => call.CallSid.Value).Should().Equal("CA2");
        log.Lines.Should().ContainSingle().Which.Should().StartWith("Error: ").And.EndWith("(CallSid CA2)");
    }

    [Fact]
    public async Task The_record_names_the_recording_and_says_why_it_is_not_whole()
    {
        var opened = Entries.WholeCall()[0];
        await _store.WriteAsync(Entries.Of("CA1", opened, new RecordingBegun("CA1.wav"), new RecordingTruncated("disk full"), new CallEnded(CallEnd.CallerHungUp, 850, 0)), Cancellation);
        await _store.WriteAsync(Entries.Of("CA2", opened, new RecordingTruncated("no permission")), Cancellation);
        await _store.WriteAsync(Entries.Of("CA3", opened, new RecordingBegun("CA3.wav"), new RecordingBegun("CA3-2.wav")), Cancellation);
        await _store.WriteAsync(Entries.Of("CA4", opened, new RecordingBegun("CA4.wav")), Cancellation);
        await _store.WriteAsync(Entries.Of("CA5", opened, new RecordingBegun("CA5.wav"), new CallEnded(CallEnd.CallerHungUp, 850, 0), new RecordingTruncated("disk full")), Cancellation);
        await _store.WriteAsync(Entries.Of("CA6", opened, new RecordingBegun("CA6.wav"), new RecordingTruncated("process died"), new RecordingBegun("CA6-2.wav"), new RecordingBegun("CA6-3.wav")), Cancellation);
        await _store.EndLostAsync(new HashSet<CallSid> { new("CA1"), new("CA2"), new("CA3"), new("CA4"), new("CA5"), new("CA6") }, Cancellation);

        await using var db = _database.Open();
        (await db.Calls.OrderBy(call => call.CallSid).Select(call => new { call.CallSid, call.Recording, call.RecordingFault }).ToListAsync(Cancellation)).Should().Equal(
            new { CallSid = "CA1", Recording = (string?)"CA1.wav", RecordingFault = (string?)"disk full" },
            new { CallSid = "CA2", Recording = (string?)null, RecordingFault = (string?)"no permission" },
            new { CallSid = "CA3", Recording = (string?)"CA3.wav", RecordingFault = (string?)"goes on in CA3-2.wav" },
            new { CallSid = "CA4", Recording = (string?)"CA4.wav", RecordingFault = (string?)"process died" },
            new { CallSid = "CA5", Recording = (string?)"CA5.wav", RecordingFault = (string?)"disk full" },
            new { CallSid = "CA6", Recording = (string?)"CA6.wav", RecordingFault = (string?)"goes on in CA6-2.wav" });
        (await _store.EntriesAsync(new CallSid("CA1"), Cancellation)).OfType<RecordingBegun>().Single().File.Should().Be("CA1.wav");
    }

    [Fact]
    public async Task A_call_that_was_given_up_and_is_resumed_has_the_end_that_comes_after()
    {
        await _store.WriteAsync(Entries.WholeCall()[..6], Cancellation);
        await _store.EndLostAsync(new HashSet<CallSid> { new("CA1"), new("CA2"), new("CA3") }, Cancellation);

        await _store.WriteAsync(Entries.From("CA1", 8, new StreamAttached(new StreamSid("MZ2"))), Cancellation);
        (await _store.UnendedCallsAsync(Cancellation)).Should().ContainSingle();
        await _store.WriteAsync(Entries.From("CA1", 9, new CallEnded(CallEnd.CallerHungUp, 850, 1)), Cancellation);

        await using var db = _database.Open();
        (await db.Calls.SingleAsync(Cancellation)).Should().BeEquivalentTo(new { Reason = "caller-hung-up", Streams = 2, Reconnects = 1 });
    }

    [Fact]
    public async Task A_call_costs_what_its_entries_say_and_its_minutes_once()
    {
        await _store.WriteAsync(
            Entries.Of(
                "CA1",
                new CallOpened("+15550100001", "+15550100002", null),
                new StreamAttached(new StreamSid("MZ1")),
                new UsageReported("r1", 300, 0, 120, 0, 12, 40, 0.004584m),
                new UsageReported("r2", 300, 0, 120, 0, 12, 40),
                new CallEnded(CallEnd.CallerLost, 850, 0, 61, 0.017m)),
            Cancellation);
        (await CostAsync()).Should().Be(21_584);

        await _store.WriteAsync(
            Entries.From("CA1", 6, new StreamAttached(new StreamSid("MZ2")), new CallEnded(CallEnd.CallerHungUp, 850, 1, 150, 0.0255m)), Cancellation);

        (await CostAsync()).Should().Be(30_084, "the longer bill takes the place of the shorter");
        await using var db = _database.Open();
        (await db.Usage.Where(row => row.Kind == UsageKind.Telephony).ToListAsync(Cancellation)).Should().ContainSingle()
            .Which.Should().BeEquivalentTo(new { Seconds = 150.0, CostMicros = 25_500L });
        (await _store.SpentAsync(Entries.Noon, Entries.Noon.AddMinutes(1), Cancellation)).Should().Be(0.030084m);
        (await _store.SpentAsync(Entries.Noon.AddMinutes(1), Entries.Noon.AddMinutes(2), Cancellation)).Should().Be(0);
        (await _store.DearestResponseAsync(Entries.Noon, Cancellation)).Should().Be(0.004584m);
        (await _store.DearestResponseAsync(Entries.Noon.AddMinutes(1), Cancellation)).Should().Be(0);

        async Task<long?> CostAsync()
        {
            await using var look = _database.Open();
            return (await look.Calls.SingleAsync(Cancellation)).CostMicros;
        }
    }

    [Fact]
    public async Task A_caller_is_known_by_their_number()
    {
        await using (var db = _database.Open())
        {
            db.Callers.Add(new CallerRow { Number = "+15550100001", Name = "Ada", Tags = ["boat", "late"], Vip = true, UpdatedAt = Entries.Noon });
            await db.SaveChangesAsync(Cancellation);
        }

        (await _store.CallerAsync("+15550100001", Cancellation)).Should().BeEquivalentTo(
            new KnownCaller("+15550100001", "Ada", null, null, ["boat", "late"], Vip: true, Blocked: false));
        (await _store.CallerAsync("+15550100009", Cancellation)).Should().BeNull();
    }

    [Fact]
    public async Task Callers_of_an_older_database_called_last_when_their_newest_known_call_was_or_today()
    {
        await _store.WriteAsync(Entries.WholeCall(), Cancellation);
        await using (var db = _database.Open())
        {
            db.Callers.Add(new CallerRow { Number = "+15550100001", UpdatedAt = Entries.Noon });
            db.Callers.Add(new CallerRow { Number = "+15550100009", UpdatedAt = Entries.Noon });
            await db.SaveChangesAsync(Cancellation);
            await db.GetService<IMigrator>().MigrateAsync("20261126153000_MessageRecordings", Cancellation);
        }

        var today = new DateTimeOffset(DateTime.UtcNow.Date, TimeSpan.Zero);
        await _store.PrepareAsync(Cancellation);

        await using var look = _database.Open();
        var last = await look.Callers.OrderBy(row => row.Number).Select(row => row.LastCallAt).ToListAsync(Cancellation);
        last[0].Should().Be(Entries.Noon.AddHours(-12));
        last[1].Should().BeOneOf(today, new DateTimeOffset(DateTime.UtcNow.Date, TimeSpan.Zero));
        var day = Entries.Noon.AddHours(-12);
        (await look.Callers.CountAsync(row => row.LastCallAt == day, Cancellation)).Should().Be(1, "it is written as Bob writes it");
    }

    [Fact]
    public async Task A_database_that_is_up_to_date_is_taken_as_it_is_and_a_newer_one_is_not()
    {
        await _store.PrepareAsync(Cancellation);
        await using (var db = _database.Open())
        {
            (await db.Database.GetPendingMigrationsAsync(Cancellation)).Should().BeEmpty();
            db.Database.HasPendingModelChanges().Should().BeFalse("whoever changes a table adds a migration");
            await db.Database.ExecuteSqlRawAsync(
                "INSERT INTO \"__EFMigrationsHistory\" (\"MigrationId\", \"ProductVersion\") VALUES ('29991231000000_Tomorrow', '99.0')", Cancellation);
        }

        var newer = async () => await _store.PrepareAsync(Cancellation);

        (await newer.Should().ThrowAsync<RecordsFailure>()).Which.Word.Should().Be("newer");
    }

    private sealed class KeptLog : ILogger<JournalStore>
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add($"{logLevel}: {formatter(state, exception)}");
    }

    /// <summary>All there is, as text.</summary>
    private async Task<string> AllAsync()
    {
        await using var db = _database.Open();
        return JsonSerializer.Serialize(new
        {
            journal = await db.Journal.OrderBy(row => row.CallSid).ThenBy(row => row.Number).ToListAsync(Cancellation),
            calls = await db.Calls.OrderBy(row => row.CallSid).ToListAsync(Cancellation),
            turns = await db.Turns.OrderBy(row => row.Id).ToListAsync(Cancellation),
            tools = await db.ToolRuns.OrderBy(row => row.Id).ToListAsync(Cancellation),
            usage = await db.Usage.OrderBy(row => row.Id).ToListAsync(Cancellation),
        });
    }
}

public sealed class SqliteJournalStoreSpecs : JournalStoreSpecs
{
    private readonly RecordsFolder _folder = RecordsFolder.Empty();
    private int _databases;

    public override ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Words_are_found_as_they_were_heard()
    {
        var database = await EmptyAsync();
        var store = new JournalStore(database, "node-1");
        await store.PrepareAsync(Cancellation);
        await store.WriteAsync(Entries.WholeCall(), Cancellation);
        await using var db = database.Open();

        Task<List<long>> Found(string word) => db.Database.SqlQueryRaw<long>("SELECT rowid AS \"Value\" FROM turn_words WHERE turn_words MATCH {0}", word).ToListAsync(Cancellation);

        (await Found("open")).Should().HaveCount(2);
        (await Found("nine")).Should().BeEmpty("the caller did not hear it");
    }

    protected override Task<RecordsDatabase> EmptyAsync() =>
        Task.FromResult(RecordsDatabase.InFile(Path.Combine(_folder.Path, string.Create(CultureInfo.InvariantCulture, $"{++_databases}.db"))));
}

public sealed class PostgresJournalStoreSpecs(PostgresServer server) : JournalStoreSpecs
{
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Tables_that_are_brought_up_to_date_have_the_time_that_it_takes()
    {
        var connection = await server.NewDatabaseAsync();
        var database = RecordsDatabase.OnServer(connection);
        await using (var db = database.Open())
            await db.GetService<IMigrator>().MigrateAsync("20261126153000_MessageRecordings", Cancellation);
        await using var other = new NpgsqlConnection(connection);
        await other.OpenAsync(Cancellation);
        await using var transaction = await other.BeginTransactionAsync(Cancellation);
        await using var locking = new NpgsqlCommand("LOCK TABLE callers IN ACCESS EXCLUSIVE MODE", other, transaction);
        await locking.ExecuteNonQueryAsync(Cancellation);

        var preparing = database.PrepareAsync(Cancellation);
        await using var waiting = new NpgsqlCommand("SELECT pg_sleep(7)", other, transaction); // longer than a statement has
        await waiting.ExecuteNonQueryAsync(Cancellation);
        await transaction.RollbackAsync(Cancellation);
        await preparing;

        await using var look = database.Open();
        (await look.Database.GetPendingMigrationsAsync(Cancellation)).Should().BeEmpty();
    }

    protected override async Task<RecordsDatabase> EmptyAsync() => RecordsDatabase.OnServer(await server.NewDatabaseAsync());
}
