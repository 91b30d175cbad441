using Bob.Bench.Callers;
using Bob.Bench.Figures;
using Bob.Bench.Line;
using Bob.Bench.Model;
using Bob.Bench.Servers;

namespace Bob.Bench.Runs;

/// <summary>What a server holds at one moment, with no call there.</summary>
/// <param name="Handles">Open files, but those of symbols.</param>
/// <param name="Symbols">Open files of symbols, as <see cref="ProcessUse.Symbols"/> has them.</param>
/// <param name="Timers">Timers of .NET that are set.</param>
/// <param name="HeapBytes">Managed heap after a full collection.</param>
/// <param name="Calls">Calls that Bob believes to have.</param>
internal sealed record Holdings(int Handles, int Symbols, int Threads, int Timers, long ResidentBytes, long HeapBytes, string Calls);

/// <param name="Faulted">Calls with a fault on the caller's side.</param>
/// <param name="Sessions">Sessions of the model; some of them had faults of their own.</param>
/// <param name="Unexpected">Calls without a fault that failed, and refusals that were none.</param>
internal sealed record SoakFigures(int Calls, int Faulted, int Refused, int Sessions, int Unexpected, Holdings Before, Holdings After);

/// <summary>Many short calls, as many that are refused, and maybe many with faults, one after the other on a few lines: what is left of them?</summary>
internal sealed class SoakRun : IDisposable
{
    private const int Lines = 16;
    private const int MostWarmUpCalls = 1_000;

    /// <summary>Lost streams are waited for by 15 s: so many calls may be there at once when many have faults.</summary>
    private const int MaxCalls = 2_000;

    /// <summary>With faults on the callers' side, one of so many sessions of the model has one, too.</summary>
    private const int ModelFaultEvery = 4;

    private static readonly int Faults = Enum.GetValues<CallFault>().Length;
    private static readonly TimeSpan Talk = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestPerCall = TimeSpan.FromMilliseconds(500);
    private readonly Exchange _exchange;
    private readonly CallJourneys _journeys = new();
    private readonly RealtimeModel _model;
    private readonly ServerProcess _server;
    private readonly Caller[] _lines;
    private readonly double _share;
    private int _begun, _ended, _wanted, _faulted, _refused, _unexpected;

    /// <param name="share">Of the calls, those that have a fault.</param>
    public SoakRun(string serverCores, string? program, double share = 0)
    {
        _share = share;
        _exchange = new Exchange(sleeps: !Cores.KeepOff(serverCores));
        _model = new RealtimeModel(_exchange, new ModelPlan(Shape.Echo, TimeSpan.Zero, TimeSpan.Zero, share > 0 ? ModelFaultEvery : 0), _journeys);
        _server = ServerProcess.StartAsync(new ServerPlan(ServerKind.Bob, serverCores, program, share > 0 ? MaxCalls : Lines * 4), _model.Port).GetAwaiter().GetResult();
        _lines = [.. Enumerable.Range(0, Lines).Select(line => new Caller(_exchange, _server.Address, _journeys, line))];
        _exchange.Tick = new CallerGrid(_lines).Tick;
    }

    public SoakFigures Run(int calls)
    {
        Place(Math.Min(calls, MostWarmUpCalls));
        var before = Hold();
        var sessions = _model.Sessions;
        (_faulted, _refused, _unexpected) = (0, 0, 0);
        Place(calls);
        return new SoakFigures(calls, _faulted, _refused, _model.Sessions - sessions, _unexpected, before, Hold());
    }

    public void Dispose()
    {
        _server.Dispose();
        _model.Dispose();
        _exchange.Dispose();
    }

    private void Place(int calls)
    {
        (_begun, _ended, _wanted) = (0, 0, calls);
        for (var line = 0; line < Lines; line++)
            Next(line);
        if (!_exchange.RunUntil(() => _ended == _wanted, TimeSpan.FromSeconds(30) + (calls * LongestPerCall)))
            throw new InvalidOperationException($"{_ended} of {calls} calls ended.{Environment.NewLine}{_server.LastWords}");
    }

    /// <summary>On each line a refusal and a call take turns.</summary>
    private void Next(int line)
    {
        if (_begun == _wanted)
            return;
        var fault = FaultOf(_begun++);
        var caller = new Caller(_exchange, _server.Address, _journeys, line);
        caller.TryUnsigned(atTheSocket: _begun % 2 == 0, status =>
        {
            _refused++;
            if (status != 403)
                _unexpected++;
            _lines[line] = caller = new Caller(_exchange, _server.Address, _journeys, line) { Fault = fault };
            caller.Dial();
            if (fault == CallFault.None)
                Watch(line, caller);
            else
                Spoil(line, caller);
        });
    }

    /// <summary>Spread evenly, and all faults in turn.</summary>
    private CallFault FaultOf(int call)
    {
        var (before, now) = ((int)(call * _share), (int)((call + 1) * _share));
        return now > before ? (CallFault)(1 + (before % (Faults - 1))) : CallFault.None;
    }

    private void Watch(int line, Caller caller)
    {
        if (caller.Failure is not null)
        {
            _unexpected++;
            End(line);
        }
        else if (caller.Live)
        {
            _exchange.After(Talk, () =>
            {
                if (caller.Failure is not null)
                    _unexpected++;
                caller.HangUp();
                End(line);
            });
        }
        else
        {
            _exchange.After(TimeSpan.FromMilliseconds(5), () => Watch(line, caller));
        }
    }

    /// <summary>A call with a fault: as soon as it is where the fault belongs, the line is given to the next one. What becomes of it is Bob's business.</summary>
    private void Spoil(int line, Caller caller)
    {
        var there = caller.Fault switch
        {
            CallFault.HangsUpRinging or CallFault.NoStream or CallFault.NoStart => caller.Answered,
            CallFault.HangsUpAtOnce => caller.Speaking,
            _ => caller.Live,
        };
        if (!there && caller.Failure is null)
        {
            _exchange.After(TimeSpan.FromMilliseconds(5), () => Spoil(line, caller));
            return;
        }

        _faulted++;
        if (caller.Fault is not (CallFault.HangsUpRinging or CallFault.NoStream or CallFault.NoStart))
            caller.Break();
        End(line);
    }

    private void End(int line)
    {
        _ended++;
        Next(line);
    }

    private Holdings Hold()
    {
        using var http = new HttpClient();
        var calls = "";
        for (var waited = TimeSpan.Zero; calls != "0" && waited < LongestCall; waited += Settle)
        {
            _exchange.RunFor(Settle);
            using var answer = http.GetAsync(new Uri($"http://127.0.0.1:{_server.Address.Port}/health/ready")).GetAwaiter().GetResult(); // a busy Bob is not ready, and says so
            var ready = answer.Content.ReadAsStringAsync().GetAwaiter().GetResult();
            calls = HttpHead.Between(ready, "\"calls\":", ",") ?? ready;
        }

        _exchange.RunFor(Settle);
        var heap = ManagedHeap.LiveBytes(_server.Id);
        var timers = CountTimers();
        _exchange.RunFor(TimeSpan.FromSeconds(1));
        var use = ProcessUse.Of(_server.Id);
        return new Holdings(use.Handles, use.Symbols, use.Threads, timers, use.Resident, heap, calls);
    }

    private int CountTimers()
    {
        using var counters = new RuntimeCounters(_server.Id);
        _exchange.RunFor(TimeSpan.FromSeconds(2.5)); // until the values are here
        return (int)counters.Last("dotnet.timer.count");
    }
}
