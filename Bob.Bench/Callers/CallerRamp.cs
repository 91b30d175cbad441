using Bob.Bench.Figures;
using Bob.Bench.Line;
using Bob.Bench.Servers;

namespace Bob.Bench.Callers;

/// <summary>Lets callers call, one after the other, and waits until all of them hear Bob.</summary>
internal sealed class CallerRamp(Exchange exchange, ServerProcess server, CallJourneys journeys, double perSecond)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly List<Caller> _up = [];

    /// <summary>The calls that are up.</summary>
    public IReadOnlyList<Caller> Up => _up;

    /// <summary>Adds so many calls to those that are up; all of them speak.</summary>
    /// <exception cref="InvalidOperationException">Not all of them came about.</exception>
    public CallerGrid Add(int calls)
    {
        var before = _up.Count;
        _up.AddRange(Enumerable.Range(before, calls).Select(number => new Caller(exchange, server.Address, journeys, number)));
        var grid = new CallerGrid([.. _up]);
        exchange.Tick = grid.Tick;
        for (var i = 0; i < calls; i++)
            exchange.After(TimeSpan.FromSeconds(i / perSecond), _up[before + i].Dial);
        var within = TimeSpan.FromSeconds(calls / perSecond) + Patience;
        if (!exchange.RunUntil(() => _up[^1].Live && _up.TrueForAll(caller => caller.Live || caller.Failure is not null), within))
        {
            throw new InvalidOperationException(
                $"{_up.Count(caller => caller.Live)} of {_up.Count} calls came about; {_up.Find(caller => caller.Failure is not null)?.Failure}"
                + $"{Environment.NewLine}{server.LastWords}");
        }

        return grid;
    }

    /// <summary>Lets what is under way arrive, and ends the calls.</summary>
    public void HangUp(CallerGrid grid)
    {
        grid.Silent = true;
        exchange.RunUntil(() => journeys.ToModel.Missing == 0 && journeys.ToCaller.Missing == 0, TimeSpan.FromSeconds(2));
        foreach (var caller in _up)
            caller.HangUp();
        _up.Clear();
        exchange.RunFor(TimeSpan.FromSeconds(0.5));
    }
}
