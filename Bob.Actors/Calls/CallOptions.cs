namespace Bob.Actors.Calls;

/// <summary>Who takes a call over that Bob cannot go on with.</summary>
public enum Fallback
{
    /// <summary>The caller may leave a message.</summary>
    Voicemail,

    /// <summary>A telephone rings; when nobody answers it, the caller may leave a message.</summary>
    Human,

    /// <summary>Nobody: the caller is asked to call again.</summary>
    HangUp,
}

/// <summary>The bounds of a call.</summary>
public sealed record CallOptions
{
    /// <summary>Calls at once on this node, 1 to 10,000.</summary>
    public int MaxCalls { get; init; } = 200;

    /// <summary>Longest a call may last before Bob says goodbye.</summary>
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>Dial the model at the webhook, while Twilio still reads the TwiML. Off: at the stream's <c>start</c>.</summary>
    public bool DialEarly { get; init; } = true;

    /// <summary>Silence of both sides after which Bob asks whether the caller is there.</summary>
    public TimeSpan SilencePrompt { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Silence of the caller after which Bob says goodbye; counted like <see cref="SilencePrompt"/>, and longer than it.</summary>
    public TimeSpan SilenceGoodbye { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>How long a call may last in which there is something to hear, and nothing new is said; zero: as long as any.</summary>
    public TimeSpan NoProgress { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How long the caller may hear nothing, from the stream's start on, while the model is still being dialled; zero: as long as that takes.</summary>
    public TimeSpan GreetingAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long after the caller's last word Bob says that he is thinking; zero: never.</summary>
    public TimeSpan FillerAfter { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>Who takes a call over that Bob cannot go on with.</summary>
    public Fallback Fallback { get; init; } = Fallback.Voicemail;

    /// <summary>Longest a tool may run before the model is told that it timed out.</summary>
    public TimeSpan ToolTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long after the webhook the stream may still come: the life of a ticket, and of a model session dialled early, which is gone 10 s later.</summary>
    public TimeSpan StreamDeadline { get; init; } = TimeSpan.FromSeconds(9.5);

    /// <summary>How long a call waits for a new stream after its media socket dropped.</summary>
    public TimeSpan ReattachDeadline { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Longest the caller's socket may be without a message.</summary>
    public TimeSpan MediaTimeout { get; init; } = TimeSpan.FromSeconds(3);
}
