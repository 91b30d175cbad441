using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Bob.Host.Twilio;

/// <summary>The TwiML documents Bob answers with. Nothing a caller sent is ever part of one.</summary>
public sealed class Twiml : IResult
{
    /// <summary>Longest message that a caller may leave, seconds.</summary>
    public const int LongestMessageSeconds = 120;

    /// <summary>How long a telephone rings, seconds.</summary>
    public const int RingSeconds = 20;

    private const int LongestSaid = 1_000;

    /// <summary>Connection overrides: Twilio asks up to five more times, whatever went wrong, 3 s for each connection and 15 s in all. Every address below may be asked again.</summary>
    private const string Retries = "#rc=5&rp=all&ct=3000&tt=15000";
    private readonly XElement _response;

    private Twiml(params object[] verbs) => _response = new XElement("Response", verbs);

    /// <summary>The whole document, with its XML declaration.</summary>
    public string Document => Encoding.UTF8.GetString(Write());

    /// <summary>Nothing more to do: Twilio ends the call.</summary>
    public static Twiml Nothing() => new();

    /// <summary>Refused before it is answered: the caller hears busy, and nobody pays.</summary>
    public static Twiml Busy() => new(new XElement("Reject", new XAttribute("reason", "busy")));

    /// <summary>Not answered at all: the caller hears that the number cannot be reached, or what the carrier makes of it.</summary>
    public static Twiml Rejected() => new(new XElement("Reject", new XAttribute("reason", "rejected")));

    /// <summary>Somebody else is asked what becomes of the call.</summary>
    public static Twiml Redirect(string url) => new(new XElement("Redirect", new XAttribute("method", "POST"), url));

    /// <summary>Hang up, after Twilio's own voice said <paramref name="say"/>.</summary>
    public static Twiml HangUp(string? say) => new([.. Said(say), new XElement("Hangup")]);

    /// <summary>Rings a telephone after <paramref name="say"/>; how that went, Twilio tells <c>/call-next/dialled</c>.</summary>
    /// <param name="callerId">The number that it shows, Bob's own; null: the caller's.</param>
    public static Twiml Dial(PublicUrl url, string number, string? callerId, string? say)
    {
        var dial = new XElement("Dial", new XAttribute("timeout", RingSeconds), new XAttribute("action", Again(url, "/call-next/dialled")), new XElement("Number", number));
        if (callerId is not null)
            dial.SetAttributeValue("callerId", callerId);
        return new([.. Said(say), dial]);
    }

    /// <summary>
    /// Records a message after <paramref name="say"/>. Twilio tells <c>/call-next/recorded</c> where it is, and <c>/recording-status</c> again, should that get
    /// lost; when nothing is said, it goes on with <paramref name="silence"/>.
    /// </summary>
    public static Twiml Record(PublicUrl url, string say, string silence) => new([
        .. Said(say),
        new XElement("Record",
            new XAttribute("action", Again(url, "/call-next/recorded")),
            new XAttribute("maxLength", LongestMessageSeconds),
            new XAttribute("finishOnKey", "#"),
            new XAttribute("recordingStatusCallback", Again(url, "/recording-status"))),
        .. Said(silence),
        new XElement("Hangup")]);

    /// <summary>
    /// Connects the call to a media stream that must show <paramref name="ticket"/>. When the stream ends, Twilio asks <c>/call-next</c>;
    /// <c>Hangup</c> is for the case that this cannot be asked.
    /// </summary>
    public static Twiml Connect(PublicUrl url, string ticket, bool pause = false) => new([
        .. pause ? [new XElement("Pause", new XAttribute("length", 1))] : Array.Empty<XElement>(),
        new XElement("Connect",
            new XAttribute("action", Again(url, "/call-next")),
            new XElement("Stream",
                new XAttribute("url", url.MediaStream),
                new XAttribute("statusCallback", Again(url, "/stream-status")),
                new XElement("Parameter", new XAttribute("name", "ticket"), new XAttribute("value", ticket)))),
        new XElement("Hangup")]);

    /// <summary>Written whole with its length: Twilio's client cannot read a chunked body past the first chunk.</summary>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var body = Write();
        httpContext.Response.ContentType = "text/xml; charset=utf-8";
        httpContext.Response.ContentLength = body.Length;
        return httpContext.Response.Body.WriteAsync(body, httpContext.RequestAborted).AsTask();
    }

    private static string Again(PublicUrl url, string path) => url.At(path) + Retries;

    private static XElement[] Said(string? text)
    {
        var words = new string([.. (text ?? "").Where(XmlConvert.IsXmlChar).Take(LongestSaid)]);
        return string.IsNullOrWhiteSpace(words) ? [] : [new XElement("Say", words)];
    }

    private byte[] Write()
    {
        var body = new MemoryStream();
        using var writer = XmlWriter.Create(body, new XmlWriterSettings { Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false) });
        new XDocument(_response).WriteTo(writer);
        writer.Flush();
        return body.ToArray();
    }
}
