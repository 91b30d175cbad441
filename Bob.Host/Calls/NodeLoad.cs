using Bob.Actors.Sockets;
using Bob.Host.Configuration;

namespace Bob.Host.Calls;

/// <summary>
/// Whether this process has the time and the memory for one more call. The beat of <see cref="WakingTime"/> tells of time: it is one on the thread pool, where calls
/// are set up, and the sockets' threads, which carry the audio of those that are up, share its cores.
/// </summary>
public sealed class NodeLoad : IHostedService, IDisposable
{
    /// <summary>The word for a process that is late.</summary>
    public const string Overloaded = "overloaded";

    /// <summary>The word for a process that is near the end of its memory.</summary>
    public const string ShortOfMemory = "short-of-memory";

    /// <summary>Ticks from one look at the memory to the next: a second.</summary>
    private static readonly int MemoryTicks = (int)(TimeSpan.FromSeconds(1) / WakingTime.Interval);

    private readonly Lock _gate = new();
    private readonly AdmissionOptions _options;
    private readonly WakingTime _waking;
    private readonly Func<long> _memory;
    private readonly LagWindow? _lag;
    private long? _ticked;
    private int _ticks;
    private bool _memoryIsOver;

    public NodeLoad(AdmissionOptions options, WakingTime waking)
        : this(options, waking, static () => Environment.WorkingSet)
    {
    }

    /// <param name="memory">What the process has of the machine's memory, bytes.</param>
    public NodeLoad(AdmissionOptions options, WakingTime waking, Func<long> memory)
    {
        (_options, _waking, _memory) = (options, waking, memory);
        _lag = options.MaxLag is { } most ? new LagWindow(most) : null;
    }

    /// <summary>Why there is no room for one more call, in a word; null when there is.</summary>
    public string? Full
    {
        get
        {
            lock (_gate)
            {
                // A pool that is stuck does not tick at all.
                if (_lag is { } lag && (lag.IsOver || (_ticked is { } last && Clock.GetElapsedTime(last) > WakingTime.Interval + _options.MaxLag)))
                    return Overloaded;
                return _memoryIsOver ? ShortOfMemory : null;
            }
        }
    }

    private TimeProvider Clock => _waking.Clock;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_lag is null && _options.MaxMemory is null)
            return Task.CompletedTask;
        lock (_gate)
            _ticked = Clock.GetTimestamp();
        _waking.Beats += Tick;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _waking.Beats -= Tick;

    private void Tick(TimeSpan late)
    {
        lock (_gate)
        {
            _ticked = Clock.GetTimestamp();
            _lag?.Add(late, Clock.GetElapsedTime(0));
            if (_options.MaxMemory is { } most && _ticks++ % MemoryTicks == 0)
            {
                // Open again when there is a little more than room for the next call.
                var has = _memory();
                _memoryIsOver = has > (_memoryIsOver ? most - (most / 20) : most);
            }
        }
    }
}
