using System.Runtime.InteropServices;
using Akka.Actor;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Sockets;
using Bob.Actors.Twilio;
using static Bob.Actors.Realtime.ModelLegProtocol;

namespace Bob.Actors.Realtime;

/// <summary>
/// Reads one model socket to its end. Audio goes straight to the caller's leg, and so does everything that must stay in order with it:
/// the begin and end of responses and the caller's interruptions. Everything else goes to the model's leg.
/// </summary>
internal sealed class ModelReader(IMessageSocket socket, ModelLine line, IActorRef modelLeg, IActorRef callerLeg, TimeProvider clock) : MessageReader(socket)
{
    /// <summary>No caller begins to speak more often than this; more is a server gone wild, and would keep the whole call busy.</summary>
    private static readonly TimeSpan ShortestTurn = TimeSpan.FromMilliseconds(100);

    private readonly RecentIds _recent = new(), _billed = new();
    private readonly SpeakingResponse _speaking = new();
    private readonly VoiceFormat _format = new();
    private ModelFailure? _end;
    private SpokenItem? _item;
    private RealtimeError? _lastError;
    private long? _speechStarted;
    private volatile IActorRef _callerLeg = callerLeg;
    private volatile bool _silenced;

    /// <summary>How the session gets on.</summary>
    public ModelProgress Progress { get; } = new();

    /// <summary>From now on it only waits for the socket's end: a session that is given up may go on speaking until it is closed.</summary>
    public void Silence() => _silenced = true;

    /// <summary>From now on the caller hears nothing of it; the model's leg does.</summary>
    public void Hush() => _callerLeg = ActorRefs.Nobody;

    /// <summary>Runs until the socket ends, and reports the end once, also when a bug ends it: nobody else would notice.</summary>
    public async Task RunAsync()
    {
        var end = new ModelFailure(FailureKind.Transient, "internal-error");
        try
        {
            await ReadAllAsync(CancellationToken.None);
            end = _end!;
        }
        catch (Exception failure) when (SocketFailure.Expected(failure))
        {
            end = ModelRefusal.FromException(failure);
        }
        finally
        {
            modelLeg.Tell(new ModelEnded(line.Number, end), ActorRefs.NoSender);
        }
    }

    protected override bool Take(in SocketMessage message) => (_end = Ends(in message)) is null;

    /// <summary>Takes a message in; how the session is over with it, if it is.</summary>
    private ModelFailure? Ends(in SocketMessage message)
    {
        switch (message.Kind)
        {
            case SocketMessageKind.Text or SocketMessageKind.Binary when _silenced:
                return null;
            case SocketMessageKind.Text:
                return Handle(message.Utf8.Span);
            case SocketMessageKind.Binary:
                CallMetrics.Skipped("model-binary");
                return null;
            case SocketMessageKind.TooBig:
                return new ModelFailure(FailureKind.Transient, "message-too-big");
            default:
                return ModelRefusal.FromClose(message.CloseCode, message.CloseReason, _lastError);
        }
    }

    /// <summary>Takes a message in; the failure that it is, if it ends the session.</summary>
    private ModelFailure? Handle(ReadOnlySpan<byte> utf8)
    {
        Progress.Came();
        if (RealtimeReader.TryReadAudioDelta(utf8, out var delta))
            return Hear(in delta);

        var happened = RealtimeReader.Read(utf8, out var eventId);
        if (happened is Noted { Type: "response.output_audio.delta" or "response.audio.delta" })
            happened = new Malformed("audio that cannot be read"); // or it would have been heard above
        if (eventId is not null && _recent.Seen(eventId))
            CallMetrics.Skipped("model-duplicate");
        else if (Follow(happened))
            modelLeg.Tell(new ModelSaid(line.Number, happened), ActorRefs.NoSender);
        return null;
    }

    private ModelFailure? Hear(in AudioDelta delta)
    {
        if (!_speaking.Says(delta.ResponseId))
        {
            CallMetrics.VoiceDropped.Add(Math.Max(0, delta.Bytes));
            return null;
        }

        Progress.Opened();
        if (delta.Bytes < 0)
        {
            CallMetrics.Skipped("model-bad-base64");
        }
        else if (_recent.Seen(delta.EventId))
        {
            CallMetrics.Skipped("model-duplicate");
        }
        else if (_format.IsWrong(delta.Base64))
        {
            _callerLeg.Tell(new CallerLegProtocol.CallerSpoke(line.Attempt), ActorRefs.NoSender); // what of it is on its way is noise: away with it
            return new ModelFailure(FailureKind.Permanent, "wrong-audio-format");
        }
        else if (delta.Bytes > 0)
        {
            _callerLeg.Tell(new VoiceAudio(ItemOf(in delta), delta.Base64.ToArray(), delta.Bytes), ActorRefs.NoSender);
        }

        return null;
    }

    /// <summary>Follows who speaks, and tells the caller's leg what must stay in order with the voice. False for what the model's leg need not know.</summary>
    private bool Follow(RealtimeEvent happened)
    {
        switch (happened)
        {
            case Noted noted:
                Advance(noted.Type);
                return false;
            case SpeechStarted:
                return SpeechStarts();
            case ResponseCreated created when !_speaking.Begins(created.ResponseId):
                CallMetrics.Skipped("model-second-response");
                return false;
            case ResponseCreated created:
                Progress.Opened();
                _format.Begin();
                _callerLeg.Tell(new CallerLegProtocol.ResponseStarted(line.Attempt, created.ResponseId, line.Number), ActorRefs.NoSender);
                return true;
            case TranscriptDelta delta:
                Progress.Step();
                return !_speaking.IsStranger(delta.ResponseId);
            case TranscriptDone transcript:
                Progress.Step();
                return !_speaking.IsStranger(transcript.ResponseId);
            case FunctionCalled called when !_speaking.IsStranger(called.ResponseId):
                Finishes(called.ResponseId);
                return true;
            case AudioDone done when !_speaking.IsStranger(done.ResponseId):
                Finishes(done.ResponseId);
                _callerLeg.Tell(
                    new CallerLegProtocol.ItemFinished(new SpokenItem(done.ResponseId, done.ItemId, done.ContentIndex)), ActorRefs.NoSender);
                return true;
            case ResponseDone { Usage: not null } done when _billed.Seen(done.ResponseId):
            case CallerTranscribed { Usage: not null } transcribed when _billed.Seen(transcribed.ItemId):
                CallMetrics.Skipped("model-duplicate");
                return false; // told twice, under another event's id: it is paid for once
            case ResponseDone done:
                _speaking.Ends(done.ResponseId);
                _callerLeg.Tell(new CallerLegProtocol.ResponseFinished(done.ResponseId, IsWhole: done.Status == "completed"), ActorRefs.NoSender);
                return true;
            case ErrorReported error:
                _lastError = error.Error;
                return true;
            default:
                return true;
        }
    }

    private void Advance(string type)
    {
        if (type == "response.output_item.done")
            Progress.Finished();
        else if (type == "response.output_item.added")
            Progress.Opened();
        else if (type.StartsWith("response.", StringComparison.Ordinal))
            Progress.Step();
    }

    private void Finishes(string responseId)
    {
        Progress.Finished();
        _speaking.Finishes(responseId);
    }

    private bool SpeechStarts()
    {
        if (_speechStarted is { } before && clock.GetElapsedTime(before) < ShortestTurn)
        {
            CallMetrics.Skipped("model-speech-storm");
            return false;
        }

        _speechStarted = clock.GetTimestamp();
        _speaking.Interrupted();
        _callerLeg.Tell(new CallerLegProtocol.CallerSpoke(line.Attempt), ActorRefs.NoSender);
        return true;
    }

    /// <summary>The item of a delta; the same object as long as the same item speaks, so that a frame costs no strings.</summary>
    private SpokenItem ItemOf(in AudioDelta delta)
    {
        if (_item is { } item && item.ContentIndex == delta.ContentIndex && Same(delta.ItemId, item.ItemId) && Same(delta.ResponseId, item.ResponseId))
            return item;
        return _item = new SpokenItem(
            System.Text.Encoding.UTF8.GetString(delta.ResponseId), System.Text.Encoding.UTF8.GetString(delta.ItemId), delta.ContentIndex);
    }

    private static bool Same(ReadOnlySpan<byte> utf8, string text) => System.Text.Ascii.Equals(utf8, text);

    /// <summary>The last 32 ids, by their hash: a server that sends an event twice must not make Bob stutter, nor pay twice.</summary>
    private sealed class RecentIds
    {
        private readonly ulong[] _hashes = new ulong[32];
        private int _next;

        public bool Seen(string id) => Seen(MemoryMarshal.AsBytes(id.AsSpan())); // an id is always read in the same way, so its form does not matter

        public bool Seen(ReadOnlySpan<byte> id)
        {
            if (id.IsEmpty)
                return false;
            var hash = 14695981039346656037UL; // FNV-1a
            foreach (var octet in id)
                hash = (hash ^ octet) * 1099511628211UL;
            if (_hashes.AsSpan().Contains(hash))
                return true;
            _hashes[_next++ & 31] = hash;
            return false;
        }
    }
}
