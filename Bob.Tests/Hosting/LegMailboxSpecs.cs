using Akka.Actor;
using Akka.Dispatch;
using AwesomeAssertions;
using Bob.Actors.Hosting;
using Xunit;

namespace Bob.Tests.Hosting;

public sealed class LegMailboxSpecs() : Akka.TestKit.Xunit.TestKit(LegDispatcher.Hocon)
{
    [Fact]
    public async Task A_leg_has_it()
    {
        var leg = Leg(_ => { });

        await AwaitAssertAsync(() =>
            ((ActorRefWithCell)leg).Underlying.Should().BeOfType<ActorCell>().Which.Mailbox!.MessageQueue.Should().BeOfType<LegMailbox.Waiting>());
    }

    [Fact]
    public void What_waits_comes_in_the_order_in_which_it_was_told_however_much_it_is()
    {
        var queue = new LegMailbox.Waiting();
        var (told, heard) = (0, 0);

        for (var round = 1; round <= 300; round++)
        {
            for (var i = 0; i < round; i++)
                queue.Enqueue(ActorRefs.Nobody, new Envelope(told++, ActorRefs.NoSender));
            queue.HasMessages.Should().BeTrue();
            queue.Count.Should().Be(told - heard);
            for (var i = 0; i < (round % 7 == 0 ? told - heard : round - 1); i++)
            {
                queue.TryDequeue(out var next).Should().BeTrue();
                next.Message.Should().Be(heard++);
            }
        }

        while (queue.TryDequeue(out var next))
            next.Message.Should().Be(heard++);
        heard.Should().Be(told);
        queue.HasMessages.Should().BeFalse();
    }

    [Fact]
    public async Task Nothing_is_lost_between_many_that_tell_at_once()
    {
        const int tellers = 4, each = 20_000;
        var heard = new List<(int Teller, int Number)>();
        var all = new TaskCompletionSource();
        var leg = Leg(message =>
        {
            heard.Add(((int, int))message);
            if (heard.Count == tellers * each)
                all.SetResult();
        });

        await Task.WhenAll(Enumerable.Range(0, tellers).Select(teller => Task.Run(() =>
        {
            for (var i = 0; i < each; i++)
                leg.Tell((teller, i));
        })));

        await all.Task.WaitAsync(TimeSpan.FromSeconds(30));
        for (var teller = 0; teller < tellers; teller++)
            heard.Where(message => message.Teller == teller).Select(message => message.Number).Should().Equal(Enumerable.Range(0, each));
    }

    [Fact]
    public void What_a_leg_that_stops_has_not_handled_is_dead_letters()
    {
        var (queue, letters) = (new LegMailbox.Waiting(), new LegMailbox.Waiting());
        for (var i = 0; i < 10; i++)
            queue.Enqueue(TestActor, new Envelope(i, ActorRefs.NoSender));

        queue.CleanUp(TestActor, letters);

        queue.HasMessages.Should().BeFalse();
        for (var i = 0; i < 10; i++)
            (letters.TryDequeue(out var letter) ? letter.Message : null).Should().Be(i);
    }

    private IActorRef Leg(Action<object> hear) => Sys.ActorOf(Props.Create(() => new Listener(hear)).WithDispatcher(LegDispatcher.Path));

    private sealed class Listener(Action<object> hear) : UntypedActor
    {
        protected override void OnReceive(object message) => hear(message);
    }
}
