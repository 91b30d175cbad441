using Akka.Event;
using Bob.Actors.Calls;

namespace Bob.Actors.Realtime;

/// <summary>What a session sends that nobody understands: counted and skipped, each unknown type is logged once, and too much of it is a fault.</summary>
internal sealed class ModelNoise(TimeProvider clock)
{
    private const int MaxMalformedPerMinute = 5;
    private const int MaxUnknownTypes = 100;

    private readonly Queue<TimeSpan> _malformed = new();
    private readonly HashSet<string> _unknownTypes = [];

    /// <summary>Takes a malformed event in; true when there are too many of them.</summary>
    public bool IsTooMuch(Malformed malformed, ILoggingAdapter log)
    {
        CallMetrics.Skipped("model-malformed");
        log.Warning("The model sent a malformed event: {Reason}", malformed.Reason);
        var now = clock.GetElapsedTime(0);
        while (_malformed.TryPeek(out var oldest) && oldest < now - TimeSpan.FromMinutes(1))
            _malformed.Dequeue();
        _malformed.Enqueue(now);
        return _malformed.Count > MaxMalformedPerMinute;
    }

    public void Skip(Unknown unknown, ILoggingAdapter log)
    {
        CallMetrics.Skipped("model-unknown");
        if (_unknownTypes.Count < MaxUnknownTypes && _unknownTypes.Add(unknown.Type))
            log.Info("The model sends events of the unknown type {Type}", unknown.Type);
    }
}
