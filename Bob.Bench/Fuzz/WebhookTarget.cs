using System.Text;
using Bob.Host.Twilio;

namespace Bob.Bench.Fuzz;

/// <summary>Bodies of webhooks: what is read of one comes back when it is written, and is signed by the one signature alone.</summary>
internal sealed class WebhookTarget : FuzzTarget
{
    private const string Url = "https://bob.example/incoming-call";
    private const string Token = "0123456789abcdef0123456789abcdef";

    public override string Name => "webhook";

    public override int Share => 60;

    public override IReadOnlyList<byte[]> Words => FuzzWords.Form;

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        JsonSeeds.Bytes("AccountSid=AC00000000000000000000000000000001&CallSid=CA1&CallStatus=ringing&From=%2B15550100001&To=%2B15550100002&FromCity="),
        JsonSeeds.Bytes("From=anonymous&CallerName=%22%2F%3E%3CDial%3E%2B1900%3C%2FDial%3E&callsid=other&CallSid=CA1&CallSid=CA2"),
        JsonSeeds.Bytes("From=%F0%9F%98%80+%E2%80%AE+%00&a=&=b&&c"),
        JsonSeeds.Bytes(""),
    ];

    public override void Check(ReadOnlyMemory<byte> input, ref FuzzRandom random)
    {
        if (TwilioForm.Parse(input.Span) is not { } form)
        {
            Holds(input.Span.Count((byte)'&') >= TwilioForm.MaxFields, "a form of few fields was refused");
            return;
        }

        Holds(form.Fields.Count <= TwilioForm.MaxFields, "too many fields");
        var written = string.Join('&', form.Fields.Select(field => $"{Uri.EscapeDataString(field.Key)}={Uri.EscapeDataString(field.Value)}"));
        Holds(TwilioForm.Parse(Encoding.UTF8.GetBytes(written))!.Fields.SequenceEqual(form.Fields), "it does not come back as it was");
        Holds(form.Shown("From").Length <= TwilioForm.LongestShown, "too long for a log");
        Holds(Caller.Of(form["From"]).Value is { Length: > 0 and <= Caller.MaxLength } caller && Caller.Of(caller).Value == caller, "a caller who changes when looked at again");

        var signature = TwilioSignature.Compute(Token, Url, form.Fields);
        Holds(TwilioSignature.Matches(signature, [Token], [Url], form.Fields), "its own signature is refused");
        Holds(!TwilioSignature.Matches(signature, [Token], [Url], [.. form.Fields, new("CallSid", signature)]), "a field was added, and the signature still fits");
        Holds(!TwilioSignature.Matches(Encoding.UTF8.GetString(input.Span), [Token], [Url], form.Fields), "anything is a signature");
    }
}
