using Akka.Event;
using Bob.Actors.Calls;
using Bob.Actors.Records;

namespace Bob.Actors.Recording;

/// <summary>A recording that is not whole is told of once, in the same word: in the log, in the metric and on record.</summary>
internal static class Truncation
{
    /// <param name="reason">In a few words, such as <c>disk full</c>.</param>
    /// <param name="detail">For the log alone.</param>
    public static void Tell(ILoggingAdapter log, CallJournal journal, string reason, string detail)
    {
        if (!journal.RecordingTruncated(reason))
            return;
        log.Warning("Recording truncated: {Reason} ({Detail})", reason, detail);
        CallMetrics.RecordingsTruncated.Add(1, new KeyValuePair<string, object?>("reason", reason));
    }

    /// <summary>From a recorder's mailbox: it had to drop audio.</summary>
    public static void FellBehind(ILoggingAdapter log, CallJournal journal) =>
        Tell(log, journal, DiskRefusal.TooSlow, "audio is dropped; where it lacks, the recording is silent");
}
