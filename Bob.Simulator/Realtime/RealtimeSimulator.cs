using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Threading.Channels;

namespace Bob.Simulator.Realtime;

/// <summary>
/// OpenAI's Realtime service, for everybody who cannot reach it: the GA interface over WebSocket on 127.0.0.1, with a scripted voice. It
/// refuses whatever the real service refuses. Plain sockets rather than a web server, because half of its work is to break connections.
/// </summary>
public sealed class RealtimeSimulator : IAsyncDisposable
{
    private static readonly TimeSpan RequestWait = TimeSpan.FromSeconds(10);

    private readonly RealtimeSimulatorOptions _options;
    private readonly TcpListener _listener;
    private readonly FaultSchedule _faults;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly List<SimulatedSession> _sessions = [];
    private readonly HashSet<Task> _running = [];
    private readonly Channel<SimulatedSession> _fresh = Channel.CreateBounded<SimulatedSession>(new BoundedChannelOptions(1000) { FullMode = BoundedChannelFullMode.DropOldest });
    private Task _accepting = Task.CompletedTask;
    private int _connections;

    private RealtimeSimulator(RealtimeSimulatorOptions options)
    {
        _options = options;
        _faults = new FaultSchedule(options.Script.Faults, options.Time);
        _listener = new TcpListener(IPAddress.Loopback, options.Port);
    }

    /// <summary>Where clients connect: <c>ws://127.0.0.1:PORT/v1/realtime</c>.</summary>
    public Uri Url => new($"ws://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/v1/realtime");

    /// <summary>Upgrade requests so far, answered or not.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Sockets that are open now.</summary>
    public int OpenSessions => Sessions.Count(session => !session.Closed);

    /// <summary>All sessions in order of connection, those that ended included (see <see cref="RealtimeSimulatorOptions.KeepHistory"/>).</summary>
    public IReadOnlyList<SimulatedSession> Sessions
    {
        get
        {
            lock (_gate)
                return [.. _sessions];
        }
    }

    /// <summary>The script's faults that have struck so far, in order.</summary>
    public IReadOnlyList<StruckFault> Struck => _faults.Struck;

    /// <summary>Starts to listen. Throws <see cref="ScriptException"/> for a script that makes no sense.</summary>
    public static Task<RealtimeSimulator> StartAsync(RealtimeSimulatorOptions options, CancellationToken ct = default)
    {
        ct.ThrowIfCancellationRequested();
        if (ScriptJson.Fault(options.Script) is { } fault)
            throw new ScriptException($"script: {fault}");
        var simulator = new RealtimeSimulator(options);
        simulator._listener.Start(backlog: 512);
        simulator._accepting = Task.Run(simulator.AcceptAsync, CancellationToken.None); // whoever starts it, it runs on the pool
        return Task.FromResult(simulator);
    }

    /// <summary>The next session that no earlier call has returned.</summary>
    public async Task<SimulatedSession> NextSessionAsync(CancellationToken ct = default) => await _fresh.Reader.ReadAsync(ct);

    /// <summary>Ends all connections. Throws if a session ended by a fault of the simulator.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        Task[] running;
        lock (_gate)
            running = [.. _running];
        await Task.WhenAll(running);
        await Task.WhenAll(Sessions.Select(session => session.Ended));
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptSocketAsync(_stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                continue; // stopped, or a client that gave up in the backlog
            }

            var serving = ServeAsync(socket);
            lock (_gate)
            {
                _running.RemoveWhere(task => task.IsCompletedSuccessfully);
                _running.Add(serving);
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        socket.NoDelay = true;
        await using var stream = new LineStream(socket);
        try
        {
            if (await ReadRequestAsync(stream) is not { } request)
                return;
            if (request.Fault() is { } status)
            {
                await RefuseAsync(stream, UpgradeRequest.Answer(status, $$$"""{"error":{"message":"Invalid URL ({{{request.Method}}} {{{request.Path}}})","type":"invalid_request_error","param":null,"code":null}}"""));
                return;
            }

            await OpenAsync(stream, request, Interlocked.Increment(ref _connections));
        }
        catch (Exception e) when (SessionSocket.IsEndOfLine(e))
        {
            // the client went away before it had a session, or the simulator stops
        }
    }

    private async Task<UpgradeRequest?> ReadRequestAsync(LineStream stream)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(RequestWait);
        return await UpgradeRequest.ReadAsync(stream, limit.Token);
    }

    private async Task OpenAsync(LineStream stream, UpgradeRequest request, int number)
    {
        if (_options.AcceptDelay > TimeSpan.Zero)
            await Task.Delay(_options.AcceptDelay, _options.Time, _stop.Token);
        var faults = _faults.OnConnect(number);
        if (faults.Any(fault => fault.Do == FaultAction.NoUpgrade))
        {
            await WaitForClientToLeaveAsync(stream);
            return;
        }

        if (faults.FirstOrDefault(fault => fault.Do == FaultAction.Http) is { } refusal)
        {
            await RefuseAsync(stream, UpgradeRequest.Answer(refusal.Status, refusal.Body, ("Retry-After", refusal.RetryAfter?.ToString()), ("Location", refusal.Location)));
            return;
        }

        var turnaway = faults.FirstOrDefault(fault => fault.Do == FaultAction.Refuse) is { } scripted ? Scripted(scripted) : Admission.Check(request, _options);
        await stream.WriteAsync(request.Accept(wrong: faults.Any(fault => fault.Do == FaultAction.WrongAccept)), _stop.Token);
        var web = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true, KeepAliveInterval = Timeout.InfiniteTimeSpan });
        var session = new SimulatedSession(number, request.Model ?? "", new SessionSocket(stream, web), _faults, _options);
        foreach (var fault in faults.Where(fault => fault.Do is not (FaultAction.Refuse or FaultAction.WrongAccept)))
            ((IModelLine)session).Strike(fault);
        Add(session);
        await session.RunAsync(turnaway, _stop.Token);
    }

    private async Task RefuseAsync(LineStream stream, byte[] answer)
    {
        await stream.WriteAsync(answer, _stop.Token);
        stream.Fin();
        await WaitForClientToLeaveAsync(stream);
    }

    private async Task WaitForClientToLeaveAsync(LineStream stream)
    {
        var ignored = new byte[256];
        while (await stream.ReadAsync(ignored, _stop.Token) > 0)
        {
        }
    }

    private void Add(SimulatedSession session)
    {
        lock (_gate)
        {
            if (!_options.KeepHistory)
                _sessions.RemoveAll(old => old.Ended.IsCompletedSuccessfully);
            _sessions.Add(session);
        }

        _fresh.Writer.TryWrite(session);
    }

    private static Turnaway Scripted(Fault fault)
    {
        var error = fault.Error ?? new FaultError();
        var refusal = new Refusal(error.Code, error.Message, error.Param, error.Type);
        return new Turnaway(refusal, fault.Code, fault.Reason ?? $"{error.Type}.{error.Code}");
    }
}
