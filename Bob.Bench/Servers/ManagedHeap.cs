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

    /// <summary>Live bytes: what is left when everything that nobody holds is gone. The second of two collections counts, so that finalizers have run.</summary>
    public static long LiveBytes(int process)
    {
        Collect(process);
        return Collect(process);
    }

    private static long Collect(int process)
    {
        const ClrTraceEventParser.Keywords keywords = ClrTraceEventParser.Keywords.GC | ClrTraceEventParser.Keywords.GCHeapCollect;
        using var session = new DiagnosticsClient(process).StartEventPipeSession(
            [new EventPipeProvider(ClrTraceEventParser.ProviderName, EventLevel.Informational, (long)keywords)], requestRundown: false);
        using var source = new EventPipeEventSource(session.EventStream);
        var collected = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        var induced = false;
        source.Clr.GCStart += start => induced |= start.Depth == 2 && start.Reason == GCReason.Induced;
        source.Clr.GCHeapStats += stats =>
        {
            if (induced)
                collected.TrySetResult(stats.TotalHeapSize);
        };
        var reading = Task.Run(source.Process);
        var size = collected.Task.WaitAsync(Deadline).GetAwaiter().GetResult();
        session.Stop();
        reading.Wait(Deadline);
        return size;
    }
}
