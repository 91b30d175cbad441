using System.Buffers.Text;

namespace Bob.Actors.Audio;

/// <summary>
/// Gives Twilio whole 20 ms frames: odd sizes make it stutter at word starts. A delta that is whole frames already, the usual case, passes
/// untouched in base64; only the others are decoded. The rest of an item is filled up with silence at its end.
/// </summary>
public sealed class Framing
{
    private byte[] _rest = [];
    private SpokenItem? _item;

    /// <summary>Takes a piece in and gives what is ready to be sent, or null.</summary>
    /// <param name="flushed">What was left of the item before this one, when a new item begins without an end of the old one.</param>
    public VoiceAudio? Push(VoiceAudio audio, out VoiceAudio? flushed)
    {
        flushed = _item is not null && _item != audio.Item ? Flush() : null;
        if (_rest.Length == 0 && audio.Bytes % Mulaw.FrameBytes == 0)
            return audio.Bytes == 0 ? null : audio;
        var bytes = new byte[_rest.Length + audio.Bytes];
        _rest.CopyTo(bytes, 0);
        Base64.DecodeFromUtf8(audio.Base64, bytes.AsSpan(_rest.Length), out _, out _);
        var whole = bytes.Length / Mulaw.FrameBytes * Mulaw.FrameBytes;
        _rest = bytes[whole..];
        _item = audio.Item;
        return whole == 0 ? null : Encode(audio.Item, bytes.AsSpan(0, whole), 0);
    }

    /// <summary>The rest of the item, filled up to a whole frame; null if there is none.</summary>
    public VoiceAudio? Flush()
    {
        if (_rest.Length == 0 || _item is null)
            return null;
        Span<byte> frame = stackalloc byte[Mulaw.FrameBytes];
        frame.Fill(Mulaw.Silence);
        _rest.CopyTo(frame);
        var audio = Encode(_item, frame, Mulaw.FrameBytes - _rest.Length);
        Drop();
        return audio;
    }

    /// <summary>Forgets the rest: the caller interrupted.</summary>
    public void Drop()
    {
        _rest = [];
        _item = null;
    }

    private static VoiceAudio Encode(SpokenItem item, ReadOnlySpan<byte> bytes, int padding)
    {
        var base64 = new byte[Base64.GetMaxEncodedToUtf8Length(bytes.Length)];
        Base64.EncodeToUtf8(bytes, base64, out _, out _);
        return new VoiceAudio(item, base64, bytes.Length, padding);
    }
}
