using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Bob.Host.Twilio;

/// <summary>The TwiML documents Bob answers with. Nothing a caller sent is ever part of one.</summary>
public sealed class Twiml : IResult
{
    private const int LongestSaid = 1_000;
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

    /// <summary>Hang up, after Twilio's own voice said <paramref name="say"/>.</summary>
    public static Twiml HangUp(string? say) => new([.. Said(say), new XElement("Hangup")]);

    /// <summary>
    /// Connects the call to a media stream that must show <paramref name="ticket"/>. When the stream ends, Twilio asks <c>/call-next</c>;
    /// <c>Hangup</c> is for the case that this cannot be asked.
    /// </summary>
    public static Twiml Connect(PublicUrl url, string ticket, bool pause = false) => new([
        .. pause ? [new XElement("Pause", new XAttribute("length", 1))] : Array.Empty<XElement>(),
        new XElement("Connect",
            new XAttribute("action", url.At("/call-next")),
            new XElement("Stream",
                new XAttribute("url", url.MediaStream),
                new XAttribute("statusCallback", url.At("/stream-status")),
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
