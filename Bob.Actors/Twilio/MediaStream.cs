using Bob.Actors.Calls;
using Bob.Actors.Sockets;

namespace Bob.Actors.Twilio;

/// <summary>One accepted media stream: its id and its socket. The reader receives from it, the caller's leg sends on it and closes it.</summary>
public sealed class MediaStream(StreamSid streamSid, IMessageSocket socket, TimeProvider clock)
{
    private long _lastMessage = clock.GetTimestamp();

    public StreamSid StreamSid { get; } = streamSid;

    public IMessageSocket Socket { get; } = socket;

    /// <summary>How long nothing has come from Twilio: it sends a frame every 20 ms, also in silence.</summary>
    public TimeSpan Quiet => clock.GetElapsedTime(Volatile.Read(ref _lastMessage));

    /// <summary>The reader got a message.</summary>
    public void Heard() => Volatile.Write(ref _lastMessage, clock.GetTimestamp());
}
