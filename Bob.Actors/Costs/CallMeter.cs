using Bob.Actors.Calls;
using Bob.Actors.Realtime;

namespace Bob.Actors.Costs;

/// <summary>A cap that a call has come to.</summary>
/// <param name="End">How the call ends by it.</param>
/// <param name="IsPassed">False: there is still room for a goodbye, though not for an answer and a goodbye. True: the model says nothing more.</param>
public sealed record CostLimit(CallEnd End, bool IsPassed);

/// <summary>
/// What one call costs, looked at whenever a response begins or ends. A cap is passed by one response at most: one that begins although it is reached is to be
/// broken off. One owner at a time, but for <see cref="Close"/>.
/// </summary>
public sealed class CallMeter(CostOptions costs, DaySpending day, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private Prices _prices = costs.Prices;
    private long? _answered;
    private decimal _model, _phone, _largest;
    private decimal? _inFlight;
    private bool _hasNoRoom, _hasTold, _isClosed;

    /// <summary>A meter that costs nothing and has no cap.</summary>
    public static CallMeter Free(TimeProvider clock) => new(CostOptions.None, new DaySpending(null, clock), clock);

    /// <summary>What it has cost so far, minutes that have begun included.</summary>
    public decimal Spent
    {
        get
        {
            lock (_gate)
                return _model + Phone();
        }
    }

    /// <summary>The cap that is reached; null while there is room.</summary>
    public CostLimit? Limit
    {
        get
        {
            lock (_gate)
            {
                var spent = _model + Phone();
                if (spent >= costs.PerCall)
                    return new CostLimit(CallEnd.CallCostCap, IsPassed: true);
                if (_hasNoRoom || day.IsOver)
                    return new CostLimit(CallEnd.DayCostCap, IsPassed: true);
                if (_inFlight is not null)
                    return null; // when it has ended
                if (spent + (2 * _largest) > costs.PerCall)
                    return new CostLimit(CallEnd.CallCostCap, IsPassed: false);
                return day.HasRoomFor(2 * _largest) ? null : new CostLimit(CallEnd.DayCostCap, IsPassed: false);
            }
        }
    }

    /// <summary>The responses that begin from here on are another server's.</summary>
    /// <param name="model">What it costs; null: what the first of the servers costs.</param>
    public void Use(Prices? model)
    {
        lock (_gate)
            _prices = model ?? costs.Prices;
    }

    /// <summary>The caller is on the line: from here on minutes count.</summary>
    public void Answered() => _answered ??= clock.GetTimestamp();

    /// <summary>Goes on where another process stopped: what is in the books of the day already is not added to it again.</summary>
    /// <param name="responses">What the responses cost.</param>
    /// <param name="transcriptions">What writing down the caller's words cost.</param>
    /// <param name="answered">Since when the caller is on the line, a timestamp of the clock; null: not yet.</param>
    public void Resume(IEnumerable<decimal> responses, IEnumerable<decimal> transcriptions, long? answered)
    {
        lock (_gate)
        {
            _model += transcriptions.Sum();
            foreach (var cost in responses)
                (_model, _largest, _hasTold) = (_model + cost, Math.Max(_largest, cost), true);
            _answered = answered;
        }
    }

    /// <summary>A response begins.</summary>
    public void Began()
    {
        lock (_gate)
        {
            if (_isClosed)
                return; // it is broken off, and counts when it has told
            Forget();
            var expected = Math.Max(_largest, day.Expected);
            _hasNoRoom = !day.Began(expected);
            if (!_hasNoRoom)
                _inFlight = expected;
        }
    }

    /// <summary>The session is lost: what the response in progress has cost, nobody tells.</summary>
    public void Lost()
    {
        lock (_gate)
            Forget();
    }

    /// <summary>A response is over. Its cost, where the model tells what it is billed for.</summary>
    public decimal? Ended(RealtimeUsage? used)
    {
        lock (_gate)
        {
            decimal? cost = used is null ? null : _prices.Of(used);
            day.Ended(_inFlight ?? 0, cost, isFirst: !_hasTold);
            (_inFlight, _hasNoRoom, _hasTold) = (null, false, _hasTold || cost is not null);
            _model += cost ?? 0;
            _largest = Math.Max(_largest, cost ?? 0);
            return cost;
        }
    }

    /// <summary>
    /// Words of the caller's were written down. Its cost: at the prices of the first server's transcription, whoever did it, and no measure of what a response may cost.
    /// </summary>
    public decimal Transcribed(TranscriptionUsage used)
    {
        lock (_gate)
        {
            var cost = costs.Prices.Of(used);
            day.Add(cost);
            _model += cost;
            return cost;
        }
    }

    /// <summary>The call is over: the time on the telephone and its cost; null when the caller never was on the line.</summary>
    public (long Seconds, decimal Cost)? Close()
    {
        lock (_gate)
        {
            Forget();
            var phone = Phone();
            _isClosed = true;
            return _answered is { } from ? ((long)Math.Ceiling(clock.GetElapsedTime(from).TotalSeconds), phone) : null;
        }
    }

    private void Forget()
    {
        if (_inFlight is { } lost)
            day.Ended(lost, null);
        (_inFlight, _hasNoRoom) = (null, false);
    }

    /// <summary>The minutes that have begun; the day learns of them here.</summary>
    private decimal Phone()
    {
        if (_answered is not { } from)
            return 0;
        if (_isClosed)
            return _phone;
        var cost = costs.Prices.OfPhone(clock.GetElapsedTime(from));
        if (cost > _phone)
            day.Add(cost - _phone);
        return _phone = cost;
    }
}
