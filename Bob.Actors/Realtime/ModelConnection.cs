using Akka.Actor;
using Akka.Event;
using Bob.Actors.Audio;
using Bob.Actors.Conversation;
using Bob.Actors.Sockets;

namespace Bob.Actors.Realtime;

/// <summary>To the model's leg: the socket takes messages again.</summary>
internal sealed record ConnectionDrained(int Connection) : IDeadLetterSuppression;

/// <summary>To the model's leg: a send failed.</summary>
internal sealed record ConnectionBroken(int Connection, ModelFailure Failure) : IDeadLetterSuppression;

/// <summary>One open socket to the model: its reader, and everything Bob says on it.</summary>
internal sealed class ModelConnection
{
    /// <summary>Audio in one message, bytes: a frame as a rule, up to 200 ms of what waited.</summary>
    private const int MaxAppendBytes = 10 * Mulaw.FrameBytes;

    /// <summary>A peer that takes no message for so long is frozen, whatever it sends; as long as it may be silent.</summary>
    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(6);

    private readonly IMessageSocket _socket;
    private readonly SocketSender _sender;
    private readonly ModelReader _reader;
    private readonly ModelLegSetup _setup;
    private AudioBacklog _backlog;
    private int _eventNumber;

    public ModelConnection(IMessageSocket socket, ModelLine line, IActorRef leg, ModelLegSetup setup)
    {
        Number = line.Number;
        _socket = socket;
        _setup = setup;
        _sender = new SocketSender(
            socket, leg, new ConnectionDrained(Number), failure => new ConnectionBroken(Number, ModelRefusal.FromException(failure)), setup.Clock);
        _reader = new ModelReader(socket, line, leg, setup.CallerLeg, setup.Clock);
        _backlog = new AudioBacklog(setup.Clock);
        socket.Expect([_reader, _reader.Progress, .. Needed.By(setup.CallerLeg)]);
        using (ExecutionContext.SuppressFlow())
            _ = Task.Run(_reader.RunAsync); // what the dial carried along would be carried along for every frame
    }

    /// <summary>Its number, see <see cref="ModelLine"/>.</summary>
    public int Number { get; }

    /// <summary>How the session on it gets on.</summary>
    public ModelProgress Progress => _reader.Progress;

    /// <summary>How its session is configured.</summary>
    public RealtimeOptions Options => _setup.Options;

    public void Configure() => _sender.Post(RealtimeWriter.SessionUpdate(_setup.Options, _setup.Tools, NextId()));

    public void Create(ConversationItem item)
    {
        foreach (var message in RealtimeWriter.ItemCreate(item, NextId()))
            _sender.Post(message);
    }

    public void Output(string callId, string output) => _sender.Post(RealtimeWriter.FunctionCallOutput(callId, output, NextId()));

    /// <summary>Asks for a response.</summary>
    /// <returns>The id of the event, which an error names that answers it.</returns>
    public string Ask(ResponseRequest request)
    {
        var id = NextId();
        _sender.Post(RealtimeWriter.ResponseCreate(id, request.Instructions, request.ToolChoice, request.Purpose));
        return id;
    }

    public void Cancel(string responseId) => _sender.Post(RealtimeWriter.ResponseCancel(responseId, NextId()));

    public void Truncate(HeardItem item) =>
        _sender.Post(RealtimeWriter.Truncate(item.Item.ItemId, item.Item.ContentIndex, item.HeardMs, NextId()));

    /// <summary>Asks for a sign of life: changes nothing, and is answered by every mind that is there.</summary>
    public void Probe() => _sender.Post(RealtimeWriter.Probe(NextId()));

    /// <summary>Sends what the ring holds, as far as the socket takes it.</summary>
    public void SendAudio()
    {
        while (!_sender.Busy && _setup.Ring.Send(MaxAppendBytes) is { IsEmpty: false } audio)
            _sender.Send(RealtimeWriter.WriteAppend(_sender.Buffer(RealtimeWriter.AppendLength(audio.Length)), audio));
    }

    /// <summary>Sends the caller's audio on; the failure that it is when the peer does not take it.</summary>
    public ModelFailure? Relay()
    {
        SendAudio();
        if (_sender.Stalled > SendTimeout)
            return new ModelFailure(FailureKind.Transient, "send-timeout");
        return _backlog.IsStuck(_setup.Ring.WaitingMs) ? new ModelFailure(FailureKind.Transient, "slow-reader") : null;
    }

    /// <summary>The socket takes messages again: those that waited go out. Audio is for <see cref="SendAudio"/>, once it may be sent.</summary>
    public void Drained() => _sender.Drained();

    /// <summary>The caller hears no more of it.</summary>
    public void Hush() => _reader.Hush();

    public void Close()
    {
        _reader.Silence();
        _ = _socket.CloseAsync(1000, "");
    }

    private string NextId() => $"bob-{++_eventNumber}";
}
