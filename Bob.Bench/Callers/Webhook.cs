using System.Globalization;
using System.Text;
using Bob.Bench.Line;
using Bob.Simulator.Twilio;

namespace Bob.Bench.Callers;

/// <summary>One signed POST of Twilio's, on a connection of its own.</summary>
internal sealed class Webhook : Connection
{
    private readonly Action<int, string> _answered;

    /// <param name="signed">False: the signature is another's.</param>
    /// <param name="answered">Told status and body; status 0 is a connection that ended without an answer.</param>
    public Webhook(Exchange exchange, BobAddress bob, string path, IReadOnlyList<KeyValuePair<string, string>> form, Action<int, string> answered, bool signed = true)
        : base(exchange, Dial(bob.Port))
    {
        _answered = answered;
        var body = string.Join('&', form.Select(field => $"{Uri.EscapeDataString(field.Key)}={Uri.EscapeDataString(field.Value)}"));
        var signature = TwilioSignature.Compute(signed ? bob.Token : "not-the-token", $"https://{bob.Host}{path}", form);
        Send(Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: {bob.Host}\r\nUser-Agent: TwilioProxy/1.1\r\nContent-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
            + $"Content-Length: {body.Length}\r\nX-Twilio-Signature: {signature}\r\n\r\n{body}"));
    }

    protected override int Take(Span<byte> received)
    {
        var end = received.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return 0;
        var head = Encoding.ASCII.GetString(received[..end]);
        var length = HttpHead.Value(head, "Content-Length") is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
        if (received.Length < end + 4 + length)
            return 0;
        var body = Encoding.UTF8.GetString(received.Slice(end + 4, length));
        Close();
        _answered(HttpHead.Status(head), body);
        return end + 4 + length;
    }

    protected override void Ended() => _answered(0, "");
}
