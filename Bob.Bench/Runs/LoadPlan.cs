using Bob.Bench.Model;

namespace Bob.Bench.Runs;

/// <summary>What a run puts a server through.</summary>
/// <param name="Calls">At once.</param>
/// <param name="Ramp">Calls begun in a second.</param>
/// <param name="WarmUp">Traffic before the measured window: the JIT is at work for some 20 s, for 120 of the speech shape.</param>
/// <param name="Window">The measured window.</param>
/// <param name="ServerCores">As <c>taskset -c</c> wants them.</param>
/// <param name="Program">Another build of Bob, or null.</param>
/// <param name="Counters">Whether to read .NET's counters, in a window of their own after the measured one.</param>
internal sealed record LoadPlan(
    int Calls, double Ramp, TimeSpan WarmUp, TimeSpan Window, Shape Shape, string ServerCores, string? Program, bool Counters)
{
    /// <summary>How long .NET's counters are read.</summary>
    public static readonly TimeSpan CounterWindow = TimeSpan.FromSeconds(5);
}
