namespace Bob.Simulator.Twilio;

/// <summary>One call to place: who calls, what the caller does and what goes wrong.</summary>
public sealed record CallPlan
{
    /// <summary>The caller's number as the webhook reports it.</summary>
    public string From { get; init; } = "+15550100001";

    /// <summary>The number called.</summary>
    public string To { get; init; } = "+15550100002";

    /// <summary><c>CA</c> and 32 hexadecimal digits; null makes a new one.</summary>
    public string? CallSid { get; init; }

    /// <summary>Form parameters added to every webhook of the call, or replacing the standard ones; an empty value is sent, as Twilio does.</summary>
    public IReadOnlyDictionary<string, string> ExtraForm { get; init; } = new Dictionary<string, string>();

    /// <summary>What the caller does, one after the other. The line stays open when they are done.</summary>
    public IReadOnlyList<CallerStep> Steps { get; init; } = [];

    /// <summary>The caller hangs up at this time of the call.</summary>
    public TimeSpan? HangUpAfter { get; init; }

    /// <summary>What goes wrong on the media stream.</summary>
    public MediaFaults Faults { get; init; } = new();

    /// <summary>Which string the handshake's signature covers; null takes the simulator's.</summary>
    public StreamSignature? StreamSignature { get; init; }

    /// <summary>How each Dial ends, in order; the last one serves all further Dials.</summary>
    public IReadOnlyList<DialOutcome> Dials { get; init; } = [new()];

    /// <summary>What the caller does at each Record, in order; the last one serves all further Records.</summary>
    public IReadOnlyList<RecordOutcome> Records { get; init; } = [new()];

    /// <summary>The call is ended as <see cref="CallEndReason.TimedOut"/> at this time.</summary>
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromMinutes(2);
}

/// <summary>How a Dial ends.</summary>
/// <param name="Status"><c>completed</c>, <c>answered</c>, <c>busy</c>, <c>no-answer</c>, <c>failed</c> or <c>canceled</c>.</param>
/// <param name="Talk">How long the two talk when it is answered; default 5 s.</param>
/// <param name="CallerHangsUp">The caller, not the other side, ends the talk.</param>
public sealed record DialOutcome(string Status = "completed", TimeSpan? Talk = null, bool CallerHangsUp = false);

/// <summary>What the caller does at a Record.</summary>
/// <param name="Speech">How long the caller speaks; zero leaves no message. Default 3 s.</param>
/// <param name="FinishKey">The key that ends it; null: the caller hangs up, or with <paramref name="StaysSilent"/> waits for the timeout.</param>
/// <param name="StaysSilent">The caller stays on the line in silence until Record's timeout.</param>
public sealed record RecordOutcome(TimeSpan? Speech = null, string? FinishKey = null, bool StaysSilent = false);

/// <summary>One thing the caller does. All times of a call count from the moment the first webhook was sent.</summary>
public abstract record CallerStep
{
    /// <summary>Says something: mu-law, 8 kHz.</summary>
    public sealed record Speak(byte[] Mulaw) : CallerStep;

    /// <summary>Says nothing for a while.</summary>
    public sealed record Wait(TimeSpan Duration) : CallerStep;

    /// <summary>Waits until Bob has started and then been quiet for <paramref name="Quiet"/> (default 700 ms), at most <paramref name="AtMost"/> (default 15 s).</summary>
    public sealed record WaitForBob(TimeSpan? Quiet = null, TimeSpan? AtMost = null) : CallerStep;

    /// <summary>Waits until so much of Bob's speech was heard within this step, at most <paramref name="AtMost"/> (default 15 s).</summary>
    public sealed record WaitForBobToSpeak(TimeSpan Heard, TimeSpan? AtMost = null) : CallerStep;

    /// <summary>Presses keys, one message each.</summary>
    public sealed record Dtmf(string Digits) : CallerStep;

    /// <summary>Ends the call.</summary>
    public sealed record HangUp : CallerStep;

    /// <summary>Does a step at a time of the call, whatever else is going on. Only Speak, Dtmf and HangUp can be timed.</summary>
    public sealed record At(TimeSpan Time, CallerStep Step) : CallerStep;
}
