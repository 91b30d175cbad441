using System.Collections.Concurrent;
using Bob.Actors.Calls;
using Bob.Host.Twilio;

namespace Bob.Host.Calls;

/// <summary>
/// Calls that Twilio has by itself on Bob's order: a message is being recorded, or a telephone rings. Twilio comes back with each, so a process that leaves waits for
/// it, but no longer than it can take: what became of a call that another process heard of, this one never learns.
/// </summary>
public sealed class CallsTakenOver(TimeProvider clock)
{
    /// <summary>What Twilio says before, some 10 s, and the time that it has for asking again, 15 s, and a little.</summary>
    private static readonly TimeSpan Around = TimeSpan.FromSeconds(30);

    /// <summary>Who hangs up in a message has left it all the same, and Twilio reports both in any order: what cannot be reported is tried again for 15 s.</summary>
    private static readonly TimeSpan AfterHangUp = TimeSpan.FromSeconds(17);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<CallSid, DateTimeOffset> _until = new();
    private int _undecided;

    /// <summary>How many there are, and how many there may be in a moment.</summary>
    public int Count
    {
        get
        {
            Forget();
            return Volatile.Read(ref _undecided) + _until.Count;
        }
    }

    /// <summary>
    /// Somebody is asked what comes next of a call, which may be that it becomes one of these: whoever has it forgets it with that answer, and nobody would know of it until
    /// it is one. Counts until it is disposed.
    /// </summary>
    public IDisposable Decides()
    {
        Interlocked.Increment(ref _undecided);
        return new Decision(this);
    }

    /// <summary>The caller is asked for a message.</summary>
    public void Records(CallSid call) => Wait(call, TimeSpan.FromSeconds(Twiml.LongestMessageSeconds) + Around);

    /// <summary>A telephone rings. How long two people talk is no matter of Bob's: nothing is lost with that.</summary>
    public void Rings(CallSid call) => Wait(call, TimeSpan.FromSeconds(Twiml.RingSeconds) + Around);

    /// <summary>Twilio has come back with it.</summary>
    public void CameBack(CallSid call) => _until.TryRemove(call, out _);

    /// <summary>The caller hung up. Their message may still be reported.</summary>
    public void HungUp(CallSid call)
    {
        var soon = clock.GetUtcNow() + AfterHangUp;
        if (_until.TryGetValue(call, out var until) && soon < until)
            _until.TryUpdate(call, soon, until);
    }

    /// <summary>Waits until there are none, or <paramref name="cancellation"/> says that it is enough.</summary>
    public async Task GoneAsync(CancellationToken cancellation)
    {
        using var tick = new PeriodicTimer(Interval, clock);
        try
        {
            while (Count > 0)
                await tick.WaitForNextTickAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            // Whoever answers at this address next takes the message.
        }
    }

    private void Wait(CallSid call, TimeSpan longest)
    {
        Forget();
        _until[call] = clock.GetUtcNow() + longest;
    }

    /// <summary>Of some, Twilio never says how they went on.</summary>
    private void Forget()
    {
        foreach (var overdue in _until.Where(call => call.Value <= clock.GetUtcNow()))
            _until.TryRemove(overdue);
    }

    private sealed class Decision(CallsTakenOver calls) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref calls._undecided);
    }
}
