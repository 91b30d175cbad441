using Bob.Bench.Callers;
using Bob.Bench.Figures;
using Bob.Bench.Line;
using Bob.Bench.Model;
using Bob.Bench.Servers;

namespace Bob.Bench.Runs;

/// <param name="Freezes">Times that the whole server stood still.</param>
/// <param name="CallersCut">Media streams that Bob or the connection ended.</param>
/// <param name="SessionsReplaced">Sessions of the model that Bob gave up for another.</param>
/// <param name="FramesToModel">Of the callers' audio; those that were stale after a freeze are dropped by design.</param>
internal sealed record FreezeFigures(int Calls, double Minutes, int Freezes, int CallersCut, int SessionsReplaced, DirectionFigures FramesToModel, DirectionFigures FramesToCaller)
{
    /// <summary>Healthy sockets that were aborted.</summary>
    public int Aborted => CallersCut + SessionsReplaced;
}

/// <summary>Many calls, and a server that stands still again and again: the sockets of it all are healthy, and must not be taken for dead.</summary>
internal sealed class FreezeRun : IDisposable
{
    private const double Ramp = 50;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Exchange _exchange;
    private readonly CallJourneys _journeys = new();
    private readonly RealtimeModel _model;
    private readonly ServerProcess _server;

    public FreezeRun(string serverCores, string? program, int calls)
    {
        _exchange = new Exchange(sleeps: true); // for an hour: the core is not the bench's alone
        Cores.KeepOff(serverCores);
        // A session that is renewed before its end would be counted as given up.
        _model = new RealtimeModel(_exchange, new ModelPlan(Shape.Speech, TimeSpan.Zero, TimeSpan.Zero) { Lifetime = TimeSpan.FromDays(1) }, _journeys);
        _server = ServerProcess.StartAsync(new ServerPlan(ServerKind.Bob, serverCores, program, calls), _model.Port).GetAwaiter().GetResult();
    }

    /// <param name="length">Of each freeze.</param>
    /// <param name="every">From the begin of one freeze to that of the next.</param>
    /// <param name="news">Told after each freeze.</param>
    public FreezeFigures Run(int calls, TimeSpan time, TimeSpan length, TimeSpan every, Action<FreezeFigures> news)
    {
        var callers = Enumerable.Range(0, calls).Select(number => new Caller(_exchange, _server.Address, _journeys, number)).ToList();
        _exchange.Tick = new CallerGrid(callers).Tick;
        for (var i = 0; i < calls; i++)
            _exchange.After(TimeSpan.FromSeconds(i / Ramp), callers[i].Dial);
        if (!_exchange.RunUntil(() => callers.TrueForAll(caller => caller.Live || caller.Failure is not null), TimeSpan.FromSeconds(calls / Ramp) + Patience)
            || callers.Exists(caller => caller.Failure is not null))
        {
            throw new InvalidOperationException($"{callers.Count(caller => caller.Live)} of {calls} calls came about.{Environment.NewLine}{_server.LastWords}");
        }

        var (freezes, sessions) = (0, _model.Sessions);
        for (var passed = TimeSpan.Zero; passed < time; passed += every)
        {
            Freeze.Begin(_server.Id);
            _exchange.RunFor(length);
            Freeze.End(_server.Id);
            freezes++;
            _exchange.RunFor(every - length);
            news(Figures(passed + every));
        }

        var figures = Figures(time);
        foreach (var caller in callers)
            caller.HangUp();
        _exchange.RunFor(TimeSpan.FromSeconds(1));
        return figures;

        FreezeFigures Figures(TimeSpan passed) => new(
            calls, passed.TotalMinutes, freezes, callers.Count(caller => caller.Failure is not null), _model.Sessions - sessions,
            DirectionFigures.Of(_journeys.ToModel), DirectionFigures.Of(_journeys.ToCaller));
    }

    public void Dispose()
    {
        _server.Dispose();
        _model.Dispose();
        _exchange.Dispose();
    }
}
