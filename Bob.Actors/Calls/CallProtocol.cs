using Akka.Actor;
using Bob.Actors.Records;
using Bob.Actors.Twilio;

namespace Bob.Actors.Calls;

/// <summary>What the front end and the call actors say to each other.</summary>
public static class CallProtocol
{
    public interface ICallCommand
    {
        CallSid CallSid { get; }
    }

    public interface ICallEvent;

    public interface ICallQuery
    {
        CallSid CallSid { get; }
    }

    /// <summary>A signed webhook announced a call. Idempotent on <see cref="CallSid"/>: Twilio retries webhooks. Answered with <see cref="IAdmission"/>.</summary>
    /// <param name="Caller">The <c>From</c> of the webhook, cleaned of what no log or model should see; "anonymous" when withheld.</param>
    /// <param name="Called">The <c>To</c> of the webhook.</param>
    /// <param name="Known">What the business knows of the caller; null for a stranger, and when nobody could be asked.</param>
    public sealed record AdmitCall(CallSid CallSid, string Caller, string Called, KnownCaller? Known = null) : ICallCommand;

    /// <summary>Whether a call that is announced is there already: then it stays, whatever has become of the room for new ones. Answered with <see cref="IAdmission"/>.</summary>
    public sealed record FindAdmission(CallSid CallSid) : ICallCommand;

    public interface IAdmission;

    /// <summary>The call may come. Its media stream must bring <paramref name="Ticket"/> as a custom parameter.</summary>
    public sealed record CallAdmitted(string Ticket) : IAdmission;

    /// <summary>The call cannot be taken (capacity, draining); the front end rejects it as busy.</summary>
    public sealed record CallRefused(string Reason) : IAdmission;

    /// <summary>A media stream said <c>start</c>. Answered with <see cref="IStreamAdmission"/>.</summary>
    public sealed record AttachStream(CallSid CallSid, string Ticket, MediaStream Stream) : ICallCommand, INoSerializationVerificationNeeded;

    public interface IStreamAdmission;

    /// <summary>The stream belongs to a call; its frames go to the model's leg, its other messages to the caller's leg.</summary>
    /// <param name="Recorder">Hears the caller too; null when the call is not recorded.</param>
    public sealed record StreamAccepted(IActorRef CallerLeg, IActorRef ModelLeg, IActorRef? Recorder = null) : IStreamAdmission;

    /// <summary>Wrong, used or expired ticket, or no such call: the socket is closed.</summary>
    public sealed record StreamRefused(string Reason) : IStreamAdmission;

    /// <summary>Twilio finished <c>&lt;Connect&gt;</c> and asks what comes next. Answered with <see cref="INextStep"/>.</summary>
    /// <param name="CallStatus">Twilio's <c>CallStatus</c>: <c>in-progress</c> while the caller is still on the line.</param>
    public sealed record GetNextStep(CallSid CallSid, string CallStatus) : ICallQuery;

    public interface INextStep;

    /// <summary>The call is over. <paramref name="Say"/>, when set, is spoken by Twilio first: a goodbye that Bob could not say himself.</summary>
    public sealed record HangUp(string? Say = null) : INextStep;

    /// <summary>Bob cannot go on with this call: whoever the settings name takes it over.</summary>
    /// <param name="Apologise">The caller has not heard yet that Bob is sorry.</param>
    public sealed record FallBack(bool Apologise) : INextStep;

    /// <summary>The call goes on in a new media stream.</summary>
    /// <param name="Pause">Wait a second first: the last stream died at once, and a broken endpoint must not spin.</param>
    public sealed record Resume(string Ticket, bool Pause) : INextStep;

    /// <summary>Nobody has heard of the call: it was not announced, because nobody was there. It may be now, with <see cref="AdmitCall"/>.</summary>
    public sealed record Announce : INextStep;

    /// <summary>Twilio's status callback reported a final status of the call (<c>completed</c>, <c>failed</c>, …). Not answered.</summary>
    public sealed record CallOver(CallSid CallSid, string CallStatus) : ICallCommand;

    /// <summary>Take no new calls from here on. Answered with <see cref="Drained"/> when there are none left; who asks again takes the place of who asked before.</summary>
    public sealed record DrainCalls
    {
        public static DrainCalls Instance { get; } = new();
    }

    /// <summary>The last call is over.</summary>
    public sealed record Drained
    {
        public static Drained Instance { get; } = new();
    }

    /// <summary>End all calls, those that come back afterwards included: Bob says goodbye.</summary>
    /// <param name="AtOnce">There is no time for that: Twilio says it.</param>
    public sealed record EndAllCalls(CallEnd Why, bool AtOnce);

    /// <summary>How full the node is. Answered by CallsActor with <see cref="Occupancy"/>.</summary>
    public sealed record GetOccupancy
    {
        public static GetOccupancy Instance { get; } = new();
    }

    /// <summary>Calls that exist now, and how many are allowed.</summary>
    public sealed record Occupancy(int Calls, int MaxCalls)
    {
        public bool HasRoom => Calls < MaxCalls;
    }
}
