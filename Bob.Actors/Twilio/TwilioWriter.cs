using System.Buffers;
using System.Text.Json;
using Bob.Actors.Audio;
using Bob.Actors.Calls;

namespace Bob.Actors.Twilio;

/// <summary>
/// Writes the three messages that Twilio takes (<c>media</c>, <c>mark</c>, <c>clear</c>), without any field more: Twilio answers an extra
/// field, like a foreign stream id, with 31950 or 31951 and plays nothing. One per stream, because every message carries its id.
/// </summary>
public sealed class TwilioWriter(StreamSid streamSid)
{
    private static readonly SearchValues<byte> MarkCharacters =
        SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz:._-"u8);

    private readonly byte[] _media = [.. "{\"event\":\"media\",\"streamSid\":"u8, .. Quoted(streamSid), .. ",\"media\":{\"payload\":\""u8];
    private readonly byte[] _mark = [.. "{\"event\":\"mark\",\"streamSid\":"u8, .. Quoted(streamSid), .. ",\"mark\":{\"name\":\""u8];
    private readonly byte[] _clear = [.. "{\"event\":\"clear\",\"streamSid\":"u8, .. Quoted(streamSid), .. "}"u8];

    private static ReadOnlySpan<byte> End => "\"}}"u8;

    /// <summary>Drops what Twilio has buffered; every pending mark comes back.</summary>
    public ReadOnlyMemory<byte> Clear => _clear;

    /// <summary>Bytes of a <c>media</c> message with that much base64.</summary>
    public int MediaLength(int base64Length) => _media.Length + base64Length + End.Length;

    /// <summary>Writes a <c>media</c> message and returns its bytes. The base64 is copied as it is.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <see cref="MediaLength"/>.</exception>
    public int WriteMedia(Span<byte> destination, ReadOnlySpan<byte> base64) => Splice(destination, _media, base64);

    /// <summary>Bytes of a <c>mark</c> message with one of the ledger's names, at most.</summary>
    public int LongestMark => MarkLength(PlaybackMark.MaxLength);

    /// <summary>Bytes of a <c>mark</c> message with a name of that length.</summary>
    public int MarkLength(int nameLength) => _mark.Length + nameLength + End.Length;

    /// <summary>Writes a <c>mark</c> message and returns its bytes.</summary>
    /// <param name="asciiName">ASCII letters, digits, and any of <c>: . _ -</c>.</param>
    /// <exception cref="ArgumentException">Another character in the name, or no name, or <paramref name="destination"/> is too short.</exception>
    public int WriteMark(Span<byte> destination, ReadOnlySpan<byte> asciiName)
    {
        if (asciiName.IsEmpty || asciiName.ContainsAnyExcept(MarkCharacters))
            throw new ArgumentException("A mark needs a name of ASCII letters, digits and : . _ -", nameof(asciiName));

        return Splice(destination, _mark, asciiName);
    }

    /// <summary>The same of one of the ledger's.</summary>
    public int WriteMark(Span<byte> destination, PlaybackMark mark)
    {
        Span<byte> name = stackalloc byte[PlaybackMark.MaxLength];
        return WriteMark(destination, name[..mark.Write(name)]);
    }

    private static int Splice(Span<byte> destination, ReadOnlySpan<byte> begin, ReadOnlySpan<byte> middle)
    {
        begin.CopyTo(destination);
        middle.CopyTo(destination[begin.Length..]);
        End.CopyTo(destination[(begin.Length + middle.Length)..]);
        return begin.Length + middle.Length + End.Length;
    }

    private static byte[] Quoted(StreamSid streamSid) => [.. "\""u8, .. JsonEncodedText.Encode(streamSid.Value).EncodedUtf8Bytes, .. "\""u8];
}
