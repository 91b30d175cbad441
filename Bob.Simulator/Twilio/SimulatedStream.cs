using System.Net.WebSockets;
using System.Threading.Channels;

namespace Bob.Simulator.Twilio;

/// <summary>How a stream ended.</summary>
/// <param name="Code">Twilio's error number; null: the call left the stream.</param>
/// <param name="Message">In words.</param>
/// <param name="Level">How Twilio's debugger shows it.</param>
internal sealed record StreamEnd(int? Code, string Message, WarningLevel Level = WarningLevel.Error);

/// <summary>
/// One media stream: its socket, its messages and its playout. Everything that changes is guarded by the call's lock; the clock moves it with
/// <see cref="Advance"/> and <see cref="Frame"/>, one loop reads, one loop sends.
/// </summary>
internal sealed class SimulatedStream
{
    private readonly Lock _gate;
    private readonly CallLog _log;
    private readonly TwilioSimulatorOptions _options;
    private readonly MediaFaults _faults;
    private readonly TwimlVerb.ConnectStream _verb;
    private readonly StreamMessages _messages;
    private readonly StreamFrames _frames;
    private readonly StreamLedger _ledger;
    private readonly Playout _playout;
    private readonly Channel<StreamMessage> _outgoing = Channel.CreateUnbounded<StreamMessage>();
    private readonly TaskCompletionSource<StreamEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<(long At, int Index, string Name)> _lateMarks = new();
    private MediaConnection? _connection;
    private bool _live;
    private long _startedAt;
    private long? _frozenUntil;
    private int _marksReached;

    public SimulatedStream(
        Lock gate,
        CallLog log,
        TwilioSimulatorOptions options,
        string callSid,
        TwimlVerb.ConnectStream verb,
        MediaFaults faults,
        int number,
        long heardBefore,
        Playout.Play heard)
    {
        _gate = gate;
        _log = log;
        _options = options;
        _faults = faults;
        _verb = verb;
        StreamSid = Sid.New("MZ");
        Number = number;
        var parameters = new Dictionary<string, string>(verb.Parameters, StringComparer.Ordinal);
        foreach (var (name, value) in faults.Parameters)
        {
            if (value is null)
                parameters.Remove(name);
            else
                parameters[name] = value;
        }

        _messages = new StreamMessages(StreamSid, options.AccountSid, callSid);
        _frames = new StreamFrames(_messages, faults, Send);
        _ledger = new StreamLedger(StreamSid, number, verb.Url, parameters, heardBefore, log);
        _playout = new Playout((position, audio) =>
        {
            _ledger.Played(position, audio);
            heard(position, audio);
        });
    }

    public string StreamSid { get; }

    public int Number { get; }

    /// <summary>The handshake is done and the stream has not ended.</summary>
    public bool IsUp => _live;

    public StreamView View => new(StreamSid, Number, Mulaw.Duration(_startedAt), _playout.PlayedBytes, _playout.BufferedBytes, _playout.PendingMarks);

    public StreamReport Report => _ledger.Report(_playout.PlayedBytes);

    public HeardAudio Playback => _ledger.Playback;

    /// <summary>The stream is not even opened.</summary>
    public StreamEnd Refuse(StreamEnd end)
    {
        lock (_gate)
            _ledger.End(end, lostBytes: 0);
        return end;
    }

    /// <summary>Opens the stream and runs it until one side ends it or <paramref name="leave"/> says that the call goes elsewhere.</summary>
    public async Task<StreamEnd> RunAsync(StreamSignature signature, Action started, CancellationToken leave)
    {
        try
        {
            _connection = await DialAsync(signature, leave);
        }
        catch (StreamRefusedException e)
        {
            var refused = leave.IsCancellationRequested ? new StreamEnd(null, "the call ended in the handshake") : new StreamEnd(e.Code, e.Message);
            return Refuse(refused);
        }

        await using var connection = _connection;
        using var socket = WebSocket.CreateFromStream(
            connection.Line, new WebSocketCreationOptions { IsServer = false, KeepAliveInterval = Timeout.InfiniteTimeSpan });
        lock (_gate)
            Begin();
        started();
        using var leaving = leave.Register(() => _end.TrySetResult(new StreamEnd(null, "the call left the stream")));
        var loops = new StreamSocket(socket, _options.MaxMessageBytes, _end);
        var sending = loops.SendAllAsync(_outgoing.Reader);
        var reading = loops.ReceiveAllAsync(Receive);
        var end = await _end.Task;
        lock (_gate)
        {
            _playout.Advance(_log.Position);
            _live = false;
            if (end.Code is null && !_faults.OmitStop && _frozenUntil is null)
                Send(_messages.Stop());
            _ledger.End(end, _playout.BufferedBytes);
        }

        _outgoing.Writer.TryComplete();
        await SayGoodbyeAsync(socket, loops, end, sending, reading);
        return end;
    }

    /// <summary>Plays what is due and echoes the marks that were reached. Under the call's lock.</summary>
    public void Advance(long now)
    {
        if (!_live)
            return;
        _playout.Advance(now);
        EchoMarks(now);
        var time = Mulaw.Duration(now - _startedAt);
        if (time >= _faults.DropAt || Mulaw.Duration(_playout.PlayedBytes) >= _faults.DropAfterHeard)
            Drop(_faults.DropByReset);
        else if (_frozenUntil is null && time >= _faults.FreezeAt)
            Freeze();
        if (now >= _frozenUntil)
            _end.TrySetResult(new StreamEnd(31903, "the connection was dead"));
    }

    /// <summary>Sends the caller's next 20 ms. Under the call's lock.</summary>
    public void Frame(ReadOnlySpan<byte> audio, bool speech)
    {
        if (!_live || _frozenUntil is not null || _faults.NoStart)
            return;
        if (_outgoing.Reader.TryPeek(out var oldest) && Mulaw.Duration(_log.Position - oldest.At) > _options.MaxUnread)
            _ledger.WarnOnce(31930, "the server does not read: the caller's audio is discarded");
        else
            _frames.Add(audio, speech);
    }

    /// <summary>Sends keys. Under the call's lock.</summary>
    public void Dtmf(string digits)
    {
        foreach (var digit in digits)
            Send(_messages.Dtmf(digit));
    }

    /// <summary>Cuts the socket. Under the call's lock.</summary>
    public void Drop(bool reset)
    {
        if (!_live || !_end.TrySetResult(new StreamEnd(31903, reset ? "the connection was reset" : "the connection broke")))
            return;
        _log.Say("twilio", reset ? "media socket reset (simulated)" : "media socket dropped (simulated)");
        _connection?.Drop(reset);
    }

    /// <summary>Stops sending and reading without closing. Under the call's lock.</summary>
    public void Freeze()
    {
        if (!_live || _frozenUntil is not null)
            return;
        _log.Say("twilio", "media socket frozen (simulated)");
        _connection?.Line.Freeze();
        _frozenUntil = _log.Position + Mulaw.Bytes(_faults.FreezeFor);
    }

    private async Task<MediaConnection> DialAsync(StreamSignature form, CancellationToken leave)
    {
        using var cap = CancellationTokenSource.CreateLinkedTokenSource(leave);
        cap.CancelAfter(_options.StreamOpenTimeout);
        var url = new Uri(_verb.Url);
        var headers = new List<KeyValuePair<string, string>>();
        if (TwilioSignature.ForStream(_options.AuthToken, _verb.Url, form) is { } signature)
            headers.Add(new("x-twilio-signature", signature));
        var connection = await MediaConnection.OpenAsync(url, _options.Reach(url), headers, cap.Token);
        if (connection.Problem() is not { } problem)
            return connection;
        await connection.DisposeAsync();
        throw new StreamRefusedException(31920, problem);
    }

    private void Begin()
    {
        _startedAt = _log.Position;
        _ledger.Begin(_log.Now);
        Send(StreamMessages.Connected());
        if (_faults.MediaBeforeStart)
            Send(_messages.Media("inbound", 1, 20, Convert.ToBase64String(Mulaw.IdleFrame(0))));
        if (!_faults.NoStart)
            Send(_messages.Start(_ledger.Parameters, _faults));
        _live = true;
    }

    private void Send(byte[] message, WebSocketMessageType type = WebSocketMessageType.Text) => _outgoing.Writer.TryWrite(new StreamMessage(message, type, _log.Position));

    private void EchoMarks(long now)
    {
        while (_playout.TryTakeDue(out var mark))
        {
            _ledger.MarkReached(_marksReached, mark.Flushed, _log.Now);
            if (!_faults.WithholdMarks && _marksReached + 1 != _faults.WithholdMark)
                _lateMarks.Enqueue((now + Mulaw.Bytes(_faults.MarkDelay), _marksReached, mark.Name));
            _marksReached++;
        }

        while (_lateMarks.TryPeek(out var late) && late.At <= now)
        {
            _lateMarks.Dequeue();
            if (_frozenUntil is not null)
                continue;
            Send(_messages.Mark(late.Name));
            _ledger.MarkEchoed(late.Index, _log.Now);
        }
    }

    private void Receive(ReadOnlyMemory<byte> message, WebSocketMessageType type)
    {
        lock (_gate)
            Handle(message, type);
    }

    private void Handle(ReadOnlyMemory<byte> message, WebSocketMessageType type)
    {
        if (!_live || _frozenUntil is not null)
            return;
        var now = _log.Position;
        if (type == WebSocketMessageType.Binary)
        {
            _ledger.Ignored(31950, "binary message");
            return;
        }

        switch (ServerMessage.Read(message, StreamSid))
        {
            case ServerMessage.Media media:
                _ledger.Received(media.Audio);
                if (!_playout.Enqueue(now, media.Audio))
                    _ledger.Discarded(media.Audio.Length);
                break;
            case ServerMessage.Mark mark:
                _playout.Advance(now);
                _ledger.MarkReceived(mark.Name, _log.Now, _playout.AcceptedBytes);
                _playout.Mark(now, mark.Name);
                break;
            case ServerMessage.Clear:
                var marks = _playout.PendingMarks;
                var flushed = _playout.Clear(now);
                _ledger.Cleared(_log.Now, Mulaw.Duration(now - _startedAt), _playout.PlayedBytes, flushed, marks);
                break;
            case ServerMessage.Invalid invalid:
                _ledger.Ignored(31951, invalid.Why);
                break;
        }

        EchoMarks(now);
    }

    private async Task SayGoodbyeAsync(WebSocket socket, StreamSocket loops, StreamEnd end, Task sending, Task reading)
    {
        if (end.Code is null && _faults.OmitStop)
            _connection!.Drop(reset: false);
        else if (_frozenUntil is null && end.Code is null or 31921)
            await loops.CloseAsync(sending, reading);
        socket.Abort();
        await _connection!.DisposeAsync();
        await Task.WhenAll(sending, reading);
    }
}

/// <summary>A stream as it is at this moment.</summary>
/// <param name="StreamSid">Its SID.</param>
/// <param name="Number">1 for the call's first stream.</param>
/// <param name="Started">Time of the call.</param>
/// <param name="HeardBytes">Bob's audio that was played.</param>
/// <param name="BufferedBytes">Bob's audio that waits to be played.</param>
/// <param name="PendingMarks">Marks not answered yet.</param>
public sealed record StreamView(string StreamSid, int Number, TimeSpan Started, long HeardBytes, long BufferedBytes, int PendingMarks);
