using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;
using Bob.Actors.Calls;
using static Bob.Actors.Recording.RecorderProtocol;

namespace Bob.Actors.Recording;

/// <summary>
/// What waits for a recorder. A disk may hang for as long as it likes, and both sides of a call talk on; so their audio waits up to a bound, and what
/// comes beyond it is dropped and counted, and the call is told, once. Whoever sends is never held up. All other messages are few, and none of them is dropped.
/// </summary>
public sealed class RecorderMailbox(Settings settings, Config config) : MailboxType(settings, config), IProducesMessageQueue<RecorderMailbox.Backlog>
{
    /// <summary>Audio that may wait, bytes: a minute of both sides, or a long answer that came at once.</summary>
    public const int MaxWaiting = 1024 * 1024;

    internal const string Path = "bob.recorder-mailbox";

    internal const string Hocon = $$"""
        {{Path}} { mailbox-type = "Bob.Actors.Recording.RecorderMailbox, Bob.Actors" }
        """;

    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new Backlog(owner);

    /// <summary>The queue of one recorder.</summary>
    public sealed class Backlog(IActorRef recorder) : IMessageQueue
    {
        private readonly ConcurrentQueue<Envelope> _messages = new();
        private int _audio, _behind;

        public bool HasMessages => !_messages.IsEmpty;

        public int Count => _messages.Count;

        public void Enqueue(IActorRef receiver, Envelope envelope)
        {
            if (AudioIn(envelope.Message) is not { } bytes)
            {
                _messages.Enqueue(envelope);
            }
            else if (Interlocked.Add(ref _audio, bytes) <= MaxWaiting)
            {
                _messages.Enqueue(envelope);
            }
            else
            {
                Interlocked.Add(ref _audio, -bytes);
                Drop(bytes);
            }
        }

        public bool TryDequeue(out Envelope envelope)
        {
            if (!_messages.TryDequeue(out envelope))
                return false;
            if (AudioIn(envelope.Message) is { } bytes)
                Interlocked.Add(ref _audio, -bytes);
            return true;
        }

        public void CleanUp(IActorRef owner, IMessageQueue deadletters)
        {
            while (TryDequeue(out var envelope))
                deadletters.Enqueue(owner, envelope);
        }

        /// <summary>Bytes of audio in a message; null when it holds none.</summary>
        private static int? AudioIn(object message) => message switch
        {
            CallerSaid caller => caller.Audio.Mulaw.Length,
            BobSaid bob => bob.Audio.Bytes,
            _ => null,
        };

        private void Drop(int bytes)
        {
            CallMetrics.RecordingAudioDropped.Add(bytes);
            if (Interlocked.Exchange(ref _behind, 1) == 0)
                ((IInternalActorRef)recorder).Parent.Tell(RecorderFellBehind.Instance, recorder);
        }
    }
}
