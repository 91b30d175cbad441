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
        await using var node = await StartAsync(RecordsDatabase.InFile(_folder.Database));
        var entries = Entries.WholeCall();
        node.Tell(entries[..4]);
        await node.UntilWrittenAsync("CA1", entries[..4]);
        var copy = $"{_folder.Database}.copy";
        using (var other = new SqliteConnection($"Data Source={_folder.Database};Pooling=False"))
        {
            other.Open();
            Execute(other, $"VACUUM INTO '{copy}'");
        }

        foreach (var file in new[] { "", "-wal", "-shm" })
        {
            if (how == "renamed")
                File.Move(_folder.Database + file, $"{_folder.Database}.bad{file}");
            else
                File.Delete(_folder.Database + file);
        }

        if (how == "replaced")
        {
            File.Move(copy, _folder.Database);
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

        foreach (var file in new[] { "", "-wal", "-shm" })
            File.Delete(_folder.Database + file);
        await node.UntilAsync(() => node.Writer.Failure is not null);
        File.Move(copy, _folder.Database);
        node.Tell(Entries.WholeCall());

        await node.UntilAsync(() => node.Writer.Failure is null && node.Writer.State == JournalState.Database);
        await node.UntilWrittenAsync("CA1", Entries.WholeCall());
        await using var db = node.Database.Open();
        (await db.Database.GetPendingMigrationsAsync(Cancellation)).Should().BeEmpty();
        (await db.Database.SqlQueryRaw<string>("SELECT journal_mode AS \"Value\" FROM pragma_journal_mode").SingleAsync(Cancellation)).Should().Be("wal");
    }
}
