using Bob.Host.Configuration;
using Bob.Host.Twilio;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bob.Host.Records;

/// <summary>
/// <c>erase +15551234567</c>: erases a caller, with the settings of the Bob who takes the calls. He may be running. When he is not, what he left in the
/// spool is brought into the database first, and calls that he left open get their end, as his next start would do it.
/// </summary>
public static class EraseCommand
{
    public const string Name = "erase";

    private const int Done = 0, Failed = 1, Misused = 2;

    /// <returns>0: erased. 1: not, or not all of it. 2: that is no number.</returns>
    public static async Task<int> RunAsync(string[] args, SettingsSources sources, TextWriter output, TextWriter errors)
    {
        if (args is not [{ } number] || !PhoneNumber.IsE164(number))
        {
            await errors.WriteLineAsync("[bob] erase: write one number with its country, such as: erase +15551234567");
            return Misused;
        }

        var options = BobOptionsReader.Read(sources);
        using var database = options.Records.Database();
        try
        {
            if (database.IsMissing) // the caller may be in the copy that somebody is to put there
                throw new RecordsFailure("no-file", "is not there", "Put it back, or start Bob, who makes one");
            await database.PrepareAsync(CancellationToken.None);
            await BringInAsync(options, database);
            var erased = await new Erasure(database, options, TimeProvider.System, NullLogger<Erasure>.Instance).EraseAsync(number, CancellationToken.None);
            foreach (var line in Told(erased))
                await output.WriteLineAsync($"[bob] {line}");
            return erased.StuckRecordings == 0 ? Done : Failed;
        }
        catch (RecordsFailure failure)
        {
            await errors.WriteLineAsync(new ConfigurationFault(options.Records.Key, $"the database {failure.Problem}", failure.Remedy).ToString());
            return Failed;
        }
    }

    private static IEnumerable<string> Told(ErasedCaller erased)
    {
        var rows = erased.Rows;
        yield return $"Erased: {rows.Calls} calls with {rows.Turns} turns, {rows.ToolRuns} tool runs and {rows.Entries} journal entries; {erased.Messages} messages; "
            + $"{erased.Recordings} recordings; {erased.SpoolLines} lines of the spool; {(erased.Known ? "the record" : "no record")} of the caller. "
            + $"{rows.Usage} usage rows are kept, and name no call.";
        if (erased.LiveCalls > 0)
            yield return $"{erased.LiveCalls} calls still go on and were left as they are: erase again when they are over.";
        if (erased.WaitingLines > 0)
            yield return $"{erased.WaitingLines} lines wait in the spool of a running Bob, who drops them when the database takes his journal again.";
        if (erased.StuckRecordings > 0)
            yield return $"{erased.StuckRecordings} recordings could not be removed, and their calls and messages were left: run this as Bob's user, and again.";
    }

    /// <summary>Does what the next start would do to the books, unless a running Bob does it.</summary>
    private static async Task BringInAsync(BobOptions options, RecordsDatabase database)
    {
        if (!Directory.Exists(options.Records.Spool))
            return;
        try
        {
            using var spool = Spool.Open(options.Records.Spool);
            using var writer = new JournalWriter(new JournalStore(database, spool.Node, options.Costs.Prices), spool, TimeProvider.System, NullLogger<JournalWriter>.Instance);
            await writer.PrepareAsync(CancellationToken.None);
        }
        catch (IOException)
        {
            // A running Bob holds it.
        }
    }
}
