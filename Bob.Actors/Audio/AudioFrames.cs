using Akka.Actor;
using Akka.Event;

namespace Bob.Actors.Audio;

/// <summary>G.711 μ-law at 8 kHz: 8 bytes are a millisecond.</summary>
public static class Mulaw
{
    public const int BytesPerMs = 8;

    /// <summary>One 20 ms frame, as Twilio sends them.</summary>
    public const int FrameBytes = 160;

    /// <summary>Digital silence. Zero would be a full-scale click.</summary>
    public const byte Silence = 0xFF;
}

/// <summary>What Bob speaks: one content part of one item of one response of the model's, or a clip. Shared by all frames of that part.</summary>
public sealed record SpokenItem(string ResponseId, string ItemId, int ContentIndex)
{
    /// <summary>The clip that it is; null for what a model says.</summary>
    public Clip? Clip { get; init; }
}

/// <summary>A piece of the model's voice on its way to the caller. The sender gives <paramref name="base64"/> away.</summary>
/// <param name="bytes">Decoded length, bytes.</param>
/// <param name="padding">How many of these bytes, at the end, are silence that fills up the last frame and belong to no item.</param>
public sealed class VoiceAudio(SpokenItem item, byte[] base64, int bytes, int padding = 0) : INoSerializationVerificationNeeded, IDeadLetterSuppression
{
    public SpokenItem Item { get; } = item;

    public byte[] Base64 { get; } = base64;

    public int Bytes { get; } = bytes;

    public int Padding { get; } = padding;
}

/// <summary>A piece of the caller's voice on its way to the model. The sender gives <paramref name="mulaw"/> away.</summary>
public sealed class CallerAudio(byte[] mulaw) : INoSerializationVerificationNeeded, IDeadLetterSuppression
{
    /// <summary>20 ms of silence, for a gap in the caller's stream: the model's turn detection counts bytes, not time.</summary>
    public static CallerAudio Silence { get; } = new(OfSilence(Audio.Mulaw.FrameBytes));

    public byte[] Mulaw { get; } = mulaw;

    private static byte[] OfSilence(int bytes)
    {
        var silence = new byte[bytes];
        Array.Fill(silence, Audio.Mulaw.Silence);
        return silence;
    }
}
