using Bob.Actors.Calls;

namespace Bob.Host.Records;

/// <summary>Whose words a turn holds.</summary>
public enum TurnRole
{
    Caller,
    Bob,

    /// <summary>The caller, on the keypad.</summary>
    Keypad,
}

/// <summary>What is known of the words of a turn.</summary>
public enum TurnWords
{
    /// <summary>They are still to come, or never came.</summary>
    Missing,

    /// <summary>The beginning; the rest never came, or not yet.</summary>
    Partial,

    Whole,

    /// <summary>The transcription failed.</summary>
    Failed,
}

/// <summary>What somebody left.</summary>
public enum MessageKind
{
    Voicemail,

    /// <summary>Told to Bob, who took it down.</summary>
    Taken,
}

/// <summary>What is paid for.</summary>
public enum UsageKind
{
    Model,
    Telephony,

    /// <summary>The caller's words, written down.</summary>
    Transcription,
}

/// <summary>The journal: the truth that all other tables of calls are made from.</summary>
public sealed class JournalRow
{
    /// <summary>The number of the row that an erased call leaves behind, alone: what comes of it after that is dropped.</summary>
    public const int Erased = int.MaxValue;

    public required string CallSid { get; init; }

    public required int Number { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string Kind { get; init; }

    /// <summary>The form of the payload.</summary>
    public required int Version { get; init; }

    /// <summary>JSON.</summary>
    public required string Payload { get; init; }

    public static JournalRow OfErased(string callSid, DateTimeOffset at) =>
        new() { CallSid = callSid, Number = Erased, At = at, Kind = "erased", Version = 0, Payload = "{}" };
}

/// <summary>A call, one row from its admission on.</summary>
public sealed class CallRow
{
    public required string CallSid { get; init; }

    public required string Caller { get; set; }

    public required string Called { get; set; }

    public string? Persona { get; set; }

    /// <summary>The node that had it last.</summary>
    public required string Node { get; set; }

    public required DateTimeOffset StartedAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    public CallPhase Step { get; set; }

    public CallResult? Result { get; set; }

    public CallSide? Side { get; set; }

    public string? Reason { get; set; }

    public long? FirstAudioMs { get; set; }

    public int Reconnects { get; set; }

    public int Streams { get; set; }

    /// <summary>The file of the recording, below the folder of the recordings.</summary>
    public string? Recording { get; set; }

    /// <summary>Why the recording is not whole, in a word.</summary>
    public string? RecordingFault { get; set; }

    /// <summary>Millionths of the currency of the prices.</summary>
    public long? CostMicros { get; set; }
}

/// <summary>One turn of a call.</summary>
public sealed class TurnRow
{
    public long Id { get; init; }

    public required string CallSid { get; init; }

    /// <summary>The journal's number of its first entry: the order within the call.</summary>
    public required int Number { get; init; }

    /// <summary>The model's id; of keys, one of Bob's own.</summary>
    public required string ItemId { get; init; }

    public required TurnRole Role { get; init; }

    public TurnWords Words { get; set; }

    public string Text { get; set; } = "";

    /// <summary>Since the call was opened.</summary>
    public long? StartedMs { get; set; }

    /// <summary>Since the call was opened.</summary>
    public long? EndedMs { get; set; }

    /// <summary>Whether the caller cut it short.</summary>
    public bool Interrupted { get; set; }

    /// <summary>What was heard of it, where that is not all.</summary>
    public string? HeardText { get; set; }

    public long? HeardMs { get; set; }

    /// <summary>Length of the audio that came from the model.</summary>
    public long? ReceivedMs { get; set; }
}

/// <summary>A tool that the model called.</summary>
public sealed class ToolRunRow
{
    public long Id { get; init; }

    public required string CallSid { get; init; }

    public required int Number { get; init; }

    /// <summary>The model's id of the call of the tool.</summary>
    public required string ToolCallId { get; init; }

    public required string Name { get; init; }

    public required string Arguments { get; init; }

    public required DateTimeOffset At { get; init; }

    public string? Output { get; set; }

    public long? Ms { get; set; }

    /// <summary><c>ok</c>, or why it gave no answer of its own; null while it runs, and for ever if the call ended first.</summary>
    public string? Outcome { get; set; }
}

/// <summary>What the business knows of a caller.</summary>
public sealed class CallerRow
{
    public required string Number { get; init; }

    public string? Name { get; set; }

    public string? Company { get; set; }

    public string? Notes { get; set; }

    public List<string> Tags { get; set; } = [];

    public bool Vip { get; set; }

    public bool Blocked { get; set; }

    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>
    /// The day, midnight of UTC, from which the time counts after which they are forgotten, where nothing newer of them is kept: of their last call or message that was
    /// removed. Who was known before there was this column has the day of their newest call of then, or that on which it came, though they may never have called.
    /// Null: the time counts from what is kept. Written only where the business forgets callers after a time.
    /// </summary>
    public DateTimeOffset? LastCallAt { get; set; }
}

/// <summary>A message that a caller left.</summary>
public sealed class MessageRow
{
    public long Id { get; init; }

    public string? CallSid { get; init; }

    public required MessageKind Kind { get; init; }

    public required string Caller { get; set; }

    public string? Text { get; set; }

    /// <summary>The file of the recording, below the folder of the recordings.</summary>
    public string? Recording { get; set; }

    /// <summary>Twilio's id of the recording; null for what was not recorded.</summary>
    public string? RecordingSid { get; init; }

    /// <summary>Where the recording waits to be fetched; null once it is here, or not to be had.</summary>
    public string? RecordingUrl { get; set; }

    /// <summary>The node that fetches the recording, and keeps it.</summary>
    public string? Node { get; init; }

    public int? Seconds { get; set; }

    public required DateTimeOffset At { get; init; }

    /// <summary>When somebody dealt with it.</summary>
    public DateTimeOffset? HandledAt { get; set; }
}

/// <summary>What a call is billed for.</summary>
public sealed class UsageRow
{
    public long Id { get; init; }

    public required string CallSid { get; init; }

    /// <summary>The journal's number of its entry.</summary>
    public required int Number { get; init; }

    public required UsageKind Kind { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>The response; of a transcription, the turn.</summary>
    public string? ResponseId { get; init; }

    public long TextIn { get; init; }

    public long AudioIn { get; init; }

    /// <summary>Part of <see cref="TextIn"/>.</summary>
    public long CachedTextIn { get; init; }

    /// <summary>Part of <see cref="AudioIn"/>.</summary>
    public long CachedAudioIn { get; init; }

    public long TextOut { get; init; }

    public long AudioOut { get; init; }

    public double? Seconds { get; set; }

    /// <summary>Millionths of the currency of the prices.</summary>
    public long? CostMicros { get; set; }
}
