using AwesomeAssertions;
using Bob.Actors.Records;
using Bob.Host.Records;
using Xunit;

namespace Bob.Tests.Records;

public sealed class SpoolSpecs : IDisposable
{
    private readonly RecordsFolder _folder = RecordsFolder.Empty();

    private string File => Path.Combine(_folder.Spool, "journal.spool");

    [Fact]
    public void What_was_added_is_read_in_order_by_the_next_process()
    {
        var entries = Entries.WholeCall();
        using (var spool = Spool.Open(_folder.Spool))
        {
            spool.Append(entries[..5]);
            spool.Append(entries[5..]);
        }

        using var next = Spool.Open(_folder.Spool);

        ReadAll(next).Should().Equal(entries);
        next.Torn.Should().Be(0);
        next.Clear();
        ReadAll(next).Should().BeEmpty();
    }

    [Fact]
    public void However_much_is_added_at_once_is_read_in_order()
    {
        var entries = Entries.Of("CA1", [.. Enumerable.Range(0, 1_000).Select(i => new JournalEntry.CallerWords($"c{i}", new string('x', i)))]);
        using var spool = Spool.Open(_folder.Spool);

        spool.Append(entries);

        spool.Read(0, 2_000).Entries.Should().Equal(entries);
        spool.Length.Should().Be(new FileInfo(File).Length);
    }

    [Fact]
    public void A_process_that_dies_while_writing_costs_the_line_it_wrote_and_no_other()
    {
        var entries = Entries.WholeCall()[..4];
        using (var spool = Spool.Open(_folder.Spool))
            spool.Append(entries);
        var whole = System.IO.File.ReadAllBytes(File);
        var lastLine = whole.AsSpan(0, whole.Length - 1).LastIndexOf((byte)'\n') + 1;

        for (var length = lastLine; length <= whole.Length; length++)
        {
            System.IO.File.WriteAllBytes(File, whole[..length]);

            using var spool = Spool.Open(_folder.Spool);

            ReadAll(spool).Should().Equal(entries[..(length == whole.Length ? 4 : 3)]);
            spool.Torn.Should().Be(length == lastLine || length == whole.Length ? 0 : 1);
            spool.Append(entries[3..]);
            ReadAll(spool)[^1].Should().Be(entries[3]);
        }
    }

    [Fact]
    public void A_line_that_changed_on_the_disk_is_left_out_and_counted()
    {
        var entries = Entries.WholeCall()[..3];
        using var spool = Spool.Open(_folder.Spool);
        spool.Append(entries);
        var bytes = System.IO.File.ReadAllBytes(File);
        bytes[bytes.AsSpan().IndexOf((byte)'\n') + 40] ^= 1;
        using (var file = new FileStream(File, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            file.Write(bytes);

        var read = spool.Read(0, 100);

        read.Entries.Should().Equal(entries[0], entries[2]);
        read.Damaged.Should().Be(1);
    }

    [Fact]
    public void What_a_newer_version_wrote_is_handed_out_as_it_is()
    {
        using var spool = Spool.Open(_folder.Spool);
        spool.Append(Entries.WholeCall()[..1]);
        var line = System.IO.File.ReadAllText(File);
        var newer = line[9..].TrimEnd().Replace("\"version\":1", "\"version\":2", StringComparison.Ordinal);
        var crc = uint.MaxValue;
        foreach (var octet in System.Text.Encoding.UTF8.GetBytes(newer))
            crc = System.Numerics.BitOperations.Crc32C(crc, octet);
        spool.Dispose();
        System.IO.File.WriteAllText(File, $"{~crc:x8} {newer}\n{line}");

        using var next = Spool.Open(_folder.Spool);
        var read = next.Read(0, 100);

        read.Unread.Should().ContainSingle().Which.Should().EndWith(newer);
        read.Entries.Should().ContainSingle();
    }

    [Fact]
    public async Task What_callers_said_is_for_its_owner_alone_whoever_may_look_into_the_folder()
    {
        if (OperatingSystem.IsWindows())
            return; // a folder's rights are inherited there

        Directory.CreateDirectory(_folder.Spool);
        System.IO.File.SetUnixFileMode(_folder.Path, (UnixFileMode)0b111_101_101);
        System.IO.File.SetUnixFileMode(_folder.Spool, (UnixFileMode)0b111_101_101);

        var database = RecordsDatabase.InFile(_folder.Database);
        await database.PrepareAsync(TestContext.Current.CancellationToken);
        await new JournalStore(database, "node-1").WriteAsync(Entries.WholeCall(), TestContext.Current.CancellationToken);
        using var spool = Spool.Open(_folder.Spool);
        spool.Append(Entries.WholeCall());
        spool.PutAside(["line"]);

        string[] files = [.. Directory.GetFiles(_folder.Path, "bob.db*"), File, Path.Combine(_folder.Spool, "journal.unread")];
        files.Length.Should().BeGreaterThanOrEqualTo(3);
        foreach (var file in files)
            System.IO.File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite, file);
    }

    [Fact]
    public void A_folder_belongs_to_one_process_and_keeps_the_name_of_its_node()
    {
        string node;
        using (var spool = Spool.Open(_folder.Spool))
        {
            node = spool.Node;
            FluentActions.Invoking(() => Spool.Open(_folder.Spool)).Should().Throw<IOException>();
        }

        using var next = Spool.Open(_folder.Spool);

        next.Node.Should().Be(node).And.NotBeEmpty();
    }

    public void Dispose() => _folder.Dispose();

    private static List<JournalEntry> ReadAll(Spool spool)
    {
        List<JournalEntry> entries = [];
        for (var at = 0L; at < spool.Length;)
        {
            var read = spool.Read(at, 2);
            entries.AddRange(read.Entries);
            at = read.End;
        }

        return entries;
    }
}
