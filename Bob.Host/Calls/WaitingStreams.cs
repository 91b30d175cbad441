using Bob.Actors.Calls;
using Bob.Actors.Twilio;

namespace Bob.Host.Calls;

/// <summary>
/// Bounds the media sockets that have not yet said <c>start</c>. A reader closes a socket that stays silent for 4 s, so a socket older than that is
/// a call, and calls are bounded by their tickets; or it is one that does not answer its CLOSE, for half a second more.
/// </summary>
public sealed class WaitingStreams(CallOptions calls, TimeProvider clock)
{
    private static readonly TimeSpan StartDeadline = MediaStreamReader.StartDeadline + TimeSpan.FromSeconds(0.5);
    private readonly int _most = (2 * calls.MaxCalls) + 16;
    private int _waiting;

    /// <summary>A place for a new socket, free again when it is disposed or the socket is old enough; null when all are taken.</summary>
    public IDisposable? TryEnter()
    {
        if (Interlocked.Increment(ref _waiting) <= _most)
            return new Place(this, clock);
        Interlocked.Decrement(ref _waiting);
        return null;
    }

    private sealed class Place : IDisposable
    {
        private readonly WaitingStreams _streams;
        private readonly ITimer _timer;
        private int _left;

        public Place(WaitingStreams streams, TimeProvider clock)
        {
            _streams = streams;
            _timer = clock.CreateTimer(static place => ((Place)place!).Leave(), this, StartDeadline, Timeout.InfiniteTimeSpan);
        }

        public void Dispose()
        {
            _timer.Dispose();
            Leave();
        }

        private void Leave()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
                Interlocked.Decrement(ref _streams._waiting);
        }
    }
}
