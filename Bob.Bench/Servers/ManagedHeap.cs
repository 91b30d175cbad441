using System.Diagnostics;
using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;
using Microsoft.Diagnostics.Tracing.Parsers;
using Microsoft.Diagnostics.Tracing.Parsers.Clr;

namespace Bob.Bench.Servers;

/// <summary>The managed heap of another .NET process after a full collection, which it is asked for over its diagnostics socket.</summary>
internal static class ManagedHeap
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Bytes of living objects: what is left when everything that nobody holds is gone. The second of two collections counts, so that finalizers have run.
    /// The gaps between the objects do not count: they were 0 to 3 MB from one time to the next, and the next objects go into them.
    /// </summary>
    public static long LiveBytes(int process)
    {
        Collect(process);
        Collect(process);
        using var counters = new RuntimeCounters(process);
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < Deadline; Thread.Sleep(Poll))
        {
            if (counters.Rounds > 0 && counters.Last("dotnet.gc.last_collection.heap.size") is var size and > 0)
                return (long)(size - counters.Last("dotnet.gc.last_collection.heap.fragmentation.size"));
        }

        throw new TimeoutException("The process does not tell how large its heap is.");
    }

    private static void Collect(int process)
    {
        const ClrTraceEventParser.Keywords keywords = ClrTraceEventParser.Keywords.GC | ClrTraceEventParser.Keywords.GCHeapCollect;
        using var session = new DiagnosticsClient(process).StartEventPipeSession(
            [new EventPipeProvider(ClrTraceEventParser.ProviderName, EventLevel.Informational, (long)keywords)], requestRundown: false);
        using var source = new EventPipeEventSource(session.EventStream);
        var collected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var induced = false;
        source.Clr.GCStart += start => induced |= start.Depth == 2 && start.Reason == GCReason.Induced;
        source.Clr.GCHeapStats += _ =>
        {
            if (induced)
                collected.TrySetResult();
        };
        var reading = Task.Run(source.Process);
        collected.Task.WaitAsync(Deadline).GetAwaiter().GetResult();
        session.Stop();
        reading.Wait(Deadline);
    }
}
