namespace Bob.Simulator.Twilio;

/// <summary>The simulated Twilio account and the number that is called.</summary>
public sealed record TwilioSimulatorOptions
{
    /// <summary>The voice webhook of the number, for example <c>http://localhost:3000/incoming-call</c>.</summary>
    public required Uri WebhookUrl { get; init; }

    /// <summary>34 characters, <c>AC</c> and 32 hexadecimal digits.</summary>
    public string AccountSid { get; init; } = "AC00000000000000000000000000000001";

    /// <summary>Key of all signatures; null sends none.</summary>
    public string? AuthToken { get; init; }

    /// <summary>
    /// The webhook's URL as the world sees it, when the server is configured with another public URL than it listens on. It is what is signed;
    /// requests and streams to its host go to the host of <see cref="WebhookUrl"/> instead. Default: the webhook's own URL.
    /// </summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>Where the end of a call is reported. Default: <c>/call-status</c> beside the webhook.</summary>
    public Uri? StatusCallback { get; init; }

    /// <summary>Report no end of a call at all, as a number without status callback.</summary>
    public bool NoStatusCallback { get; init; }

    /// <summary>Asked, with <c>ErrorCode</c> and <c>ErrorUrl</c>, when a webhook failed or its TwiML was invalid. Null: the call ends.</summary>
    public Uri? FallbackUrl { get; init; }

    /// <summary>
    /// A document that Twilio itself keeps (a TwiML Bin) and performs when a webhook failed or its TwiML was invalid, when there is no
    /// <see cref="FallbackUrl"/>. Its URLs must be absolute.
    /// </summary>
    public string? FallbackTwiml { get; init; }

    /// <summary>Cap of one webhook request, connecting included; Twilio allows no more than 15 s.</summary>
    public TimeSpan WebhookTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Time between the TwiML and the stream's handshake.</summary>
    public TimeSpan StreamOpenDelay { get; init; }

    /// <summary>Longest wait for the answer to a stream's handshake; then 31901.</summary>
    public TimeSpan StreamOpenTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What the handshake's signature covers.</summary>
    public StreamSignature StreamSignature { get; init; }

    /// <summary>Cap of one message from the server, bytes; Twilio's own is unknown. A longer one is a protocol error (31924).</summary>
    public int MaxMessageBytes { get; init; } = 64 * 1024;

    /// <summary>
    /// So long may a message wait for a server that does not read before the caller's audio is thrown away with warning 31930; Twilio's own measure is
    /// unknown. A time and not a number of messages: a thousand keys, or the marks of a cleared line, come in one moment.
    /// </summary>
    public TimeSpan MaxUnread { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Factor on the time that Say, Play, Pause, Dial and Record take; audio on a stream is always in real time.</summary>
    public double VerbTimeScale { get; init; } = 1;

    /// <summary>How long Say takes for one character, before <see cref="VerbTimeScale"/>.</summary>
    public TimeSpan SayTimePerCharacter { get; init; } = TimeSpan.FromMilliseconds(60);

    /// <summary>How often the first webhook is delivered.</summary>
    public WebhookDelivery WebhookDelivery { get; init; }

    /// <summary>Deliver each status callback two times.</summary>
    public bool CallbacksTwice { get; init; }

    /// <summary>Deliver status callbacks in pairs, the later one first.</summary>
    public bool CallbacksOutOfOrder { get; init; }

    /// <summary>Whether the Connect action is asked (<c>CallStatus=completed</c>) after the caller hung up; Twilio's behaviour is not documented.</summary>
    public bool ActionAfterHangUp { get; init; } = true;

    /// <summary>Whether a stream that the server closed is reported as <c>stream-error</c>; Twilio's behaviour is not documented.</summary>
    public bool ServerCloseIsStreamError { get; init; }

    /// <summary>TwiML documents of one call after which the simulator calls it a loop and ends the call.</summary>
    public int MaxDocuments { get; init; } = 50;

    internal string PublicWebhook => (PublicUrl ?? WebhookUrl).OriginalString;

    internal string? StatusCallbackUrl =>
        NoStatusCallback ? null : StatusCallback?.OriginalString ?? new Uri(PublicUrl ?? WebhookUrl, "call-status").AbsoluteUri;

    /// <summary>Where a public URL is really reached.</summary>
    internal Uri Reach(Uri url)
    {
        if (PublicUrl is null || !string.Equals(PublicUrl.Host, url.Host, StringComparison.OrdinalIgnoreCase))
            return url;
        var secure = WebhookUrl.Scheme == Uri.UriSchemeHttps;
        var scheme = url.Scheme is "ws" or "wss" ? (secure ? "wss" : "ws") : WebhookUrl.Scheme;
        return new Uri($"{scheme}://{WebhookUrl.Authority}{url.PathAndQuery}");
    }
}

/// <summary>How often, and when, a webhook is delivered. The second delivery is the one whose TwiML counts, as after a lost first attempt.</summary>
public enum WebhookDelivery
{
    /// <summary>One time.</summary>
    Once,

    /// <summary>A second time, after the first was answered.</summary>
    TwiceInSequence,

    /// <summary>Two times at the same moment.</summary>
    TwiceAtOnce,
}
