namespace Bob.Simulator.Twilio;

/// <summary>One direction of the line from time 0 on: mu-law at its real place in time, silence where nothing was written.</summary>
internal sealed class LineRecording
{
    private byte[] _bytes = new byte[16 * 1024];
    private int _end;

    public void Write(long position, ReadOnlySpan<byte> audio)
    {
        var end = (int)position + audio.Length;
        if (end > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(end, _bytes.Length * 2));
        if (position > _end)
            _bytes.AsSpan(_end, (int)position - _end).Fill(Mulaw.Silence);
        audio.CopyTo(_bytes.AsSpan((int)position));
        _end = Math.Max(_end, end);
    }

    public byte[] Take(int length)
    {
        var taken = new byte[length];
        var known = Math.Min(length, _end);
        _bytes.AsSpan(0, known).CopyTo(taken);
        taken.AsSpan(known).Fill(Mulaw.Silence);
        return taken;
    }
}

/// <summary>Follows when there is sound on a line.</summary>
internal sealed class VoiceMeter
{
    /// <summary>Gaps up to here belong to the speech around them.</summary>
    private const long HangoverBytes = 200 * Mulaw.BytesPerMs;

    /// <summary>A silence from here on ends a stretch of speech.</summary>
    private const long StretchGapBytes = 700 * Mulaw.BytesPerMs;

    private readonly List<(long From, long To)> _stretches = [];

    /// <summary>Position of the first sample of sound, bytes; -1: none yet.</summary>
    public long First { get; private set; } = -1;

    /// <summary>Position of the last sample of sound, bytes; -1: none yet.</summary>
    public long Last { get; private set; } = -1;

    /// <summary>Bytes of speech, short pauses included.</summary>
    public long VoicedBytes { get; private set; }

    public IReadOnlyList<(long From, long To)> Stretches => _stretches;

    public bool IsSpeaking(long now) => Last >= 0 && now - Last < HangoverBytes;

    public void Follow(long position, ReadOnlySpan<byte> audio)
    {
        for (var i = 0; i < audio.Length; i++)
        {
            if (!Mulaw.IsLoud(audio[i]))
                continue;
            var at = position + i;
            if (First < 0)
                First = at;
            if (Last >= 0 && at - Last < HangoverBytes)
                VoicedBytes += at - Last;
            else
                VoicedBytes++;
            if (_stretches.Count > 0 && at - _stretches[^1].To < StretchGapBytes)
                _stretches[^1] = (_stretches[^1].From, at + 1);
            else
                _stretches.Add((at, at + 1));
            Last = at;
        }
    }
}
