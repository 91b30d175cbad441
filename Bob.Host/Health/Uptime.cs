namespace Bob.Host.Health;

/// <summary>How long this host has been up, from the moment it was composed. A clock that is set does not change it.</summary>
public sealed class Uptime(TimeProvider clock)
{
    private readonly long _started = clock.GetTimestamp();

    public TimeSpan Elapsed => clock.GetElapsedTime(_started);
}
