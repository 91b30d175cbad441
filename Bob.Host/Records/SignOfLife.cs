using System.Globalization;

namespace Bob.Host.Records;

/// <summary>
/// Tells the next process when this one was alive last, by the time of a file beside the spool, which also remembers when those before were. What a caller had heard
/// when a process died can only be told from that: words are written down when the model says them, and not when they are played. Costs nothing where it cannot be
/// written: then the last entry of the journal is the last sign of life.
/// </summary>
public sealed class SignOfLife : IHostedService, IDisposable
{
    /// <summary>How often.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private const string FileName = "alive";

    private const int MostRemembered = 100;

    /// <summary>What a process still did after its last sign of life.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly TimeProvider _clock;
    private readonly IReadOnlyList<DateTimeOffset> _deaths;
    private ITimer? _timer;

    /// <param name="folder">That of the spool.</param>
    public SignOfLife(string folder, TimeProvider clock)
    {
        (_path, _clock) = (Path.Combine(folder, FileName), clock);
        _deaths = Read(_path);
    }

    /// <summary>When the process died that did something then; null: nobody knows.</summary>
    public DateTimeOffset? DeathAfter(DateTimeOffset sign)
    {
        foreach (var death in _deaths)
        {
            if (death >= sign - Slack)
                return death > sign ? death : sign;
        }

        return null;
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        Try(() => File.WriteAllLines(_path, _deaths.TakeLast(MostRemembered).Select(death => death.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture))));
        _timer = _clock.CreateTimer(_ => Try(() => File.SetLastWriteTimeUtc(_path, _clock.GetUtcNow().UtcDateTime)), null, TimeSpan.Zero, Interval);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _timer?.Dispose();

    private static IReadOnlyList<DateTimeOffset> Read(string path)
    {
        List<DateTimeOffset> deaths = [];
        Try(() =>
        {
            if (!File.Exists(path))
                return;
            foreach (var line in File.ReadLines(path))
            {
                if (long.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var ms) && ms < DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
                    deaths.Add(DateTimeOffset.FromUnixTimeMilliseconds(ms));
            }

            deaths.Add(new DateTimeOffset(File.GetLastWriteTimeUtc(path), TimeSpan.Zero));
        });
        return deaths;
    }

    private static void Try(Action access)
    {
        try
        {
            access();
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException)
        {
            // The spool stands in the same folder, and tells of it.
        }
    }
}
