using Akka.Actor;
using Bob.Actors.Realtime;
using Bob.Actors.Twilio;

namespace Bob.Tests.Calls;

/// <summary>Stands where a leg stands: hands everything it is told to a probe, and says and does to its call what the spec wants.</summary>
public sealed class StandInLeg : UntypedActor
{
    private readonly IActorRef _probe;
    private readonly bool _model;
    private readonly Task? _stopsAfter;
    private readonly bool _holdsOn;

    /// <param name="model">Announces itself as the model's leg does.</param>
    /// <param name="stopsAfter">Holds its end up.</param>
    /// <param name="holdsOn">Leaves it to the spec to say that all is told, when the call is over.</param>
    public StandInLeg(IActorRef probe, bool model, Task? stopsAfter = null, bool holdsOn = false) =>
        (_probe, _model, _stopsAfter, _holdsOn) = (probe, model, stopsAfter, holdsOn);

    protected override void PreStart()
    {
        _probe.Tell(new Up(Self));
        if (_model)
            Context.Parent.Tell(new ModelLegProtocol.LegReady(null));
    }

    protected override void PostRestart(Exception reason)
    {
        _probe.Tell(new Up(Self));
        if (_model)
            Context.Parent.Tell(new ModelLegProtocol.LegReady((reason as ModelLostException)?.Failure));
    }

    protected override void PostStop() => _stopsAfter?.Wait(TimeSpan.FromSeconds(10));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Report report:
                Context.Parent.Tell(report.What, report.From ?? Self);
                break;
            case Exception failure:
                throw failure;
            case CallerLegProtocol.CallIsOver when !_holdsOn:
                Context.Parent.Tell(new CallerLegProtocol.AllTold());
                break;
            case ModelLegProtocol.CallIsOver when !_holdsOn:
                Context.Parent.Tell(new ModelLegProtocol.AllTold());
                break;
            default:
                _probe.Forward(message);
                break;
        }
    }

    /// <summary>To the probe: a fresh incarnation.</summary>
    public sealed record Up(IActorRef Leg);

    /// <summary>To the leg: tell the call this, in the name of whoever is given. An exception told to the leg is thrown.</summary>
    public sealed record Report(object What, IActorRef? From = null);
}
