using Bob.Host.Configuration;

namespace Bob.Host.Calls;

/// <summary>
/// Whether this process has the time and the memory for one more call. A tick on the thread pool tells of time: calls are set up there, and the sockets'
/// threads, which carry the audio of those that are up, share its cores.
/// </summary>
public sealed class NodeLoad : IHostedService, IDisposable
{
    /// <summary>The word for a process that is late.</summary>
    public const string Overloaded = "overloaded";

    /// <summary>The word for a process that is near the end of its memory.</summary>
    public const string ShortOfMemory = "short-of-memory";

    /// <summary>Ticks from one look at the memory to the next: a second.</summary>
    private const int MemoryTicks = 20;

    private readonly Lock _gate = new();
    private readonly AdmissionOptions _options;
    private readonly TimeProvider _clock;
    private readonly Func<long> _memory;
    private readonly LagWindow? _lag;
    private readonly ITimer _timer;
    private TimeSpan? _due;
    private int _ticks;
    private bool _memoryIsOver;

    public NodeLoad(AdmissionOptions options, TimeProvider clock)
        : this(options, clock, static () => Environment.WorkingSet)
    {
    }

    /// <param name="memory">What the process has of the machine's memory, bytes.</param>
    public NodeLoad(AdmissionOptions options, TimeProvider clock, Func<long> memory)
    {
        (_options, _clock, _memory) = (options, clock, memory);
        _lag = options.MaxLag is { } most ? new LagWindow(most) : null;
        _timer = clock.CreateTimer(static load => ((NodeLoad)load!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Why there is no room for one more call, in a word; null when there is.</summary>
    public string? Full
    {
        get
        {
            lock (_gate)
            {
                // A pool that is stuck does not tick at all.
                if (_lag is { } lag && (lag.IsOver || Now - _due > _options.MaxLag))
                    return Overloaded;
                return _memoryIsOver ? ShortOfMemory : null;
            }
        }
    }

    private TimeSpan Now => _clock.GetElapsedTime(0);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_lag is not null || _options.MaxMemory is not null)
        {
            lock (_gate)
                Await();
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        lock (_gate)
        {
            _lag?.Add(Now - _due!.Value, Now);
            if (_options.MaxMemory is { } most && _ticks++ % MemoryTicks == 0)
            {
                // Open again when there is a little more than room for the next call.
                var has = _memory();
                _memoryIsOver = has > (_memoryIsOver ? most - (most / 20) : most);
            }

            Await();
        }
    }

    private void Await()
    {
        _due = Now + LagWindow.Tick;
        _timer.Change(LagWindow.Tick, Timeout.InfiniteTimeSpan);
    }
}
