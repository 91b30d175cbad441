using System.Net;
using System.Text;
using System.Xml.Linq;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Host.Calls;
using Bob.Host.Twilio;
using Xunit;
using static Bob.Actors.Calls.CallProtocol;

namespace Bob.Tests.Host;

public sealed class IncomingCallSpecs
{
    private const string Path = "/incoming-call";
    private const string Connected =
        """<Response><Connect action="https://bob.example.com/call-next#rc=5&amp;rp=all&amp;ct=3000&amp;tt=15000"><Stream url="wss://bob.example.com/media-stream" statusCallback="https://bob.example.com/stream-status#rc=5&amp;rp=all&amp;ct=3000&amp;tt=15000"><Parameter name="ticket" value="t1"/></Stream></Connect><Hangup/></Response>""";

    private static readonly Func<object, object?> Admits = message => message is AdmitCall ? new CallAdmitted("t1") : null;

    public static TheoryData<string?> OddCallers => new(
        null, "", "anonymous", "+266696687", "\"/><Dial>+19005550100</Dial><x a=\"", "]]><Hangup/>", "&amp;", new string('9', 65_536), "\0", "\uD800\uDC00\uD800",
        "\u202E+10005550100", "\uD83D\uDE00", "sip:x@y;<z>", "\uFFFE\uFFFF");

    [Fact]
    public async Task A_call_is_connected_to_the_media_stream_with_its_ticket()
    {
        await using var bob = await RunningBob.StartAsync(Admits);

        var response = await bob.PostAsync(Path, RunningBob.Call(("From", "+15550100001"), ("To", "+15550100002")));

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.Should().Be("text/xml");
        response.Content.Headers.ContentLength.Should().BePositive();
        response.Headers.TransferEncodingChunked.Should().NotBe(true);
        await ShouldBe(response, Connected);
        bob.Asked.Should().Equal(new AdmitCall(new CallSid(RunningBob.CallSid), "+15550100001", "+15550100002"));
    }

    [Fact]
    public async Task Without_a_public_address_the_stream_comes_to_this_machine_without_TLS()
    {
        await using var bob = await RunningBob.StartAsync(Admits, null, ("SERVER_URL", ""), ("TWILIO_AUTH_TOKEN", ""));

        var response = await bob.PostAsync(Path, RunningBob.Call());

        await ShouldBe(response, ConnectedTo(bob));
    }

    [Fact]
    public async Task A_webhook_sent_twice_is_answered_by_the_same_document()
    {
        await using var bob = await RunningBob.StartAsync(Admits);

        var first = await bob.PostAsync(Path, RunningBob.Call(("From", "+15550100001")));
        var second = await bob.PostAsync(Path, RunningBob.Call(("From", "+15550100001")));

        (await RunningBob.TextAsync(second)).Should().Be(await RunningBob.TextAsync(first));
    }

    [Fact]
    public async Task No_caller_changes_the_shape_of_the_document()
    {
        await using var bob = await RunningBob.StartAsync(Admits);
        foreach (var from in OddCallers.Select(row => row.Data))
        {
            var response = await bob.PostAsync(Path, RunningBob.Call([.. from is null ? [] : new[] { ("From", from) }]));

            await ShouldBe(response, Connected);
            bob.Asked.OfType<AdmitCall>().Last().Caller.Should().NotBeEmpty().And.Match(caller => caller.Length <= Caller.MaxLength);
        }
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_survived()
    {
        await using var bob = await RunningBob.StartAsync(Admits, null, ("TWILIO_AUTH_TOKEN", ""), ("SERVER_URL", ""));
        byte[] body = [.. Encoding.ASCII.GetBytes($"CallSid={RunningBob.CallSid}&From=%ED%A0%80%00%ff&%zz=%&=&&x"), 0xFF, 0xFE, 0x00];
        var content = new ByteArrayContent(body);
        content.Headers.Add("Content-Type", "application/x-www-form-urlencoded");

        var response = await bob.SendAsync(new HttpRequestMessage(HttpMethod.Post, Path) { Content = content });

        await ShouldBe(response, ConnectedTo(bob));
    }

    [Fact]
    public async Task A_full_house_is_busy()
    {
        await using var bob = await RunningBob.StartAsync(_ => new CallRefused("full"));

        var response = await bob.PostAsync(Path, RunningBob.Call());

        await ShouldBe(response, """<Response><Reject reason="busy"/></Response>""");
    }

    [Fact]
    public async Task When_the_calls_do_not_answer_the_caller_hears_an_apology_and_may_leave_a_message()
    {
        await using var bob = await RunningBob.StartAsync(_ => null);

        var response = await bob.PostAsync(Path, RunningBob.Call());

        (await RunningBob.TextAsync(response)).Should().Contain($"<Say>{CallFallback.Apology} ").And.Contain("<Record ");
    }

    [Fact]
    public async Task When_the_front_end_fails_the_caller_hears_an_apology_and_may_leave_a_message_too()
    {
        await using var bob = await RunningBob.StartAsync(_ => new Akka.Actor.Status.Failure(new InvalidOperationException("a bug")));

        var response = await bob.PostAsync(Path, RunningBob.Call());

        (await RunningBob.TextAsync(response)).Should().Contain($"<Say>{CallFallback.Apology} ").And.Contain("<Record ");
        await bob.AwaitAsync(() => bob.Lines.Any(line => line.StartsWith("[bob] ERR") && line.Contains("a bug")));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("CA123")]
    [InlineData("XX00000000000000000000000000000001")]
    [InlineData("CA0000000000000000000000000000000g")]
    [InlineData("CA00000000000000000000000000000001\n")]
    public async Task A_call_without_a_proper_CallSid_is_a_bad_request(string? callSid)
    {
        await using var bob = await RunningBob.StartAsync(Admits);

        var response = await bob.PostAsync(Path, callSid is null ? [("From", "+15550100001")] : [("CallSid", callSid)]);

        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        response.Content.Headers.ContentType!.MediaType.Should().Be("text/plain");
        (await RunningBob.TextAsync(response)).Should().Contain("CallSid");
        bob.Asked.Should().BeEmpty();
    }

    /// <summary>The same for a host without a public address.</summary>
    private static string ConnectedTo(RunningBob bob)
    {
        var origin = $"localhost:{bob.Http.BaseAddress!.Port}";
        return Connected.Replace("wss://bob.example.com", $"ws://{origin}").Replace("https://bob.example.com", $"http://{origin}");
    }

    private static async Task ShouldBe(HttpResponseMessage response, string document)
    {
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        XNode.DeepEquals(XDocument.Parse(await RunningBob.TextAsync(response)).Root, XElement.Parse(document)).Should().BeTrue();
    }
}
