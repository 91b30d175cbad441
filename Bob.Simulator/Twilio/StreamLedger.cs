namespace Bob.Simulator.Twilio;

/// <summary>What is written down about one stream. Guarded by the call's lock.</summary>
internal sealed class StreamLedger(
    string streamSid, int number, string url, IReadOnlyDictionary<string, string> parameters, long heardBefore, CallLog log)
{
    private readonly List<MarkReport> _marks = [];
    private readonly List<ClearReport> _clears = [];
    private readonly List<HeardRun> _runs = [];
    private readonly List<byte> _played = [];
    private readonly HashSet<int> _warned = [];
    private readonly HashSet<string> _remarked = [];
    private TimeSpan? _started;
    private TimeSpan? _ended;
    private StreamEnd? _end;
    private long _received;
    private long _flushed;
    private long _lost;
    private long _runEnd = -1;
    private int _mediaMessages;
    private int _ignored;

    public IReadOnlyDictionary<string, string> Parameters => parameters;

    public HeardAudio Playback => new(streamSid, [.. _played], [.. _runs]);

    public StreamReport Report(long playedBytes) => new()
    {
        StreamSid = streamSid,
        Number = number,
        Url = url,
        Parameters = parameters,
        Started = _started,
        Ended = _ended,
        ErrorCode = _end?.Code,
        Error = _end?.Code is null ? null : _end.Message,
        Marks = [.. _marks],
        Clears = [.. _clears],
        BytesReceived = _received,
        BytesPlayed = playedBytes,
        BytesFlushed = _flushed,
        BytesLost = _lost,
        MediaMessages = _mediaMessages,
        IgnoredMessages = _ignored,
    };

    public void Begin(TimeSpan at)
    {
        _started = at;
        log.Say(at, "twilio", $"stream {number} up ({streamSid})");
    }

    public void End(StreamEnd end, long lostBytes)
    {
        (_end, _ended) = (end, log.Now);
        _lost += lostBytes;
        if (end.Code is { } code)
            log.Warn(code, end.Level, $"stream {number}: {end.Message}");
        else
            log.Say("twilio", $"stream {number} ended: {end.Message}");
    }

    public void Played(long position, ReadOnlySpan<byte> audio)
    {
        if (position == _runEnd)
            _runs[^1] = _runs[^1] with { Length = _runs[^1].Length + audio.Length };
        else
            _runs.Add(new HeardRun(Mulaw.Duration(position), _played.Count, audio.Length));
        _played.AddRange(audio);
        _runEnd = position + audio.Length;
    }

    public void Received(ReadOnlySpan<byte> audio)
    {
        _mediaMessages++;
        _received += audio.Length;
        if (audio.Length == 0)
            Remark("a media message without audio");
        else if (audio.StartsWith("RIFF"u8) || audio.StartsWith(".snd"u8) || audio.StartsWith("ID3"u8) || audio.StartsWith("OggS"u8))
            Remark("the audio begins with a file header: raw mu-law is expected");
        else if (audio.Length >= Mulaw.FrameBytes && audio.Count((byte)0) > audio.Length / 3)
            Remark("the audio is full of 0x00, which is a full-scale click in mu-law: PCM or a zero-filled buffer?");
    }

    public void Discarded(int bytes)
    {
        _lost += bytes;
        WarnOnce(31931, "more than ten minutes of audio buffered: further audio is discarded");
    }

    public void Ignored(int code, string why)
    {
        _ignored++;
        WarnOnce(code, why);
    }

    public void WarnOnce(int code, string message)
    {
        if (_warned.Add(code))
            log.Warn(code, WarningLevel.Warning, $"stream {number}: {message}");
    }

    public void MarkReceived(string name, TimeSpan at, long position) => _marks.Add(new MarkReport(name, at, position, null, null, false));

    /// <summary>Marks are reached in the order they came: <paramref name="index"/> counts from 0.</summary>
    public void MarkReached(int index, bool flushed, TimeSpan at) => _marks[index] = _marks[index] with { Reached = at, Flushed = flushed };

    public void MarkEchoed(int index, TimeSpan at) => _marks[index] = _marks[index] with { Echoed = at };

    public void Cleared(TimeSpan at, TimeSpan streamTime, long heardBytes, long flushedBytes, int flushedMarks)
    {
        _flushed += flushedBytes;
        _clears.Add(new ClearReport(at, streamTime, heardBytes, heardBefore + heardBytes, flushedBytes, flushedMarks));
        log.Say(at, "bob", $"clears the line: {heardBytes / Mulaw.BytesPerMs} ms heard, {flushedBytes / Mulaw.BytesPerMs} ms dropped");
    }

    private void Remark(string message)
    {
        if (_remarked.Add(message))
            log.Warn(0, WarningLevel.Warning, $"stream {number}: {message}");
    }
}
