using System.Diagnostics;
using Bob.Bench.Callers;
using Bob.Bench.Figures;
using Bob.Bench.Line;
using Bob.Bench.Model;
using Bob.Bench.Servers;

namespace Bob.Bench.Runs;

/// <summary>One run of one server: many calls at once, for a while.</summary>
internal sealed class LoadRun : IDisposable
{
    private const int Scouts = 4;
    private readonly LoadPlan _plan;
    private readonly Exchange _exchange;
    private readonly RealtimeModel _model;
    private readonly ServerProcess _server;
    private readonly ServerKind _kind;
    private readonly CallJourneys _journeys;

    private LoadRun(LoadPlan plan, ServerKind kind, Exchange exchange, RealtimeModel model, ServerProcess server, CallJourneys journeys) =>
        (_plan, _kind, _exchange, _model, _server, _journeys) = (plan, kind, exchange, model, server, journeys);

    public static RunFigures Of(LoadPlan plan, ServerKind kind)
    {
        using var run = Start(plan, kind);
        return run.Measure();
    }

    public void Dispose()
    {
        _server.Dispose();
        _model.Dispose();
        _exchange.Dispose();
    }

    private static LoadRun Start(LoadPlan plan, ServerKind kind)
    {
        var exchange = new Exchange(sleeps: !Cores.KeepOff(plan.ServerCores));
        var journeys = new CallJourneys();
        var model = new RealtimeModel(exchange, new ModelPlan(plan.Shape, TimeSpan.Zero, TimeSpan.Zero), journeys);
        try
        {
            var server = ServerProcess.StartAsync(new ServerPlan(kind, plan.ServerCores, plan.Program, plan.Calls + Scouts), model.Port).GetAwaiter().GetResult();
            return new LoadRun(plan, kind, exchange, model, server, journeys);
        }
        catch
        {
            model.Dispose();
            exchange.Dispose();
            throw;
        }
    }

    private RunFigures Measure()
    {
        var ramp = new CallerRamp(_exchange, _server, _journeys, _plan.Ramp);
        ramp.HangUp(ramp.Add(Scouts));
        var idle = ProcessUse.Of(_server.Id);

        var grid = ramp.Add(_plan.Calls);
        var callers = ramp.Up.ToArray();
        _exchange.RunFor(_plan.WarmUp);

        grid.Measuring = _journeys.Measuring = true;
        var (before, idleBefore, framesBefore, began) = (ProcessUse.Of(_server.Id), ProcessUse.IdleTime(_plan.ServerCores), Frames, Stopwatch.GetTimestamp());
        _exchange.RunFor(_plan.Window);
        var (after, idleTime, frames, seconds) =
            (ProcessUse.Of(_server.Id), ProcessUse.IdleTime(_plan.ServerCores) - idleBefore, Frames - framesBefore, Stopwatch.GetElapsedTime(began).TotalSeconds);
        grid.Measuring = _journeys.Measuring = false;

        var runtime = _plan.Counters && _kind != ServerKind.Node ? Count() : null;
        ramp.HangUp(grid);
        var firstAudio = new Latencies();
        foreach (var caller in callers.Where(caller => caller.FirstAudio is not null))
            firstAudio.Add((long)(caller.FirstAudio!.Value.TotalSeconds * Stopwatch.Frequency));
        var cpu = (after.Cpu - before.Cpu).TotalSeconds;
        var cores = Cores.Parse(_plan.ServerCores).Count;
        return new RunFigures
        {
            Server = _kind,
            Calls = _plan.Calls,
            Seconds = seconds,
            CpuMsPerCallSecond = cpu * 1000 / (_plan.Calls * seconds),
            ServerLoad = cpu / (seconds * cores),
            OthersLoad = Math.Max(0, 1 - ((idleTime.TotalSeconds + cpu) / (seconds * cores))),
            ToModel = DirectionFigures.Of(_journeys.ToModel),
            ToCaller = DirectionFigures.Of(_journeys.ToCaller),
            CallerLateness = grid.Lateness.Summary(),
            FirstAudio = firstAudio.Summary(),
            FailedCalls = _journeys.Failed,
            Redials = _model.Sessions - _plan.Calls - Scouts,
            LastWords = _server.LastWords,
            Marks = _journeys.Marks,
            Clears = _journeys.Clears,
            SwitchesPerFrame = (after.Switches - before.Switches) / (double)Math.Max(1, frames),
            Memory = new MemoryFigures(
                idle.Resident / 1e6, after.Resident / 1e6, after.PeakResident / 1e6, (after.Resident - idle.Resident) / 1e3 / _plan.Calls),
            Runtime = runtime,
        };
    }

    private long Frames => _journeys.ToModel.Arrived + _journeys.ToCaller.Arrived;

    private RuntimeFigures Count()
    {
        using var counters = new RuntimeCounters(_server.Id);
        _exchange.RunFor(TimeSpan.FromSeconds(1.5)); // until the first values are here
        var (frames, began) = (Frames, Stopwatch.GetTimestamp());
        _exchange.RunFor(LoadPlan.CounterWindow);
        var framesPerSecond = (Frames - frames) / Stopwatch.GetElapsedTime(began).TotalSeconds;
        var allocated = counters.Rate("dotnet.gc.heap.total_allocated");
        return new RuntimeFigures(
            allocated / _plan.Calls,
            allocated / framesPerSecond * 2,
            counters.Rate("dotnet.gc.collections"),
            counters.Rate("dotnet.gc.pause.time") * 1000,
            counters.Last("dotnet.gc.last_collection.heap.size") / 1e6,
            counters.Last("dotnet.gc.last_collection.memory.committed_size") / 1e6,
            counters.Rate("dotnet.thread_pool.work_item.count") / framesPerSecond,
            counters.Rate("dotnet.exceptions"));
    }
}
