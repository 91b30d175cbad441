using Bob.Actors.Costs;
using Bob.Actors.Records;
using static Bob.Actors.Records.JournalEntry;

namespace Bob.Host.Records;

/// <summary>
/// Tells the day's spending what stood in the books before this process began, and how dear a response can be: at the start, and again when calls of a dead process have got their
/// ends. Where the database cannot be had by then, what the spool holds of today counts, until the database has taken it and says all.
/// </summary>
public sealed partial class SpendingSoFar(
    DaySpending spending, JournalStore store, JournalWriter writer, Spool spool, TimeProvider clock, ILogger<SpendingSoFar> log)
{
    /// <summary>How long what a response has cost says what another will: over a holiday.</summary>
    public static readonly TimeSpan Lately = TimeSpan.FromDays(7);

    private readonly CancellationTokenSource _stopped = new();
    private readonly DateTimeOffset _began = clock.GetUtcNow();

    /// <summary>Returns with the sum, as far as it can be had.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        writer.EndsAreWritten += AskAgain;
        if (await TryAsync(cancellation))
            return;
        spending.Brought(OfSpool(), spending.Midnight);
        AskAgain();
    }

    public void Stop() => _stopped.Cancel();

    private void AskAgain() => _ = Task.Run(CatchUpAsync, CancellationToken.None);

    private async Task CatchUpAsync()
    {
        try
        {
            do
                await Task.Delay(JournalWriter.RetryInterval, clock, _stopped.Token);
            while (!await TryAsync(_stopped.Token));
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
    }

    /// <summary>Asks the database, if it has all that was written down before.</summary>
    private async Task<bool> TryAsync(CancellationToken cancellation)
    {
        if (writer.State != JournalState.Database)
            return false;
        try
        {
            var midnight = spending.Midnight;
            var spent = await store.SpentAsync(midnight, _began, cancellation);
            spending.Expect(await store.DearestResponseAsync(midnight - Lately, cancellation));
            spending.Brought(spent, midnight);
            Spent(spent);
            return true;
        }
        catch (RecordsFailure)
        {
            return false; // of which the writer tells
        }
    }

    private decimal OfSpool()
    {
        var (sum, offset) = (0m, 0L);
        while (offset < spool.Length && spool.Read(offset, JournalWriter.MaxBatch) is var read && read.End > offset)
        {
            spending.Expect(read.Entries.OfType<UsageReported>().Max(used => used.Cost) ?? 0);
            sum += read.Entries.Where(entry => entry.At >= spending.Midnight && entry.At < _began).Sum(Cost);
            offset = read.End;
        }

        return sum;
    }

    private static decimal Cost(JournalEntry entry) => entry switch
    {
        UsageReported used => used.Cost ?? 0,
        TranscriptionReported written => written.Cost,
        CallEnded ended => ended.PhoneCost ?? 0,
        _ => 0,
    };

    [LoggerMessage(Level = LogLevel.Debug, Message = "Calls have cost {Spent} today before this start")]
    private partial void Spent(decimal spent);
}
