using Bob.Simulator.Audio;

namespace Bob.Simulator.Realtime;

/// <summary>Begin or end of the caller's speech, in ms of audio since the session began.</summary>
internal readonly record struct TurnEdge(bool Started, int Ms);

/// <summary>
/// Voice activity by loudness, counted in audio and never in wall time: a stream that pauses keeps the caller speaking, as on the real service.
/// A frame of 20 ms is speech when its level reaches the threshold; three in a row begin a turn, <c>silence_duration_ms</c> without one end it.
/// </summary>
internal sealed class TurnDetector(AudioFormat format, TurnSettings settings, int startMs)
{
    private const int FrameMs = 20;
    private const int FramesToStart = 3;

    private readonly byte[] _frame = new byte[FrameMs * format.BytesPerMs];
    private int _filled;
    private int _nowMs = startMs;
    private int _loudFrames;
    private int _quietMs;

    /// <summary>Where the speech that is under way began, with its padding; null between turns.</summary>
    public int? SpeechStartMs { get; private set; }

    /// <summary>Threshold 0.5 hears speech above -40 dBFS, 0 above -65, 1 above -15.</summary>
    private double LoudDbfs => -65 + 50 * settings.Threshold;

    public List<TurnEdge> Hear(ReadOnlySpan<byte> audio)
    {
        var edges = new List<TurnEdge>();
        while (audio.Length > 0)
        {
            var taken = Math.Min(audio.Length, _frame.Length - _filled);
            audio[..taken].CopyTo(_frame.AsSpan(_filled));
            _filled += taken;
            audio = audio[taken..];
            if (_filled == _frame.Length)
            {
                _filled = 0;
                Judge(edges);
            }
        }

        return edges;
    }

    /// <summary>Forgets the speech that is under way.</summary>
    public void Reset() => (SpeechStartMs, _loudFrames, _quietMs) = (null, 0, 0);

    private void Judge(List<TurnEdge> edges)
    {
        _nowMs += FrameMs;
        var loud = Level() >= LoudDbfs;
        if (SpeechStartMs is null)
        {
            _loudFrames = loud ? _loudFrames + 1 : 0;
            if (_loudFrames < FramesToStart)
                return;
            SpeechStartMs = Math.Max(0, _nowMs - FramesToStart * FrameMs - settings.PrefixPaddingMs);
            _quietMs = 0;
            edges.Add(new TurnEdge(Started: true, SpeechStartMs.Value));
            return;
        }

        _quietMs = loud ? 0 : _quietMs + FrameMs;
        if (_quietMs < settings.SilenceMs)
            return;
        Reset();
        edges.Add(new TurnEdge(Started: false, _nowMs));
    }

    private double Level()
    {
        double sum = 0;
        var samples = format.Samples(_frame);
        foreach (var sample in samples)
            sum += (double)sample * sample;
        return 10 * Math.Log10(Math.Max(1e-9, sum / samples.Length / (32768.0 * 32768.0)));
    }
}
