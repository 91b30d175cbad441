namespace Bob.Simulator.Twilio;

/// <summary>
/// The line of one call, moved by the shared clock: what the caller says goes to the stream, what the stream and Twilio's own voice play goes to
/// the caller's ear, both are recorded at their place in time. One lock guards all of it.
/// </summary>
internal sealed class CallLine : IOnTheClock, ICallersLine
{
    private readonly Lock _gate = new();
    private readonly CallPlan _plan;
    private readonly TwilioSimulatorOptions _options;
    private readonly Caller _caller;
    private readonly LineRecording _heard = new();
    private readonly LineRecording _said = new();
    private readonly VoiceMeter _bob = new();
    private readonly List<SimulatedStream> _streams = [];
    private readonly List<(Func<bool> Condition, TaskCompletionSource Met)> _waiting = [];
    private readonly Playout _announcer;
    private readonly CancellationTokenSource _gone = new();
    private SimulatedStream? _stream;
    private long _slot;
    private long _heardBytes;
    private Exception? _broken;

    public CallLine(CallPlan plan, TwilioSimulatorOptions options)
    {
        _plan = plan;
        _options = options;
        _caller = new Caller(plan, this, Log);
        _announcer = new Playout((position, audio) =>
        {
            _heard.Write(position, audio);
            Ear.Follow(position, audio);
        });
    }

    public CallLog Log { get; } = new();

    public VoiceMeter Ear { get; } = new();

    public bool OnStream => _stream is { IsUp: true };

    /// <summary>Cancelled when the caller hangs up, or the call is ended for another reason that no TwiML decides.</summary>
    public CancellationToken Gone => _gone.Token;

    public CallEndReason GoneReason { get; private set; }

    public string GoneDetail { get; private set; } = "";

    public long HeardBytes => Guarded(() => _heardBytes);

    public bool IsBobSpeaking => Guarded(() => _bob.IsSpeaking(Log.Position));

    public bool IsStreamUp => Guarded(() => OnStream);

    public bool IsCallerSpeaking => Guarded(() => _caller.IsSpeaking);

    public StreamView? View => Guarded(() => _stream?.View);

    public IReadOnlyList<StreamReport> StreamReports => Guarded(() => (List<StreamReport>)[.. _streams.Select(s => s.Report)]);

    public IReadOnlyList<HeardAudio> Playback => Guarded(() => (List<HeardAudio>)[.. _streams.Select(s => s.Playback)]);

    public void Speak(byte[] mulaw)
    {
        lock (_gate)
            _caller.Speak(mulaw);
    }

    public void PressKeys(string digits)
    {
        lock (_gate)
        {
            Log.Say("caller", $"presses {digits}");
            if (OnStream)
                _stream!.Dtmf(digits);
        }
    }

    /// <summary>Ends the call from outside the TwiML. False if that has happened already.</summary>
    public bool HangUp(CallEndReason reason, string detail)
    {
        lock (_gate)
        {
            if (GoneDetail.Length > 0)
                return false;
            (GoneReason, GoneDetail) = (reason, detail);
        }

        Log.Say(reason == CallEndReason.CallerHungUp ? "caller" : "twilio", reason == CallEndReason.CallerHungUp ? "hangs up" : detail);
        _ = _gone.CancelAsync();
        return true;
    }

    public void DropMedia(bool reset)
    {
        lock (_gate)
            _stream?.Drop(reset);
    }

    public void FreezeMedia()
    {
        lock (_gate)
            _stream?.Freeze();
    }

    /// <summary>Twilio's own voice; what it has still to say goes on behind.</summary>
    public void Announce(byte[] mulaw)
    {
        lock (_gate)
            _announcer.Enqueue(Log.Position, mulaw);
    }

    public void StopAnnouncing()
    {
        lock (_gate)
            _announcer.Clear(Log.Position);
    }

    public SimulatedStream NewStream(string callSid, TwimlVerb.ConnectStream verb)
    {
        lock (_gate)
        {
            var number = _streams.Count + 1;
            _stream = new SimulatedStream(_gate, Log, _options, callSid, verb, _plan.Faults.For(number), number, _heardBytes, HearBob);
            _streams.Add(_stream);
            return _stream;
        }
    }

    /// <summary>Completes when the condition holds; it is looked at with every tick.</summary>
    public Task When(Func<bool> condition)
    {
        var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
            _waiting.Add((condition, met));
        return met.Task;
    }

    public void Tick()
    {
        lock (_gate)
        {
            var now = Log.Position;
            _stream?.Advance(now);
            _announcer.Advance(now);
            Span<byte> frame = stackalloc byte[Mulaw.FrameBytes];
            for (; (_slot + 1) * Mulaw.FrameBytes <= now; _slot++)
            {
                var speech = _caller.Fill(_slot * Mulaw.FrameBytes, frame);
                _said.Write(_slot * Mulaw.FrameBytes, frame);
                _stream?.Frame(frame, speech);
            }

            for (var i = _waiting.Count - 1; i >= 0; i--)
            {
                if (!_waiting[i].Condition())
                    continue;
                _waiting[i].Met.TrySetResult();
                _waiting.RemoveAt(i);
            }
        }

        if (Log.Now >= _plan.MaxDuration)
            HangUp(CallEndReason.TimedOut, $"the call took longer than the plan's {_plan.MaxDuration.TotalSeconds:0.#} s");
    }

    public void Broke(Exception exception)
    {
        _broken = exception;
        HangUp(CallEndReason.SimulatorStopped, $"defect of the simulator: {exception.Message}");
    }

    public CallReport Report(string callSid, CallEndReason reason, string detail, TimeSpan duration)
    {
        if (_broken is not null)
            throw new InvalidOperationException("The simulator broke during the call.", _broken);
        lock (_gate)
        {
            var length = (int)Mulaw.Bytes(duration);
            _caller.Finish(length);
            foreach (var (from, to) in _bob.Stretches)
                Log.Say(Mulaw.Duration(from), "bob", $"speaks for {Mulaw.Duration(to - from).TotalSeconds:0.0} s");
            return new CallReport
            {
                CallSid = callSid,
                EndReason = reason,
                EndDetail = detail,
                Duration = duration,
                Transcript = Log.Transcript,
                FirstAudio = _bob.First < 0 ? null : Mulaw.Duration(_bob.First) - Log.Webhooks[0].At,
                Streams = [.. _streams.Select(s => s.Report)],
                Warnings = Log.Warnings,
                Heard = _heard.Take(length),
                Said = _said.Take(length),
                TwimlDocuments = Log.Documents,
                Playback = [.. _streams.Select(s => s.Playback)],
                Utterances = [.. _caller.Utterances],
                Webhooks = Log.Webhooks,
            };
        }
    }

    private void HearBob(long position, ReadOnlySpan<byte> audio)
    {
        _heardBytes += audio.Length;
        _heard.Write(position, audio);
        _bob.Follow(position, audio);
        Ear.Follow(position, audio);
    }

    private T Guarded<T>(Func<T> read)
    {
        lock (_gate)
            return read();
    }
}
