using System.Diagnostics;

namespace Bob.Bench.Fuzz;

/// <summary>An input that something did not hold for.</summary>
/// <param name="Iteration">With the seed, all that is needed to have it again.</param>
internal sealed record FuzzFinding(string Target, ulong Seed, long Iteration, byte[] Input, Exception Broken)
{
    public override string ToString() =>
        $"{Target}, iteration {Iteration} of seed {Seed}: {Broken.GetType().Name}: {Broken.Message}{Environment.NewLine}"
        + $"again: fuzz --seed {Seed} --from {Iteration} --iterations 1{Environment.NewLine}"
        + $"input: {Convert.ToHexString(Input)}{Environment.NewLine}{System.Text.Encoding.UTF8.GetString(Input)}{Environment.NewLine}{Broken.StackTrace}";
}

/// <summary>What a run did.</summary>
/// <param name="Iterations">By target.</param>
/// <param name="Slowest">The longest that one iteration took, whoever else had the processor meanwhile.</param>
/// <param name="MostAllocated">By one iteration, bytes.</param>
/// <param name="Finding">The first, which ends the run; null when there is none.</param>
internal sealed record FuzzFigures(
    IReadOnlyDictionary<string, long> Iterations, TimeSpan Elapsed, TimeSpan Slowest, long MostAllocated, FuzzFinding? Finding)
{
    public long Total => Iterations.Values.Sum();
}

/// <summary>
/// Inputs by the million, each made of a seed and the number of its iteration alone. Every target is judged by what it says must hold, by what it
/// allocates, and by whether it comes back.
/// </summary>
internal sealed class FuzzRun
{
    /// <summary>At first everything is compiled, and caches fill: what that allocates is nobody's input's.</summary>
    private const int FirstIterations = 2_000;

    private readonly IReadOnlyList<FuzzTarget> _targets;
    private readonly ulong _seed;
    private readonly int[] _ends;
    private readonly long[] _done;
    private long _iteration;

    public FuzzRun(IReadOnlyList<FuzzTarget> targets, ulong seed)
    {
        (_targets, _seed, _ends, _done) = (targets, seed, new int[targets.Count], new long[targets.Count]);
        var end = 0;
        for (var i = 0; i < targets.Count; i++)
            _ends[i] = end += targets[i].Share;
    }

    /// <summary>The iteration that is under way: one that stays is a loop without an end.</summary>
    public long Iteration => Volatile.Read(ref _iteration);

    public FuzzFigures Run(long from, long iterations, CancellationToken cancellation = default)
    {
        var (mutation, slowest, mostAllocated) = (new Mutation(), 0L, 0L);
        var began = Stopwatch.GetTimestamp();
        FuzzFinding? finding = null;
        for (var iteration = from; iteration < from + iterations && finding is null && !cancellation.IsCancellationRequested; iteration++)
        {
            Volatile.Write(ref _iteration, iteration);
            var random = new FuzzRandom(_seed, iteration);
            var which = Which(random.Below(_ends[^1]));
            var target = _targets[which];
            var input = mutation.Make(target, ref random);
            var (before, start) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
            try
            {
                target.Check(input, ref random);
                var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                if (iteration - from >= FirstIterations)
                {
                    mostAllocated = Math.Max(mostAllocated, allocated);
                    if (allocated > target.MostAllocated(input.Length))
                        throw new FuzzBrokenException($"{input.Length} bytes of input allocated {allocated} bytes");
                }
            }
            catch (Exception broken) when (broken is not OutOfMemoryException)
            {
                finding = new FuzzFinding(target.Name, _seed, iteration, input.ToArray(), broken);
            }

            slowest = Math.Max(slowest, Stopwatch.GetTimestamp() - start);
            _done[which]++;
        }

        return new FuzzFigures(
            _targets.Select((target, i) => (target.Name, _done[i])).ToDictionary(one => one.Name, one => one.Item2),
            Stopwatch.GetElapsedTime(began), Stopwatch.GetElapsedTime(0, slowest), mostAllocated, finding);
    }

    private int Which(int place)
    {
        var which = 0;
        while (place >= _ends[which])
            which++;
        return which;
    }
}
