namespace Bob.Actors.Calls;

/// <summary>Where a call is.</summary>
public enum CallPhase
{
    /// <summary>Admitted; the media stream has not come yet.</summary>
    Connecting,

    /// <summary>The caller is on the line.</summary>
    Live,

    /// <summary>The media socket dropped; Twilio is expected to ask what comes next.</summary>
    AwaitingCaller,

    /// <summary>The end is decided; what is being said is finished first.</summary>
    Ending,

    /// <summary>The line is closed; Twilio is expected to ask what comes next, and hears that the call is over.</summary>
    Closing,

    Over,
}

/// <summary>The timers of a call.</summary>
public enum CallTimer
{
    /// <summary>The stream, or the next one, should have come.</summary>
    Stream,

    /// <summary>Nobody has spoken for a while.</summary>
    Silence,

    /// <summary>The call has lasted as long as it may.</summary>
    Duration,

    /// <summary>The end takes too long.</summary>
    Ending,

    /// <summary>The caller is on the line, and nobody has greeted them.</summary>
    Greeting,

    /// <summary>The caller waits for an answer.</summary>
    Filler,

    /// <summary>Nobody has said anything new for a while.</summary>
    Progress,
}

/// <summary>What a new model session is asked to do first.</summary>
public enum Opening
{
    /// <summary>Greet the caller.</summary>
    Greet,

    /// <summary>Go on from the greeting that the caller has heard already, without the model.</summary>
    Welcome,

    /// <summary>Go on with what was being said.</summary>
    GoOn,

    /// <summary>Say that the line was cut off, and go on with the conversation.</summary>
    CutOff,

    /// <summary>The same, but the caller has been told already, without the model.</summary>
    ToldOfCutOff,

    /// <summary>Answer what the caller said last.</summary>
    Answer,

    /// <summary>Listen.</summary>
    Listen,
}

/// <summary>How far a goodbye of Bob's own is, with which a call is ended.</summary>
internal enum GoodbyeProgress
{
    None,

    /// <summary>Asked for in silence, and nothing has been heard since.</summary>
    Wanted,

    /// <summary>Asked for while Bob spoke: what is heard may still be what was said before it.</summary>
    Queued,

    Begun,
}
