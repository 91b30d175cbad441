namespace Bob.Simulator.Twilio;

/// <summary>What goes wrong on a media stream. Frame numbers count the stream's media messages from 1; times count from the stream's start.</summary>
public sealed record MediaFaults
{
    /// <summary>The stream of the call that has these faults, from 1; 0: every stream.</summary>
    public int Stream { get; init; } = 1;

    /// <summary>The socket is dropped at this time, without <c>stop</c> and without a close frame.</summary>
    public TimeSpan? DropAt { get; init; }

    /// <summary>The socket is dropped when so much of Bob's audio was heard on this stream.</summary>
    public TimeSpan? DropAfterHeard { get; init; }

    /// <summary>A drop is a TCP reset rather than a FIN.</summary>
    public bool DropByReset { get; init; }

    /// <summary>The peer goes silent at this time: nothing is sent and nothing read any more, without a FIN.</summary>
    public TimeSpan? FreezeAt { get; init; }

    /// <summary>How long Twilio takes to notice a frozen stream; then it is a stream error (31903) and the call goes on.</summary>
    public TimeSpan FreezeFor { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The end of the call sends no <c>stop</c> and no close frame, only FIN.</summary>
    public bool OmitStop { get; init; }

    /// <summary>No mark is ever echoed.</summary>
    public bool WithholdMarks { get; init; }

    /// <summary>The n-th mark of the stream is never echoed.</summary>
    public int? WithholdMark { get; init; }

    /// <summary>Marks are echoed so much later than they should.</summary>
    public TimeSpan MarkDelay { get; init; }

    /// <summary>This frame's payload is not base64.</summary>
    public int? BadBase64Frame { get; init; }

    /// <summary>One media message comes before <c>start</c>.</summary>
    public bool MediaBeforeStart { get; init; }

    /// <summary>Every n-th frame is sent two times, with the same numbers.</summary>
    public int? DuplicateEvery { get; init; }

    /// <summary>Every n-th frame changes places with its successor.</summary>
    public int? SwapEvery { get; init; }

    /// <summary>Every n-th frame is lost; its numbers are used up.</summary>
    public int? LoseEvery { get; init; }

    /// <summary>Length of one frame: 20 or 40 ms, any multiple of 20.</summary>
    public int FrameMs { get; init; } = 20;

    /// <summary>No frames are sent while the caller is silent, as some calls do.</summary>
    public bool NoFramesInSilence { get; init; }

    /// <summary>From this frame on, timestamps are shifted by <see cref="TimestampJumpMs"/>.</summary>
    public int? TimestampJumpFrame { get; init; }

    /// <summary>The shift, ms; may be negative.</summary>
    public long TimestampJumpMs { get; init; } = 3_600_000;

    /// <summary>The encoding that <c>start</c> announces.</summary>
    public string Encoding { get; init; } = "audio/x-mulaw";

    /// <summary>The sample rate that <c>start</c> announces, Hz.</summary>
    public int SampleRate { get; init; } = 8000;

    /// <summary>The channels that <c>start</c> announces.</summary>
    public int Channels { get; init; } = 1;

    /// <summary>The track that media messages name.</summary>
    public string Track { get; init; } = "inbound";

    /// <summary><c>start</c> never comes, and no media either.</summary>
    public bool NoStart { get; init; }

    /// <summary>At this frame a binary message is sent as well.</summary>
    public int? BinaryFrame { get; init; }

    /// <summary>At this frame a message of <see cref="HugeMessageBytes"/> is sent as well.</summary>
    public int? HugeMessageFrame { get; init; }

    /// <summary>Length of the huge message, bytes.</summary>
    public int HugeMessageBytes { get; init; } = 10 * 1024 * 1024;

    /// <summary>Custom parameters added to those of the TwiML, or replacing them; a null value removes one.</summary>
    public IReadOnlyDictionary<string, string?> Parameters { get; init; } = new Dictionary<string, string?>();

    /// <summary>The CallSid that <c>start</c> names instead of the call's.</summary>
    public string? StartCallSid { get; init; }

    internal MediaFaults For(int stream) => Stream == 0 || Stream == stream ? this : None;

    private static readonly MediaFaults None = new();
}
