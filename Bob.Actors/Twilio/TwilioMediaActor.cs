using Akka.Actor;
using Akka.Event;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Sockets;
using static Bob.Actors.Twilio.CallerLegProtocol;

namespace Bob.Actors.Twilio;

/// <summary>
/// The caller's leg: plays the model's voice on the media stream and knows what of it has been heard.
/// <code>
///            Attach                    stop, CloseLine
/// Waiting ──────────► Streaming ──────────────────────► Closed
///    ▲                    │ socket lost, no frames, Detach
///    └──── restart ◄──────┘
/// </code>
/// What is said goes through <see cref="BobsVoice"/>. Its ledger and framing outlive an incarnation: what the caller has heard, and has still to hear, is a fact of the call, not of a socket.
/// </summary>
public sealed class TwilioMediaActor : UntypedActor, IWithTimers
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(250);
    private readonly CallerLegSetup _setup;
    private readonly IActorRef _call = Context.Parent;
    private ILoggingAdapter _log;
    private BobsVoice _voice = null!;
    private MediaStream? _stream;
    private SocketSender? _sender;

    public TwilioMediaActor(CallerLegSetup setup)
    {
        _setup = setup;
        _log = Context.GetLogger().WithContext("CallSid", setup.CallSid.Value);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => _voice = new BobsVoice(_setup, _call, Timers);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case VoiceAudio or ResponseStarted or ItemFinished or ResponseFinished or CallerSpoke or ModelLost:
                _voice.Take(message);
                break;
            case Attach attach:
                Begin(attach.Stream);
                break;
            case FinishPlayback:
                _call.Tell(new BobFinished()); // nobody is there to hear the rest
                break;
            case CloseLine:
                _voice.CutShort();
                Become(Closed);
                break;
            case CallIsOver:
                _voice.CutShort();
                Become(Closed);
                _call.Tell(new AllTold());
                break;
            case PlayClip or GoOn or Detach or MarkReturned or KeyPressed or StreamStopped or StreamEnded or SocketDrained or SocketBroken or Watch or HeardDeadline:
                break; // of a stream that is gone
            default:
                Unhandled(message);
                break;
        }
    }

    private void Streaming(object message)
    {
        switch (message)
        {
            case VoiceAudio or ResponseStarted or ItemFinished or ResponseFinished or CallerSpoke or ModelLost:
                _voice.Take(message);
                break;
            case MarkReturned mark:
                _voice.Passed(mark.Name);
                break;
            case SocketDrained drained when drained.Stream == _stream:
                _sender!.Drained();
                _voice.Play();
                break;
            case KeyPressed key:
                _call.Tell(new CallerPressed(key.Digit));
                break;
            case PlayClip clip:
                _voice.Say(clip.Item);
                break;
            case FinishPlayback:
                _voice.Finish();
                break;
            case GoOn:
                _voice.GoOn();
                break;
            case HeardDeadline:
                _log.Debug("A mark did not come back in time; going on without it");
                _voice.MarksLost();
                break;
            case Watch:
                if (_stream!.Quiet > _setup.MediaTimeout)
                    throw new CallerSocketLostException("media-timeout");
                if (_sender!.Stalled > _setup.MediaTimeout)
                    throw new CallerSocketLostException("send-timeout");
                break;
            case StreamStopped stopped when stopped.Stream == _stream:
                Close();
                _call.Tell(new CallerHungUp());
                break;
            case CloseLine:
                Close();
                break;
            case CallIsOver:
                Close();
                _call.Tell(new AllTold());
                break;
            case StreamEnded ended when ended.Stream == _stream:
                throw new CallerSocketLostException(ended.Reason);
            case SocketBroken broken when broken.Stream == _stream:
                throw new CallerSocketLostException(broken.Reason);
            case Detach:
                throw new CallerSocketLostException("twilio-moved-on");
            case Attach attach:
                // The old stream's end has not shown yet; the new one proves it.
                Release("replaced");
                _voice.LineLost();
                Begin(attach.Stream);
                break;
            case SocketDrained or SocketBroken or StreamEnded or StreamStopped:
                break; // of an earlier stream
            default:
                Unhandled(message);
                break;
        }
    }

    private void Closed(object message)
    {
        switch (message)
        {
            case Attach attach:
                _ = attach.Stream.Socket.CloseAsync(1000, "the call is over");
                break;
            case FinishPlayback:
                _call.Tell(new BobFinished());
                break;
            case CallIsOver:
                _call.Tell(new AllTold());
                break;
            case VoiceAudio or ICallerLegCommand or SocketDrained or SocketBroken or Watch or HeardDeadline:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Begin(MediaStream stream)
    {
        var self = Self;
        _stream = stream;
        _log = _log.WithContext("StreamSid", stream.StreamSid.Value);
        _sender = new SocketSender(
            stream.Socket, self, new SocketDrained(stream), failure => new SocketBroken(stream, SocketFailure.Word(failure)), _setup.Waking);
        Timers.StartPeriodicTimer(nameof(Watch), Watch.Instance, WatchInterval);
        Become(Streaming);
        _voice.Begin(_sender, new TwilioWriter(stream.StreamSid));
    }

    private void Close()
    {
        _voice.CutShort();
        Release("the call is over");
        Become(Closed);
    }

    private void Release(string reason)
    {
        if (_stream is null)
            return;
        _ = _stream.Socket.CloseAsync(1000, reason);
        Timers.CancelAll();
        _voice.End();
        (_stream, _sender) = (null, null);
    }

    /// <summary>Here and not after the restart, because only this incarnation knows which stream it was.</summary>
    protected override void PreRestart(Exception reason, object message)
    {
        _voice.LineLost();
        _call.Tell(new StreamLost(_stream?.StreamSid, (reason as CallerSocketLostException)?.Reason ?? "internal-error"));
        base.PreRestart(reason, message);
    }

    protected override void PostStop() => Release("the call is over");

    private sealed record SocketDrained(MediaStream Stream) : IDeadLetterSuppression, INoSerializationVerificationNeeded;

    private sealed record SocketBroken(MediaStream Stream, string Reason) : IDeadLetterSuppression, INoSerializationVerificationNeeded;

    private sealed record Watch : IDeadLetterSuppression
    {
        public static Watch Instance { get; } = new();
    }
}
