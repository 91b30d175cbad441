using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;

namespace Bob.Actors.Hosting;

/// <summary>
/// What waits for a leg: nothing as a rule, because a frame is handled as it is told, so that the queue's first place serves for all. Akka's own queue
/// moves on with every message, through memory that no cache holds any more when it comes round.
/// </summary>
public sealed class LegMailbox(Settings settings, Config config) : MailboxType(settings, config), IProducesMessageQueue<LegMailbox.Waiting>
{
    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new Waiting();

    /// <summary>The queue of one leg. Its own lock, because nobody locks a queue of Akka's, and one object less is one less to be fetched for every frame.</summary>
    public sealed class Waiting : IMessageQueue, IUnboundedMessageQueueSemantics
    {
        private const int FirstPlaces = 4;

        /// <summary>A queue that was longer is given back: a leg that was held up once does not hold the memory for the rest of the call.</summary>
        private const int MostKept = 64;

        private Envelope[] _ring = new Envelope[FirstPlaces];
        private int _first, _count;

        public bool HasMessages => Volatile.Read(ref _count) > 0;

        public int Count => Volatile.Read(ref _count);

        public void Enqueue(IActorRef receiver, Envelope envelope)
        {
            lock (this)
            {
                if (_count == _ring.Length)
                    Grow();
                _ring[(_first + _count) & (_ring.Length - 1)] = envelope;
                _count++;
            }
        }

        public bool TryDequeue(out Envelope envelope)
        {
            lock (this)
            {
                if (_count == 0)
                {
                    envelope = default;
                    return false;
                }

                envelope = _ring[_first];
                _ring[_first] = default;
                _first = --_count == 0 ? 0 : (_first + 1) & (_ring.Length - 1);
                if (_count == 0 && _ring.Length > MostKept)
                    _ring = new Envelope[FirstPlaces];
                return true;
            }
        }

        public void CleanUp(IActorRef owner, IMessageQueue deadletters)
        {
            while (TryDequeue(out var envelope))
                deadletters.Enqueue(owner, envelope);
        }

        private void Grow()
        {
            var larger = new Envelope[_ring.Length * 2];
            for (var i = 0; i < _count; i++)
                larger[i] = _ring[(_first + i) & (_ring.Length - 1)];
            (_ring, _first) = (larger, 0);
        }
    }
}
