using Bob.Actors.Audio;

namespace Bob.Actors.Recording;

/// <summary>
/// Says when a frame of the caller was spoken, by Bob's own clock. Twilio's timestamps tell how frames lie to each other, also when the network delivers
/// them in lumps; the own clock tells where all of them lie, also when the timestamps jump or drift. One per stream. Pure.
/// </summary>
public sealed class FrameClock
{
    /// <summary>Frames stay gapless while both clocks agree to this; then all that follow move.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(10);

    /// <summary>A frame cannot come that much before its time: its timestamp has jumped.</summary>
    private static readonly TimeSpan Jump = TimeSpan.FromSeconds(1);

    /// <summary>Longer than any hold-up that a stream survives: in such a time some frames came straight.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    private const int FewFrames = 50;

    private TimeSpan? _last;
    private TimeSpan _next, _offset, _delay, _earliest = TimeSpan.MaxValue, _periodEnd;
    private int _frames;

    /// <summary>When the first sample of a frame was spoken.</summary>
    /// <param name="timestampMs">Twilio's, or less than 0 when it has none: then the frame follows the one before it.</param>
    /// <param name="arrived">When it came, on the own clock.</param>
    public TimeSpan SpokenAt(long timestampMs, int bytes, TimeSpan arrived)
    {
        var length = TimeSpan.FromMilliseconds(bytes / (double)Mulaw.BytesPerMs);
        var latest = arrived - length;
        var timestamp = timestampMs >= 0 ? TimeSpan.FromMilliseconds(timestampMs) : _last is null ? latest : _next;
        var offset = latest - timestamp;
        if (_last is null)
            NewOffset(offset, arrived);
        else if (timestamp < _last || offset < _offset - Jump)
            NewOffset(offset - _delay, arrived); // it is as late as the one before it was
        else if (offset < _offset - Tolerance)
            NewOffset(offset, arrived);
        Follow(offset, arrived);
        (_last, _next, _delay) = (timestamp, timestamp + length, offset - _offset);
        return timestamp + _offset;
    }

    /// <summary>When no frame of a whole period came as early as it should have, the timestamps are slow.</summary>
    private void Follow(TimeSpan offset, TimeSpan arrived)
    {
        _frames++;
        if (offset < _earliest)
            _earliest = offset;
        if (arrived < _periodEnd || _frames < FewFrames)
            return;
        NewOffset(_earliest > _offset + Tolerance ? _earliest : _offset, arrived);
    }

    private void NewOffset(TimeSpan offset, TimeSpan now) =>
        (_offset, _earliest, _periodEnd, _frames) = (offset, TimeSpan.MaxValue, now + Period, 0);
}
