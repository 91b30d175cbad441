using System.Net;
using Bob.Host.Configuration;
using Microsoft.AspNetCore.Http.Features;

namespace Bob.Host.Twilio;

/// <summary>
/// Lets Twilio's requests in and nobody else's. With an auth token a request must be signed with it; without one only this machine is served.
/// </summary>
public sealed partial class TwilioGate(BobOptions options, PublicUrl url, ILogger<TwilioGate> log)
{
    private const int MostNamesShown = 40;
    private const int LongestName = 40;

    private static readonly string[] ForwardingHeaders =
        ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Original-For", "X-Real-IP", "CF-Connecting-IP", "Via", "Origin"];

    /// <summary>Whether a webhook is Twilio's. A refusal is logged with the names of the fields, never their values.</summary>
    public bool AdmitsWebhook(HttpContext context, TwilioForm form)
    {
        var candidates = url.SignedWebhook(PathAndQuery(context));
        if (!Admits(context, candidates, form.Fields, () => Names(form)))
            return false;

        // A field left out is not a stranger's: the signature already tells whose request it is.
        if (options.Twilio.AccountSid is not { } account || form["AccountSid"] is not { } sender || account.Equals(sender, StringComparison.OrdinalIgnoreCase))
            return true;
        ForeignAccount(context.Request.Path);
        return false;
    }

    /// <summary>Whether a WebSocket handshake is Twilio's.</summary>
    public bool AdmitsHandshake(HttpContext context) => Admits(context, url.SignedHandshake(), [], () => "none");

    private bool Admits(
        HttpContext context, IReadOnlyList<string> candidates, IReadOnlyList<KeyValuePair<string, string>> fields, Func<string> names)
    {
        if (!options.Twilio.Signs)
        {
            if (IsLocal(context))
                return true;
            NotLocal(context.Request.Path);
            return false;
        }

        var signature = context.Request.Headers[TwilioSignature.Header];
        if (TwilioSignature.Matches(signature, options.Twilio.AuthTokens, candidates, fields))
            return true;
        if (signature.Count == 0)
            NotSigned(context.Request.Path);
        else
            WronglySigned(context.Request.Path, candidates[0], names());
        return false;
    }

    /// <summary>A tunnel or proxy on this machine comes from loopback too, and brings the whole world with it; it says so in a header.</summary>
    private static bool IsLocal(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote)
        && !ForwardingHeaders.Any(context.Request.Headers.ContainsKey);

    /// <summary>As it stood in the request line: decoding and encoding again would not give back what was signed.</summary>
    private static string PathAndQuery(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return target.StartsWith('/') ? target : context.Request.Path + context.Request.QueryString;
    }

    private static string Names(TwilioForm form) =>
        string.Join(' ', form.Fields.Take(MostNamesShown).Select(field => new string([.. field.Key.Where(char.IsAsciiLetterOrDigit).Take(LongestName)])));

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused {Path}: the signature does not match {Url}, which SERVER_URL makes Twilio's address of Bob; parameters: {Names}")]
    private partial void WronglySigned(string path, string url, string names);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused {Path}: not signed")]
    private partial void NotSigned(string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused {Path}: not from this machine, and without TWILIO_AUTH_TOKEN no one else is served")]
    private partial void NotLocal(string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused {Path}: signed, but for another account than TWILIO_ACCOUNT_SID")]
    private partial void ForeignAccount(string path);
}
