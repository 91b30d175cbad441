namespace Bob.Actors.Twilio;

/// <summary>The caller's socket is gone without a <c>stop</c>: the caller's leg is restarted and waits for the next stream.</summary>
/// <param name="reason">A short word: <c>connection-reset</c>, <c>media-timeout</c>, …</param>
public sealed class CallerSocketLostException(string reason) : Exception($"The caller's socket is lost: {reason}.")
{
    public string Reason { get; } = reason;
}
