namespace Bob.Simulator.Twilio;

/// <summary>Why a call ended.</summary>
public enum CallEndReason
{
    /// <summary>The caller hung up.</summary>
    CallerHungUp,

    /// <summary>The TwiML said Hangup.</summary>
    HungUpByTwiml,

    /// <summary>The TwiML refused the call before it was answered; <see cref="CallReport.EndDetail"/> is the reason, <c>busy</c> or <c>rejected</c>.</summary>
    Rejected,

    /// <summary>The last verb was done.</summary>
    TwimlEnded,

    /// <summary>A webhook failed and there was no fallback.</summary>
    WebhookFailed,

    /// <summary>A webhook answered what Twilio cannot interpret and there was no fallback.</summary>
    InvalidTwiml,

    /// <summary>A stream failed and no action and no further verb took over.</summary>
    StreamFailed,

    /// <summary>The REST API ended the call.</summary>
    EndedByApi,

    /// <summary>The plan's longest duration was reached.</summary>
    TimedOut,

    /// <summary>The simulator was disposed before the call ended.</summary>
    SimulatorStopped,
}

/// <summary>One line of what happened.</summary>
/// <param name="At">Time of the call.</param>
/// <param name="Who"><c>caller</c>, <c>bob</c> or <c>twilio</c>.</param>
/// <param name="What">In words.</param>
public sealed record TranscriptLine(TimeSpan At, string Who, string What)
{
    /// <summary>The time in ms.</summary>
    public long Ms => (long)At.TotalMilliseconds;
}

/// <summary>How bad a <see cref="TwilioWarning"/> is.</summary>
public enum WarningLevel
{
    /// <summary>Logged even when all is well: the server closed its stream normally.</summary>
    Notice,

    /// <summary>Twilio went on, without what was wrong.</summary>
    Warning,

    /// <summary>Something failed.</summary>
    Error,
}

/// <summary>An entry of Twilio's debugger.</summary>
/// <param name="Code">Twilio's error number; 0: a remark of the simulator's own.</param>
/// <param name="Level">How bad it is.</param>
/// <param name="Message">What was wrong.</param>
/// <param name="At">Time of the call.</param>
public sealed record TwilioWarning(int Code, WarningLevel Level, string Message, TimeSpan At);

/// <summary>A mark that the server set.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Received">When it came.</param>
/// <param name="PositionBytes">Bytes of the stream's audio that were accepted before it and not cleared.</param>
/// <param name="Reached">When all audio before it was played, or dropped; null if never.</param>
/// <param name="Echoed">When it was echoed; null if never.</param>
/// <param name="Flushed">It was reached by a <c>clear</c>, not by playing.</param>
public sealed record MarkReport(string Name, TimeSpan Received, long PositionBytes, TimeSpan? Reached, TimeSpan? Echoed, bool Flushed);

/// <summary>A <c>clear</c> that the server sent.</summary>
/// <param name="At">Time of the call.</param>
/// <param name="StreamTime">Time since the stream's start.</param>
/// <param name="HeardBytes">Bytes of Bob's audio of this stream that were really played at that moment.</param>
/// <param name="TotalHeardBytes">The same, of all streams of the call.</param>
/// <param name="FlushedBytes">Bytes that were dropped unheard.</param>
/// <param name="FlushedMarks">Marks that were echoed by it.</param>
public sealed record ClearReport(TimeSpan At, TimeSpan StreamTime, long HeardBytes, long TotalHeardBytes, long FlushedBytes, int FlushedMarks);

/// <summary>One media stream of a call.</summary>
public sealed record StreamReport
{
    /// <summary>Its SID; new for every stream.</summary>
    public required string StreamSid { get; init; }

    /// <summary>The first stream of a call is 1.</summary>
    public required int Number { get; init; }

    /// <summary>The URL of the TwiML.</summary>
    public required string Url { get; init; }

    /// <summary>The custom parameters sent in <c>start</c>.</summary>
    public required IReadOnlyDictionary<string, string> Parameters { get; init; }

    /// <summary>When the handshake was done; null if it failed.</summary>
    public TimeSpan? Started { get; init; }

    /// <summary>When it ended.</summary>
    public TimeSpan? Ended { get; init; }

    /// <summary>Twilio's error number of its end; null: the call ended or left it.</summary>
    public int? ErrorCode { get; init; }

    /// <summary>The error in words.</summary>
    public string? Error { get; init; }

    /// <summary>All marks, in order of arrival.</summary>
    public IReadOnlyList<MarkReport> Marks { get; init; } = [];

    /// <summary>All clears, in order of arrival.</summary>
    public IReadOnlyList<ClearReport> Clears { get; init; } = [];

    /// <summary>Audio that the server sent, bytes.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Audio that the caller heard, bytes.</summary>
    public long BytesPlayed { get; init; }

    /// <summary>Audio dropped by <c>clear</c>, bytes.</summary>
    public long BytesFlushed { get; init; }

    /// <summary>Audio discarded over the ten minutes, or lost with the stream's end, bytes.</summary>
    public long BytesLost { get; init; }

    /// <summary>Media messages that the server sent.</summary>
    public int MediaMessages { get; init; }

    /// <summary>Messages of the server that Twilio ignored.</summary>
    public int IgnoredMessages { get; init; }
}

/// <summary>One stretch of Bob's audio that was played without a gap.</summary>
/// <param name="At">Time of the call at its first sample.</param>
/// <param name="Offset">Its place in <see cref="HeardAudio.Audio"/>, bytes.</param>
/// <param name="Length">Bytes.</param>
public sealed record HeardRun(TimeSpan At, int Offset, int Length);

/// <summary>What was really played of one stream.</summary>
/// <param name="StreamSid">The stream.</param>
/// <param name="Audio">Exactly the bytes played, in order, without the gaps.</param>
/// <param name="Runs">When each stretch of it was played.</param>
public sealed record HeardAudio(string StreamSid, byte[] Audio, IReadOnlyList<HeardRun> Runs);

/// <summary>One thing the caller said.</summary>
/// <param name="From">Its first sample, time of the call.</param>
/// <param name="To">Its end, time of the call.</param>
/// <param name="OverBob">Bob was talking when it began.</param>
/// <param name="OnStream">A stream was up when it ended, so that Bob could hear it.</param>
public sealed record Utterance(TimeSpan From, TimeSpan To, bool OverBob, bool OnStream);

/// <summary>A request that Twilio made, and what came back.</summary>
/// <param name="At">Time of the call when it was sent.</param>
/// <param name="Url">The public URL.</param>
/// <param name="Form">The parameters, in the order sent.</param>
/// <param name="Status">HTTP status; 0 without an answer.</param>
/// <param name="Took">Time to the last byte of the answer.</param>
public sealed record WebhookReport(TimeSpan At, string Url, IReadOnlyList<KeyValuePair<string, string>> Form, int Status, TimeSpan Took);

/// <summary>All that is known of a call after its end. All times count from the moment the first webhook was sent.</summary>
public sealed record CallReport
{
    /// <summary>The call.</summary>
    public required string CallSid { get; init; }

    /// <summary>Why it ended.</summary>
    public required CallEndReason EndReason { get; init; }

    /// <summary>The reason in words.</summary>
    public required string EndDetail { get; init; }

    /// <summary>When it ended.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>What happened, in order.</summary>
    public required IReadOnlyList<TranscriptLine> Transcript { get; init; }

    /// <summary>From the webhook to the first sample of Bob's voice at the caller; null if he was never heard.</summary>
    public required TimeSpan? FirstAudio { get; init; }

    /// <summary>The streams, in order.</summary>
    public required IReadOnlyList<StreamReport> Streams { get; init; }

    /// <summary>Twilio's debugger, in order.</summary>
    public required IReadOnlyList<TwilioWarning> Warnings { get; init; }

    /// <summary>What the caller heard: mu-law from time 0 on, 8 bytes per ms, 0xFF where nothing was played. As long as <see cref="Said"/>.</summary>
    public required byte[] Heard { get; init; }

    /// <summary>What the caller said, likewise.</summary>
    public required byte[] Said { get; init; }

    /// <summary>The TwiML documents, as received.</summary>
    public required IReadOnlyList<string> TwimlDocuments { get; init; }

    /// <summary>The bytes really played, one entry per stream.</summary>
    public required IReadOnlyList<HeardAudio> Playback { get; init; }

    /// <summary>What the caller said, and when.</summary>
    public required IReadOnlyList<Utterance> Utterances { get; init; }

    /// <summary>Every request made, TwiML and status callbacks alike, in order of sending.</summary>
    public required IReadOnlyList<WebhookReport> Webhooks { get; init; }
}
