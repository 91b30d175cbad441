using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bob.Simulator.Realtime;

/// <summary>
/// One connection of a client, from the upgrade to the end of its socket: what the client did in it, to look at from specs, and what may be
/// done to it while it lives. Thread-safe; lists are snapshots.
/// </summary>
public sealed class SimulatedSession : IModelLine
{
    /// <summary>How long the client may take to end its side after the simulator has ended its own.</summary>
    private static readonly TimeSpan CloseWait = TimeSpan.FromSeconds(5);

    private readonly SessionSocket _socket;
    private readonly FaultSchedule _faults;
    private readonly SessionIds _ids;
    private readonly RealtimeModel _model;
    private readonly RealtimeSimulatorOptions _options;
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenSource _unheard = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly ClientEventLog _received;
    private readonly Lookout _lookout;
    private readonly List<SimulatedError> _errors = [];
    private readonly List<ToldUsage> _told = [];
    private readonly List<Task> _work = [];
    private readonly Dictionary<string, int> _sentOfType = [];
    private bool _mute;
    private ClientEvent? _answering;

    internal SimulatedSession(int number, string model, SessionSocket socket, FaultSchedule faults, RealtimeSimulatorOptions options)
    {
        (Number, _socket, _faults, _options) = (number, socket, faults, options);
        _ids = new SessionIds(options.Seed, number);
        Id = _ids.Next("sess_");
        (_received, _lookout) = (new ClientEventLog(options), new Lookout(number));
        _model = new RealtimeModel(this, Id, model, options.Time.GetUtcNow() + options.SessionLimit);
    }

    /// <summary>Session id.</summary>
    public string Id { get; }

    /// <summary>Number of the connection (1-based; connections refused over HTTP count).</summary>
    public int Number { get; }

    /// <summary>The model that the client asked for.</summary>
    public string Model => _model.ModelName;

    /// <summary>The client's events, in order.</summary>
    public IReadOnlyList<ClientEvent> Received => Locked(() => _received.Snapshot);

    /// <summary>The <c>error</c> events that the client was sent.</summary>
    public IReadOnlyList<SimulatedError> Errors => Locked(() => _errors.ToArray());

    /// <summary>What the client was told that it is billed for, each <c>response.done</c> that was written to the line, one that went twice twice.</summary>
    public IReadOnlyList<ToldUsage> Told => Locked(() => _told.ToArray());

    /// <summary>Accepted truncations.</summary>
    public IReadOnlyList<Truncation> Truncations => Locked(() => _model.Truncations.ToArray());

    /// <summary>The model's responses.</summary>
    public IReadOnlyList<SimulatedResponse> Responses => Locked(() => _model.Responses
        .Select(entry => new SimulatedResponse(entry.Response.Number, entry.Response.Id, entry.Response.Status, entry.Response.Reason, entry.Response.Text(), entry.Response.AudioMs, entry.Instructions, entry.Response.EndedAt))
        .ToArray());

    /// <summary>The items as the model knows them.</summary>
    public IReadOnlyList<ConversationEntry> Conversation => Locked(() => _model.Conversation.Entries.ToArray());

    /// <summary>All audio that was appended, as it came (mu-law for a client that asked for it).</summary>
    public byte[] CallerAudio => Locked(_model.Audio.ToArray);

    /// <summary>Bytes of audio that came before the first <c>session.updated</c>; the model hears them with its default settings.</summary>
    public int AudioBeforeUpdate => Locked(() => _model.AudioBeforeUpdate);

    /// <summary>Whether a <c>session.update</c> was accepted.</summary>
    public bool Configured => Locked(() => _model.Configured);

    /// <summary>The effective configuration, as in <c>session.updated</c>.</summary>
    public JsonElement Configuration => Locked(() => JsonSerializer.SerializeToElement(_model.Settings));

    /// <summary>How many server events of that type were sent.</summary>
    public int Sent(string type) => Locked(() => _sentOfType.GetValueOrDefault(type));

    /// <summary>Whether the socket has ended.</summary>
    public bool Closed => _over.Task.IsCompleted;

    /// <summary>When the socket ended; null while it is up.</summary>
    public DateTimeOffset? EndedAt { get; private set; }

    /// <summary>Completes when the socket has ended. Fails if the simulator itself did.</summary>
    public Task Ended => _over.Task;

    /// <summary>Code and reason of the client's CLOSE frame, if it sent one.</summary>
    public (int Code, string? Reason)? ClientClose => _socket.ClientClose;

    /// <summary>The first client event, past or to come, that fits. Fails when the session ends without one.</summary>
    public Task<ClientEvent> WaitForAsync(Func<ClientEvent, bool> fits, CancellationToken cancellation = default) =>
        WaitAsync(() => _received.Find(fits), cancellation);

    /// <summary>Waits until the session as a whole is as wanted; looked at after every event in either direction.</summary>
    public async Task WaitUntilAsync(Func<SimulatedSession, bool> holds, CancellationToken cancellation = default)
    {
        var any = new ClientEvent(0, "", null, default, 0, default);
        await WaitAsync(() => holds(this) ? any : null, cancellation);
    }

    /// <summary>Resets the TCP connection.</summary>
    public Task DropAsync()
    {
        _socket.Line.Reset();
        return Ended;
    }

    /// <summary>Ends the TCP stream without a CLOSE frame, after what was already sent.</summary>
    public Task FinAsync() => LiveAsync(_socket.Fin);

    /// <summary>Sends a CLOSE frame, after what was already sent, and waits up to 5 s for the client's.</summary>
    public Task CloseAsync(int code, string? reason = null) => LiveAsync(() => _socket.Close(code, reason));

    /// <summary>Sends a text message word for word.</summary>
    public Task SendRawAsync(string json)
    {
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _socket.Send(json);
        _socket.Then(sent.SetResult);
        return Task.WhenAny(sent.Task, Ended);
    }

    /// <summary>From now on reads nothing and sends nothing; the TCP connection stays.</summary>
    public Task FreezeAsync()
    {
        _socket.Line.Freeze();
        return Task.CompletedTask;
    }

    /// <summary>From now on ignores events and sends none, but answers pings.</summary>
    public void Mute() => Locked(() => _mute = true);

    /// <summary>Ends the session at its age limit, now.</summary>
    public void Expire() => Locked(() =>
    {
        _model.Expire();
        return true;
    });

    Lock IModelLine.Gate => _gate;

    RealtimeSimulatorOptions IModelLine.Options => _options;

    SessionIds IModelLine.Ids => _ids;

    FaultSchedule IModelLine.Faults => _faults;

    /// <summary>Serves the client until its socket ends.</summary>
    internal async Task RunAsync(Turnaway? turnaway, CancellationToken cancellation)
    {
        using var stop = cancellation.Register(() => _ended.Cancel());
        var writing = WriteAsync();
        try
        {
            lock (_gate)
                Begin(turnaway);
            while (await _socket.ReadAsync(_ended.Token) is { } message)
            {
                lock (_gate)
                    Take(message.Type, message.Data);
            }

            if (_socket.ClientClose is { } close && _options.CloseFrames)
                _socket.Close(close.Code is 1005 or 1006 ? 1000 : close.Code, null);
            _socket.Complete();
            if (_options.CloseFrames)
                await writing;
            await _socket.LingerAsync(_ended.Token);
        }
        finally
        {
            await EndAsync(writing);
        }
    }

    private async Task WriteAsync()
    {
        await _socket.WriteAsync(_ended.Token);
        lock (_gate)
            _mute = true;
        await _unheard.CancelAsync(); // the model stops where its last words left the line
        _ended.CancelAfter(CloseWait);
    }

    void IModelLine.Emit(string type, JsonObject fields, EventPlace place)
    {
        if (_mute)
            return;
        var count = _sentOfType[type] = _sentOfType.GetValueOrDefault(type) + 1;
        var json = new JsonObject { ["type"] = type, ["event_id"] = _ids.Next("event_") };
        foreach (var (name, value) in fields.ToList())
        {
            fields.Remove(name);
            json[name] = value;
        }

        if (type == "error")
            Note(json["error"]!.AsObject());
        new EventDelivery(_socket, this).Deliver(json, _faults.OnEvent(Number, type, count, place), place);
        _lookout.Look();
    }

    void IModelLine.Strike(Fault fault, EventPlace place) => new EventDelivery(_socket, this).Strike(fault, place);

    void IModelLine.Later(TimeSpan wait, Action action) => ((IModelLine)this).Run(async cancellation =>
    {
        await Task.Delay(wait, _options.Time, cancellation);
        lock (_gate)
            action();
    });

    void IModelLine.Run(Func<CancellationToken, Task> work)
    {
        _work.RemoveAll(task => task.IsCompletedSuccessfully);
        _work.Add(RunAsync());

        async Task RunAsync()
        {
            await Task.Yield();
            var fine = false;
            try
            {
                await work(_unheard.Token);
                fine = true;
            }
            catch (OperationCanceledException) when (_unheard.IsCancellationRequested)
            {
                fine = true;
            }
            finally
            {
                if (!fine)
                    _socket.Line.Reset(); // a bug of the simulator must not look like a silent model
            }
        }
    }

    void IModelLine.Close(int code, string reason)
    {
        if (_options.CloseFrames)
            _socket.Close(code, reason);
        else
            _socket.Fin();
    }

    /// <summary>It is on the line now.</summary>
    internal void Note(ToldUsage told)
    {
        lock (_gate)
            _told.Add(told with { At = _options.Time.GetUtcNow() });
    }

    internal void MuteFromScript() => _mute = true;

    internal void ExpireFromScript() => _model.Expire();

    private void Begin(Turnaway? turnaway)
    {
        if (turnaway is not null)
        {
            TurnAway(turnaway);
            return;
        }

        foreach (var fault in _faults.On(Number, FaultMoment.Created))
            ((IModelLine)this).Strike(fault, default);
        _model.Begin();
        ((IModelLine)this).Later(_options.SessionLimit, _model.Expire);
    }

    private void TurnAway(Turnaway turnaway)
    {
        ((IModelLine)this).Emit("error", new JsonObject { ["error"] = turnaway.Error.ToJson(null) }, default);
        _socket.Close(turnaway.CloseCode, turnaway.CloseReason);
        _mute = true;
    }

    private void Take(WebSocketMessageType type, ReadOnlyMemory<byte> data)
    {
        var refusal = ClientEventLog.Parse(type, data, out var body);
        var clientEvent = _received.Add(body);
        if (_mute)
        {
            _lookout.Look();
            return;
        }

        _answering = clientEvent;
        foreach (var fault in _faults.OnReceived(Number, clientEvent.Type, _received.Count(clientEvent.Type), clientEvent.Number))
        {
            if (fault.Do == FaultAction.Reject)
                refusal = FaultRefusal(fault.Error ?? new FaultError());
            else
                ((IModelLine)this).Strike(fault, new EventPlace(ResponseId: _model.ActiveResponseId));
        }

        if (refusal is null && clientEvent.Type == "session.update" && body.TryGetProperty("session", out var session) && SessionShapes.IsBeta(session))
        {
            TurnAway(Turnaway.Beta);
            return;
        }

        refusal ??= ClientEventShapes.Check(body, _model.ModelName) ?? _model.Take(clientEvent.Type, body);
        if (refusal is not null)
            ((IModelLine)this).Emit("error", new JsonObject { ["error"] = refusal.ToJson(clientEvent.EventId) }, default);
        _answering = null;
        _lookout.Look();
    }

    private static Refusal FaultRefusal(FaultError error) => new(error.Code, error.Message, error.Param, error.Type) { NamesClientEvent = !error.Anonymous };

    private void Note(JsonObject error) => _errors.Add(new SimulatedError(
        (string)error["type"]!, (string?)error["code"], (string)error["message"]!, (string?)error["param"], (string?)error["event_id"], _answering?.Type));

    private Task LiveAsync(Action action)
    {
        action();
        return Ended;
    }

    private async Task<ClientEvent> WaitAsync(Func<ClientEvent?> look, CancellationToken cancellation)
    {
        Task<ClientEvent> found;
        lock (_gate)
            found = _lookout.FindAsync(look);
        return await found.WaitAsync(cancellation);
    }

    private T Locked<T>(Func<T> read)
    {
        lock (_gate)
            return read();
    }

    private async Task EndAsync(Task writing)
    {
        EndedAt ??= _options.Time.GetUtcNow();
        await _ended.CancelAsync();
        await _unheard.CancelAsync();
        _socket.Dispose();
        Task[] work;
        lock (_gate)
            work = [writing, .. _work];
        var all = Task.WhenAll(work);
        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            if (all.Exception is { } bug)
                _over.TrySetException(bug.InnerExceptions);
            else
                _over.TrySetResult();
            _lookout.End();
        }
    }
}
