using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Bob.Actors.Calls;

namespace Bob.Tests.Hostile;

/// <summary>Listens to what is counted as skipped, by all of the process: only for specs that are alone in it.</summary>
internal sealed class SkippedMessages : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<string> _kinds = new();

    public SkippedMessages()
    {
        _listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) =>
        {
            if (instrument.Name == CallMetrics.MessagesSkipped.Name)
                _kinds.Enqueue((string)tags[0].Value!);
        });
        _listener.EnableMeasurementEvents(CallMetrics.MessagesSkipped);
        _listener.Start();
    }

    public IReadOnlyList<string> Kinds => [.. _kinds];

    public void Forget() => _kinds.Clear();

    public void Dispose() => _listener.Dispose();
}
