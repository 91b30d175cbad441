using System.Buffers.Text;
using Akka.Actor;
using Akka.Event;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Records;
using static Bob.Actors.Recording.RecorderProtocol;

namespace Bob.Actors.Recording;

/// <summary>What the recorder of a call is made of.</summary>
public sealed record RecorderSetup(CallSid CallSid, IRecordings Recordings, CallJournal Journal, TimeProvider Clock);

/// <summary>
/// Records one call, as both sides heard it.
/// <code>
///       StartRecording                the disk refuses
/// Idle ────────────────► Recording ─────────────────────► Closed
///                            └── the call ends: finished
/// </code>
/// It writes to a disk, which may take its time, or hang: it lives on a dispatcher that it shares with recorders alone, and is only ever told, never asked.
/// </summary>
public sealed class RecorderActor : UntypedActor, IWithTimers
{
    /// <summary>How often it writes: what is lost when the process dies.</summary>
    public static readonly TimeSpan WriteInterval = TimeSpan.FromMilliseconds(500);

    private const long TicksPerSample = TimeSpan.TicksPerMillisecond / Mulaw.BytesPerMs;

    private readonly RecorderSetup _setup;
    private readonly ILoggingAdapter _log;
    private readonly StereoTimeline _timeline = new();
    private IRecordingFile? _file;
    private TimeSpan _began;
    private long _written;
    private byte[] _decoded = new byte[Mulaw.FrameBytes];

    public RecorderActor(RecorderSetup setup)
    {
        _setup = setup;
        _log = Context.GetLogger().WithContext("CallSid", setup.CallSid.Value);
    }

    public ITimerScheduler Timers { get; set; } = null!;

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
                _timeline.Caller(Position(caller.At), caller.Audio.Mulaw);
                break;
            case BobSaid bob:
                if (_decoded.Length < bob.Audio.Bytes)
                    _decoded = new byte[bob.Audio.Bytes];
                Base64.DecodeFromUtf8(bob.Audio.Base64, _decoded, out _, out var bytes);
                _timeline.Bob(Position(bob.Until) - bytes, _decoded.AsSpan(0, bytes));
                break;
            case BobCut cut:
                _timeline.CutBob(Position(cut.At));
                break;
            case BobMoved moved:
                _timeline.MoveBob(Position(moved.From), Position(moved.To));
                break;
            case WriteDue:
                if (Refused(Write) is { } refusal)
                    Truncate(refusal);
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
        _began = at;
        if (Refused(() => _file = _setup.Recordings.Create(_setup.CallSid)) is { } refusal)
        {
            Truncate(refusal);
            return;
        }

        _setup.Journal.RecordingBegun(_file!.Name);
        Timers.StartPeriodicTimer(nameof(WriteDue), WriteDue.Instance, WriteInterval);
        Become(Recording);
    }

    private void Write()
    {
        var now = Position(_setup.Clock.GetElapsedTime(0));
        while (_timeline.Take(now, out var position) is { IsEmpty: false } samples)
        {
            _file!.Write(position, samples);
            _written = Math.Max(_written, position + (samples.Length / StereoWav.FrameBytes));
        }
    }

    /// <summary>Closes the recording as it is; the call does not notice.</summary>
    private void Truncate(Exception refusal)
    {
        var reason = DiskRefusal.Reason(refusal);
        _log.Warning("Recording truncated: {Reason} ({Detail})", reason, refusal.Message);
        _setup.Journal.RecordingTruncated(reason);
        CallMetrics.RecordingsTruncated.Add(1, new KeyValuePair<string, object?>("reason", reason));
        Timers.CancelAll();
        Finish(reason);
        Become(Closed);
    }

    private void Finish(string? truncated)
    {
        string? path = null;
        var file = _file;
        _file = null;
        if (file is not null && Refused(() => path = file.Finish(_written)) is { } refusal)
        {
            file.Dispose();
            truncated ??= DiskRefusal.Reason(refusal);
            _log.Warning("The recording stays unfinished until the next start ({Detail})", refusal.Message);
        }

        Context.System.EventStream.Publish(new RecordingFinished(_setup.CallSid, path, StereoWav.Duration(_written), truncated));
    }

    protected override void PostStop()
    {
        if (_file is null)
            return;
        if (Refused(Write) is { } refusal)
            Truncate(refusal);
        else
            Finish(truncated: null);
    }

    private long Position(TimeSpan at) => (long)Math.Round((at - _began).Ticks / (double)TicksPerSample);

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
