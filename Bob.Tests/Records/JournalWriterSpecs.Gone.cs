using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Records;
using Bob.Host.Records;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;
using static Bob.Actors.Records.JournalEntry;

namespace Bob.Tests.Records;

/// <summary>The database is a file, and the file is removed, renamed or replaced under the writer.</summary>
public sealed partial class JournalWriterSpecs
{
    [Theory]
    [InlineData("removed")]
    [InlineData("renamed")]
    [InlineData("replaced")]
    public async Task P10_A_file_that_is_gone_takes_nothing_and_the_copy_that_is_put_in_its_place_has_all(string how)
    {
        var log = new ShortOfMemory(null);
        await using var node = await StartAsync(RecordsDatabase.InFile(_folder.Database), log);
        var entries = Entries.WholeCall();
        node.Tell(entries[..4]);
        await node.UntilWrittenAsync("CA1", entries[..4]);
        var copy = Copy();

        if (how == "renamed")
            Rename();
        else
            Remove();
        if (how == "replaced")
        {
            File.Move(copy, _folder.Database);
            await node.UntilAsync(() => log.Lines.Any(line => line.Contains("does not take the journal: gone")));
            node.Tell(entries[4..8]);
        }
        else
        {
            await node.UntilAsync(() => node.Writer.Failure is not null);
            node.Tell(entries[4..8]);
            await node.UntilSpooledAsync();
            node.Writer.Failure.Should().Be("gone");
            FluentActions.Invoking(() => node.Database.Open()).Should().Throw<RecordsFailure>("nobody is to write to what is gone").Which.Word.Should().Be("gone");
            File.Exists(_folder.Database).Should().BeFalse("whoever has a copy is to put it there, and finds nothing in its place");
            File.Move(copy, _folder.Database);
        }

        await node.UntilAsync(() => node.Spool.Length == 0 && node.Writer.State == JournalState.Database && node.Writer.Failure is null);
        node.Tell(entries[8..]);
        await node.UntilWrittenAsync("CA1", entries);
        var now = RecordsDatabase.InFile(_folder.Database, new SqliteConnectionStringBuilder { DataSource = _folder.Database, Pooling = false }); // and not the one that was open before
        (await new JournalStore(now, "reader").EntriesAsync(new CallSid("CA1"), Cancellation)).Should().Equal(entries);
    }

    [Fact]
    public async Task P10_A_copy_of_before_an_update_that_is_put_in_the_place_of_the_file_is_brought_up_to_date()
    {
        var copy = $"{_folder.Database}.copy";
        await File.WriteAllBytesAsync(copy, [], Cancellation);
        await using (var old = RecordsDatabase.InFile(copy).Open())
            await old.Database.GetService<IMigrator>().MigrateAsync(old.Database.GetMigrations().First(), Cancellation);
        await using var node = await StartAsync(RecordsDatabase.InFile(_folder.Database));
        node.Tell(Entries.WholeCall("CA0"));
        await node.UntilWrittenAsync("CA0", Entries.WholeCall("CA0"));

        Remove();
        await node.UntilAsync(() => node.Writer.Failure is not null);
        File.Move(copy, _folder.Database);
        node.Tell(Entries.WholeCall());

        await node.UntilAsync(() => node.Writer.Failure is null && node.Writer.State == JournalState.Database);
        await node.UntilWrittenAsync("CA1", Entries.WholeCall());
        await using var db = node.Database.Open();
        (await db.Database.GetPendingMigrationsAsync(Cancellation)).Should().BeEmpty();
        (await db.Database.SqlQueryRaw<string>("SELECT journal_mode AS \"Value\" FROM pragma_journal_mode").SingleAsync(Cancellation)).Should().Be("wal");
    }

    [Theory]
    [InlineData("no database", "damaged")]
    [InlineData("", "gone")]
    public async Task P10_What_comes_in_the_place_of_the_file_and_is_no_copy_of_it_stays_as_it_is_and_when_it_goes_nothing_is_made(string content, string failure)
    {
        await using var node = await StartAsync(RecordsDatabase.InFile(_folder.Database));
        var entries = Entries.WholeCall();
        node.Tell(entries[..4]);
        await node.UntilWrittenAsync("CA1", entries[..4]);
        var copy = Copy();
        Remove();
        await node.UntilAsync(() => node.Writer.Failure == "gone");

        await File.WriteAllTextAsync(_folder.Database, content, Cancellation);
        node.Tell(entries[4..8]);
        await node.UntilAsync(() => node.Writer.Failure == failure);
        await AFewTriesAsync();
        (await File.ReadAllTextAsync(_folder.Database, Cancellation)).Should().Be(content, "somebody may be at writing it");
        FluentActions.Invoking(() => node.Database.Open()).Should().Throw<RecordsFailure>("nobody is to use it").Which.Word.Should().Be("gone");
        Remove();
        await AFewTriesAsync();
        File.Exists(_folder.Database).Should().BeFalse("the one that was there is to come back");

        File.Move(copy, _folder.Database);
        node.Tell(entries[8..]);
        await node.UntilWrittenAsync("CA1", entries);
    }

    [Fact]
    public async Task P10_A_file_that_is_replaced_while_the_spool_is_brought_in_has_all_of_the_spool()
    {
        await using var node = await StartAsync(RecordsDatabase.InFile(_folder.Database));
        string wrong = Copy(), right = Copy();
        Execute(wrong, "CREATE TRIGGER half AFTER INSERT ON journal WHEN NEW.call_sid = 'CA0300' BEGIN SELECT abs(-9223372036854775808); END");
        var calls = Enumerable.Range(0, 600).Select(number => $"CA{number:0000}").ToList();
        Remove();
        await node.UntilAsync(() => node.Writer.Failure == "gone");
        foreach (var call in calls)
            node.Tell(Entries.WholeCall(call)[..10]);
        await node.UntilSpooledAsync();

        File.Move(wrong, _folder.Database);
        await node.UntilAsync(() => node.Writer.Failure == "sqlite-1");
        await using (var half = node.Database.Open())
            (await half.Journal.CountAsync(Cancellation)).Should().BeInRange(1, (calls.Count * 10) - 1);
        Remove();
        File.Move(right, _folder.Database);

        await node.UntilAsync(() => node.Spool.Length == 0 && node.Writer.Failure is null);
        foreach (var call in calls)
            await node.UntilWrittenAsync(call, Entries.WholeCall(call)[..10]);
    }

    [Fact]
    public async Task P10_What_a_file_takes_that_was_moved_meanwhile_is_not_taken_for_written()
    {
        await using var node = await StartAsync(RecordsDatabase.InFile(_folder.Database));
        var copy = Copy();
        using var other = new SqliteConnection($"Data Source={_folder.Database};Pooling=False");
        other.Open();
        Execute(other, "BEGIN IMMEDIATE");
        node.Tell(Entries.WholeCall());
        await node.UntilAsync(() => node.Writer.Failure == "locked");
        await Task.Delay(1.5 * JournalWriter.RetryInterval, Cancellation); // the next try, of all that is in the spool, waits for the lock

        Rename();
        File.Move(copy, _folder.Database);
        Execute(other, "COMMIT");

        await node.UntilAsync(() => node.Spool.Length == 0 && node.Writer.Failure is null);
        await node.UntilWrittenAsync("CA1", Entries.WholeCall());
    }

    [Fact]
    public async Task P10_A_call_that_is_open_in_the_copy_and_was_over_in_the_file_that_is_gone_gets_an_end()
    {
        await using var node = await StartAsync(RecordsDatabase.InFile(_folder.Database));
        var over = Entries.WholeCall("CA-over");
        var live = Entries.WholeCall("CA-live")[..4];
        node.Tell(live);
        node.Tell(over[..^1]);
        await node.UntilWrittenAsync("CA-over", over[..^1]);
        await node.UntilWrittenAsync("CA-live", live);
        var copy = Copy();
        node.Tell(over[^1..]);
        await node.UntilWrittenAsync("CA-over", over);

        Remove();
        File.Move(copy, _folder.Database);

        await node.UntilAsync(() => Reason(_folder, "CA-over") == "process-died");
        Reason(_folder, "CA-live").Should().BeNull();
    }

    [Fact]
    public async Task P10_Nothing_is_left_beside_a_file_that_is_let_go()
    {
        using (var database = RecordsDatabase.InFile(_folder.Database))
        {
            await using var node = await StartAsync(database);
            node.Tell(Entries.WholeCall());
            await node.UntilWrittenAsync("CA1", Entries.WholeCall());
            File.Exists($"{_folder.Database}-wal").Should().BeTrue();
        }

        Directory.GetFiles(_folder.Path, "bob.db*").Should().Equal(_folder.Database);
    }

    private static Task AFewTriesAsync() => Task.Delay(2.5 * JournalWriter.RetryInterval, Cancellation);

    private static void Execute(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        Execute(connection, sql);
    }

    private string Copy()
    {
        var copy = $"{_folder.Database}.{Guid.NewGuid():N}";
        Execute(_folder.Database, $"VACUUM INTO '{copy}'");
        return copy;
    }

    private void Remove()
    {
        foreach (var suffix in new[] { "", "-wal", "-shm" })
            File.Delete(_folder.Database + suffix);
    }

    private void Rename()
    {
        foreach (var suffix in new[] { "", "-wal", "-shm" }.Where(suffix => File.Exists(_folder.Database + suffix)))
            File.Move(_folder.Database + suffix, $"{_folder.Database}.bad{suffix}");
    }
}
