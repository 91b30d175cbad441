using System.Xml;
using System.Xml.Linq;

namespace Bob.Simulator.Twilio;

/// <summary>A TwiML document as Twilio reads it: exact case, warnings (12200) for what the schema does not know, errors for what is not TwiML.</summary>
/// <param name="Verbs">What is to be done, in order.</param>
/// <param name="Warnings">What Twilio passed over.</param>
/// <param name="Error">Set if the document cannot be used at all.</param>
public sealed record TwimlDocument(IReadOnlyList<TwimlVerb> Verbs, IReadOnlyList<TwimlProblem> Warnings, TwimlProblem? Error)
{
    /// <summary>Longest document, bytes (11750).</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Longest text of a Say, characters.</summary>
    public const int MaxSayCharacters = 4096;

    private static readonly Dictionary<string, string[]> KnownAttributes = new(StringComparer.Ordinal)
    {
        ["Response"] = ["version"],
        ["Connect"] = ["action", "method"],
        ["Stream"] = ["url", "name", "track", "statusCallback", "statusCallbackMethod", "connectorName"],
        ["Parameter"] = ["name", "value"],
        ["Say"] = ["voice", "language", "loop"],
        ["Play"] = ["loop", "digits"],
        ["Pause"] = ["length"],
        ["Redirect"] = ["method"],
        ["Hangup"] = [],
        ["Reject"] = ["reason"],
        ["Dial"] =
        [
            "action", "method", "timeout", "timeLimit", "callerId", "answerOnBridge", "hangupOnStar", "record", "trim",
            "recordingStatusCallback", "recordingStatusCallbackMethod", "recordingStatusCallbackEvent", "recordingTrack", "referUrl",
            "referMethod", "ringTone", "sequential",
        ],
        ["Number"] =
        [
            "url", "method", "sendDigits", "statusCallback", "statusCallbackMethod", "statusCallbackEvent", "machineDetection",
            "machineDetectionTimeout", "machineDetectionSpeechThreshold", "machineDetectionSpeechEndThreshold", "machineDetectionSilenceTimeout",
            "amdStatusCallback", "amdStatusCallbackMethod", "byoc",
        ],
        ["Sip"] = ["username", "password", "url", "method", "statusCallback", "statusCallbackMethod", "statusCallbackEvent"],
        ["Client"] = ["url", "method", "statusCallback", "statusCallbackMethod", "statusCallbackEvent"],
        ["Record"] =
        [
            "action", "method", "timeout", "finishOnKey", "maxLength", "playBeep", "trim", "recordingStatusCallback",
            "recordingStatusCallbackMethod", "recordingStatusCallbackEvent", "transcribe", "transcribeCallback",
        ],
    };

    /// <summary>Reads a document.</summary>
    public static TwimlDocument Parse(string text)
    {
        XDocument xml;
        try
        {
            using var reader = XmlReader.Create(new StringReader(text), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit });
            xml = XDocument.Load(reader);
        }
        catch (XmlException e)
        {
            return Unusable(12100, $"not well-formed XML: {e.Message}");
        }

        var root = xml.Root!;
        if (root.Name != "Response")
            return Unusable(12102, $"the root is <{root.Name}>, not <Response>");

        var warnings = new List<TwimlProblem>();
        CheckAttributes(root, warnings);
        if (root.Nodes().OfType<XText>().Any(t => !string.IsNullOrWhiteSpace(t.Value)))
            warnings.Add(new TwimlProblem(12200, "text directly inside <Response>"));

        var verbs = new List<TwimlVerb>();
        foreach (var element in root.Elements())
        {
            if (ReadVerb(element, warnings) is { } verb)
                verbs.Add(verb);
        }

        return new TwimlDocument(verbs, warnings, null);
    }

    private static TwimlDocument Unusable(int code, string message) => new([], [], new TwimlProblem(code, message));

    private static TwimlVerb? ReadVerb(XElement element, List<TwimlProblem> warnings)
    {
        switch (element.Name.ToString())
        {
            case "Connect":
                CheckAttributes(element, warnings);
                return ReadConnect(element, warnings);
            case "Say":
                CheckAttributes(element, warnings);
                if (element.Value.Trim().Length == 0)
                    warnings.Add(new TwimlProblem(13520, "<Say> without a text"));
                if (element.Value.Length > MaxSayCharacters)
                    warnings.Add(new TwimlProblem(13511, $"<Say> with more than {MaxSayCharacters} characters"));
                return new TwimlVerb.Say(element.Value.Trim(), Whole(element, "loop", 1, 0, 1000, warnings));
            case "Play":
                CheckLeaf(element, warnings);
                return new TwimlVerb.Play(element.Value.Trim(), Text(element, "digits"), Whole(element, "loop", 1, 0, 1000, warnings));
            case "Pause":
                CheckLeaf(element, warnings);
                return new TwimlVerb.Pause(Seconds(element, "length", 1, warnings));
            case "Redirect":
                CheckLeaf(element, warnings);
                return new TwimlVerb.Redirect(element.Value.Trim(), Method(element, warnings));
            case "Hangup":
                CheckLeaf(element, warnings);
                return new TwimlVerb.HangUp();
            case "Reject":
                CheckLeaf(element, warnings);
                return new TwimlVerb.Reject(OneOf(element, "reason", "rejected", ["rejected", "busy"], warnings));
            case "Dial":
                CheckAttributes(element, warnings);
                return ReadDial(element, warnings);
            case "Record":
                CheckLeaf(element, warnings);
                return new TwimlVerb.Record(
                    Text(element, "action"),
                    Method(element, warnings),
                    Seconds(element, "timeout", 5, warnings),
                    Seconds(element, "maxLength", 3600, warnings),
                    Text(element, "finishOnKey") ?? "1234567890*#",
                    Text(element, "recordingStatusCallback"));
            default:
                warnings.Add(new TwimlProblem(12200, $"<{element.Name}> is no verb this number can perform"));
                return null;
        }
    }

    private static TwimlVerb.ConnectStream? ReadConnect(XElement connect, List<TwimlProblem> warnings)
    {
        foreach (var other in connect.Elements().Where(e => e.Name != "Stream"))
            warnings.Add(new TwimlProblem(12200, $"<{other.Name}> inside <Connect>"));
        var streams = connect.Elements("Stream").ToList();
        if (streams.Count == 0)
        {
            warnings.Add(new TwimlProblem(12200, "<Connect> without <Stream>"));
            return null;
        }

        if (streams.Count > 1)
            warnings.Add(new TwimlProblem(12200, "<Connect> with more than one <Stream>"));

        var stream = streams[0];
        CheckAttributes(stream, warnings);
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        var refusal = StreamUrlProblem(Text(stream, "url")) ?? StreamOptionProblem(stream);
        foreach (var element in stream.Elements())
        {
            if (element.Name != "Parameter")
            {
                warnings.Add(new TwimlProblem(12200, $"<{element.Name}> inside <Stream>"));
                continue;
            }

            CheckLeaf(element, warnings);
            var (name, value) = (Text(element, "name"), Text(element, "value"));
            if (string.IsNullOrEmpty(name) || value is null)
                warnings.Add(new TwimlProblem(12200, "<Parameter> needs name and value"));
            else if (name.Length + value.Length >= 500)
                refusal ??= new TwimlProblem(12200, $"<Parameter name=\"{name}\">: name and value must be under 500 characters together");
            else
                parameters[name] = value;
        }

        return new TwimlVerb.ConnectStream(
            Text(connect, "action"),
            Method(connect, warnings),
            Text(stream, "url") ?? "",
            Text(stream, "name"),
            Text(stream, "statusCallback"),
            parameters,
            refusal);
    }

    private static TwimlProblem? StreamUrlProblem(string? url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
            return new TwimlProblem(31923, $"<Stream url=\"{url}\"> is not an absolute URL");
        if (uri.Scheme != "wss" && !(uri.Scheme == "ws" && uri.IsLoopback))
            return new TwimlProblem(31922, $"<Stream url=\"{url}\">: the scheme must be wss");
        if (uri.Query.Length > 0)
            return new TwimlProblem(31920, $"<Stream url=\"{url}\"> has a query string; use <Parameter>");
        return null;
    }

    private static TwimlProblem? StreamOptionProblem(XElement stream)
    {
        if (Text(stream, "track") is { } track and not "inbound_track")
            return new TwimlProblem(31941, $"track=\"{track}\": only inbound_track is possible with <Connect>");
        if (Text(stream, "connectorName") is { } connector)
            return new TwimlProblem(31940, $"connectorName=\"{connector}\" is not known");
        if (Text(stream, "statusCallback") is { } callback && !IsHttpUrl(callback))
            return new TwimlProblem(11100, $"statusCallback=\"{callback}\" is not an absolute http(s) URL");
        return null;
    }

    private static TwimlVerb.Dial ReadDial(XElement dial, List<TwimlProblem> warnings)
    {
        var targets = new List<string>();
        foreach (var noun in dial.Elements())
        {
            if (noun.Name != "Number" && noun.Name != "Sip" && noun.Name != "Client")
            {
                warnings.Add(new TwimlProblem(12200, $"<{noun.Name}> inside <Dial>"));
                continue;
            }

            CheckLeaf(noun, warnings);
            targets.Add(noun.Value.Trim());
        }

        var bare = string.Concat(dial.Nodes().OfType<XText>().Select(t => t.Value)).Trim();
        if (bare.Length > 0)
            targets.Add(bare);
        if (targets.Count is 0 or > 10 || targets.Any(t => t.Length == 0))
            warnings.Add(new TwimlProblem(13223, "<Dial> needs one to ten targets"));
        return new TwimlVerb.Dial(targets, Text(dial, "action"), Method(dial, warnings), Seconds(dial, "timeout", 30, warnings));
    }

    private static void CheckLeaf(XElement element, List<TwimlProblem> warnings)
    {
        CheckAttributes(element, warnings);
        foreach (var child in element.Elements())
            warnings.Add(new TwimlProblem(12200, $"<{child.Name}> inside <{element.Name}>"));
    }

    private static void CheckAttributes(XElement element, List<TwimlProblem> warnings)
    {
        var known = KnownAttributes.GetValueOrDefault(element.Name.ToString(), []);
        foreach (var attribute in element.Attributes().Where(a => !a.IsNamespaceDeclaration && !known.Contains(a.Name.ToString(), StringComparer.Ordinal)))
            warnings.Add(new TwimlProblem(12200, $"<{element.Name}> has no attribute {attribute.Name}"));
    }

    private static string? Text(XElement element, string attribute) => element.Attribute(attribute)?.Value;

    private static string Method(XElement element, List<TwimlProblem> warnings) => OneOf(element, "method", "POST", ["POST", "GET"], warnings);

    private static string OneOf(XElement element, string attribute, string fallback, string[] allowed, List<TwimlProblem> warnings)
    {
        if (Text(element, attribute) is not { } value)
            return fallback;
        if (allowed.Contains(value, StringComparer.Ordinal))
            return value;
        warnings.Add(new TwimlProblem(12200, $"<{element.Name} {attribute}=\"{value}\">: must be {string.Join(" or ", allowed)}"));
        return fallback;
    }

    private static int Whole(XElement element, string attribute, int fallback, int least, int most, List<TwimlProblem> warnings)
    {
        if (Text(element, attribute) is not { } value)
            return fallback;
        if (int.TryParse(value, out var number) && number >= least && number <= most)
            return number;
        warnings.Add(new TwimlProblem(12200, $"<{element.Name} {attribute}=\"{value}\">: must be a whole number from {least} to {most}"));
        return fallback;
    }

    private static TimeSpan Seconds(XElement element, string attribute, int fallback, List<TwimlProblem> warnings) =>
        TimeSpan.FromSeconds(Whole(element, attribute, fallback, 0, 86400, warnings));

    private static bool IsHttpUrl(string url) => Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.Scheme is "http" or "https");
}
