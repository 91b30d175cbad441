namespace Bob.Bench.Callers;

/// <summary>What goes wrong with a call on the caller's side.</summary>
internal enum CallFault
{
    None,

    /// <summary>The caller hangs up before Twilio has opened the stream.</summary>
    HangsUpRinging,

    /// <summary>Twilio never opens the stream, and says nothing.</summary>
    NoStream,

    /// <summary>The stream is opened, and nobody says <c>start</c>.</summary>
    NoStart,

    /// <summary>The caller hangs up as soon as the stream has started.</summary>
    HangsUpAtOnce,

    /// <summary>The socket ends without a word.</summary>
    Vanishes,

    /// <summary>The socket is reset.</summary>
    Resets,

    /// <summary>The socket is reset in the middle of a frame.</summary>
    ResetsInFrame,

    /// <summary>A frame that never ends, on a socket that stays open.</summary>
    EndlessFrame,

    /// <summary>Messages that are none.</summary>
    Garbage,

    /// <summary>Frames that RFC 6455 does not have.</summary>
    BrokenFrame,

    /// <summary>One binary message too many.</summary>
    Binary,

    /// <summary>The socket is reset, Twilio asks what comes next, and then the caller hangs up.</summary>
    AsksAndHangsUp,
}
