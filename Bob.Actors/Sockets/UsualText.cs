using System.Buffers;
using System.Buffers.Text;

namespace Bob.Actors.Sockets;

/// <summary>
/// Goes along a message that may be written as its sender always writes it. Every step says whether the message went that way; if one does not, the message is for a
/// reader of JSON, which understands it in any other form. Most messages of a call are of two forms, and to look at every byte of those costs several times as much.
/// </summary>
internal ref struct UsualText(ReadOnlySpan<byte> utf8)
{
    /// <summary>What ids are made of: nothing that means anything in JSON, nor more than one byte.</summary>
    private static readonly SearchValues<byte> WordCharacters =
        SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-."u8);

    /// <summary>More are no number of anything.</summary>
    private const int MostDigits = 9;

    private ReadOnlySpan<byte> _rest = utf8;

    /// <summary>Whether there is no more.</summary>
    public readonly bool IsOver => _rest.IsEmpty;

    /// <summary>Exactly this comes next.</summary>
    public bool Says(ReadOnlySpan<byte> text)
    {
        if (!_rest.StartsWith(text))
            return false;
        _rest = _rest[text.Length..];
        return true;
    }

    /// <summary>A number of up to nine digits, without a zero that it could do without.</summary>
    public bool SaysNumber(out int number)
    {
        number = 0;
        var digits = 0;
        while (digits < _rest.Length && digits < MostDigits && (uint)(_rest[digits] - '0') <= 9)
            number = (number * 10) + (_rest[digits++] - '0');
        var usual = digits == 1 || (digits > 0 && _rest[0] != '0');
        _rest = _rest[digits..];
        return usual;
    }

    /// <summary>A word without anything that would have to be escaped, up to the next quotation mark.</summary>
    public bool SaysWord(out ReadOnlySpan<byte> word) => SaysText(out word) && !word.ContainsAnyExcept(WordCharacters);

    /// <summary>Base64 without anything else, up to the next quotation mark.</summary>
    /// <param name="bytes">What it is decoded.</param>
    public bool SaysBase64(out ReadOnlySpan<byte> base64, out int bytes)
    {
        bytes = -1;
        return SaysText(out base64) && (bytes = DecodedLength(base64)) >= 0;
    }

    /// <summary>Bytes that base64 is decoded; -1 for what is none. White space, which the framework's check lets pass, is not: audio is spliced on as it is.</summary>
    public static int DecodedLength(ReadOnlySpan<byte> base64) =>
        Base64.IsValid(base64, out var bytes) && base64.Length == (bytes + 2) / 3 * 4 ? bytes : -1;

    private bool SaysText(out ReadOnlySpan<byte> text)
    {
        var end = _rest.IndexOf((byte)'"');
        text = end < 0 ? default : _rest[..end];
        _rest = _rest[text.Length..];
        return end >= 0;
    }
}
