using System.Diagnostics;
using Bob.Bench.Figures;

namespace Bob.Bench.Callers;

/// <summary>Lets every caller speak once in 20 ms, each at a moment of their own: the phases are spread evenly, as those of real calls are.</summary>
internal sealed class CallerGrid
{
    private readonly IReadOnlyList<Caller> _callers;
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly long _step;
    private long _next;

    public CallerGrid(IReadOnlyList<Caller> callers)
    {
        _callers = callers;
        _step = Stopwatch.Frequency * TwilioMessages.FrameMs / 1000;
    }

    /// <summary>How late the callers spoke: the load side's own fault, and a measure of how far its other figures can be trusted.</summary>
    public Latencies Lateness { get; } = new();

    public bool Measuring { get; set; }

    public bool Silent { get; set; }

    /// <summary>Lets those speak whose time has come.</summary>
    public void Tick(long now)
    {
        while (true)
        {
            var (round, index) = Math.DivRem(_next, _callers.Count);
            var due = _start + (round * _step) + (index * _step / _callers.Count);
            if (due > now)
                return;
            _next++;
            var caller = _callers[(int)index];
            if (Silent || !caller.Speaking)
                continue;
            caller.Speak();
            if (Measuring)
                Lateness.Add(Stopwatch.GetTimestamp() - due);
        }
    }
}
