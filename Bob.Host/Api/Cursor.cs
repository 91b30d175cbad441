using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using System.Text.RegularExpressions;
using Bob.Host.Records;
using Bob.Host.Twilio;

namespace Bob.Host.Api;

/// <summary>
/// The place where a page ends, as a client carries it. It opens nothing that the token does not open already, so it is not signed; whatever is no place
/// is refused.
/// </summary>
internal static partial class Cursor
{
    private const byte Calls = 1, Numbers = 2, Texts = 3;

    public static string Of(CallPosition at)
    {
        var bytes = new byte[9 + Encoding.UTF8.GetByteCount(at.CallSid)];
        bytes[0] = Calls;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(1), at.StartedAt.UtcTicks);
        Encoding.UTF8.GetBytes(at.CallSid, bytes.AsSpan(9));
        return Base64Url.EncodeToString(bytes);
    }

    public static string Of(long id)
    {
        var bytes = new byte[9];
        bytes[0] = Numbers;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(1), id);
        return Base64Url.EncodeToString(bytes);
    }

    public static string Of(string number) => Base64Url.EncodeToString([Texts, .. Encoding.UTF8.GetBytes(number)]);

    /// <exception cref="ApiProblem">It is no place in the list of calls.</exception>
    public static CallPosition? ToCall(string? cursor)
    {
        if (cursor is null)
            return null;
        var bytes = Bytes(cursor, Calls, 9);
        var ticks = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(1));
        var callSid = Encoding.UTF8.GetString(bytes.AsSpan(9));
        return ticks >= 0 && ticks <= DateTime.MaxValue.Ticks && SidPattern().IsMatch(callSid)
            ? new CallPosition(new DateTimeOffset(ticks, TimeSpan.Zero), callSid)
            : throw Refused();
    }

    /// <exception cref="ApiProblem">It is no place in a list with numbers.</exception>
    public static long? ToId(string? cursor)
    {
        if (cursor is null)
            return null;
        var bytes = Bytes(cursor, Numbers, 9);
        return bytes.Length == 9 && BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(1)) is var id and >= 0 ? id : throw Refused();
    }

    /// <exception cref="ApiProblem">It is no place in the list of callers.</exception>
    public static string? ToNumber(string? cursor) =>
        cursor is null ? null : PhoneNumber.Of(Encoding.UTF8.GetString(Bytes(cursor, Texts, 1).AsSpan(1)))?.Value ?? throw Refused();

    private static byte[] Bytes(string cursor, byte kind, int least)
    {
        var bytes = Base64Url.IsValid(cursor) ? Base64Url.DecodeFromChars(cursor) : [];
        return bytes.Length >= least && bytes[0] == kind ? bytes : throw Refused();
    }

    private static ApiProblem Refused() => ApiProblem.Bad("cursor", "is none that this address gave", "Write the next of the page before, or nothing to begin");

    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,64}\z")]
    private static partial Regex SidPattern();
}
