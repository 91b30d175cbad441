using Bob.Actors.Audio;
using Bob.Actors.Calls;

namespace Bob.Actors.Realtime;

/// <summary>
/// Which of the caller's audio the model has understood, so that a new session gets the rest; and the silence that ends a turn when the caller's
/// stream stops in the middle of it.
/// </summary>
internal sealed class CallerTurns(CallerAudioRing ring, TimeProvider clock)
{
    public static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// No frame for so long is a stream that has stopped. A shorter gap is a network that lost something: what is sent again, after 0.2, 0.4 and 0.8 s,
    /// comes in a heap, and would be a turn of its own behind silence that was filled in before.
    /// </summary>
    private static readonly TimeSpan QuietAfter = TimeSpan.FromMilliseconds(1_500);
    private const int MsOfSilence = 1_500;

    /// <summary>So long a model that goes by meaning waits at most, ms: with an eagerness of <c>low</c>.</summary>
    private const int LongestWaitMs = 8_000;

    private const int FrameMs = Mulaw.FrameBytes / Mulaw.BytesPerMs;

    /// <summary>μ-law codes at least this far from silence are those of a voice: 2 % of full scale, −36 dB.</summary>
    private const int LoudCode = 35;

    /// <summary>Samples of a frame that make it loud, of the 40 that are looked at.</summary>
    private const int LoudSamples = 10;

    /// <summary>A turn that has no words by now will have none, as far as anybody waits for them.</summary>
    private static readonly TimeSpan LongestTranscription = TimeSpan.FromSeconds(10);

    /// <summary>Loud frames that a model needs to notice that somebody speaks; a click is less.</summary>
    private const int AudibleFrames = 3;

    /// <summary>A model notices it in less than this.</summary>
    private static readonly TimeSpan Noticed = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, (long Ms, long At)> _ends = [];
    private int _loudBefore; // the last edge of a turn
    private long _lastLoud;
    private long _lastFrame, _droppedBytes = ring.DroppedBytes, _lastEnd, _inWords, _answeredEnd;

    /// <summary>20 ms frames so far in which somebody could be heard.</summary>
    public int LoudFrames { get; private set; }

    public void Frame(CallerAudio audio)
    {
        _lastFrame = clock.GetTimestamp();
        if (IsLoud(audio.Mulaw))
            (LoudFrames, _lastLoud) = (LoudFrames + 1, _lastFrame);
        ring.Add(audio.Mulaw);
        if (ring.DroppedBytes == _droppedBytes)
            return;
        CallMetrics.CallerAudioDropped.Add(ring.DroppedBytes - _droppedBytes);
        _droppedBytes = ring.DroppedBytes;
    }

    /// <summary>While the caller speaks and no frame comes: the model would wait for the end of the turn for ever.</summary>
    public void FillQuiet()
    {
        if (clock.GetElapsedTime(_lastFrame) < QuietAfter)
            return;
        AddSilence(MsOfSilence);
    }

    /// <summary>So much silence the model takes for the end of a turn, whatever it goes by, ms.</summary>
    public static int MsThatEnd(TurnDetection detection) => detection is ServerVad vad ? vad.SilenceDurationMs + MsOfSilence : LongestWaitMs;

    /// <summary>Adds as much of that as there is room for: what the caller said is not to make room for it.</summary>
    public void AddSilence(int ms)
    {
        ms = Math.Min(ms, CallerAudioRing.MaxMs - ring.WaitingMs);
        for (var added = 0; added + FrameMs <= ms; added += FrameMs)
            Frame(CallerAudio.Silence);
    }

    /// <summary>Whether words are to come of a turn that ended not long ago.</summary>
    public bool AwaitsWords => _ends.Values.Any(end => clock.GetElapsedTime(end.At) < LongestTranscription);

    /// <summary>Whether the caller is speaking.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Whether somebody has just been loud enough to be speaking, and the model may not have noticed yet.</summary>
    public bool MayHaveBegun => LoudFrames - _loudBefore >= AudibleFrames && clock.GetElapsedTime(_lastLoud) < Noticed;

    public void Started(long audioStartMs)
    {
        IsOpen = true;
        _loudBefore = LoudFrames;
        ring.SpeechStarted(audioStartMs);
    }

    public void Stopped(string itemId, long audioEndMs)
    {
        IsOpen = false;
        _loudBefore = LoudFrames;
        _lastEnd = audioEndMs;
        _ends[itemId] = (audioEndMs, clock.GetTimestamp());
    }

    /// <summary>The turn is in words. An earlier one that is not yet keeps its sound, and with it this one's.</summary>
    public void Settled(string itemId)
    {
        if (!_ends.Remove(itemId, out var end))
            return;
        _inWords = Math.Max(_inWords, end.Ms);
        if (!_ends.Values.Any(pending => pending.Ms < _inWords))
            ring.TurnSettled(_inWords);
    }

    /// <summary>The turn will never be in words: until it is answered there is but its sound.</summary>
    public void Wordless(string itemId) => _ends.Remove(itemId);

    /// <summary>The model answers all turns so far.</summary>
    public void AnswerBegan()
    {
        _answeredEnd = _lastEnd;
        ring.AnswerBegan(_answeredEnd);
    }

    /// <summary>The answer is whole, and has words.</summary>
    public void AnswerEnded() => ring.AnswerEnded(_answeredEnd);

    /// <summary>Another session takes over in silence: what the last one had still to put into words, nobody will.</summary>
    public void HandOver()
    {
        ring.HandOver();
        IsOpen = false;
        _ends.Clear();
        _lastEnd = _inWords = _answeredEnd = 0;
    }

    private static bool IsLoud(byte[] mulaw)
    {
        var loud = 0;
        for (var i = 0; i < mulaw.Length; i += 4)
            loud += (~mulaw[i] & 0x7F) >= LoudCode ? 1 : 0;
        return loud >= LoudSamples;
    }
}
