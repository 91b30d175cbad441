using System.Text;
using Bob.Actors.Records;

namespace Bob.Host.Records;

/// <summary>
/// A file that keeps entries while the database cannot. One entry a line, each with a checksum; a line is only ever added, and is on the disk when
/// <see cref="Append"/> returns. The folder is one process's at a time. Not thread-safe, but for <see cref="Read"/> beside <see cref="Append"/>.
/// </summary>
public sealed class Spool : IDisposable
{
    private const string SpoolFile = "journal.spool";
    private const string UnreadFile = "journal.unread";
    private const string NodeFile = "node";

    /// <summary>Bytes from which on lines are written and no more are collected: what waits for a full disk may be all that memory has room for.</summary>
    private const int Portion = 64 * 1024;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly Lock _unread = new();
    private readonly FileStream _lock, _file;
    private readonly string _folder;
    private long _length;

    private Spool(string folder, FileStream held)
    {
        (_folder, _lock) = (folder, held);
        _file = new FileStream(
            Path.Combine(folder, SpoolFile), PrivateFolder.File(FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete));
        _length = WholeLength();
        if (_length < _file.Length)
        {
            Torn++;
            _file.SetLength(_length);
        }

        Node = ReadNode();
    }

    /// <summary>A name of this node, kept as long as the folder is.</summary>
    public string Node { get; }

    /// <summary>Bytes that wait.</summary>
    public long Length => Volatile.Read(ref _length);

    /// <summary>Lines that were dropped because they were not whole: the process, or the machine, died while writing them.</summary>
    public int Torn { get; private set; }

    /// <summary>Opens the spool in a folder, which is made when it is missing.</summary>
    /// <exception cref="IOException">The folder cannot be used, or another process uses it.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write there.</exception>
    public static Spool Open(string folder)
    {
        PrivateFolder.Make(folder);
        var held = new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        try
        {
            return new Spool(folder, held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Adds entries; they are on the disk afterwards.</summary>
    /// <exception cref="IOException">None of them counts as written.</exception>
    public void Append(IReadOnlyCollection<JournalEntry> entries)
    {
        using var lines = new MemoryStream();
        _file.Position = _length; // over whatever a failed write has left
        foreach (var entry in entries)
        {
            SpoolLine.Write(lines, entry);
            if (lines.Length >= Portion)
                Pass();
        }

        Pass();
        _file.Flush(flushToDisk: true);
        Volatile.Write(ref _length, _file.Position);

        void Pass()
        {
            _file.Write(lines.GetBuffer(), 0, (int)lines.Length);
            lines.SetLength(0);
        }
    }

    /// <summary>Reads some of what was added before.</summary>
    /// <param name="offset">0, or what the last reading ended with.</param>
    public SpooledEntries Read(long offset, int most)
    {
        using var file = new FileStream(
            Path.Combine(_folder, SpoolFile), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 64 * 1024);
        file.Position = offset;
        var end = Length;
        List<JournalEntry> entries = [];
        List<string> unread = [];
        var damaged = 0;
        while (entries.Count < most && ReadLine(file, end) is { } line)
        {
            if (line.Length == 0)
                continue;
            if (!SpoolLine.IsWhole(line))
                damaged++;
            else if (SpoolLine.Parse(line) is { } entry)
                entries.Add(entry);
            else
                unread.Add(Utf8.GetString(line));
        }

        return new SpooledEntries(entries, file.Position, damaged, unread);
    }

    /// <summary>Puts aside what nobody can write to the database now: for a newer Bob, or a person. From any thread.</summary>
    public void PutAside(IEnumerable<string> lines)
    {
        lock (_unread)
            AppendUnread(lines);
    }

    private void AppendUnread(IEnumerable<string> lines)
    {
        using var unread = new StreamWriter(
            new FileStream(Path.Combine(_folder, UnreadFile), PrivateFolder.File(FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete)), Utf8);
        foreach (var line in lines)
            unread.WriteLine(line);
    }

    /// <summary>The line of an entry, for <see cref="PutAside"/>.</summary>
    public static string Line(JournalEntry entry)
    {
        using var line = new MemoryStream();
        SpoolLine.Write(line, entry);
        return Utf8.GetString(line.GetBuffer(), 0, (int)line.Length - 1);
    }

    /// <summary>All is in the database.</summary>
    public void Clear()
    {
        _file.SetLength(0);
        _file.Flush(flushToDisk: true);
        Volatile.Write(ref _length, 0);
    }

    public void Dispose()
    {
        _file.Dispose();
        _lock.Dispose();
    }

    /// <summary>Without its end; null when there is no whole line left.</summary>
    private static byte[]? ReadLine(FileStream file, long end)
    {
        using var line = new MemoryStream();
        while (file.Position < end && file.ReadByte() is var octet and >= 0)
        {
            if (octet == '\n')
                return line.ToArray();
            line.WriteByte((byte)octet);
        }

        return null;
    }

    /// <summary>Up to the end of the last line; what comes after was never finished.</summary>
    private long WholeLength()
    {
        var buffer = new byte[4096];
        for (var end = _file.Length; end > 0;)
        {
            var size = (int)Math.Min(buffer.Length, end);
            _file.Position = end - size;
            _file.ReadExactly(buffer, 0, size);
            if (buffer.AsSpan(0, size).LastIndexOf((byte)'\n') is var at and >= 0)
                return end - size + at + 1;
            end -= size;
        }

        return 0;
    }

    private string ReadNode()
    {
        var path = Path.Combine(_folder, NodeFile);
        if (File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 } node)
            return node;
        node = $"{Environment.MachineName}-{Guid.NewGuid():n}"[..Math.Min(Environment.MachineName.Length + 9, 64)];
        File.WriteAllText(path, node);
        return node;
    }
}

/// <summary>Some of what a spool holds.</summary>
/// <param name="End">Where the next reading begins.</param>
/// <param name="Damaged">Lines whose checksum is wrong.</param>
/// <param name="Unread">Whole lines that this version of Bob does not understand.</param>
public sealed record SpooledEntries(IReadOnlyList<JournalEntry> Entries, long End, int Damaged, IReadOnlyList<string> Unread);
