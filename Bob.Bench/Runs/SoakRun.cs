using Bob.Bench.Callers;
using Bob.Bench.Figures;
using Bob.Bench.Line;
using Bob.Bench.Model;
using Bob.Bench.Servers;

namespace Bob.Bench.Runs;

/// <summary>What a server holds at one moment, with no call there.</summary>
/// <param name="HeapBytes">Managed heap after a full collection.</param>
/// <param name="Calls">Calls that Bob believes to have.</param>
internal sealed record Holdings(int Handles, int Threads, long ResidentBytes, long HeapBytes, string Calls);

/// <param name="Unexpected">Calls that failed, and refusals that were none.</param>
internal sealed record SoakFigures(int Calls, int Refused, int Unexpected, Holdings Before, Holdings After);

/// <summary>Many short calls, and as many that are refused, one after the other on a few lines: what is left of them?</summary>
internal sealed class SoakRun : IDisposable
{
    private const int Lines = 16;
    private const int WarmUpCalls = 1_000;
    private static readonly TimeSpan Talk = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan LongestPerCall = TimeSpan.FromMilliseconds(500);
    private readonly Exchange _exchange;
    private readonly CallJourneys _journeys = new();
    private readonly RealtimeModel _model;
    private readonly ServerProcess _server;
    private readonly Caller[] _lines;
    private int _begun, _ended, _wanted, _refused, _unexpected;

    public SoakRun(string serverCores, string? program)
    {
        _exchange = new Exchange(sleeps: !Cores.KeepOff(serverCores));
        _model = new RealtimeModel(_exchange, new ModelPlan(Shape.Echo, TimeSpan.Zero, TimeSpan.Zero), _journeys);
        _server = ServerProcess.StartAsync(new ServerPlan(ServerKind.Bob, serverCores, program, Lines * 4), _model.Port).GetAwaiter().GetResult();
        _lines = [.. Enumerable.Range(0, Lines).Select(line => new Caller(_exchange, _server.Address, _journeys, line))];
        _exchange.Tick = new CallerGrid(_lines).Tick;
    }

    public SoakFigures Run(int calls)
    {
        Place(WarmUpCalls);
        var before = Hold();
        (_refused, _unexpected) = (0, 0);
        Place(calls);
        return new SoakFigures(calls, _refused, _unexpected, before, Hold());
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
        _begun++;
        var caller = new Caller(_exchange, _server.Address, _journeys, line);
        caller.TryUnsigned(atTheSocket: _begun % 2 == 0, status =>
        {
            _refused++;
            if (status != 403)
                _unexpected++;
            _lines[line] = caller = new Caller(_exchange, _server.Address, _journeys, line);
            caller.Dial();
            Watch(line, caller);
        });
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
                caller.HangUp();
                End(line);
            });
        }
        else
        {
            _exchange.After(TimeSpan.FromMilliseconds(5), () => Watch(line, caller));
        }
    }

    private void End(int line)
    {
        _ended++;
        Next(line);
    }

    private Holdings Hold()
    {
        _exchange.RunFor(Settle);
        using var http = new HttpClient();
        var ready = http.GetStringAsync(new Uri($"http://127.0.0.1:{_server.Address.Port}/health/ready")).GetAwaiter().GetResult();
        var heap = ManagedHeap.LiveBytes(_server.Id);
        _exchange.RunFor(TimeSpan.FromSeconds(1));
        var use = ProcessUse.Of(_server.Id);
        return new Holdings(use.Handles, use.Threads, use.Resident, heap, HttpHead.Between(ready, "\"calls\":", ",") ?? ready);
    }
}
