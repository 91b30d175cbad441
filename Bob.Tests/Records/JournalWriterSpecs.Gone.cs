using AwesomeAssertions;
using Bob.Host.Records;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Bob.Tests.Records;

/// <summary>The database is a file, and the file is removed, renamed or replaced under the writer.</summary>
public sealed partial class JournalWriterSpecs
{
    [Theory]
    [InlineData("removed")]
    [InlineData("renamed")]
    [InlineData("replaced")]
    [InlineData("emptied")]
    public async Task P10_A_file_that_is_gone_takes_nothing_and_the_copy_that_is_put_in_its_place_for_the_next_start_has_all(string how)
    {
        var entries = Entries.WholeCall();
        string copy;
        await using (var node = await StartAsync(RecordsDatabase.InFile(_folder.Database)))
        {
            node.Tell(entries[..4]);
            await node.UntilWrittenAsync("CA1", entries[..4]);
            copy = Copy();

            if (how == "renamed")
                Rename(_folder.Database, Away);
            else
                Remove();
            if (how == "replaced")
                File.Move(copy, _folder.Database);
            else if (how == "emptied")
                await File.WriteAllBytesAsync(_folder.Database, [], Cancellation); // somebody begins to copy
            var there = Sizes();

            await node.UntilAsync(() => node.Writer.Failure == "gone");
            node.Tell(entries[4..]);
            await node.UntilSpooledAsync();
            await AFewTriesAsync();
            (node.Writer.Failure, node.Writer.State).Should().Be(("gone", JournalState.Spool));
            FluentActions.Invoking(() => node.Database.Open()).Should().Throw<RecordsFailure>("nobody is to write to what is gone").Which.Word.Should().Be("gone");
            Sizes().Should().Equal(there, "whoever has a copy is to put it there, and finds nothing in its place");
        }

        if (how != "replaced")
            File.Move(copy, _folder.Database, overwrite: true);
        await using var next = await StartAsync(RecordsDatabase.InFile(_folder.Database));
        await next.UntilWrittenAsync("CA1", entries);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    public async Task P10_A_file_that_comes_back_is_gone_on_with(int told)
    {
        await using var node = await StartAsync(RecordsDatabase.InFile(_folder.Database));
        var entries = Entries.WholeCall();
        node.Tell(entries[..4]);
        await node.UntilWrittenAsync("CA1", entries[..4]);
        await node.UntilAsync(() => node.Spool.Length == 0);

        Rename(_folder.Database, Away);
        await node.UntilAsync(() => node.Writer.Failure == "gone");
        node.Tell(entries[4..told]);
        await AFewTriesAsync();
        (node.Writer.State, node.Writer.Failure).Should().Be((JournalState.Spool, "gone"));
        if (told > 4)
            node.Spool.Length.Should().BePositive("the database does not have it"); // and may be at 4, if the writer had not yet heard that it has
        Rename(Away, _folder.Database);

        await node.UntilAsync(() => node.Spool.Length == 0 && node.Writer is { Failure: null, State: JournalState.Database });
        node.Tell(entries[told..]);
        await node.UntilWrittenAsync("CA1", entries);
    }

    [Fact]
    public async Task P10_After_a_file_came_back_without_what_was_beside_it_nothing_that_follows_is_lost()
    {
        var entries = Entries.WholeCall("CA2");
        await using (var node = await StartAsync(RecordsDatabase.InFile(_folder.Database)))
        {
            node.Tell(Entries.WholeCall());
            await node.UntilWrittenAsync("CA1", Entries.WholeCall());
            await node.UntilAsync(() => node.Spool.Length == 0);
            Rename(_folder.Database, Away);
            await node.UntilAsync(() => node.Writer.Failure == "gone");
            File.Move(Away, _folder.Database);
            await node.UntilAsync(() => node.Writer is { Failure: null, State: JournalState.Database });
            node.Tell(entries);
            await node.UntilWrittenAsync("CA2", entries);
        }

        using var connection = new SqliteConnection($"Data Source={_folder.Database};Pooling=False"); // as another process would open it
        connection.Open();
        using var count = connection.CreateCommand();
        count.CommandText = "SELECT count(*) FROM journal WHERE call_sid = 'CA2'";
        count.ExecuteScalar().Should().Be((long)entries.Length);
    }

    [Fact]
    public async Task P10_What_a_file_takes_that_was_moved_meanwhile_is_not_taken_for_written()
    {
        var entries = Entries.WholeCall();
        var copy = Copy();
        await using (var node = await StartAsync(RecordsDatabase.InFile(_folder.Database)))
        {
            using var other = new SqliteConnection($"Data Source={_folder.Database};Pooling=False");
            other.Open();
            Execute(other, "BEGIN IMMEDIATE");
            node.Tell(entries);
            await node.UntilAsync(() => node.Writer.Failure == "locked");
            await Task.Delay(1.5 * JournalWriter.RetryInterval, Cancellation); // the next try, of all that is in the spool, waits for the lock

            Rename(_folder.Database, Away);
            Execute(other, "COMMIT");
            await node.UntilAsync(() => node.Writer.Failure == "gone");
        }

        File.Move(copy, _folder.Database);
        await using var next = await StartAsync(RecordsDatabase.InFile(_folder.Database));
        await next.UntilWrittenAsync("CA1", entries);
    }

    [Fact]
    public async Task P10_A_file_that_could_not_be_used_at_the_start_is_not_made_when_somebody_takes_it_away()
    {
        var copy = Copy();
        await File.WriteAllTextAsync(_folder.Database, "no database", Cancellation);
        await using var node = Start(RecordsDatabase.InFile(_folder.Database));
        var entries = Entries.WholeCall();
        node.Tell(entries);
        await node.UntilAsync(() => node.Writer.Failure == "damaged");

        Remove();
        await node.UntilAsync(() => node.Writer.Failure == "gone");
        await AFewTriesAsync();
        File.Exists(_folder.Database).Should().BeFalse("the spool is to come to the copy that is put there");

        File.Move(copy, _folder.Database);
        await node.UntilAsync(() => node.Writer is { Failure: null, State: JournalState.Database });
        await node.UntilWrittenAsync("CA1", entries);
    }

    [Fact]
    public async Task P10_Whoever_was_at_work_when_the_file_was_replaced_does_not_go_on_in_the_other()
    {
        await using var node = await StartAsync(RecordsDatabase.InFile(_folder.Database));
        var copy = Copy();
        await using var work = node.Database.Open();
        (await work.Calls.CountAsync(Cancellation)).Should().Be(0);

        Remove();
        File.Move(copy, _folder.Database);

        for (var time = 0; time < 2; time++)
            (await FluentActions.Awaiting(() => work.Calls.CountAsync(Cancellation)).Should().ThrowAsync<RecordsFailure>()).Which.Word.Should().Be("gone");
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

    private static void Rename(string from, string to)
    {
        foreach (var suffix in new[] { "", "-wal", "-shm" }.Where(suffix => File.Exists(from + suffix)))
            File.Move(from + suffix, to + suffix);
    }

    private static void Execute(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        Execute(connection, sql);
    }

    private string Away => $"{_folder.Database}.away";

    /// <summary>The database and what is beside it, in bytes.</summary>
    private IEnumerable<(string Name, long Bytes)> Sizes() =>
        [.. new[] { "", "-wal", "-shm" }.Select(suffix => new FileInfo(_folder.Database + suffix)).Where(file => file.Exists).Select(file => (file.Name, file.Length))];

    private string Copy()
    {
        var copy = $"{_folder.Database}.copy";
        Execute(_folder.Database, $"VACUUM INTO '{copy}'");
        return copy;
    }

    private void Remove()
    {
        foreach (var suffix in new[] { "", "-wal", "-shm" })
            File.Delete(_folder.Database + suffix);
    }
}
