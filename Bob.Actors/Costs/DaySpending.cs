namespace Bob.Actors.Costs;

/// <summary>
/// What all calls of this process have cost today (UTC), and what stood in the books when it started. Responses in flight count with what they are
/// expected to cost, so that many calls at once do not pass the cap together. Safe from any thread; asks nobody.
/// </summary>
/// <param name="cap">The most that a day may cost; null: whatever it takes.</param>
/// <param name="first">
/// What a first response can cost (<see cref="Prices.FirstResponse"/>), for the time in which few have told: otherwise the first responses of many calls would be expected to cost
/// nothing, and pass the cap together. One that alone is more than the cap counts as much as that: then one response at a time may be had.
/// </param>
public sealed class DaySpending(decimal? cap, TimeProvider clock, decimal first = 0)
{
    /// <summary>So many responses tell what one costs, of those that are not the first of a call: greetings are short.</summary>
    public const int Telling = 20;

    private readonly Lock _gate = new();
    private DateOnly _day = Today(clock);
    private decimal _before, _spent, _inFlight, _largest;
    private int _told;

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

    /// <summary>What a response is expected to cost: as much as the dearest that is known of, and, while few are, no less than a first one can.</summary>
    public decimal Expected
    {
        get
        {
            lock (_gate)
                return _told < Telling ? Math.Max(_largest, Math.Min(first, cap ?? first)) : _largest;
        }
    }

    /// <summary>Whether the cap is reached: by what was spent, and not by what is expected.</summary>
    public bool IsOver
    {
        get
        {
            lock (_gate)
                return Turn() >= cap;
        }
    }

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

    /// <summary>A response has cost that much before this process began to count.</summary>
    public void Expect(decimal cost)
    {
        lock (_gate)
            Learn(cost, cost > 0 ? Telling : 0);
    }

    /// <summary>A response begins. False: with those in flight the cap may be reached, and there is no room kept for it.</summary>
    public bool Began(decimal expected)
    {
        lock (_gate)
        {
            if (Turn() + _inFlight >= cap)
                return false;
            _inFlight += expected;
            return true;
        }
    }

    /// <summary>A response is over, and has cost that much.</summary>
    /// <param name="expected">What was said when it began, and there was room.</param>
    /// <param name="cost">Null: nobody has told, and nobody will.</param>
    /// <param name="isFirst">It was the first of its call.</param>
    public void Ended(decimal expected, decimal? cost, bool isFirst = false)
    {
        lock (_gate)
        {
            Turn();
            _inFlight -= expected;
            if (cost is not { } told)
                return;
            _spent += told;
            Learn(told, isFirst ? 0 : 1);
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
    public bool HasRoomFor(decimal more)
    {
        lock (_gate)
            return cap is not { } most || Turn() + more <= most;
    }

    private static DateOnly Today(TimeProvider clock) => DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);

    /// <summary>What costs more than a whole day may was a mistake in the prices: it says nothing of others, and would bar all calls.</summary>
    private void Learn(decimal cost, int told)
    {
        if (cost > cap)
            return;
        _largest = Math.Max(_largest, cost);
        _told = Math.Min(Telling, _told + told);
    }

    /// <summary>The sum; at midnight it begins anew.</summary>
    private decimal Turn()
    {
        if (Today(clock) is var today && today != _day)
            (_day, _before, _spent) = (today, 0, 0);
        return _before + _spent;
    }
}
