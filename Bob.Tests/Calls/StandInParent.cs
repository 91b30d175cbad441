using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using Bob.Actors.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace Bob.Tests.Calls;

/// <summary>Stands where a parent stands: supervises one child, restarts it whatever happens, and hands everything the child says to a probe.</summary>
public sealed class StandInParent : UntypedActor
{
    private readonly IActorRef _probe;

    public StandInParent(Props child, IActorRef probe)
    {
        _probe = probe;
        _probe.Tell(new Hired(Context.ActorOf(child, "child")));
    }

    /// <summary>The leg's dispatcher, and timers that run by <see cref="Pass"/> alone.</summary>
    public static Config Config { get; } = ConfigurationFactory.ParseString(
        $$"""
        akka.loglevel = WARNING
        akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
        {{LegDispatcher.Hocon}}
        """);

    /// <summary>Lets time pass, for clocks and timers alike, in steps of 250 ms.</summary>
    public static void Pass(ActorSystem system, FakeTimeProvider clock, TimeSpan time)
    {
        var step = TimeSpan.FromMilliseconds(250);
        for (var left = time; left > TimeSpan.Zero; left -= step)
        {
            var next = left < step ? left : step;
            clock.Advance(next);
            ((TestScheduler)system.Scheduler).Advance(next);
        }
    }

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(
        -1,
        -1,
        failure =>
        {
            _probe.Tell(new ChildFailed(failure));
            return Directive.Restart;
        },
        loggingEnabled: false);

    protected override void OnReceive(object message) => _probe.Forward(message);

    public sealed record Hired(IActorRef Child);

    public sealed record ChildFailed(Exception Failure);
}
