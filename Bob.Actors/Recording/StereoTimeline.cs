using Bob.Actors.Audio;

namespace Bob.Actors.Recording;

/// <summary>
/// Both voices of a call on one axis of time: the caller left, Bob right. Audio is placed where it was heard, in whatever order it comes; silence is
/// where nobody spoke. Pure: positions are samples since the recording began, 8 to the millisecond.
/// </summary>
/// <remarks>
/// What has been taken may still change for <see cref="Mendable"/>: a caller's frame that the network held up, a cut of Bob's that is known late. It
/// is taken again then, so that a file is never more behind than its last write, and right in the end.
/// </remarks>
public sealed class StereoTimeline
{
    /// <summary>How far back a change is accepted: a stream is given up after 3 s without a frame, so that nothing comes later than that, samples.</summary>
    public const int Mendable = 4_000 * Mulaw.BytesPerMs;

    /// <summary>How far ahead of the time Bob's audio may be: as much as Twilio buffers, and some, samples.</summary>
    public const int MaxAhead = (PlaybackLedger.MaxQueuedMs * Mulaw.BytesPerMs) + Mendable;

    /// <summary>Most that is taken at once, samples.</summary>
    public const int MaxTaken = 16 * 1024;

    private readonly Track _caller = new(), _bob = new();
    private readonly byte[] _taken = new byte[2 * MaxTaken];
    private long _end, _changed = long.MaxValue;

    /// <param name="end">Samples that a file has already, which goes on.</param>
    public StereoTimeline(long end = 0) => _end = end;

    /// <summary>The caller was heard.</summary>
    public void Caller(long position, ReadOnlySpan<byte> mulaw) => Place(_caller, position, mulaw);

    /// <summary>Bob is heard, or will be: then it may still be cut or moved.</summary>
    public void Bob(long position, ReadOnlySpan<byte> mulaw) => Place(_bob, position, mulaw);

    /// <summary>Bob is silent from there on.</summary>
    public void CutBob(long position)
    {
        position = Math.Max(position, Fixed);
        if (position >= _bob.End)
            return;
        Changed(position);
        _bob.Cut(position);
    }

    /// <summary>What was to be heard at <paramref name="from"/> and after is heard at <paramref name="to"/> and after.</summary>
    public void MoveBob(long from, long to)
    {
        var way = Math.Min(to - from, MaxAhead);
        from = Math.Max(from, Fixed);
        var gone = Math.Max(0, Fixed - (from + way)); // would have to be heard where nothing changes any more
        if (Math.Min(from, from + way) >= _bob.End || way == 0)
            return;
        Changed(Math.Min(from, from + gone + way));
        _bob.Move(from + gone, from + gone + way);
    }

    /// <summary>
    /// The next samples up to <paramref name="until"/> that were not taken yet, or have changed since: interleaved, left first. Empty when there are
    /// none. Valid until the next call.
    /// </summary>
    /// <param name="position">Where they belong; never behind the end of what was taken before.</param>
    public ReadOnlySpan<byte> Take(long until, out long position)
    {
        position = Math.Min(_changed, _end);
        var length = (int)Math.Clamp(Math.Max(until, _end) - position, 0, MaxTaken);
        var taken = _taken.AsSpan(0, 2 * length);
        for (var i = 0; i < length; i++)
            (taken[2 * i], taken[(2 * i) + 1]) = (_caller.At(position + i), _bob.At(position + i));
        _changed = position + length < _end ? position + length : long.MaxValue;
        _end = Math.Max(_end, position + length);
        _caller.Forget(Fixed);
        _bob.Forget(Fixed);
        return taken;
    }

    /// <summary>Before this nothing changes any more.</summary>
    private long Fixed => Math.Max(0, _end - Mendable);

    private void Place(Track track, long position, ReadOnlySpan<byte> mulaw)
    {
        var late = Fixed - position;
        if (late >= mulaw.Length || position + mulaw.Length > _end + MaxAhead)
            return;
        if (late > 0)
        {
            mulaw = mulaw[(int)late..];
            position = Fixed;
        }

        Changed(position);
        track.Write(position, mulaw);
    }

    private void Changed(long position)
    {
        if (position < _end)
            _changed = Math.Min(_changed, position);
    }

    /// <summary>One side: a stretch of samples, with silence before and after it.</summary>
    private sealed class Track
    {
        private byte[] _samples = new byte[1_000 * Mulaw.BytesPerMs];
        private long _start;
        private int _length;

        public long End => _start + _length;

        public void Write(long position, ReadOnlySpan<byte> samples)
        {
            if (_length == 0)
                _start = position;
            else if (position < _start)
                Prepend((int)(_start - position));
            Reach(position + samples.Length);
            samples.CopyTo(_samples.AsSpan((int)(position - _start)));
        }

        public void Cut(long position) => _length = (int)Math.Clamp(position - _start, 0, _length);

        public void Move(long from, long to)
        {
            if (from < _start)
                (from, to) = (_start, to + _start - from);
            byte[] moved = from < End ? [.. _samples.AsSpan((int)(from - _start), (int)(End - from))] : [];
            Cut(Math.Min(from, to));
            if (moved.Length > 0)
                Write(to, moved);
        }

        public byte At(long position) => position >= _start && position < End ? _samples[position - _start] : Mulaw.Silence;

        /// <summary>Gives back what is not needed, once it is worth the copy.</summary>
        public void Forget(long before)
        {
            var gone = (int)Math.Clamp(before - _start, 0, _length);
            if (gone < Math.Min(Mendable, _length))
                return;
            _samples.AsSpan(gone, _length - gone).CopyTo(_samples);
            (_start, _length) = (_start + gone, _length - gone);
        }

        private void Prepend(int count)
        {
            var (length, start) = (_length, _start);
            Reach(start + length + count);
            _samples.AsSpan(0, length).CopyTo(_samples.AsSpan(count));
            _samples.AsSpan(0, count).Fill(Mulaw.Silence);
            _start -= count;
        }

        private void Reach(long end)
        {
            var length = (int)(end - _start);
            if (length <= _length)
                return;
            if (length > _samples.Length)
                Array.Resize(ref _samples, Math.Max(length, 2 * _samples.Length));
            _samples.AsSpan(_length, length - _length).Fill(Mulaw.Silence);
            _length = length;
        }
    }
}
