using Akka.Actor;
using Bob.Actors.Audio;
using Bob.Actors.Costs;
using Bob.Actors.Realtime;
using Bob.Actors.Records;
using Bob.Actors.Sockets;
using Bob.Actors.Tools;

namespace Bob.Actors.Calls;

/// <summary>What every call of a node shares.</summary>
/// <param name="CallerLeg">Makes the caller's leg; a spec hands a probe in.</param>
/// <param name="ModelLeg">Makes the model's leg; a spec hands a probe in.</param>
public sealed record CallServices(
    CallOptions Call, RealtimeOptions Realtime, IReadOnlyList<ToolFactory> Tools, TimeProvider Clock, Func<CallerLegSetup, Props> CallerLeg, Func<ModelLegSetup, Props> ModelLeg,
    ModelProviders Models)
{
    /// <summary>By which the far ends' silence is measured: a <see cref="WakingTime"/> where this process may stand still.</summary>
    public TimeProvider Waking { get; init; } = Clock;

    /// <summary>Makes the recorder of a call; null: calls are not recorded.</summary>
    public Func<CallSid, CallJournal, Props>? Recorder { get; init; }

    /// <summary>What Bob can say without a model.</summary>
    public Clips Clips { get; init; } = Clips.None;

    /// <summary>Where the books of the calls are kept.</summary>
    public IJournal Journal { get; init; } = NoJournal.Instance;

    /// <summary>Where calls are looked for that nobody here knows; null: nowhere.</summary>
    public ILostCalls? LostCalls { get; init; }

    /// <summary>The calls of a CallsActor that failed, for its next incarnation.</summary>
    public InterruptedCalls Interrupted { get; } = new();

    /// <summary>What calls cost and may cost.</summary>
    public CostOptions Costs { get; init; } = CostOptions.None;

    /// <summary>What they have cost today.</summary>
    public DaySpending Day { get; init; } = new(null, Clock);
}

/// <summary>What the caller's leg of a call is made of.</summary>
public sealed record CallerLegSetup(CallSid CallSid, PlaybackLedger Ledger, TimeSpan MediaTimeout, TimeProvider Clock)
{
    /// <summary>By which the far end's silence is measured.</summary>
    public TimeProvider Waking { get; init; } = Clock;

    /// <summary>Outlives an incarnation, as the ledger does: it holds the beginning of a frame whose rest is still to come.</summary>
    public Framing Framing { get; } = new();

    /// <summary>Is told what is played; null when the call is not recorded.</summary>
    public IActorRef? Recorder { get; init; }
}
