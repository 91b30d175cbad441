using System.Net.WebSockets;

namespace Bob.Actors.Sockets;

/// <summary>
/// Finds out that a peer is gone: one that was silent for the interval is pinged, one that is silent for the timeout after it is lost. Any byte is
/// a sign of life, not only a pong, so a peer that talks is never pinged; a peer that drops off is lost after the sum of both. One timer, which
/// fires about once per interval; a frame costs a look at the clock, which should be one that does not count when it was this process that stood
/// still (<see cref="WakingTime"/>).
/// </summary>
internal sealed class KeepAlive : IDisposable
{
    private readonly SocketTerms _terms;
    private readonly TimeProvider _clock;
    private readonly Func<long> _heard;
    private readonly Action _ping;
    private readonly Action<Exception> _lost;
    private readonly ITimer _timer;
    private long _pinged;
    private bool _waiting;

    /// <param name="heard">When the peer sent something last, a timestamp of the clock.</param>
    public KeepAlive(SocketTerms terms, TimeProvider clock, Func<long> heard, Action ping, Action<Exception> lost)
    {
        (_terms, _clock, _heard, _ping, _lost) = (terms, clock, heard, ping, lost);
        _timer = clock.CreateTimer(static self => ((KeepAlive)self!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Next(terms.KeepAliveInterval);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        var now = _clock.GetTimestamp();
        var heard = _heard();
        _waiting &= heard < _pinged;
        if (_waiting)
        {
            var left = _terms.KeepAliveTimeout - _clock.GetElapsedTime(_pinged, now);
            if (left > TimeSpan.Zero)
                Next(left);
            else
                _lost(new WebSocketException(WebSocketError.Faulted, "No pong and nothing else came within the keep-alive timeout.")); // a word SocketFailure looks for
            return;
        }

        var silent = _clock.GetElapsedTime(heard, now);
        if (silent < _terms.KeepAliveInterval)
        {
            Next(_terms.KeepAliveInterval - silent);
            return;
        }

        (_waiting, _pinged) = (true, now);
        Next(_terms.KeepAliveTimeout < _terms.KeepAliveInterval ? _terms.KeepAliveTimeout : _terms.KeepAliveInterval);
        _ping();
    }

    private void Next(TimeSpan delay) => _timer.Change(delay, Timeout.InfiniteTimeSpan);
}
