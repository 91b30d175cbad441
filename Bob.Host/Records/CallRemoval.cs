using Bob.Host.Configuration;
using Microsoft.EntityFrameworkCore;

namespace Bob.Host.Records;

/// <summary>How many rows were removed of some calls, and how many of what they used are kept without their name.</summary>
public sealed record RemovedRows(int Calls = 0, int Turns = 0, int ToolRuns = 0, int Entries = 0, int Usage = 0)
{
    public static RemovedRows operator +(RemovedRows one, RemovedRows other) => new(
        one.Calls + other.Calls, one.Turns + other.Turns, one.ToolRuns + other.ToolRuns, one.Entries + other.Entries, one.Usage + other.Usage);
}

/// <summary>Removes what the database has of calls, and keeps of it what is to stay. The caller brings the transaction.</summary>
internal static class CallRemoval
{
    /// <summary>What stands instead of a CallSid, where the tokens and seconds are kept and nobody is to know whose they were.</summary>
    public const string Nobody = "";

    /// <summary>Pages of the index of words that a step writes, some 4 KB each.</summary>
    private const int MergedPages = 500;

    /// <summary>Removes what was said and done; the record of the call stays.</summary>
    public static async Task<RemovedRows> TranscriptsAsync(RecordsContext db, IReadOnlyCollection<string> calls, CancellationToken cancellation) => new(
        Turns: await db.Turns.Where(row => calls.Contains(row.CallSid)).ExecuteDeleteAsync(cancellation),
        ToolRuns: await db.ToolRuns.Where(row => calls.Contains(row.CallSid)).ExecuteDeleteAsync(cancellation),
        Entries: await db.Journal.Where(row => calls.Contains(row.CallSid) && row.Number < JournalRow.Erased).ExecuteDeleteAsync(cancellation));

    /// <summary>Removes all of them. What they cost is kept, without their name: the sum of a day stays right.</summary>
    public static async Task<RemovedRows> CallsAsync(RecordsContext db, IReadOnlyCollection<string> calls, CancellationToken cancellation)
    {
        var transcripts = await TranscriptsAsync(db, calls, cancellation);
        return transcripts with
        {
            Calls = await db.Calls.Where(row => calls.Contains(row.CallSid)).ExecuteDeleteAsync(cancellation),
            Usage = await db.Usage.Where(row => calls.Contains(row.CallSid))
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.CallSid, Nobody).SetProperty(row => row.ResponseId, (string?)null), cancellation),
        };
    }

    /// <summary>
    /// Calls or messages go whose caller may be known: how long they are counts from the last, also when that is not kept any more. Of its time nothing stays but the day.
    /// </summary>
    public static async Task RememberCallersAsync(RecordsContext db, RetentionOptions keep, IEnumerable<(string Caller, DateTimeOffset At)> gone, CancellationToken cancellation)
    {
        if (keep.Callers is null)
            return; // they are known for ever
        var last = gone.GroupBy(one => one.Caller).ToDictionary(calls => calls.Key, calls => DayOf(calls.Max(call => call.At)));
        var numbers = last.Keys.ToArray();
        foreach (var number in await db.Callers.Where(row => numbers.Contains(row.Number)).Select(row => row.Number).ToListAsync(cancellation))
        {
            var day = last[number];
            await db.Callers.Where(row => row.Number == number && (row.LastCallAt == null || row.LastCallAt < day))
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.LastCallAt, day), cancellation);
        }
    }

    /// <summary>Midnight of UTC before.</summary>
    public static DateTimeOffset DayOf(DateTimeOffset time) => new(time.UtcDateTime.Date, TimeSpan.Zero);

    /// <summary>
    /// Takes removed words out of SQLite's index of words, step by step so that whoever writes gets his turn, and out of its log of changes as soon as nobody reads it.
    /// Words leave the index when its parts are merged: at first all parts are set to be, and then it goes on until a step finds nothing to do, which changes fewer than
    /// two rows (https://sqlite.org/fts5.html#the_merge_command).
    /// </summary>
    public static async Task ForgetAsync(RecordsContext db, CancellationToken cancellation)
    {
        if (!db.Database.IsSqlite())
            return;
        await db.Database.OpenConnectionAsync(cancellation); // it is one connection's changes that are counted
        await MergeAsync(-MergedPages);
        while (await MergeAsync(MergedPages) > 1)
        {
        }

        await db.Database.ExecuteSqlRawAsync("PRAGMA wal_checkpoint(TRUNCATE)", cancellation);

        async Task<long> MergeAsync(int pages)
        {
            var before = await ChangesAsync();
            await db.Database.ExecuteSqlAsync($"INSERT INTO turn_words(turn_words, rank) VALUES('merge', {pages})", cancellation);
            return await ChangesAsync() - before;
        }

        Task<long> ChangesAsync() => db.Database.SqlQuery<long>($"SELECT total_changes() AS \"Value\"").SingleAsync(cancellation);
    }
}
