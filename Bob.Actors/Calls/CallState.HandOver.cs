namespace Bob.Actors.Calls;

/// <summary>When one session of the model may take over from another.</summary>
public sealed partial record CallState
{
    /// <summary>Whether nobody would notice now.</summary>
    /// <param name="urgent">There may be no better moment, so Bob may still be heard. An interruption then leaves the new session in doubt how much of it was.</param>
    public bool AllowsHandOver(bool urgent) => Phase == CallPhase.Live && !CallerSpeaking && (urgent || !BobSpeaking);
}
