namespace Bob.Actors.Costs;

/// <summary>
/// What all calls of this process have cost today (UTC), and what stood in the books when it started. Responses in flight count with what they are
/// expected to cost, so that many calls at once do not pass the cap together. Safe from any thread; asks nobody.
/// </summary>
/// <param name="cap">The most that a day may cost; null: whatever it takes.</param>
/// <param name="first">
/// What a first response can cost (<see cref="Prices.FirstResponse"/>), for the time in which none has told: otherwise the first responses of many calls would be expected to cost
/// nothing, and pass the cap together. One that alone is more than the cap counts as much as that: then one response at a time may be had.
/// </param>
public sealed class DaySpending(decimal? cap, TimeProvider clock, decimal first = 0)
{
    private readonly Lock _gate = new();
    private DateOnly _day = Today(clock);
    private decimal _before, _spent, _inFlight, _largest = Math.Min(first, cap ?? first);

    /// <summary>The beginning of the day that is counted.</summary>
    public DateTimeOffset Midnight => new(Today(clock), TimeOnly.MinValue, TimeSpan.Zero);

    /// <summary>What has been spent today.</summary>
    public decimal Spent
    {
        get
        {
            lock (_gate)
                return Turn();
        }
    }

    /// <summary>What a response is expected to cost: as much as the dearest that is known of, and no less than a first one can.</summary>
    public decimal Expected
    {
        get
        {
            lock (_gate)
                return _largest;
        }
    }

    /// <summary>Whether nothing more may begin.</summary>
    public bool IsOver => !HasRoomFor(0, 0);

    /// <summary>What was spent before this process began to count. The last word on it counts.</summary>
    /// <param name="midnight">The day that it is about; another day's is of no use any more.</param>
    public void Brought(decimal spent, DateTimeOffset midnight)
    {
        lock (_gate)
        {
            Turn();
            if (DateOnly.FromDateTime(midnight.UtcDateTime) == _day)
                _before = spent;
        }
    }

    /// <summary>A response has cost that much before this process began to count. One beyond the day's cap was a mistake in the prices, and would bar all calls.</summary>
    public void Expect(decimal cost)
    {
        lock (_gate)
            _largest = cost > cap ? _largest : Math.Max(_largest, cost);
    }

    /// <summary>A response begins.</summary>
    public void Began(decimal expected)
    {
        lock (_gate)
            _inFlight += expected;
    }

    /// <summary>A response is over, and has cost that much.</summary>
    /// <param name="expected">What was said when it began.</param>
    public void Ended(decimal expected, decimal cost)
    {
        lock (_gate)
        {
            Turn();
            _inFlight -= expected;
            _spent += cost;
            _largest = Math.Max(_largest, cost);
        }
    }

    /// <summary>Something else was spent.</summary>
    public void Add(decimal cost)
    {
        lock (_gate)
        {
            Turn();
            _spent += cost;
        }
    }

    /// <summary>Whether <paramref name="more"/> may still be spent.</summary>
    /// <param name="own">What the one who asks has in flight: it is not counted.</param>
    public bool HasRoomFor(decimal more, decimal own)
    {
        lock (_gate)
            return cap is not { } most || (more > 0 ? Turn() + _inFlight - own + more <= most : Turn() + _inFlight - own < most);
    }

    private static DateOnly Today(TimeProvider clock) => DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);

    /// <summary>The sum; at midnight it begins anew.</summary>
    private decimal Turn()
    {
        if (Today(clock) is var today && today != _day)
            (_day, _before, _spent) = (today, 0, 0);
        return _before + _spent;
    }
}
