using AwesomeAssertions;
using Bob.Simulator.Twilio;
using Xunit;

namespace Bob.Tests.Simulator;

public sealed class TwilioTwimlSpecs : IAsyncLifetime
{
    private TwilioSimulatorLine _server = null!;

    public async ValueTask InitializeAsync() => _server = await TwilioSimulatorLine.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("<Response><Hangup/></Response>", CallEndReason.HungUpByTwiml, "")]
    [InlineData("<Response/>", CallEndReason.TwimlEnded, "")]
    [InlineData("<Response><Reject/></Response>", CallEndReason.Rejected, "rejected")]
    [InlineData("<Response><Reject reason=\"busy\"/></Response>", CallEndReason.Rejected, "busy")]
    [InlineData("<Response><Say>Hello</Say><Pause/><Play digits=\"1w2\"/></Response>", CallEndReason.TwimlEnded, "")]
    [InlineData("<Response><Redirect>/hangup</Redirect><Say>never</Say></Response>", CallEndReason.HungUpByTwiml, "")]
    [InlineData("<Response><Dial><Number>+15550100003</Number></Dial><Hangup/></Response>", CallEndReason.HungUpByTwiml, "")]
    [InlineData("<Response><Dial action=\"hangup\">+15550100003</Dial><Say>never</Say></Response>", CallEndReason.HungUpByTwiml, "")]
    [InlineData("<Response><Record action=\"/hangup\"/></Response>", CallEndReason.CallerHungUp, "")]
    [InlineData("<response/>", CallEndReason.InvalidTwiml, "12102")]
    [InlineData("<Response>", CallEndReason.InvalidTwiml, "12100")]
    [InlineData(" <?xml version=\"1.0\"?><Response/>", CallEndReason.InvalidTwiml, "12100")]
    [InlineData("<!DOCTYPE x><Response/>", CallEndReason.InvalidTwiml, "12100")]
    [InlineData("Hello", CallEndReason.InvalidTwiml, "12100")]
    public async Task A_document_ends_the_call_as_Twilio_would(string twiml, CallEndReason reason, string detail)
    {
        _server.Twiml["/voice"] = _ => twiml;
        _server.Twiml["/hangup"] = _ => "<Response><Hangup/></Response>";
        await using var twilio = new TwilioSimulator(_server.Options);

        var report = await twilio.PlaceCall(new CallPlan()).Completion;

        report.EndReason.Should().Be(reason);
        report.EndDetail.Contains(detail).Should().BeTrue(report.EndDetail);
        report.Transcript.Should().NotContain(l => l.What.Contains("never"));
    }

    [Theory]
    [InlineData("<Response><say>x</say></Response>", 12200)]
    [InlineData("<Response><Say Voice=\"alice\">x</Say></Response>", 12200)]
    [InlineData("<Response><Conect/></Response>", 12200)]
    [InlineData("<Response><Connect><stream url=\"wss://a/b\"/><Stream url=\"ws://127.0.0.1:1/m\"/></Connect></Response>", 12200, 31902)]
    [InlineData("<Response><Connect><Stream url=\"wss://a.example/m?x=1\"/></Connect></Response>", 31920)]
    [InlineData("<Response><Connect><Stream url=\"ws://a.example/m\"/></Connect></Response>", 31922)]
    [InlineData("<Response><Connect><Stream url=\"https://a.example/m\"/></Connect></Response>", 31922)]
    [InlineData("<Response><Connect><Stream url=\"/media\"/></Connect></Response>", 31923)]
    [InlineData("<Response><Connect><Stream/></Connect></Response>", 31923)]
    [InlineData("<Response><Connect><Stream url=\"wss://a.example/m\" track=\"both_tracks\"/></Connect></Response>", 31941)]
    [InlineData("<Response><Connect><Stream url=\"wss://a.example/m\" statusCallback=\"/s\"/></Connect></Response>", 11100)]
    [InlineData("<Response><Connect><Stream url=\"ws://127.0.0.1:1/m\"/></Connect></Response>", 31902)]
    [InlineData("<Response><Dial>12</Dial></Response>", 13224)]
    public async Task What_Twilio_does_not_take_is_in_the_debugger(string twiml, params int[] codes)
    {
        _server.Twiml["/voice"] = _ => twiml;
        await using var twilio = new TwilioSimulator(_server.Options);

        var report = await twilio.PlaceCall(new CallPlan()).Completion;

        report.Warnings.Select(w => w.Code).Should().Equal(codes);
    }

    [Theory]
    [InlineData(493, false)]
    [InlineData(494, true)]
    public void Name_and_value_of_a_parameter_are_under_500_characters(int length, bool refused)
    {
        var value = new string('x', length);
        var document = TwimlDocument.Parse(
            $"<Response><Connect><Stream url=\"wss://a.example/m\"><Parameter name=\"ticket\" value=\"{value}\"/></Stream></Connect></Response>");

        var connect = document.Verbs.Single().Should().BeOfType<TwimlVerb.ConnectStream>().Subject;
        (connect.Refusal is not null).Should().Be(refused);
    }

    [Theory]
    [InlineData(500, "text/xml", true, 11217)]
    [InlineData(200, null, true, 12300)]
    [InlineData(200, "text/plain", true, 12300)]
    [InlineData(200, "text/xml", false, 12100)]
    public async Task An_unusable_answer_asks_the_fallback(int status, string? contentType, bool withLength, int code)
    {
        _server.Handle = async context =>
        {
            if (context.Request.Path != "/voice")
                return false;
            var body = "<Response/>"u8.ToArray();
            context.Response.StatusCode = status;
            context.Response.ContentType = contentType!;
            if (withLength)
                context.Response.ContentLength = body.Length;
            await context.Response.Body.WriteAsync(body);
            return true;
        };
        _server.Twiml["/fallback"] = _ => "<Response><Hangup/></Response>";
        await using var twilio = new TwilioSimulator(_server.Options with { FallbackUrl = new Uri(_server.Base + "/fallback") });

        var report = await twilio.PlaceCall(new CallPlan()).Completion;

        report.EndReason.Should().Be(CallEndReason.HungUpByTwiml);
        report.Warnings.Select(w => w.Code).Should().Equal(code);
        var fallback = _server.Posts.First(p => p.Path == "/fallback").Form;
        fallback["ErrorCode"].ToString().Should().Be($"{code}");
        fallback["ErrorUrl"].ToString().Should().Be(_server.Base + "/voice");
    }

    [Fact]
    public async Task A_webhook_may_not_take_longer_than_the_cap()
    {
        _server.Handle = async context =>
        {
            if (context.Request.Path == "/voice")
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { });
            return context.Request.Path == "/voice";
        };
        await using var twilio = new TwilioSimulator(_server.Options with { WebhookTimeout = TimeSpan.FromMilliseconds(200) });

        var report = await twilio.PlaceCall(new CallPlan()).Completion;

        report.EndReason.Should().Be(CallEndReason.WebhookFailed);
        report.EndDetail.Should().Contain("11205");
    }

    [Fact]
    public async Task A_dial_reports_its_outcome_and_a_voicemail_its_recording()
    {
        _server.Twiml["/voice"] = _ => "<Response><Dial action=\"/dialled\"><Number>+15550100003</Number></Dial></Response>";
        _server.Twiml["/dialled"] = _ => "<Response><Say>Leave a message.</Say><Record action=\"/recorded\" maxLength=\"60\"/></Response>";
        _server.Twiml["/recorded"] = _ => "<Response><Hangup/></Response>";
        await using var twilio = new TwilioSimulator(_server.Options);

        var report = await twilio.PlaceCall(new CallPlan { Dials = [new DialOutcome("no-answer")], Records = [new RecordOutcome(FinishKey: "#")] }).Completion;

        report.EndReason.Should().Be(CallEndReason.HungUpByTwiml);
        var dialled = _server.Posts.Single(p => p.Path == "/dialled").Form;
        (dialled["DialCallStatus"].ToString(), dialled["CallStatus"].ToString()).Should().Be(("no-answer", "in-progress"));
        var recorded = _server.Posts.Single(p => p.Path == "/recorded").Form;
        (recorded["Digits"].ToString(), recorded["RecordingDuration"].ToString()).Should().Be(("#", "3"));
    }

    [Fact]
    public async Task A_status_callback_that_is_not_acknowledged_properly_is_a_warning()
    {
        _server.Twiml["/voice"] = _ => "<Response/>";
        _server.Twiml["/call-status"] = _ => "ok";
        await using var twilio = new TwilioSimulator(_server.Options);

        var report = await twilio.PlaceCall(new CallPlan()).Completion;

        report.Warnings.Select(w => w.Code).Should().Equal(15003);
    }

    [Fact]
    public async Task An_update_by_the_REST_API_replaces_the_document_and_stops_the_stream()
    {
        _server.Connect(" action=\"/never\"");
        await using var twilio = new TwilioSimulator(_server.Options);

        var call = twilio.PlaceCall(new CallPlan());
        await call.WaitForStreamAsync();
        call.UpdateTwiml("<Response><Say>Goodbye</Say><Hangup/></Response>").Should().BeTrue();
        var report = await call.Completion;

        report.EndReason.Should().Be(CallEndReason.HungUpByTwiml);
        report.Streams.Single().ErrorCode.Should().BeNull();
        _server.Paths.Should().NotContain("/never");
        call.EndByApi().Should().BeFalse();
    }
}
