using Akka.Actor;
using AwesomeAssertions;
using Bob.Actors.Hosting;
using Xunit;

namespace Bob.Tests.Hosting;

public sealed class LegDispatcherSpecs() : Akka.TestKit.Xunit.TestKit(LegDispatcher.Hocon)
{
    [Fact]
    public void A_message_is_handled_on_the_thread_that_tells_it_before_the_tell_returns()
    {
        var handledOn = 0;
        var leg = Leg((_, _) => handledOn = Environment.CurrentManagedThreadId);

        leg.Tell("frame");

        handledOn.Should().Be(Environment.CurrentManagedThreadId);
    }

    [Fact]
    public async Task Beyond_eight_tells_within_tells_another_thread_goes_on()
    {
        var threads = new int[20];
        var done = new TaskCompletionSource();
        var next = (IActorRef)ActorRefs.Nobody;
        for (var i = threads.Length - 1; i >= 0; i--)
        {
            var (number, after) = (i, next);
            next = Leg((message, _) =>
            {
                threads[number] = Environment.CurrentManagedThreadId;
                after.Tell(message);
                if (number == threads.Length - 1)
                    done.SetResult();
            });
        }

        // A thread of its own that stays until the end: the pool might take this one, or its number, for what goes on elsewhere.
        var here = 0;
        var teller = new Thread(() =>
        {
            here = Environment.CurrentManagedThreadId;
            next.Tell("frame");
            done.Task.Wait();
        })
        { IsBackground = true };
        teller.Start();
        await done.Task.WaitAsync(TimeSpan.FromSeconds(10));

        threads.Take(8).Should().AllBeEquivalentTo(here);
        threads[8].Should().NotBe(here);
        threads[8..16].Should().AllBeEquivalentTo(threads[8]);
    }

    [Fact]
    public void Two_legs_that_tell_each_other_do_not_run_into_each_other()
    {
        var (depth, deepest, rounds) = (0, 0, 0);
        var second = (IActorRef)ActorRefs.Nobody;
        var first = Leg((_, self) =>
        {
            deepest = Math.Max(deepest, ++depth);
            if (++rounds < 100)
                second.Tell("frame", self);
            depth--;
        });
        second = Leg((_, _) => first.Tell("frame"));

        first.Tell("frame");

        AwaitCondition(() => Volatile.Read(ref rounds) == 100);
        deepest.Should().Be(1);
    }

    [Fact]
    public void An_exception_restarts_the_actor_and_not_the_teller()
    {
        var leg = Sys.ActorOf(Props.Create(() => new Counter()).WithDispatcher(LegDispatcher.Path));
        leg.Tell(1);

        leg.Invoking(actor => actor.Tell("break")).Should().NotThrow();
        leg.Tell(1);

        AwaitAssert(() =>
        {
            leg.Tell("sum", TestActor);
            ExpectMsg<int>().Should().Be(1);
        });
    }

    [Fact]
    public async Task No_message_of_many_tellers_is_lost_and_each_tellers_order_holds()
    {
        const int tellers = 8, messages = 20_000;
        var last = Enumerable.Repeat(-1, tellers).ToArray();
        var (count, outOfOrder, inside, overlapped) = (0, false, 0, false);
        var leg = Leg((message, _) =>
        {
            overlapped |= Interlocked.Increment(ref inside) != 1;
            var (teller, number) = ((int, int))message;
            outOfOrder |= number != last[teller] + 1;
            last[teller] = number;
            count++;
            Interlocked.Decrement(ref inside);
        });

        await Task.WhenAll(Enumerable.Range(0, tellers).Select(teller => Task.Run(() =>
        {
            for (var number = 0; number < messages; number++)
                leg.Tell((teller, number));
        })));

        AwaitCondition(() => Volatile.Read(ref count) == tellers * messages, TimeSpan.FromSeconds(20));
        (outOfOrder, overlapped).Should().Be((false, false));
    }

    /// <summary>A leg that has come up: a top-level actor does so in its own time.</summary>
    private IActorRef Leg(Action<object, IActorRef> handle)
    {
        var leg = Sys.ActorOf(Props.Create(() => new Handler(handle)).WithDispatcher(LegDispatcher.Path));
        leg.Tell(new Identify(null), TestActor);
        ExpectMsg<ActorIdentity>();
        return leg;
    }

    private sealed class Handler(Action<object, IActorRef> handle) : UntypedActor
    {
        protected override void OnReceive(object message) => handle(message, Self);
    }

    private sealed class Counter : UntypedActor
    {
        private int _sum;

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case int number:
                    _sum += number;
                    break;
                case "sum":
                    Sender.Tell(_sum);
                    break;
                default:
                    throw new NotSupportedException("a bug");
            }
        }
    }
}
