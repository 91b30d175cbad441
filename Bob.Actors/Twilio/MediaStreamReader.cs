using System.Buffers.Text;
using Akka.Actor;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Recording;
using Bob.Actors.Sockets;
using Microsoft.Extensions.Logging;
using static Bob.Actors.Calls.CallProtocol;
using static Bob.Actors.Twilio.CallerLegProtocol;

namespace Bob.Actors.Twilio;

/// <summary>
/// Reads one media stream from its accepted socket to its end: waits for <c>start</c>, has the ticket checked by the calls, then hands every
/// frame to the model's leg and everything else to the caller's leg. Never waits for an actor once the stream runs.
/// </summary>
/// <param name="clock">The line's axis of time, on which what the caller says has its place.</param>
/// <param name="waking">By which Twilio's silence is measured.</param>
public sealed partial class MediaStreamReader(IMessageSocket socket, IActorRef calls, TimeProvider clock, TimeProvider waking, ILogger<MediaStreamReader> log)
    : MessageReader(socket)
{
    /// <summary>Cap of one message from Twilio: its own are about 400 bytes.</summary>
    public const int MaxMessageBytes = 64 * 1024;

    /// <summary>
    /// How long a socket may be open without a <c>start</c>: Twilio sends it at once. Less than the five tries of a call take that finds all places taken by
    /// such sockets.
    /// </summary>
    public static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(4);

    private const int MaxBinaryMessages = 3;
    private const int MaxMalformedMessages = 100;

    /// <summary>Gaps up to this length are filled with silence; a longer one is a clock that jumped, ms.</summary>
    private const long MaxGapMs = 10_000;

    /// <summary>Chunks by which one may come late (10 s of them). One that is further behind is no duplicate: the count has leapt, or begun anew.</summary>
    private const long MaxLateChunks = 500;

    private MediaStream? _stream;
    private string? _end;
    private Task _closing = Task.CompletedTask;
    private IActorRef _callerLeg = ActorRefs.Nobody, _modelLeg = ActorRefs.Nobody;
    private IActorRef? _recorder;
    private FrameClock? _spoken;
    private long _lastChunk, _nextTimestamp = -1;
    private int _binary, _malformed;

    /// <summary>Runs until the stream ends. Reports the end once, as a message; the socket is closed when it returns.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        var reason = "internal-error";
        try
        {
            reason = await ReadAsync(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            reason = "host-stopping";
        }
        catch (Exception failure) when (SocketFailure.Expected(failure))
        {
            reason = SocketFailure.Word(failure);
        }
        finally
        {
            if (_stream is not null)
                _callerLeg.Tell(new StreamEnded(_stream, reason), ActorRefs.NoSender);
            await _closing;
            await Socket.CloseAsync(1000, "");
        }
    }

    private async Task<string> ReadAsync(CancellationToken stopping)
    {
        if (await StartAsync(stopping) is { } reason)
            return reason;
        await ReadAllAsync(stopping);
        return _end!;
    }

    /// <summary>Reads until the stream has its place in a call. Gives the reason when it comes to none.</summary>
    private async Task<string?> StartAsync(CancellationToken stopping)
    {
        // The deadline is for the start alone; the calls have their own to answer it, and then the caller's leg watches. It closes the socket
        // under the pending receive: to cancel that would cut the connection before the far end hears why.
        await using var starting = clock.CreateTimer(_ => TooLate(), null, StartDeadline, Timeout.InfiniteTimeSpan);
        while (true)
        {
            var message = await Socket.ReceiveAsync(stopping);
            if (Ends(in message, out var start) is { } end)
                return end;
            if (start is null)
                continue;
            starting.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return await RefuseAsync(start) is { } refusal ? Close(1008, refusal) : null;
        }
    }

    protected override bool Take(in SocketMessage message)
    {
        _stream!.Heard();
        return (_end = Ends(in message, out _)) is null;
    }

    /// <summary>Takes a message in; why the stream is over with it, if it is.</summary>
    /// <param name="start">One that is yet to be accepted.</param>
    private string? Ends(in SocketMessage message, out StreamStart? start)
    {
        start = null;
        switch (message.Kind)
        {
            case SocketMessageKind.Close:
                return _stream is null ? "closed-without-start" : "closed-without-stop";
            case SocketMessageKind.TooBig:
                return Close(1009, "message too big");
            case SocketMessageKind.Binary when ++_binary >= MaxBinaryMessages:
                return Close(1003, "text messages only");
            case SocketMessageKind.Binary:
                CallMetrics.Skipped("twilio-binary");
                return null;
        }

        start = Handle(message.Utf8.Span);
        return _malformed > MaxMalformedMessages ? Close(1007, "malformed messages") : null;
    }

    /// <summary>Handles one message; gives a <c>start</c> back that is yet to be accepted.</summary>
    private StreamStart? Handle(ReadOnlySpan<byte> utf8)
    {
        TwilioCodec.Read(utf8, out var happened);
        switch (happened.Kind)
        {
            case TwilioEventKind.Media when _stream is not null:
                Frame(in happened);
                break;
            case TwilioEventKind.Mark when _stream is not null:
                _callerLeg.Tell(new MarkReturned(happened.Text!), ActorRefs.NoSender);
                break;
            case TwilioEventKind.Dtmf when _stream is not null:
                _callerLeg.Tell(new KeyPressed(happened.Text!), ActorRefs.NoSender);
                break;
            case TwilioEventKind.Stop when _stream is not null:
                _callerLeg.Tell(new StreamStopped(_stream), ActorRefs.NoSender);
                break;
            case TwilioEventKind.Start when _stream is null:
                return happened.Start;
            case TwilioEventKind.Connected:
                break;
            case TwilioEventKind.Malformed:
                _malformed++;
                CallMetrics.Skipped("twilio-malformed");
                break;
            default:
                CallMetrics.Skipped("twilio-unexpected");
                break;
        }

        return null;
    }

    private void Frame(in TwilioEvent media)
    {
        if (!media.Inbound)
            return; // our own voice: it must not come back to the model
        if (media.PayloadBytes <= 0)
        {
            CallMetrics.Skipped("twilio-bad-base64");
            return;
        }

        if (media.Chunk >= 0)
        {
            if (media.Chunk <= _lastChunk && media.Chunk > _lastChunk - MaxLateChunks)
            {
                CallMetrics.Skipped("twilio-duplicate");
                return;
            }

            _lastChunk = media.Chunk;
        }

        FillGap(in media);
        var mulaw = new byte[media.PayloadBytes];
        Base64.DecodeFromUtf8(media.Payload, mulaw, out _, out _);
        var audio = new CallerAudio(mulaw);
        _modelLeg.Tell(audio, ActorRefs.NoSender);
        if (_recorder is not null)
            Record(_recorder, audio, media.TimestampMs);
    }

    private void Record(IActorRef recorder, CallerAudio audio, long timestampMs)
    {
        _spoken ??= new FrameClock();
        var at = _spoken.SpokenAt(timestampMs, audio.Mulaw.Length, clock.GetElapsedTime(0));
        recorder.Tell(new RecorderProtocol.CallerSaid(audio, at), ActorRefs.NoSender);
    }

    /// <summary>The model's turn detection counts bytes, not time: what Twilio leaves out is silence.</summary>
    private void FillGap(in TwilioEvent media)
    {
        if (media.TimestampMs < 0)
            return;
        const int frameMs = Mulaw.FrameBytes / Mulaw.BytesPerMs;
        var gap = media.TimestampMs - _nextTimestamp;
        if (_nextTimestamp >= 0 && gap is >= 2 * frameMs and <= MaxGapMs)
        {
            for (var filled = 0; filled < gap / frameMs; filled++)
                _modelLeg.Tell(CallerAudio.Silence, ActorRefs.NoSender);
        }

        _nextTimestamp = media.TimestampMs + media.PayloadBytes / Mulaw.BytesPerMs;
    }

    /// <summary>Asks the calls for the stream's place. Gives the reason when it has none.</summary>
    private async Task<string?> RefuseAsync(StreamStart start)
    {
        if (start is not { Encoding: "audio/x-mulaw", SampleRate: 8000, Channels: 1 })
        {
            WrongFormat(start.Encoding, start.SampleRate, start.Channels, start.CallSid, start.StreamSid);
            return "unsupported media format";
        }

        var stream = new MediaStream(new StreamSid(start.StreamSid), Socket, waking);
        var ticket = start.Parameters.GetValueOrDefault("ticket", "");
        IStreamAdmission admission;
        try
        {
            admission = await calls.Ask<IStreamAdmission>(new AttachStream(new CallSid(start.CallSid), ticket, stream), StartDeadline);
        }
        catch (AskTimeoutException)
        {
            admission = new StreamRefused("no answer in time");
        }

        switch (admission)
        {
            case StreamAccepted accepted:
                (_callerLeg, _modelLeg, _recorder, _stream) = (accepted.CallerLeg, accepted.ModelLeg, accepted.Recorder, stream);
                Socket.Expect([this, stream, .. Needed.By(_modelLeg)]);
                return null;
            case StreamRefused refused:
                Refused(refused.Reason, start.CallSid, start.StreamSid);
                return refused.Reason;
            default:
                return "unexpected answer";
        }
    }

    private void TooLate()
    {
        NoStart();
        _ = Socket.CloseAsync(1008, "no start in time");
    }

    /// <summary>Begins to close; the caller's leg must not learn of it a goodbye later, from a send that fails.</summary>
    private string Close(int code, string reason)
    {
        _closing = Socket.CloseAsync(code, reason);
        return reason;
    }

    [LoggerMessage(LogLevel.Warning, "A media socket sent no start in time and was closed")]
    private partial void NoStart();

    [LoggerMessage(LogLevel.Warning, "Media stream refused: {Reason} (CallSid {CallSid}, StreamSid {StreamSid})")]
    private partial void Refused(string reason, string callSid, string streamSid);

    [LoggerMessage(LogLevel.Warning, "Media stream refused: its format is {Encoding}, {SampleRate} Hz, {Channels} channels, and must be audio/x-mulaw, 8000 Hz, 1 (CallSid {CallSid}, StreamSid {StreamSid})")]
    private partial void WrongFormat(string encoding, int sampleRate, int channels, string callSid, string streamSid);
}
