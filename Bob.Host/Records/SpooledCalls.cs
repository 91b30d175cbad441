using System.Text.Json;
using Bob.Actors.Records;
using static Bob.Actors.Records.JournalEntry;

namespace Bob.Host.Records;

/// <summary>Looks into the spool of a node without holding it: whose calls wait there. The lines of calls that are erased are dropped by the one who holds it.</summary>
internal sealed class SpooledCalls(string folder)
{
    private const string SpoolFile = "journal.spool", UnreadFile = "journal.unread";
    private const int ChecksumLength = 8;

    /// <summary>A call that begins in the spool.</summary>
    public sealed record Opened(string CallSid, DateTimeOffset At, bool Ended);

    /// <summary>The calls of a caller whose beginning, or whose message, waits in the spool or was put aside.</summary>
    public IReadOnlyList<Opened> Of(string caller)
    {
        List<(string CallSid, JournalEntry Entry, DateTimeOffset At)> told = [];
        foreach (var line in Lines(SpoolFile).Concat(Lines(UnreadFile)))
        {
            if (Parse(line) is { Kind: { } kind, Payload: { } payload } read && kind is "call-opened" or "call-ended" or "message-left" && Entry(kind, payload) is { } entry)
                told.Add((read.CallSid, entry, read.At));
        }

        var ended = told.Where(line => line.Entry is CallEnded).Select(line => line.CallSid).ToHashSet();
        return
        [
            .. told.Where(line => line.Entry is CallOpened opened && opened.Caller == caller).Select(line => new Opened(line.CallSid, line.At, ended.Contains(line.CallSid))),
            .. told.Where(line => line.Entry is MessageLeft left && left.Caller == caller).Select(line => new Opened(line.CallSid, line.At, Ended: true)),
        ];
    }

    /// <summary>The calls among these whose end waits in the spool: the database does not know of it yet.</summary>
    public IReadOnlySet<string> Ended(IReadOnlySet<string> calls) =>
        Lines(SpoolFile).Select(Parse).Where(line => line is { Kind: "call-ended" } && calls.Contains(line.CallSid)).Select(line => line!.CallSid).ToHashSet();

    /// <summary>How many lines of these calls wait.</summary>
    public int Waiting(IReadOnlySet<string> calls) => Lines(SpoolFile).Count(line => IsOf(line, calls));

    /// <summary>Removes the lines of these calls from what was put aside.</summary>
    public int RemovePutAside(IReadOnlySet<string> calls)
    {
        var path = Path.Combine(folder, UnreadFile);
        var lines = Lines(UnreadFile).ToList();
        var kept = lines.Where(line => !IsOf(line, calls)).ToList();
        if (kept.Count == lines.Count)
            return 0;
        // Away first: what somebody puts aside meanwhile is added to a file of its own name, and not lost.
        var aside = $"{path}.{Guid.NewGuid():N}";
        File.Move(path, aside);
        kept = [.. File.ReadLines(aside).Where(line => line.Length > 0 && !IsOf(line, calls))];
        if (kept.Count > 0)
        {
            using var file = new StreamWriter(new FileStream(path, PrivateFolder.File(FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete)));
            foreach (var line in kept)
                file.WriteLine(line);
        }

        File.Delete(aside);
        return lines.Count - kept.Count;
    }

    private IEnumerable<string> Lines(string name)
    {
        var path = Path.Combine(folder, name);
        if (!File.Exists(path))
            return [];
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        List<string> lines = [];
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > ChecksumLength + 1)
                lines.Add(line);
        }

        return lines;
    }

    private static bool IsOf(string line, IReadOnlySet<string> calls) => Parse(line) is { } read && calls.Contains(read.CallSid);

    /// <summary>Also of kinds that only a newer version of Bob knows; null for what is not whole.</summary>
    private static SpooledLine? Parse(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line.AsMemory(ChecksumLength + 1));
            var root = json.RootElement;
            return new SpooledLine(
                root.GetProperty("call").GetString()!, root.GetProperty("at").GetDateTimeOffset(), root.GetProperty("kind").GetString()!, root.GetProperty("what").GetRawText());
        }
        catch (Exception broken) when (broken is FormatException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private static JournalEntry? Entry(string kind, string payload)
    {
        try
        {
            return JournalCodec.Read(kind, JournalCodec.Version, payload);
        }
        catch (FormatException)
        {
            return null; // a newer version's
        }
    }

    private sealed record SpooledLine(string CallSid, DateTimeOffset At, string Kind, string Payload);
}
