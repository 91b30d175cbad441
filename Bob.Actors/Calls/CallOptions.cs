namespace Bob.Actors.Calls;

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

    /// <summary>Longest a tool may run before the model is told that it timed out.</summary>
    public TimeSpan ToolTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long after the webhook the stream may still come: the life of a ticket, and of a model session dialled early, which is gone 10 s later.</summary>
    public TimeSpan StreamDeadline { get; init; } = TimeSpan.FromSeconds(9.5);

    /// <summary>How long a call waits for a new stream after its media socket dropped.</summary>
    public TimeSpan ReattachDeadline { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Longest the caller's socket may be without a message.</summary>
    public TimeSpan MediaTimeout { get; init; } = TimeSpan.FromSeconds(3);
}
