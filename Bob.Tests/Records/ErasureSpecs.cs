using System.Text;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Host.Records;
using Bob.Host.Twilio;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Bob.Tests.Records;

/// <summary>A caller who is erased is nowhere any more, wherever the books are kept.</summary>
public abstract class ErasureSpecs : IAsyncLifetime
{
    private const string OfTheOther = "calls: CA3; turns: CA3; tools: CA3; journal: CA3; usage:  CA3r1; messages: +15550100009; callers: +15550100009";

    private KeptBooks _books = null!;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected abstract Task<RecordsDatabase> EmptyAsync();

    public async ValueTask InitializeAsync() => _books = await KeptBooks.WithCallsAsync(await EmptyAsync());

    public virtual ValueTask DisposeAsync()
    {
        _books.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task All_of_a_caller_goes_and_nothing_of_anybody_else()
    {
        var erased = await _books.Erasure().EraseAsync(KeptBooks.Caller, Cancellation);

        erased.Should().Be(new ErasedCaller(new RemovedRows(Calls: 2, Turns: 8, ToolRuns: 2, Entries: 36, Usage: 2), Messages: 2, Known: true, Recordings: 4, SpoolLines: 0));
        (await _books.TablesAsync()).Should().Be(OfTheOther);
        _books.Files().Should().Equal("CA1.txt", "CA11.wav", "CA3.wav", "RE15550100009.wav");
        (await _books.Erasure().EraseAsync(KeptBooks.Caller, Cancellation)).Should().Be(new ErasedCaller(new RemovedRows(), 0, false, 0, 0));
    }

    [Fact]
    public async Task A_recording_that_cannot_be_removed_keeps_its_call_or_message_in_the_books_for_the_next_who_tries()
    {
        string[] stuck = ["CA1-2.wav", $"RE{KeptBooks.Caller[1..]}.wav"];
        foreach (var name in stuck)
            _books.RecordForGood(name);

        (await _books.Erasure().EraseAsync(KeptBooks.Caller, Cancellation)).Should().BeEquivalentTo(new { StuckRecordings = 2, Recordings = 2, Rows = new { Calls = 1 }, Messages = 1 });
        (await _books.TablesAsync()).Should().StartWith("calls: CA1 CA3; turns: CA1 CA3; ").And.Contain("messages: +15550100001 +15550100009;");
        (await _books.Erasure().EraseAsync(KeptBooks.Caller, Cancellation)).StuckRecordings.Should().Be(2);

        foreach (var name in stuck)
            _books.Release(name);
        (await _books.Erasure().EraseAsync(KeptBooks.Caller, Cancellation)).Should().BeEquivalentTo(new { StuckRecordings = 0, Recordings = 2, Rows = new { Calls = 1 }, Messages = 1 });
        (await _books.TablesAsync()).Should().Be(OfTheOther);
        _books.Files().Should().Equal("CA1.txt", "CA11.wav", "CA3.wav", "RE15550100009.wav");
    }

    [Fact]
    public async Task A_message_whose_recording_was_fetched_and_not_yet_noted_or_only_in_part_takes_it_along()
    {
        await _books.Store.WriteAsync([KeptBooks.MessageOf("CA20", KeptBooks.Caller), KeptBooks.MessageOf("CA21", KeptBooks.Caller)], Cancellation);
        _books.Record("RECA20.wav");
        _books.Record("RECA21.fetched");

        await _books.Erasure().EraseAsync(KeptBooks.Caller, Cancellation);

        _books.Files().Should().Equal("CA1.txt", "CA11.wav", "CA3.wav", "RE15550100009.wav");
    }

    [Fact]
    public async Task What_comes_of_an_erased_call_afterwards_is_dropped_whoever_brings_it()
    {
        await _books.Erasure().EraseAsync(KeptBooks.Caller, Cancellation);

        await new JournalStore(_books.Database, "node-2").WriteAsync([.. KeptBooks.CallOf("CA1", KeptBooks.Caller), .. KeptBooks.CallOf("CA4", KeptBooks.Other)], Cancellation);

        (await _books.TablesAsync()).Should().StartWith("calls: CA3 CA4; turns: CA3 CA4; ");
        (await _books.Store.EntriesAsync(new CallSid("CA1"), Cancellation)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_call_that_goes_on_is_left_and_counted_until_it_is_over_or_cannot_go_on_any_more()
    {
        await _books.Store.WriteAsync(KeptBooks.CallOf("CA5", KeptBooks.Caller)[..6], Cancellation);

        (await _books.Erasure().EraseAsync(KeptBooks.Caller, Cancellation)).LiveCalls.Should().Be(1);
        (await _books.TablesAsync()).Should().StartWith("calls: CA3 CA5; ");

        _books.Clock.Advance(TimeSpan.FromMinutes(66));
        (await _books.Erasure().EraseAsync(KeptBooks.Caller, Cancellation)).Should().BeEquivalentTo(new { LiveCalls = 0, Rows = new { Calls = 1 } });
        (await _books.TablesAsync()).Should().Be(OfTheOther);
    }

    [Fact]
    public async Task What_waits_in_the_spool_of_a_running_Bob_never_reaches_the_database()
    {
        using var spool = Spool.Open(_books.Spool);
        spool.Append([.. KeptBooks.CallOf("CA6", KeptBooks.Caller), .. KeptBooks.CallOf("CA7", KeptBooks.Other)]);
        await _books.Store.WriteAsync(KeptBooks.CallOf("CA8", KeptBooks.Caller)[..6], Cancellation);
        spool.Append(KeptBooks.CallOf("CA8", KeptBooks.Caller)[6..]);

        var erasing = _books.Erasure(TimeProvider.System).EraseAsync(KeptBooks.Caller, Cancellation);
        await MarkedAsync("CA6");
        await _books.Store.WriteAsync(spool.Read(0, int.MaxValue).Entries, Cancellation);
        spool.Clear();

        (await erasing).Should().BeEquivalentTo(new { SpoolLines = 18 + 12, WaitingLines = 0, LiveCalls = 0 });
        (await _books.TablesAsync()).Should().StartWith("calls: CA3 CA7; turns: CA3 CA7; ");
    }

    [Fact]
    public async Task Lines_that_were_put_aside_go_too_and_those_of_others_stay()
    {
        string[] lines = [.. KeptBooks.CallOf("CA1", KeptBooks.Caller).Concat(KeptBooks.CallOf("CA3", KeptBooks.Other)).Select(Spool.Line)];
        using (var spool = Spool.Open(_books.Spool))
            spool.PutAside(lines);

        (await _books.Erasure().EraseAsync(KeptBooks.Caller, Cancellation)).SpoolLines.Should().Be(18);

        (await File.ReadAllLinesAsync(Path.Combine(_books.Spool, "journal.unread"), Cancellation)).Should().Equal(lines[18..]);
    }

    [Fact]
    public async Task A_message_of_a_call_that_nobody_knows_goes_too_from_the_database_and_from_the_spool()
    {
        await _books.Store.WriteAsync([KeptBooks.MessageOf("CA20", KeptBooks.Caller), KeptBooks.MessageOf("CA21", KeptBooks.Other)], Cancellation);
        using var spool = Spool.Open(_books.Spool);
        spool.Append([KeptBooks.MessageOf("CA22", KeptBooks.Caller)]);

        var erasing = _books.Erasure(TimeProvider.System).EraseAsync(KeptBooks.Caller, Cancellation);
        await MarkedAsync("CA22");
        await _books.Store.WriteAsync(spool.Read(0, int.MaxValue).Entries, Cancellation);
        spool.Clear();

        (await erasing).Should().BeEquivalentTo(new { Messages = 3, SpoolLines = 1 });
        (await _books.TablesAsync()).Should().Contain("journal: CA21 CA3;").And.Contain("messages: +15550100009;");
    }

    [Theory]
    [InlineData("")]
    [InlineData("anonymous")]
    [InlineData("15550100001")]
    [InlineData("+1 555 010 0001")]
    [InlineData("+05550100001")]
    [InlineData("+15550100001\n")]
    public async Task Only_a_number_is_erased_by(string text)
    {
        PhoneNumber.IsE164(text).Should().BeFalse();
        await _books.Erasure().Awaiting(erasure => erasure.EraseAsync(text, Cancellation)).Should().ThrowAsync<ArgumentException>();
    }

    private async Task MarkedAsync(string call)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            await using var db = _books.Database.Open();
            if (await db.Journal.AnyAsync(row => row.CallSid == call && row.Number == JournalRow.Erased, Cancellation))
                return;
            await tick.WaitForNextTickAsync(Cancellation);
        }
    }
}

public sealed class SqliteErasureSpecs : ErasureSpecs
{
    private readonly RecordsFolder _folder = RecordsFolder.Empty();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Erased_words_are_in_no_file_of_the_database()
    {
        using var other = RecordsFolder.Empty();
        using var books = await KeptBooks.WithCallsAsync(RecordsDatabase.InFile(other.Database));
        await books.Store.WriteAsync(
            Entries.Of("CA9", new Bob.Actors.Records.JournalEntry.CallOpened("+15550100007", "", null), new Bob.Actors.Records.JournalEntry.CallerWords("c1", "canarybird"),
                new Bob.Actors.Records.JournalEntry.CallEnded(CallEnd.CallerHungUp, 1, 0)),
            Cancellation);
        Held(other).Should().Contain("canarybird");

        await books.Erasure().EraseAsync("+15550100007", Cancellation);

        Held(other).Should().NotContain("canary").And.NotContain("15550100007");
        SqliteConnection.ClearAllPools();
    }

    protected override Task<RecordsDatabase> EmptyAsync() => Task.FromResult(RecordsDatabase.InFile(_folder.Database));

    private static string Held(RecordsFolder folder) => string.Concat(Directory.GetFiles(folder.Path, "bob.db*").Select(file =>
    {
        using var reader = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var bytes = new MemoryStream();
        reader.CopyTo(bytes);
        return Encoding.Latin1.GetString(bytes.ToArray());
    }));
}

public sealed class PostgresErasureSpecs(PostgresServer server) : ErasureSpecs
{
    protected override async Task<RecordsDatabase> EmptyAsync() => RecordsDatabase.OnServer(await server.NewDatabaseAsync());
}
