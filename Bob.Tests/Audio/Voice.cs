using Bob.Actors.Audio;

namespace Bob.Tests.Audio;

/// <summary>Audio for specs, every byte of it told apart from its neighbours.</summary>
internal static class Voice
{
    public static VoiceAudio Of(SpokenItem item, ReadOnlySpan<byte> bytes, int padding = 0) =>
        new(item, System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes)), bytes.Length, padding);

    /// <summary>So many ms of an item.</summary>
    public static VoiceAudio Of(SpokenItem item, int ms, int padding = 0) => Of(item, Bytes(ms * Mulaw.BytesPerMs), padding);

    public static byte[] Bytes(int count, int first = 0) => [.. Enumerable.Range(first, count).Select(number => (byte)(number % 251))];

    public static byte[] Decoded(byte[] base64) => Convert.FromBase64String(System.Text.Encoding.ASCII.GetString(base64));
}
