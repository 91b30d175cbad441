namespace Bob.Actors.Calls;

/// <summary>How a call ended for the caller.</summary>
public enum CallResult
{
    /// <summary>A conversation came to its end.</summary>
    Completed,

    /// <summary>The caller never reached Bob.</summary>
    Abandoned,

    /// <summary>The line to the caller was lost.</summary>
    Lost,

    /// <summary>Bob could not go on.</summary>
    Failed,
}

/// <summary>Who ended a call.</summary>
public enum CallSide
{
    Caller,
    Bob,
    Model,
    Twilio,
}

/// <summary>The one end record of a call. The same words in log, metric, database and dashboard.</summary>
public sealed record CallEnd(CallResult Result, CallSide Side, string Reason)
{
    public static CallEnd CallerHungUp { get; } = new(CallResult.Completed, CallSide.Caller, "caller-hung-up");

    /// <summary>The conversation was over, and Bob said goodbye.</summary>
    public static CallEnd Goodbye { get; } = new(CallResult.Completed, CallSide.Bob, "goodbye");

    /// <summary>The caller said nothing any more.</summary>
    public static CallEnd Silence { get; } = new(CallResult.Completed, CallSide.Bob, "silence");

    /// <summary>There was something to hear, and for minutes nothing new: music, a television, another machine.</summary>
    public static CallEnd NoProgress { get; } = new(CallResult.Completed, CallSide.Bob, "no-progress");

    public static CallEnd TimeLimit { get; } = new(CallResult.Completed, CallSide.Bob, "time-limit");

    /// <summary>The call has cost what a call may cost.</summary>
    public static CallEnd CallCostCap { get; } = new(CallResult.Completed, CallSide.Bob, "call-cost-cap");

    /// <summary>The day has cost what a day may cost.</summary>
    public static CallEnd DayCostCap { get; } = new(CallResult.Completed, CallSide.Bob, "day-cost-cap");

    /// <summary>Admitted, but no media stream came.</summary>
    public static CallEnd StreamNeverCame { get; } = new(CallResult.Abandoned, CallSide.Twilio, "stream-never-came");

    /// <summary>The media socket dropped, and no new stream came in time.</summary>
    public static CallEnd CallerLost { get; } = new(CallResult.Lost, CallSide.Twilio, "caller-lost");

    /// <summary>New streams came and dropped, again and again.</summary>
    public static CallEnd StreamUnstable { get; } = new(CallResult.Failed, CallSide.Twilio, "stream-unstable");

    /// <summary>The node was stopped with the call on it.</summary>
    public static CallEnd NodeStopped { get; } = new(CallResult.Lost, CallSide.Bob, "node-stopped");

    /// <summary>The node was on its way out, and the call lasted longer than it could wait; Bob said goodbye.</summary>
    public static CallEnd NodeDrained { get; } = new(CallResult.Completed, CallSide.Bob, "node-drained");

    /// <summary>The process died with the call on it; written by the next one.</summary>
    public static CallEnd ProcessDied { get; } = new(CallResult.Lost, CallSide.Bob, "process-died");

    public static CallEnd InternalError { get; } = new(CallResult.Failed, CallSide.Bob, "internal-error");

    /// <summary>The model cannot be had; <paramref name="why"/> is the short word of its failure.</summary>
    public static CallEnd ModelUnavailable(string why) => new(CallResult.Failed, CallSide.Model, $"model-{why}");
}
