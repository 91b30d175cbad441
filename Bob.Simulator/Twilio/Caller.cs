namespace Bob.Simulator.Twilio;

/// <summary>What a caller can hear and do on the line.</summary>
internal interface ICallersLine
{
    /// <summary>What reaches the caller's ear, from Bob and from Twilio's own voice.</summary>
    VoiceMeter Ear { get; }

    /// <summary>A media stream is up.</summary>
    bool OnStream { get; }

    void PressKeys(string digits);

    bool HangUp(CallEndReason reason, string detail);
}

/// <summary>The person who calls: works through the steps of the plan, frame by frame, and says what specs have it say. Not thread-safe.</summary>
internal sealed class Caller
{
    private static readonly TimeSpan DefaultQuiet = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(15);

    private readonly ICallersLine _line;
    private readonly CallLog _log;
    private readonly Queue<CallerStep> _steps;
    private readonly List<CallerStep.At> _timed;
    private readonly Queue<byte[]> _voice = new();
    private readonly List<Utterance> _utterances = [];
    private CallerStep? _step;
    private long _stepFrom;
    private long _stepVoicedFrom;
    private int _voiceOffset;
    private (long From, bool OverBob)? _speaking;

    public Caller(CallPlan plan, ICallersLine line, CallLog log)
    {
        _line = line;
        _log = log;
        _steps = new Queue<CallerStep>(plan.Steps.Where(s => s is not CallerStep.At));
        _timed = [.. plan.Steps.OfType<CallerStep.At>()];
        if (plan.HangUpAfter is { } end)
            _timed.Add(new CallerStep.At(end, new CallerStep.HangUp()));
        _timed.Sort((a, b) => a.Time.CompareTo(b.Time));
    }

    public IReadOnlyList<Utterance> Utterances => _utterances;

    public bool IsSpeaking => _voice.Count > 0;

    /// <summary>All steps of the plan are done and nothing is left to say.</summary>
    public bool IsDone => _step is null && _steps.Count == 0 && _voice.Count == 0;

    public void Speak(byte[] mulaw)
    {
        if (mulaw.Length > 0)
            _voice.Enqueue(mulaw);
    }

    /// <summary>Fills the 20 ms that begin at <paramref name="position"/>. True if it is speech, false if it is the idle line.</summary>
    public bool Fill(long position, Span<byte> frame)
    {
        Decide(position);
        if (_voice.Count == 0)
        {
            Mulaw.IdleFrame(position / Mulaw.FrameBytes).CopyTo(frame);
            return false;
        }

        if (_speaking is null)
        {
            _speaking = (position, _line.Ear.IsSpeaking(position));
            _log.Say(Mulaw.Duration(position), "caller", _line.Ear.IsSpeaking(position) ? "speaks, over Bob" : "speaks");
        }

        var filled = 0;
        while (filled < frame.Length && _voice.TryPeek(out var clip))
        {
            var length = Math.Min(clip.Length - _voiceOffset, frame.Length - filled);
            clip.AsSpan(_voiceOffset, length).CopyTo(frame[filled..]);
            filled += length;
            _voiceOffset += length;
            if (_voiceOffset < clip.Length)
                continue;
            _voice.Dequeue();
            _voiceOffset = 0;
        }

        frame[filled..].Fill(Mulaw.Silence);
        if (_voice.Count == 0)
            EndUtterance(position + filled);
        return true;
    }

    /// <summary>The call is over: closes what is still being said.</summary>
    public void Finish(long position)
    {
        if (_speaking is not null)
            EndUtterance(position);
    }

    private void EndUtterance(long position)
    {
        var (from, overBob) = _speaking!.Value;
        _speaking = null;
        _utterances.Add(new Utterance(Mulaw.Duration(from), Mulaw.Duration(position), overBob, _line.OnStream));
        _log.Say(Mulaw.Duration(position), "caller", $"has spoken for {Mulaw.Duration(position - from).TotalSeconds:0.0} s");
    }

    private void Decide(long position)
    {
        while (_timed.Count > 0 && Mulaw.Bytes(_timed[0].Time) <= position)
        {
            var step = _timed[0].Step;
            _timed.RemoveAt(0);
            Begin(step);
        }

        while (true)
        {
            if (_step is null)
            {
                if (!_steps.TryDequeue(out _step))
                    return;
                _stepFrom = position;
                _stepVoicedFrom = _line.Ear.VoicedBytes;
                Begin(_step);
            }

            if (!IsStepDone(position))
                return;
            _step = null;
        }
    }

    private void Begin(CallerStep step)
    {
        switch (step)
        {
            case CallerStep.Speak speak:
                Speak(speak.Mulaw);
                break;
            case CallerStep.Dtmf keys:
                _line.PressKeys(keys.Digits);
                break;
            case CallerStep.HangUp:
                _line.HangUp(CallEndReason.CallerHungUp, "the caller hung up");
                break;
        }
    }

    private bool IsStepDone(long position)
    {
        var passed = Mulaw.Duration(position - _stepFrom);
        switch (_step)
        {
            case CallerStep.Speak:
                return _voice.Count == 0;
            case CallerStep.Wait wait:
                return passed >= wait.Duration;
            case CallerStep.WaitForBob wait:
                var last = _line.Ear.Last;
                return (last >= _stepFrom && Mulaw.Duration(position - last) >= (wait.Quiet ?? DefaultQuiet)) || IsTooLong(passed, wait.AtMost);
            case CallerStep.WaitForBobToSpeak wait:
                return Mulaw.Duration(_line.Ear.VoicedBytes - _stepVoicedFrom) >= wait.Heard || IsTooLong(passed, wait.AtMost);
            default:
                return true;
        }
    }

    private bool IsTooLong(TimeSpan passed, TimeSpan? atMost)
    {
        if (passed < (atMost ?? DefaultPatience))
            return false;
        _log.Say("caller", $"has waited {passed.TotalSeconds:0.0} s for Bob and goes on");
        return true;
    }
}
