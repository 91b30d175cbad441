using Bob.Actors.Calls;
using Bob.Actors.Costs;
using Bob.Actors.Records;

namespace Bob.Host.Records;

/// <summary>Brings the book of a call to its end whose process died, and which nobody goes on with. Pure.</summary>
internal static class LostCallBook
{
    /// <summary>
    /// What is still to be written: what was being said, typed or done is cut off, and the end is that of the process. The same hand does it as where a call is gone on with.
    /// </summary>
    /// <param name="book">What is written, in order.</param>
    /// <param name="diedAt">When the process died; null: with the last entry.</param>
    public static IReadOnlyList<JournalEntry> End(CallRow call, IReadOnlyList<JournalEntry> book, DateTimeOffset? diedAt, Prices prices)
    {
        var last = book.LastOrDefault(entry => entry is not JournalEntry.MessageLeft);
        var end = diedAt > last?.At ? diedAt.Value : last?.At ?? call.StartedAt;
        if (CallSoFar.Of(book, end) is not { } soFar)
            return [new JournalEntry.CallEnded(CallEnd.ProcessDied, call.FirstAudioMs, call.Reconnects) { CallSid = new CallSid(call.CallSid), Number = (last?.Number ?? 0) + 1, At = end }];
        var (written, clock) = (new Kept(), new Stopped(end));
        CallJournal.Resumed(soFar, written, clock, new CallMeter(new CostOptions(prices), new DaySpending(null, clock), clock)).Ended(CallEnd.ProcessDied);
        return written.Entries;
    }

    private sealed class Kept : IJournal
    {
        public List<JournalEntry> Entries { get; } = [];

        public void Write(JournalEntry entry) => Entries.Add(entry);
    }

    /// <summary>It is always the same moment.</summary>
    private sealed class Stopped(DateTimeOffset at) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => at;

        public override long GetTimestamp() => at.UtcTicks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    }
}
