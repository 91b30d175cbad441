using Bob.Actors.Costs;
using static Bob.Actors.Records.JournalEntry;

namespace Bob.Actors.Records;

/// <summary>How the book of a call is gone on with, after the process that kept it died.</summary>
public sealed partial class CallJournal
{
    /// <summary>What a model is told of a tool whose process died: it must neither count on it nor do it again.</summary>
    public const string UnknownOutcome =
        """{"error":"unknown_outcome","say":"Bob was restarted while this ran. It may have been done or not. Do not call it again for the same thing; tell the caller that you cannot say whether it was done, if it matters."}""";

    /// <summary>What the book says of such a tool.</summary>
    public const string ProcessDied = "process-died";

    /// <summary>The recording of the call, when one was begun: the name of its file, and when.</summary>
    public (string File, DateTimeOffset At)? Recording { get; private set; }

    /// <summary>
    /// The book of a call, as it stands, ready for what comes next: conversation, numbers, times, costs. What was being said, typed or done when the process
    /// died is written down as cut off.
    /// </summary>
    public static CallJournal Resumed(CallSoFar soFar, IJournal journal, TimeProvider clock, CallMeter meter)
    {
        var resumed = new CallJournal(soFar.Call.CallSid, journal, clock, soFar.Last, meter) { Conversation = Records.Conversation.Log(soFar.Entries) };
        resumed.TakeUp(soFar);
        if (resumed.Recording is not null)
            resumed.RecordingTruncated("process died"); // by the moment in which it did
        if (soFar.UnfinishedKeys is { } keys)
            resumed.Write(new KeysPressed(keys.DigitsSoFar, keys.First ?? keys.Number)); // the conversation has them already
        foreach (var speech in soFar.Unfinished.Where(speech => resumed.Conversation.Knows(speech.ItemId)))
            resumed.Cut(speech.ItemId, speech.HeardMs, speech.ReceivedMs, lost: true);
        foreach (var tool in soFar.UnansweredTools)
            resumed.ToolReturned(tool, UnknownOutcome, ProcessDied);
        return resumed;
    }

    /// <summary>The time that has passed since then, as a timestamp of the monotonic clock.</summary>
    internal static long TimestampOf(TimeProvider clock, DateTimeOffset then)
    {
        var ago = clock.GetUtcNow() - then;
        return clock.GetTimestamp() - (long)(Math.Max(0, ago.TotalSeconds) * clock.TimestampFrequency);
    }

    private void TakeUp(CallSoFar soFar)
    {
        _isOpen = true;
        _opened = TimestampOf(clock, soFar.OpenedAt);
        _streams = soFar.Streams.Count();
        _firstAudioMs = soFar.FirstWordsAt is { } first ? (long)(first - soFar.OpenedAt).TotalMilliseconds : null;
        _step = soFar.Step is { } step ? (step.Phase, step.End, step.LastWords) : default;
        Recording = soFar.Recording is { } recording ? (recording.File, recording.At) : null;
        RecordingFault = soFar.Entries.OfType<RecordingTruncated>().FirstOrDefault()?.Reason;
        Meter.Resume(soFar.Costs, soFar.TranscriptionCosts, soFar.AnsweredAt is { } answered ? TimestampOf(clock, answered) : null);
    }
}
