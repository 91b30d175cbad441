using Akka.Actor;
using Akka.Event;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Recording;
using Bob.Actors.Sockets;
using static Bob.Actors.Twilio.CallerLegProtocol;

namespace Bob.Actors.Twilio;

/// <summary>To the caller's leg, by a timer: all marks should have come back by now.</summary>
internal sealed record HeardDeadline : IDeadLetterSuppression
{
    public static HeardDeadline Instance { get; } = new();
}

/// <summary>
/// Bob's voice on its way to the caller, the model's and that of clips: takes it in, plays it on the stream there is, and tells the call what was heard.
/// Part of <see cref="TwilioMediaActor"/>, and only ever run by it.
/// </summary>
internal sealed class BobsVoice(CallerLegSetup setup, IActorRef call, ITimerScheduler timers)
{
    /// <summary>How long after its audio a mark may come before Bob goes on without it.</summary>
    private static readonly TimeSpan MarkGrace = TimeSpan.FromSeconds(2);

    private readonly PlaybackLedger _ledger = setup.Ledger;
    private readonly Framing _framing = setup.Framing;
    private readonly IActorRef? _recorder = setup.Recorder;
    private SocketSender? _sender;
    private TwilioWriter? _writer;
    private bool _speaking, _bridging, _finishing;

    private TimeSpan Now => setup.Clock.GetElapsedTime(0);

    /// <summary>From now on there is a stream to play on.</summary>
    public void Begin(SocketSender sender, TwilioWriter writer)
    {
        (_sender, _writer) = (sender, writer);
        Play();
        Paused();
    }

    /// <summary>There is no stream any more.</summary>
    public void End() => (_sender, _writer, _speaking, _bridging) = (null, null, false, false);

    /// <summary>What was on its way on the stream is lost with it.</summary>
    public void LineLost()
    {
        var now = Now;
        Silenced(now);
        _ledger.LineLost(now);
    }

    /// <summary>Takes in what the model's side says, in the order in which it was said.</summary>
    public void Take(object message)
    {
        switch (message)
        {
            case VoiceAudio audio:
                var now = Now;
                Append(audio, now);
                Play(now);
                break;
            case CallerSpoke spoke when _ledger.IsGone(spoke.Attempt):
            case ResponseStarted early when _ledger.IsGone(early.Attempt):
                break; // of a session that is gone
            case ResponseStarted started:
                timers.Cancel(nameof(HeardDeadline)); // counts from the end of what is said
                _ledger.ResponseStarted(started.ResponseId, started.Session);
                break;
            case ItemFinished finished:
                Queue(_framing.Flush(), Now);
                Complete(finished.Item);
                Play();
                break;
            case ResponseFinished finished:
                Queue(_framing.Flush(), Now);
                var open = _ledger.ResponseFinished(finished.ResponseId);
                Play();
                if (!finished.IsWhole)
                    call.Tell(new SpeechCut(open));
                Paused();
                break;
            case CallerSpoke:
                Interrupted();
                break;
            case ModelLost lost:
                Queue(_framing.Flush(), Now);
                var cut = _ledger.ModelLost(lost.Attempt);
                Play(); // first, so that nothing begins after it was cut
                call.Tell(new SpeechCut(cut));
                Paused();
                break;
        }
    }

    /// <summary>Says a clip behind what is being said. It is whole at once, so that no lost session can cut it.</summary>
    public void Say(SpokenItem item)
    {
        if (item.Clip is not { } clip || (clip.IsBridge && !_ledger.AllHeard))
            return;
        call.Tell(new ClipPlays(item));
        var now = Now;
        foreach (var audio in clip.Say(item))
            Append(audio, now);
        Complete(item);
        Play();
        Paused();
    }

    /// <summary>Plays as much as the socket takes.</summary>
    public void Play() => Play(Now);

    private void Play(TimeSpan now)
    {
        if (_sender is null)
            return;
        while (!_sender.Busy)
        {
            if (_ledger.TryMark(now, out var mark))
            {
                _sender.Send(_writer!.WriteMark(_sender.Buffer(_writer.LongestMark), mark));
            }
            else if (_ledger.TrySend(now, out var audio))
            {
                Speaks(audio.Item.Clip is { IsBridge: true });
                var media = _writer!.MediaLength(audio.Base64.Length);
                var buffer = _sender.Buffer(media + _writer.LongestMark);
                _writer.WriteMedia(buffer, audio.Base64);
                _sender.Send(media, _ledger.TryMark(now, out mark) ? _writer.WriteMark(buffer[media..], mark) : 0);
                _recorder?.Tell(new RecorderProtocol.BobSaid(audio, _ledger.SentIsHeardAt), ActorRefs.NoSender);
            }
            else
            {
                return;
            }
        }
    }

    /// <summary>A mark came back.</summary>
    public void Passed(string mark)
    {
        var (now, believed) = (Now, _ledger.SentIsHeardAt);
        if (!_ledger.MarkReturned(mark, now))
            return;
        var correction = _ledger.SentIsHeardAt - believed;
        if (correction != TimeSpan.Zero)
            _recorder?.Tell(new RecorderProtocol.BobMoved(now - correction, now), ActorRefs.NoSender);
        Paused();
    }

    /// <summary>Goes on without the marks that did not come back.</summary>
    public void MarksLost()
    {
        _ledger.MarksLost();
        Paused(); // a busy socket may hold some of it back
    }

    /// <summary>Tells the call when everything has been heard.</summary>
    public void Finish()
    {
        _finishing = true;
        Paused();
    }

    /// <summary>Takes <see cref="Finish"/> back.</summary>
    public void GoOn() => _finishing = false;

    /// <summary>The line is closed: what the caller has not heard of what was said, they never will.</summary>
    public void CutShort() => _ = Cut();

    private void Silenced(TimeSpan now) => _recorder?.Tell(new RecorderProtocol.BobCut(_ledger.HeardUntil(now)), ActorRefs.NoSender);

    private void Append(VoiceAudio? audio, TimeSpan now)
    {
        if (audio is null)
            return;
        var framed = _framing.Push(audio, out var flushed);
        Queue(flushed, now);
        Queue(framed, now);
    }

    private void Queue(VoiceAudio? audio, TimeSpan now)
    {
        if (audio is not null && !_ledger.Append(audio, now))
            CallMetrics.VoiceDropped.Add(audio.Bytes);
    }

    private void Complete(SpokenItem item)
    {
        if (_ledger.ItemFinished(item) is > 0 and var receivedMs)
            call.Tell(new ItemSpoken(item.ItemId, receivedMs));
    }

    private void Speaks(bool bridge)
    {
        if (_speaking && (bridge || !_bridging))
            return;
        (_speaking, _bridging) = (true, bridge);
        call.Tell(new BobSpoke(bridge));
    }

    private void Interrupted()
    {
        _finishing = false; // cut off is not finished: the call decides whether it goes on
        if (Cut())
            _sender?.Post(_writer!.Clear);
        Paused();
    }

    /// <returns>Whether the line may hold some of it.</returns>
    private bool Cut()
    {
        _framing.Drop();
        var now = Now;
        Silenced(now);
        var interruption = _ledger.Interrupt(now);
        if (interruption.Cut.Count > 0)
            call.Tell(new SpeechInterrupted(interruption.Cut));
        return interruption.ClearLine;
    }

    /// <summary>Looks whether everything has been heard; if not, sees to it that a lost mark cannot hold the call up.</summary>
    private void Paused()
    {
        if (_ledger.Receiving)
            return;
        if (_ledger.AllHeard)
            Finished();
        else if (_sender is not null)
            timers.StartSingleTimer(nameof(HeardDeadline), HeardDeadline.Instance, TimeSpan.FromMilliseconds(_ledger.RemainingMs(Now)) + MarkGrace);
    }

    private void Finished()
    {
        timers.Cancel(nameof(HeardDeadline));
        if (_speaking)
        {
            (_speaking, _bridging) = (false, false);
            call.Tell(new BobPaused());
        }

        if (_finishing)
        {
            _finishing = false;
            call.Tell(new BobFinished());
        }
    }
}
