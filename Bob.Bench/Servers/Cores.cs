using System.Globalization;
using System.Runtime.InteropServices;

namespace Bob.Bench.Servers;

/// <summary>Which processors who runs on.</summary>
internal static partial class Cores
{
    /// <summary>The numbers in <c>0</c>, <c>0-1</c> or <c>0,2</c>.</summary>
    public static IReadOnlyList<int> Parse(string cores) =>
    [
        .. cores.Split(',').SelectMany(range =>
        {
            var ends = range.Split('-').Select(end => int.Parse(end, CultureInfo.InvariantCulture)).ToArray();
            return Enumerable.Range(ends[0], ends[^1] - ends[0] + 1);
        }),
    ];

    /// <summary>Keeps this thread, and those it starts, off the server's cores. False when there is no core left for it.</summary>
    public static bool KeepOff(string cores)
    {
        var taken = Parse(cores);
        var mask = 0UL;
        for (var core = 0; core < Math.Min(Environment.ProcessorCount, 64); core++)
            mask |= taken.Contains(core) ? 0 : 1UL << core;
        return mask != 0 && SetAffinity(0, sizeof(ulong), ref mask) == 0;
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int thread, nint length, ref ulong mask);
}
