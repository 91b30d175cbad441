namespace Bob.Actors.Realtime;

/// <summary>The timers of the model's leg; a timer that fires is told by its name.</summary>
internal enum ModelTimer
{
    /// <summary>The delay before a dial is over.</summary>
    Dial,

    /// <summary>The session should have been configured by now.</summary>
    Session,

    /// <summary>A response failed a moment ago: ask again.</summary>
    Retry,

    /// <summary>The caller speaks: do their frames still come?</summary>
    Quiet,

    /// <summary>Does the model get on?</summary>
    Watch,

    /// <summary>The session will end before long: another one is to be made ready.</summary>
    Renewal,

    /// <summary>The call is over: has the session said anything since?</summary>
    LateSign,

    /// <summary>The call is over: what is not told by now is not waited for.</summary>
    Late,

    /// <summary>Of the session to come: dial it again, or it should have been configured by now.</summary>
    Standby,
}
