using Bob.Actors.Costs;
using Bob.Actors.Records;
using Bob.Host.Configuration;
using Bob.Host.Records;
using Bob.Host.Twilio;

namespace Bob.Host.Calls;

/// <summary>What is known when a call comes in.</summary>
/// <param name="Refusal">Why it is refused, in the word of the metric; null: it may come.</param>
/// <param name="Known">Null: a stranger.</param>
public sealed record Welcome(string? Refusal, KnownCaller? Known = null);

/// <summary>Decides who is put through to the calls. No model is dialled for a call that it refuses, and nothing is billed.</summary>
public sealed partial class Reception(
    CallerLookup callers, DaySpending spending, JournalWriter journal, NodeLoad load, CallRates rates, TimeProvider clock, ILogger<Reception> log)
{
    /// <summary>The business wants no calls from this number.</summary>
    public const string Blocked = "blocked";

    /// <summary>Least time from one line about calls that came too fast to the next.</summary>
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private string? _closed;
    private long? _tooFastAt;

    /// <summary>Why no call can be taken now, in a word; null when one can.</summary>
    public string? Closed => journal.IsFull ? "journal-full" : spending.IsOver ? "day-cost-cap" : load.Full;

    /// <summary>What is to keep load balancers away, in words; null when nothing is. Callers who come all the same are taken as long as they can be.</summary>
    public string? Unready => journal.State is JournalState.Memory or JournalState.Ended ? "nothing can be written down"
        : spending.IsOver ? "the day has cost what it may"
        : load.Full ?? (rates.IsExhausted ? CallRates.TooManyAtOnce : null);

    /// <summary>Why the database does not take the journal, in a word; null when it does.</summary>
    public string? Database => journal.State == JournalState.Database ? null : journal.Failure ?? "slow";

    public async Task<Welcome> ReceiveAsync(Caller caller)
    {
        var closed = Closed;
        if (Interlocked.Exchange(ref _closed, closed) is var before && before != closed)
        {
            if (closed is null)
                Opens();
            else
                Closes(closed);
        }

        if (closed is not null)
            return new Welcome(closed);
        if (rates.Refuse(caller) is { } tooFast)
        {
            Tell(tooFast);
            return new Welcome(tooFast);
        }

        var known = await callers.FindAsync(caller);
        if (known is not { Blocked: true })
            return new Welcome(null, known);
        Rejected();
        return new Welcome(Blocked);
    }

    /// <summary>A flood of calls is no flood of lines; the metric counts them all.</summary>
    private void Tell(string tooFast)
    {
        lock (_gate)
        {
            if (_tooFastAt is { } before && clock.GetElapsedTime(before) < LineInterval)
                return;
            _tooFastAt = clock.GetTimestamp();
        }

        TooFast(tooFast, tooFast == CallRates.CallerTooOften ? Keys.MaxCallsPerCaller : Keys.MaxCallsPerSecond);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Call refused: {Reason}, more than {Setting} allows; others may have been, too")]
    private partial void TooFast(string reason, string setting);

    [LoggerMessage(Level = LogLevel.Information, Message = "Call rejected: its caller is blocked")]
    private partial void Rejected();

    [LoggerMessage(Level = LogLevel.Error, Message = "New calls are refused: {Reason}")]
    private partial void Closes(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "New calls are taken again")]
    private partial void Opens();
}
