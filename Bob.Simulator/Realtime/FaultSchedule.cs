namespace Bob.Simulator.Realtime;

/// <summary>Where in a session a server event stands: the number of its response and item (1-based, 0 when it has none).</summary>
internal readonly record struct EventPlace(int Response = 0, int Item = 0, string? ResponseId = null, string? ItemId = null);

/// <summary>Which faults of the script strike where, and how often they still may. Shared by all sessions of one simulator.</summary>
internal sealed class FaultSchedule(IReadOnlyList<Fault> faults, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly List<StruckFault> _log = [];
    private readonly Dictionary<Fault, int> _struck = new(ReferenceEqualityComparer.Instance);

    /// <summary>What has struck so far.</summary>
    public IReadOnlyList<StruckFault> Struck
    {
        get
        {
            lock (_gate)
                return [.. _log];
        }
    }

    public IReadOnlyList<Fault> OnConnect(int session) =>
        Strike(session, at => at.On == FaultMoment.Connect || (at.On is null && at is { ClientEvent: null, Received: null, Event: null, Response: null, AudioMs: null }));

    public IReadOnlyList<Fault> On(int session, FaultMoment moment) => Strike(session, at => at.On == moment);

    public IReadOnlyList<Fault> OnReceived(int session, string type, int numberOfType, int number) =>
        Strike(session, at => at.ClientEvent == number || (at.Received == type && numberOfType >= at.Nth));

    public IReadOnlyList<Fault> OnEvent(int session, string type, int numberOfType, EventPlace place) =>
        Strike(session, at => at.Event == type && numberOfType >= at.Nth
            && (at.Response is null || at.Response == place.Response) && (at.Item is null || at.Item == place.Item));

    public IReadOnlyList<Fault> OnResponse(int session, int response) =>
        Strike(session, at => at.Response == response && at.Event is null && at.AudioMs is null);

    public IReadOnlyList<Fault> OnAudio(int session, EventPlace place, int audioMs) =>
        Strike(session, at => at.AudioMs <= audioMs && IsIn(at, place));

    /// <summary>How much audio of the item a delta may reach at most, in ms, so that a fault strikes at its exact place.</summary>
    public int NextStop(int session, EventPlace place, int audioMs) => faults
        .Where(fault => fault.At.AudioMs > audioMs && (fault.At.Session ?? session) == session && IsIn(fault.At, place))
        .Select(fault => fault.At.AudioMs!.Value).DefaultIfEmpty(int.MaxValue).Min();

    private static bool IsIn(FaultPoint at, EventPlace place) =>
        at.Event is null && (at.Response is null || at.Response == place.Response) && (at.Item is null || at.Item == place.Item);

    private IReadOnlyList<Fault> Strike(int session, Func<FaultPoint, bool> here)
    {
        if (faults.Count == 0)
            return [];
        lock (_gate)
        {
            var striking = faults.Where(fault => (fault.At.Session ?? session) == session && here(fault.At)
                && (fault.Times == 0 || _struck.GetValueOrDefault(fault) < fault.Times)).ToList();
            foreach (var fault in striking)
            {
                _struck[fault] = _struck.GetValueOrDefault(fault) + 1;
                _log.Add(new StruckFault(fault, session, time.GetUtcNow()));
            }

            return striking;
        }
    }
}
