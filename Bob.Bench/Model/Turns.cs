namespace Bob.Bench.Model;

internal enum TurnStepKind
{
    None,
    SpeechStarted,
    SpeechStopped,
    ResponseBegins,
    Speaks,
    ResponseEnds,
}

/// <param name="AudioMs">A moment of the caller's audio, or the length of a piece of the answer.</param>
/// <param name="CutsResponse">The caller interrupts an answer that is not all said.</param>
internal readonly record struct TurnStep(TurnStepKind Kind, int AudioMs = 0, bool CutsResponse = false);

/// <summary>
/// A conversation in rounds of 8 s, counted in frames of the caller's as turn detection does: 2 s of the caller, 300 ms of thought, an answer of
/// 3.9 s that is sent in 1.3 s, and the time it takes to be heard. In every fourth round the caller interrupts what they hear. Pure.
/// </summary>
internal sealed class Turns(int session)
{
    private const int Round = 400;
    private const int FrameMs = 20;
    private const int Starts = 50, Stops = 150, Answers = 165, Every = 5, Deltas = 13, Interrupts = 330;
    private static readonly int[] DeltaMs = [200, 300, 400];
    private int _left, _next, _delta;
    private bool _callerTurn, _responds;

    /// <summary>Bob asks for a response; false while one is active.</summary>
    public bool Asked(int frame)
    {
        if (_responds)
            return false;
        Begin(frame + 1);
        _left = 4;
        return true;
    }

    /// <summary>The response in progress is called off; false when there is none.</summary>
    public bool Cancel()
    {
        var responded = _responds;
        _responds = false;
        return responded;
    }

    /// <summary>What the model does when this frame of the caller's has come.</summary>
    public TurnStep Heard(int frame)
    {
        if (_responds && frame >= _next)
            return Answer(frame);

        // The rounds of the calls are spread as the callers' phases are; the greeting comes before the first.
        var at = frame - 200 - (session * 37 % Round);
        if (at < 0)
            return default;
        var (round, place) = Math.DivRem(at, Round);
        if (!_callerTurn && (place == Starts || (place == Interrupts && round % 4 == 3)))
        {
            var cuts = _responds;
            (_callerTurn, _responds) = (true, false);
            return new TurnStep(TurnStepKind.SpeechStarted, Math.Max(0, (frame * FrameMs) - 300), cuts);
        }

        if (place == Stops && _callerTurn)
        {
            _callerTurn = false;
            return new TurnStep(TurnStepKind.SpeechStopped, frame * FrameMs);
        }

        if (place != Answers || _responds)
            return default;
        Begin(frame + 1);
        return new TurnStep(TurnStepKind.ResponseBegins);
    }

    private TurnStep Answer(int frame)
    {
        _next = frame + Every;
        if (_left-- > 0)
            return new TurnStep(TurnStepKind.Speaks, DeltaMs[_delta++ % DeltaMs.Length]);
        _responds = false;
        return new TurnStep(TurnStepKind.ResponseEnds);
    }

    private void Begin(int frame) => (_responds, _left, _next) = (true, Deltas, frame);
}
