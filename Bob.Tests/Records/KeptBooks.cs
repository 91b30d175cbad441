using Bob.Actors.Records;
using Bob.Host.Configuration;
using Bob.Host.Records;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Bob.Actors.Records.JournalEntry;

namespace Bob.Tests.Records;

/// <summary>Books with calls of two callers in them, and their recordings: what is to be removed, and what is to stay.</summary>
internal sealed class KeptBooks : IDisposable
{
    public const string Caller = "+15550100001", Other = "+15550100009";

    private readonly RecordsFolder _folder = RecordsFolder.Empty();

    private KeptBooks(RecordsDatabase database) => (Database, Store) = (database, new JournalStore(database, "node-1"));

    public RecordsDatabase Database { get; }

    public JournalStore Store { get; }

    public string Spool => _folder.Spool;

    public FakeTimeProvider Clock { get; } = new(Entries.Noon.AddMinutes(1));

    public static string Recordings(RecordsFolder folder) => Path.Combine(folder.Path, "recordings");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Two calls of the caller's and one of somebody else, a message each, and what the business knows of both.</summary>
    public static async Task<KeptBooks> WithCallsAsync(RecordsDatabase database)
    {
        var books = new KeptBooks(database);
        await books.Store.PrepareAsync(Cancellation);
        foreach (var (call, caller) in new[] { ("CA1", Caller), ("CA2", Caller), ("CA3", Other) })
            await books.Store.WriteAsync(CallOf(call, caller), Cancellation);
        await using var db = database.Open();
        foreach (var caller in new[] { Caller, Other })
        {
            db.Callers.Add(new CallerRow { Number = caller, Name = "Ada", UpdatedAt = Entries.Noon });
            db.Messages.Add(new MessageRow { Kind = MessageKind.Voicemail, Caller = caller, Text = "call me back", Recording = $"RE{caller[1..]}.wav", RecordingSid = $"RE{caller[1..]}", At = Entries.Noon });
        }

        db.Messages.Add(new MessageRow { Kind = MessageKind.Taken, Caller = "anonymous", CallSid = "CA2", Text = "of the same call", At = Entries.Noon });
        await db.SaveChangesAsync(Cancellation);
        foreach (var name in new[] { "CA1.wav", "CA1-2.wav", "CA2.part", "CA3.wav", "CA11.wav", $"RE{Caller[1..]}.wav", $"RE{Other[1..]}.wav", "CA1.txt" })
            books.Record(name);
        return books;
    }

    /// <summary>A whole call.</summary>
    public static JournalEntry[] CallOf(string call, string caller) =>
    [
        .. Entries.WholeCall(call).Select(entry => entry is CallOpened opened ? opened with { Caller = caller } : entry is KeysPressed ? new RecordingBegun($"{call}.wav") { CallSid = entry.CallSid, Number = entry.Number, At = entry.At } : entry),
    ];

    /// <summary>A message, whether or not its call is known.</summary>
    public static JournalEntry MessageOf(string call, string? caller)
    {
        var left = new MessageLeft($"RE{call}", $"https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE{call}", caller, 9);
        return left with { CallSid = new Bob.Actors.Calls.CallSid(call), Number = left.NumberInCall, At = Entries.Noon };
    }

    public void Record(string name)
    {
        var path = Path.Combine(Directory.CreateDirectory(Recordings(_folder)).FullName, name);
        File.WriteAllText(path, "sound");
        File.SetLastWriteTimeUtc(path, Entries.Noon.UtcDateTime);
    }

    /// <summary>A recording that cannot be removed, whoever tries.</summary>
    public void RecordForGood(string name)
    {
        var path = Path.Combine(Recordings(_folder), name);
        File.Delete(path);
        Directory.CreateDirectory(path);
    }

    /// <summary>Now it can.</summary>
    public void Release(string name)
    {
        Directory.Delete(Path.Combine(Recordings(_folder), name));
        Record(name);
    }

    public IReadOnlyList<string> Files() => [.. Directory.GetFiles(Recordings(_folder)).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    public BobOptions Options(params (string Key, string Value)[] settings) => BobOptionsReader.Read(SettingsSources.Of(
        _folder.Settings.Append(("RECORDING_DIRECTORY", Recordings(_folder))).Concat(settings).ToDictionary(setting => setting.Item1, setting => setting.Item2)));

    public Erasure Erasure(TimeProvider? clock = null) => new(Database, Options(), clock ?? Clock, NullLogger<Erasure>.Instance);

    /// <summary>Of each table whose calls, or callers, it tells of.</summary>
    public async Task<string> TablesAsync()
    {
        await using var db = Database.Open();
        async Task<string> Of(string table, IQueryable<string?> values) => $"{table}: {string.Join(' ', (await values.Distinct().ToListAsync(Cancellation)).Order(StringComparer.Ordinal))}".Trim();
        string[] tables =
        [
            await Of("calls", db.Calls.Select(row => row.CallSid)), await Of("turns", db.Turns.Select(row => row.CallSid)), await Of("tools", db.ToolRuns.Select(row => row.CallSid)),
            await Of("journal", db.Journal.Where(row => row.Number < JournalRow.Erased).Select(row => row.CallSid)), await Of("usage", db.Usage.Select(row => row.CallSid + row.ResponseId)),
            await Of("messages", db.Messages.Select(row => row.Caller)), await Of("callers", db.Callers.Select(row => row.Number)),
        ];
        return string.Join("; ", tables);
    }

    public void Dispose() => _folder.Dispose();
}
