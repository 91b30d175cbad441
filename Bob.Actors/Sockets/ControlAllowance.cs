namespace Bob.Actors.Sockets;

/// <summary>
/// How many pings and pongs a peer may send: 20 at once, and 20 a second for ever. Real ones send one in 10 s or fewer, so this leaves room for
/// every keep-alive there is, while a flood is over before it costs anything.
/// </summary>
internal struct ControlAllowance(TimeProvider clock)
{
    private const double PerSecond = 20;
    private const double Most = 20;
    private double _left = Most;
    private long _counted = clock.GetTimestamp();

    /// <summary>Whether the peer may send one more now.</summary>
    public bool Take()
    {
        var now = clock.GetTimestamp();
        _left = Math.Min(Most, _left + clock.GetElapsedTime(_counted, now).TotalSeconds * PerSecond);
        _counted = now;
        if (_left < 1)
            return false;
        _left--;
        return true;
    }
}
