using Microsoft.EntityFrameworkCore;

namespace Bob.Host.Records;

/// <summary>How many rows were removed of some calls, and how many of what they used are kept without their name.</summary>
public sealed record RemovedRows(int Calls = 0, int Turns = 0, int ToolRuns = 0, int Entries = 0, int Usage = 0)
{
    public static RemovedRows operator +(RemovedRows one, RemovedRows other) => new(
        one.Calls + other.Calls, one.Turns + other.Turns, one.ToolRuns + other.ToolRuns, one.Entries + other.Entries, one.Usage + other.Usage);
}

/// <summary>Removes what the database has of calls. The caller brings the transaction.</summary>
internal static class CallRemoval
{
    /// <summary>What stands instead of a CallSid, where the tokens and seconds are kept and nobody is to know whose they were.</summary>
    public const string Nobody = "";

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

    /// <summary>From here on SQLite overwrites what it removes; a server looks after its own disk.</summary>
    public static async Task OverwriteAsync(RecordsContext db, CancellationToken cancellation)
    {
        if (!db.Database.IsSqlite())
            return;
        await db.Database.OpenConnectionAsync(cancellation); // and stays open: it is a setting of the connection
        await db.Database.ExecuteSqlRawAsync("PRAGMA secure_delete = on", cancellation);
    }

    /// <summary>Takes removed words out of SQLite's index of words, and out of its log of changes as soon as nobody reads it.</summary>
    public static async Task ForgetAsync(RecordsContext db, CancellationToken cancellation)
    {
        if (!db.Database.IsSqlite())
            return;
        await db.Database.ExecuteSqlRawAsync("INSERT INTO turn_words(turn_words) VALUES('optimize')", cancellation);
        await db.Database.ExecuteSqlRawAsync("PRAGMA wal_checkpoint(TRUNCATE)", cancellation);
    }
}
