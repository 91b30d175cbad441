using System.Buffers.Text;
using Akka.Actor;
using Akka.Event;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Records;
using static Bob.Actors.Recording.RecorderProtocol;

namespace Bob.Actors.Recording;

/// <summary>What the recorder of a call is made of.</summary>
public sealed record RecorderSetup(CallSid CallSid, IRecordings Recordings, CallJournal Journal, TimeProvider Clock)
{
    /// <summary>Outlives an incarnation, as the journal does.</summary>
    public RecordingUnderWay Recording { get; } = new();
}

/// <summary>
/// Records one call, as both sides heard it.
/// <code>
///       StartRecording                the disk refuses
/// Idle ────────────────► Recording ─────────────────────► Closed
///                         │     └── the call ends: finished
///                         └── restart: goes on in the same file
/// </code>
/// It writes to a disk, which may take its time, or hang: it lives on a dispatcher that it shares with recorders alone, is only ever told, never asked, and
/// what waits for it is bounded (<see cref="RecorderMailbox"/>).
/// </summary>
public sealed class RecorderActor : UntypedActor, IWithTimers
{
    /// <summary>How often it writes: what is lost when the process dies.</summary>
    public static readonly TimeSpan WriteInterval = TimeSpan.FromMilliseconds(500);

    private const long TicksPerSample = TimeSpan.TicksPerMillisecond / Mulaw.BytesPerMs;

    private readonly RecorderSetup _setup;
    private readonly RecordingUnderWay _recording;
    private readonly ILoggingAdapter _log;
    private byte[] _decoded = new byte[Mulaw.FrameBytes];

    public RecorderActor(RecorderSetup setup)
    {
        _setup = setup;
        _recording = setup.Recording;
        _log = Context.GetLogger().WithContext("CallSid", setup.CallSid.Value);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        if (_recording.IsClosed)
            Become(Closed);
        else if (_recording.File is not null)
            GoOn();
    }

    /// <summary>The file stays open for the next incarnation.</summary>
    protected override void PreRestart(Exception reason, object message)
    {
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case StartRecording start:
                Begin(start.At);
                break;
            case IRecorderCommand or WriteDue:
                break; // nobody is on the line
            default:
                Unhandled(message);
                break;
        }
    }

    private void Recording(object message)
    {
        switch (message)
        {
            case CallerSaid caller:
                _recording.Timeline.Caller(Position(caller.At), caller.Audio.Mulaw);
                break;
            case BobSaid bob:
                if (_decoded.Length < bob.Audio.Bytes)
                    _decoded = new byte[bob.Audio.Bytes];
                Base64.DecodeFromUtf8(bob.Audio.Base64, _decoded, out _, out var bytes);
                _recording.Timeline.Bob(Position(bob.Until) - bytes, _decoded.AsSpan(0, bytes));
                break;
            case BobCut cut:
                _recording.Timeline.CutBob(Position(cut.At));
                break;
            case BobMoved moved:
                _recording.Timeline.MoveBob(Position(moved.From), Position(moved.To));
                break;
            case WriteDue:
                if (Refused(Write) is { } refusal)
                    Truncate(refusal);
                else
                    WriteLater();
                break;
            case StartRecording:
                break; // the next stream of the same call
            default:
                Unhandled(message);
                break;
        }
    }

    private void Closed(object message)
    {
        if (message is not (IRecorderCommand or WriteDue))
            Unhandled(message);
    }

    private void Begin(TimeSpan at)
    {
        if (Refused(() => Open(at)) is { } refusal)
            Truncate(refusal);
        else
            GoOn();
    }

    /// <summary>A call that was recorded before whoever recorded it died goes on in the same file, at its place in time: between is silence.</summary>
    private void Open(TimeSpan at)
    {
        _recording.Began = at;
        if (_setup.Journal.Recording is { } before && _setup.Recordings.Reopen(before.File) is { } file)
        {
            var (since, end) = (_setup.Clock.GetUtcNow() - before.At, StereoWav.Duration(file.Samples));
            _recording.Began = at - (since > end ? since : end); // whatever the clock says, what is there stays
            (_recording.File, _recording.Written, _recording.Timeline) = (file, file.Samples, new StereoTimeline(file.Samples));
            return;
        }

        _recording.File = _setup.Recordings.Create(_setup.CallSid);
        _setup.Journal.RecordingBegun(_recording.File.Name);
    }

    private void GoOn()
    {
        WriteLater();
        Become(Recording);
    }

    /// <summary>One at a time: on a disk that hangs, none of them heap up.</summary>
    private void WriteLater() => Timers.StartSingleTimer(nameof(WriteDue), WriteDue.Instance, WriteInterval);

    private void Write()
    {
        var now = Position(_setup.Clock.GetElapsedTime(0));
        while (_recording.Timeline.Take(now, out var position) is { IsEmpty: false } samples)
        {
            _recording.File!.Write(position, samples);
            _recording.Written = Math.Max(_recording.Written, position + (samples.Length / StereoWav.FrameBytes));
        }
    }

    /// <summary>Closes the recording as it is; the call does not notice.</summary>
    private void Truncate(Exception refusal)
    {
        Truncation.Tell(_log, _setup.Journal, DiskRefusal.Reason(refusal), refusal.Message);
        Timers.CancelAll();
        Finish();
        Become(Closed);
    }

    private void Finish()
    {
        string? path = null;
        var file = _recording.File;
        (_recording.File, _recording.IsClosed) = (null, true);
        if (file is not null && Refused(() => path = file.Finish(_recording.Written)) is { } refusal)
        {
            file.Dispose();
            _log.Warning("The recording stays unfinished until the next start ({Detail})", refusal.Message);
            Truncation.Tell(_log, _setup.Journal, DiskRefusal.Reason(refusal), refusal.Message);
        }

        Context.System.EventStream.Publish(
            new RecordingFinished(_setup.CallSid, path, StereoWav.Duration(_recording.Written), _setup.Journal.RecordingFault));
    }

    protected override void PostStop()
    {
        if (_recording.File is null)
            return;
        if (Refused(Write) is { } refusal)
            Truncate(refusal);
        else
            Finish();
    }

    private long Position(TimeSpan at) => (long)Math.Round((at - _recording.Began).Ticks / (double)TicksPerSample);

    private static Exception? Refused(Action write)
    {
        try
        {
            write();
            return null;
        }
        catch (Exception refusal) when (DiskRefusal.Expected(refusal))
        {
            return refusal;
        }
    }

    private sealed record WriteDue : IDeadLetterSuppression
    {
        public static WriteDue Instance { get; } = new();
    }
}
