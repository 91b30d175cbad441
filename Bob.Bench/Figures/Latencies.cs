using System.Diagnostics;

namespace Bob.Bench.Figures;

/// <summary>Every time that was measured, kept as it is: percentiles of a bench are no place for estimates.</summary>
internal sealed class Latencies
{
    private long[] _ticks = new long[4096];

    public int Count { get; private set; }

    public void Add(long ticks)
    {
        if (Count == _ticks.Length)
            Array.Resize(ref _ticks, Count * 2);
        _ticks[Count++] = ticks;
    }

    public LatencyFigures Summary()
    {
        var sorted = _ticks[..Count];
        Array.Sort(sorted);
        return new LatencyFigures(Count, At(sorted, 0.5), At(sorted, 0.9), At(sorted, 0.95), At(sorted, 0.99), At(sorted, 0.999), At(sorted, 1));
    }

    private static double At(long[] sorted, double share) =>
        sorted.Length == 0 ? double.NaN : sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * share))] * 1000.0 / Stopwatch.Frequency;
}

/// <summary>Percentiles, ms.</summary>
internal sealed record LatencyFigures(int Count, double P50, double P90, double P95, double P99, double P999, double Max);
