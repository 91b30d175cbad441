using System.Xml.Linq;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Faults.TwilioLine;

namespace Bob.Tests.Faults;

/// <summary>Whatever the network says who calls: the call works, and the document stays what it is.</summary>
public sealed class TwilioCallerIdSpecs
{
    private const string Dial = "\"/><Dial>+19005550100</Dial><x a=\"";

    public static TheoryData<string, string, string> Callers => new()
    {
        { "T29 missing", "", "anonymous" },
        { "T29 withheld", "anonymous", "anonymous" },
        { "T29 restricted", "Restricted", "anonymous" },
        { "T29 spelled on the keypad", "+266696687", "anonymous" },
        { "T30 markup", Dial, Dial },
        { "T30 the end of a section", "]]><Hangup/><!--", "]]><Hangup/><!--" },
        { "T31 NUL and newline", "+1555\0010\r\n[bob] Call ended", "+1555010[bob] Call ended" },
        { "T31 half a character", "\uD800x\uDC00", "x" },
        { "T31 right to left", "\u202E+10005550100", "+10005550100" },
        { "T31 emoji alone", "\uD83D\uDE00", "anonymous" },
        { "T31 64 KB", new string('9', 65_536), new string('9', 64) },
    };

    [Theory]
    [MemberData(nameof(Callers))]
    public async Task An_odd_caller_is_answered_like_any_other(string kind, string from, string shown)
    {
        await using var house = await WholeHouse.StartAsync(Script("hello"));
        var odd = new Dictionary<string, string> { ["CallerName"] = from, ["ForwardedFrom"] = from, ["SipHeader_X-Name"] = from };

        var report = await house.Twilio.PlaceCall(WholeHouse.Conversation() with { From = from, ExtraForm = odd }).Completion;

        report.ShouldHaveHeard("hello");
        report.Warnings.Should().BeEmpty(kind);
        XNode.DeepEquals(XDocument.Parse(report.TwimlDocuments[0]).Root, Expected(house, TicketOf(report.TwimlDocuments[0]))).Should().BeTrue(report.TwimlDocuments[0]);
        house.Lines.Should().Contain($"[bob] Incoming call from {shown}");
        house.Lines.Should().Contain($"[bob] Stream started | SID: {report.Streams[0].StreamSid} | Caller: {shown}");
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.CallerHungUp);
        await house.ShouldBeEmptyAsync();
    }

    private static XElement Expected(WholeHouse house, string ticket)
    {
        const string again = "#rc=5&rp=all&ct=3000&tt=15000";
        var here = $"localhost:{house.Address.Port}";
        return new XElement("Response",
            new XElement("Connect", new XAttribute("action", $"http://{here}/call-next{again}"),
                new XElement("Stream", new XAttribute("url", $"ws://{here}/media-stream"), new XAttribute("statusCallback", $"http://{here}/stream-status{again}"),
                    new XElement("Parameter", new XAttribute("name", "ticket"), new XAttribute("value", ticket)))),
            new XElement("Hangup"));
    }
}
