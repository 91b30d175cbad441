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
internal sealed class ModelReader(IMessageSocket socket, int attempt, IActorRef modelLeg, IActorRef callerLeg)
{
    private readonly RecentIds _recent = new();
    private SpokenItem? _item;
    private RealtimeError? _lastError;
    private volatile bool _silenced;

    /// <summary>From now on it only waits for the socket's end: a session that is given up may go on speaking until it is closed.</summary>
    public void Silence() => _silenced = true;

    /// <summary>Runs until the socket ends, and reports the end once, also when a bug ends it: nobody else would notice.</summary>
    public async Task RunAsync()
    {
        var end = new ModelFailure(FailureKind.Transient, "internal-error");
        try
        {
            end = await ReadAsync();
        }
        catch (Exception failure) when (SocketFailure.Expected(failure))
        {
            end = ModelRefusal.FromException(failure);
        }
        finally
        {
            modelLeg.Tell(new ModelEnded(attempt, end), ActorRefs.NoSender);
        }
    }

    private async Task<ModelFailure> ReadAsync()
    {
        while (true)
        {
            var message = await socket.ReceiveAsync(CancellationToken.None);
            switch (message.Kind)
            {
                case SocketMessageKind.Text or SocketMessageKind.Binary when _silenced:
                    break;
                case SocketMessageKind.Text:
                    Handle(message.Utf8.Span);
                    break;
                case SocketMessageKind.Binary:
                    CallMetrics.Skipped("model-binary");
                    break;
                case SocketMessageKind.TooBig:
                    return new ModelFailure(FailureKind.Transient, "message-too-big");
                case SocketMessageKind.Close:
                    return ModelRefusal.FromClose(message.CloseCode, message.CloseReason, _lastError);
            }
        }
    }

    private void Handle(ReadOnlySpan<byte> utf8)
    {
        if (RealtimeReader.TryReadAudioDelta(utf8, out var delta))
        {
            if (delta.Bytes < 0)
                CallMetrics.Skipped("model-bad-base64");
            else if (_recent.Seen(delta.EventId))
                CallMetrics.Skipped("model-duplicate");
            else if (delta.Bytes > 0)
                callerLeg.Tell(new VoiceAudio(ItemOf(in delta), delta.Base64.ToArray(), delta.Bytes), ActorRefs.NoSender);
            return;
        }

        var happened = RealtimeReader.Read(utf8, out var eventId);
        if (eventId is not null && _recent.Seen(eventId))
        {
            CallMetrics.Skipped("model-duplicate");
            return;
        }

        switch (happened)
        {
            case Noted:
                return;
            case SpeechStarted:
                callerLeg.Tell(new CallerLegProtocol.CallerSpoke(attempt), ActorRefs.NoSender);
                break;
            case ResponseCreated created:
                callerLeg.Tell(new CallerLegProtocol.ResponseStarted(attempt, created.ResponseId), ActorRefs.NoSender);
                break;
            case AudioDone done:
                callerLeg.Tell(
                    new CallerLegProtocol.ItemFinished(new SpokenItem(done.ResponseId, done.ItemId, done.ContentIndex)), ActorRefs.NoSender);
                break;
            case ResponseDone done:
                callerLeg.Tell(new CallerLegProtocol.ResponseFinished(done.ResponseId), ActorRefs.NoSender);
                break;
            case ErrorReported error:
                _lastError = error.Error;
                break;
        }

        modelLeg.Tell(new ModelSaid(attempt, happened), ActorRefs.NoSender);
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

    /// <summary>The last 64 event ids, by their hash: a server that sends an event twice must not make Bob stutter.</summary>
    private sealed class RecentIds
    {
        private readonly ulong[] _hashes = new ulong[64];
        private int _next;

        public bool Seen(string id)
        {
            Span<byte> utf8 = stackalloc byte[512];
            return Seen(System.Text.Encoding.UTF8.TryGetBytes(id, utf8, out var length) ? utf8[..length] : utf8);
        }

        public bool Seen(ReadOnlySpan<byte> id)
        {
            if (id.IsEmpty)
                return false;
            var hash = 14695981039346656037UL; // FNV-1a
            foreach (var octet in id)
                hash = (hash ^ octet) * 1099511628211UL;
            if (_hashes.AsSpan().Contains(hash))
                return true;
            _hashes[_next++ & 63] = hash;
            return false;
        }
    }
}
