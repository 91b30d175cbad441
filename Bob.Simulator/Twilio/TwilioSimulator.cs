using System.Collections.Concurrent;

namespace Bob.Simulator.Twilio;

/// <summary>
/// A Twilio account with one phone number whose voice webhook is Bob's. Places calls as the phone network would: signed webhooks, TwiML, media
/// streams in real time, status callbacks. What Twilio refuses is refused, with Twilio's error numbers.
/// </summary>
public sealed class TwilioSimulator(TwilioSimulatorOptions options) : IAsyncDisposable
{
    private readonly WebhookClient _web = new(options);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<string, SimulatedCall> _calls = new(StringComparer.Ordinal);

    /// <summary>What callers have left.</summary>
    public RecordingShelf Recordings { get; } = new(options);

    /// <summary>The account.</summary>
    public TwilioSimulatorOptions Options => options;

    /// <summary>All calls ever placed, ended ones included.</summary>
    public IReadOnlyCollection<SimulatedCall> Calls => [.. _calls.Values];

    /// <summary>Places a call; it starts at once.</summary>
    public SimulatedCall PlaceCall(CallPlan plan)
    {
        ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, this);
        var call = new SimulatedCall(plan, options, _web, Recordings, _stopping.Token);
        _calls[call.CallSid] = call;
        return call;
    }

    /// <summary>The call of this SID, or null.</summary>
    public SimulatedCall? Find(string callSid) => _calls.GetValueOrDefault(callSid);

    /// <summary>Hangs up all calls, gives their callbacks 2 s, and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
            return;
        foreach (var call in _calls.Values)
            call.Stop();
        _stopping.CancelAfter(TimeSpan.FromSeconds(2));
        await Task.WhenAll(_calls.Values.Select(call => (Task)call.Completion));
        await _stopping.CancelAsync();
        _web.Dispose();
    }
}
