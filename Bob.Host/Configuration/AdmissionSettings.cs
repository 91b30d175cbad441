namespace Bob.Host.Configuration;

/// <summary>Bounds on new calls, beside how many there may be at once. Live calls are never touched.</summary>
/// <param name="CallsPerCaller">New calls a minute from one number; null: as many as come.</param>
/// <param name="CallsPerSecond">New calls a second from all numbers; twice as many may come at once. Null: as many as come.</param>
/// <param name="MaxLag">Lateness of the process, more than once in some seconds, from which on no call is taken; null: not looked at.</param>
/// <param name="MaxMemory">Bytes of memory from which on no call is taken; null: not looked at.</param>
public sealed record AdmissionOptions(int? CallsPerCaller, int? CallsPerSecond, TimeSpan? MaxLag, long? MaxMemory);

/// <summary>The settings of who is let in when many come.</summary>
public static class AdmissionSettings
{
    private const int DefaultPerCaller = 10;
    private const int DefaultPerSecond = 50;
    private const int DefaultLagMs = 60;
    private const long Megabyte = 1024 * 1024;

    public static AdmissionOptions Read(Settings settings)
    {
        var perCaller = settings.Whole(Keys.MaxCallsPerCaller, DefaultPerCaller, 0, 10_000);
        var perSecond = settings.Whole(Keys.MaxCallsPerSecond, DefaultPerSecond, 0, 10_000);
        var lag = settings.Whole(Keys.MaxLagMs, DefaultLagMs, 0, 10_000);
        var memory = settings.Whole(Keys.MaxMemoryMb, (int)(MostOfTheMemory / Megabyte), 0, 16 * 1024 * 1024);
        return new AdmissionOptions(
            perCaller == 0 ? null : perCaller, perSecond == 0 ? null : perSecond, lag == 0 ? null : TimeSpan.FromMilliseconds(lag), memory == 0 ? null : memory * Megabyte);
    }

    /// <summary>Nine tenths of what the machine or the container has, bytes: from there on the garbage collector, too, holds that memory is short.</summary>
    private static long MostOfTheMemory => GC.GetGCMemoryInfo().HighMemoryLoadThresholdBytes;
}
