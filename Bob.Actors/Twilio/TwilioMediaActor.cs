using Akka.Actor;
using Akka.Event;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Recording;
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
/// The ledger and the framing outlive an incarnation: what the caller has heard, and has still to hear, is a fact of the call, not of a socket.
/// </summary>
public sealed class TwilioMediaActor : UntypedActor, IWithTimers
{
    /// <summary>How long after its audio a mark may come before Bob goes on without it.</summary>
    private static readonly TimeSpan MarkGrace = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);
    private readonly PlaybackLedger _ledger;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _mediaTimeout;
    private readonly IActorRef _call = Context.Parent;
    private readonly Framing _framing;
    private readonly IActorRef? _recorder;
    private ILoggingAdapter _log;
    private MediaStream? _stream;
    private SocketSender? _sender;
    private TwilioWriter? _writer;
    private bool _speaking, _finishing;

    public TwilioMediaActor(CallerLegSetup setup)
    {
        _ledger = setup.Ledger;
        _framing = setup.Framing;
        _recorder = setup.Recorder;
        _mediaTimeout = setup.MediaTimeout;
        _clock = setup.Clock;
        _log = Context.GetLogger().WithContext("CallSid", setup.CallSid.Value);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _clock.GetElapsedTime(0);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case VoiceAudio or ResponseStarted or ItemFinished or ResponseFinished or CallerSpoke or ModelLost:
                Voice(message);
                break;
            case Attach attach:
                Begin(attach.Stream);
                break;
            case FinishPlayback:
                _call.Tell(new BobFinished()); // nobody is there to hear the rest
                break;
            case CloseLine:
                Become(Closed);
                break;
            case GoOn or Detach or MarkReturned or KeyPressed or StreamStopped or StreamEnded or SocketDrained or SocketBroken or Watch or HeardDeadline:
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
                Voice(message);
                break;
            case MarkReturned mark:
                Passed(mark.Name);
                break;
            case SocketDrained drained when drained.Stream == _stream:
                _sender!.Drained();
                Play();
                break;
            case KeyPressed key:
                _call.Tell(new CallerPressed(key.Digit));
                break;
            case FinishPlayback:
                _finishing = true;
                Paused();
                break;
            case GoOn:
                _finishing = false;
                break;
            case HeardDeadline:
                _log.Debug("A mark did not come back in time; going on without it");
                _ledger.MarksLost();
                Paused(); // a busy socket may hold some of it back
                break;
            case Watch:
                if (_stream!.Quiet > _mediaTimeout)
                    throw new CallerSocketLostException("media-timeout");
                if (_sender!.Stalled > _mediaTimeout)
                    throw new CallerSocketLostException("send-timeout");
                break;
            case StreamStopped stopped when stopped.Stream == _stream:
                _call.Tell(new CallerHungUp());
                Close();
                break;
            case CloseLine:
                Close();
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
                Silenced(Now);
                _ledger.LineLost(Now);
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
        _writer = new TwilioWriter(stream.StreamSid);
        _sender = new SocketSender(
            stream.Socket, self, new SocketDrained(stream), failure => new SocketBroken(stream, SocketFailure.Word(failure)), _clock);
        Timers.StartPeriodicTimer(nameof(Watch), Watch.Instance, WatchInterval);
        Become(Streaming);
        Play();
        Paused();
    }

    /// <summary>What the model's side says, in the order in which it was said.</summary>
    private void Voice(object message)
    {
        switch (message)
        {
            case VoiceAudio audio:
                var framed = _framing.Push(audio, out var flushed);
                Take(flushed);
                Take(framed);
                Play();
                break;
            case CallerSpoke spoke when _ledger.IsGone(spoke.Attempt):
            case ResponseStarted early when _ledger.IsGone(early.Attempt):
                break; // of a session that is gone
            case ResponseStarted started:
                Timers.Cancel(nameof(HeardDeadline)); // counts from the end of what is said
                _ledger.ResponseStarted(started.ResponseId);
                break;
            case ItemFinished finished:
                Take(_framing.Flush());
                if (_ledger.ItemFinished(finished.Item) is > 0 and var receivedMs)
                    _call.Tell(new ItemSpoken(finished.Item.ItemId, receivedMs));
                Play();
                break;
            case ResponseFinished finished:
                Take(_framing.Flush());
                _ledger.ResponseFinished(finished.ResponseId);
                Play();
                Paused();
                break;
            case CallerSpoke:
                Interrupted();
                break;
            case ModelLost lost:
                Take(_framing.Flush());
                var cut = _ledger.ModelLost(lost.Attempt);
                Play(); // first, so that nothing begins after it was cut
                _call.Tell(new SpeechCut(cut));
                Paused();
                break;
        }
    }

    private void Take(VoiceAudio? audio)
    {
        if (audio is not null && !_ledger.Append(audio, Now))
            CallMetrics.VoiceDropped.Add(audio.Bytes);
    }

    private void Play()
    {
        if (_sender is null)
            return;
        Span<byte> name = stackalloc byte[PlaybackMark.MaxLength];
        while (!_sender.Busy)
        {
            if (_ledger.TryMark(Now, out var mark))
            {
                var length = mark.Write(name);
                _sender.Send(_writer!.WriteMark(_sender.Buffer(_writer.MarkLength(length)), name[..length]));
            }
            else if (_ledger.TrySend(Now, out var audio))
            {
                if (!_speaking)
                {
                    _speaking = true;
                    _call.Tell(new BobSpoke());
                }

                _sender.Send(_writer!.WriteMedia(_sender.Buffer(_writer.MediaLength(audio.Base64.Length)), audio.Base64));
                _recorder?.Tell(new RecorderProtocol.BobSaid(audio, _ledger.SentIsHeardAt), ActorRefs.NoSender);
            }
            else
            {
                return;
            }
        }
    }

    private void Interrupted()
    {
        _framing.Drop();
        _finishing = false; // cut off is not finished: the call decides whether it goes on
        var now = Now;
        Silenced(now);
        var interruption = _ledger.Interrupt(now);
        if (interruption.ClearLine)
            _sender?.Post(_writer!.Clear);
        if (interruption.Cut.Count > 0)
            _call.Tell(new SpeechInterrupted(interruption.Cut));
        Paused();
    }

    private void Passed(string mark)
    {
        var (now, believed) = (Now, _ledger.SentIsHeardAt);
        if (!_ledger.MarkReturned(mark, now))
            return;
        var correction = _ledger.SentIsHeardAt - believed;
        if (correction != TimeSpan.Zero)
            _recorder?.Tell(new RecorderProtocol.BobMoved(now - correction, now), ActorRefs.NoSender);
        Paused();
    }

    /// <summary>Of what was sent, the caller hears no more than until now.</summary>
    private void Silenced(TimeSpan now) => _recorder?.Tell(new RecorderProtocol.BobCut(_ledger.HeardUntil(now)), ActorRefs.NoSender);

    /// <summary>Looks whether everything has been heard; if not, sees to it that a lost mark cannot hold the call up.</summary>
    private void Paused()
    {
        if (_ledger.Receiving)
            return;
        if (_ledger.AllHeard)
            Finished();
        else if (_stream is not null)
            Timers.StartSingleTimer(nameof(HeardDeadline), HeardDeadline.Instance, TimeSpan.FromMilliseconds(_ledger.RemainingMs(Now)) + MarkGrace);
    }

    private void Finished()
    {
        Timers.Cancel(nameof(HeardDeadline));
        if (_speaking)
        {
            _speaking = false;
            _call.Tell(new BobPaused());
        }

        if (_finishing)
        {
            _finishing = false;
            _call.Tell(new BobFinished());
        }
    }

    private void Close()
    {
        Silenced(Now);
        Release("the call is over");
        Become(Closed);
    }

    private void Release(string reason)
    {
        if (_stream is null)
            return;
        _ = _stream.Socket.CloseAsync(1000, reason);
        Timers.CancelAll();
        (_stream, _sender, _writer, _speaking) = (null, null, null, false);
    }

    /// <summary>Here and not after the restart, because only this incarnation knows which stream it was.</summary>
    protected override void PreRestart(Exception reason, object message)
    {
        Silenced(Now);
        _ledger.LineLost(Now);
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

    private sealed record HeardDeadline : IDeadLetterSuppression
    {
        public static HeardDeadline Instance { get; } = new();
    }
}
