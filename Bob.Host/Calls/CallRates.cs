using Bob.Host.Configuration;
using Bob.Host.Twilio;

namespace Bob.Host.Calls;

/// <summary>
/// How fast calls may come: from one number, and from all together. Each new call moves the time at which the next one would be due; calls may come
/// earlier than due by as much as the burst allows. Callers who withhold their number are one. Safe to ask from anywhere.
/// </summary>
public sealed class CallRates(AdmissionOptions options, TimeProvider clock)
{
    /// <summary>Callers remembered before those who may call as they like are forgotten.</summary>
    private const int Many = 1_000;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, TimeSpan> _due = [];
    private TimeSpan _allDue;
    private int _forgetAt = Many;

    /// <summary>The word for too many calls from one number.</summary>
    public const string CallerTooOften = "caller-too-often";

    /// <summary>The word for too many calls at once.</summary>
    public const string TooManyAtOnce = "too-many-at-once";

    /// <summary>Whether a call would be refused now, whoever calls.</summary>
    public bool IsExhausted
    {
        get
        {
            lock (_gate)
                return options.CallsPerSecond is { } most && IsEarly(_allDue, TimeSpan.FromSeconds(1) / most, most * 2);
        }
    }

    private TimeSpan Now => clock.GetElapsedTime(0);

    /// <summary>Counts a call; the word for why it is refused, or null. A refused one does not count.</summary>
    public string? Refuse(Caller caller)
    {
        lock (_gate)
        {
            var due = _due.GetValueOrDefault(caller.Value);
            if (options.CallsPerCaller is { } own && IsEarly(due, Minute / own, own))
                return CallerTooOften;
            if (options.CallsPerSecond is { } most)
            {
                var apart = TimeSpan.FromSeconds(1) / most;
                if (IsEarly(_allDue, apart, most * 2))
                    return TooManyAtOnce;
                _allDue = Next(_allDue, apart);
            }

            if (options.CallsPerCaller is { } counted)
                Remember(caller, Next(due, Minute / counted));
            return null;
        }
    }

    private bool IsEarly(TimeSpan due, TimeSpan apart, int burst) => due - Now > apart * (burst - 1);

    private TimeSpan Next(TimeSpan due, TimeSpan apart) => (due > Now ? due : Now) + apart;

    private void Remember(Caller caller, TimeSpan due)
    {
        _due[caller.Value] = due;
        if (_due.Count < _forgetAt)
            return;
        foreach (var (known, past) in _due)
        {
            if (past <= Now)
                _due.Remove(known);
        }

        _forgetAt = Math.Max(Many, _due.Count * 2);
    }
}
