using System.Diagnostics;

namespace Bob.Simulator.Twilio;

/// <summary>Something that moves with time: a call.</summary>
internal interface IOnTheClock
{
    /// <summary>Time has gone on. Must be quick and must not wait for anything.</summary>
    void Tick();

    /// <summary>A tick threw; the call will get no more of them.</summary>
    void Broke(Exception exception);
}

/// <summary>
/// One thread that moves all calls of the process every few milliseconds. Each call works out from its own stopwatch what is due, so a late tick
/// is caught up and nothing drifts.
/// </summary>
internal sealed class LineClock
{
    public static readonly LineClock Shared = new();

    private const int TickMs = 4;

    private readonly Lock _gate = new();
    private readonly AutoResetEvent _wake = new(false);
    private volatile IOnTheClock[] _calls = [];
    private Thread? _thread;

    public void Add(IOnTheClock call)
    {
        lock (_gate)
        {
            _calls = [.. _calls, call];
            if (_thread is null)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = "Simulated phone lines", Priority = ThreadPriority.AboveNormal };
                _thread.Start();
            }
        }

        _wake.Set();
    }

    public void Remove(IOnTheClock call)
    {
        lock (_gate)
            _calls = [.. _calls.Where(c => c != call)];
    }

    private void Run()
    {
        while (true)
        {
            var calls = _calls;
            if (calls.Length == 0)
            {
                _wake.WaitOne();
                continue;
            }

            var started = Stopwatch.GetTimestamp();
            foreach (var call in calls)
                TickOne(call);
            var rest = TickMs - (int)Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            if (rest > 0)
                Thread.Sleep(rest);
        }
    }

    private void TickOne(IOnTheClock call)
    {
        try
        {
            call.Tick();
        }
        catch (Exception e)
        {
            // A defect in one call must not stop the clock of the others; the call itself reports it.
            Remove(call);
            call.Broke(e);
        }
    }
}
