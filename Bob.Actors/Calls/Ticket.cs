using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Bob.Actors.Calls;

/// <summary>Lets one media stream into one call, once, for a short time. Handshake headers and query strings do not exist on media streams.</summary>
public sealed class Ticket
{
    private const int Bytes = 24;
    private readonly TimeSpan _expires;
    private bool _used;

    /// <param name="now">An offset on a monotonic clock.</param>
    public Ticket(TimeSpan now, TimeSpan life) => _expires = now + life;

    /// <summary>What the stream brings as its parameter: 192 random bits.</summary>
    public string Value { get; } = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>Uses the ticket up. Gives the reason when it does not let in.</summary>
    public string? Refuse(string presented, TimeSpan now)
    {
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(presented), Encoding.UTF8.GetBytes(Value)))
            return "wrong ticket";
        if (_used)
            return "used ticket";
        if (now > _expires)
            return "expired ticket";
        _used = true;
        return null;
    }
}
