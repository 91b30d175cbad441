using System.Net;
using System.Xml.Linq;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Host.Calls;
using Bob.Host.Records;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Faults;
using Bob.Tests.Records;
using Microsoft.EntityFrameworkCore;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;
using static Bob.Tests.Faults.ModelFaults;

namespace Bob.Tests.Calls;

/// <summary>No model can be had: what the caller hears, and who takes over.</summary>
public sealed class FallbackSpecs(ITestOutputHelper output)
{
    private static readonly Fault Refused = new() { At = new FaultPoint { On = FaultMoment.Connect }, Do = FaultAction.Http, Status = 401, Times = 0 };
    private static readonly CallEnd NoModel = new(CallResult.Failed, CallSide.Model, "model-invalid-api-key");

    [Fact]
    public async Task O1_A_call_without_a_model_has_an_apology_a_message_and_one_end()
    {
        await using var house = await StartAsync(Script(Refused));

        var report = await house.Twilio.PlaceCall(new CallPlan { From = "+15550100077", Records = [new RecordOutcome(TimeSpan.FromSeconds(7), "#")] }).Completion;

        output.WriteLine($"the apology begins {report.FirstAudio?.TotalMilliseconds:0} ms after the call");
        await house.ShouldBeOverAsync(report, NoModel);
        report.ShouldHaveApologised();
        report.EndReason.Should().Be(CallEndReason.HungUpByTwiml);
        report.TwimlDocuments[^1].Should().Contain(CallFallback.Thanks);
        var message = await MessageOfAsync(house, report.CallSid);
        (message.Caller, message.Kind, message.Seconds).Should().Be(("+15550100077", MessageKind.Voicemail, 7));
        (await house.Records.OfEndedAsync(report.CallSid)).Reason.Should().Be("model-invalid-api-key");
    }

    [Fact]
    public async Task A_caller_who_hangs_up_with_the_message_has_left_it_all_the_same()
    {
        await using var house = await StartAsync(Script(Refused), twilio: twilio => twilio with { CallbacksTwice = true, CallbacksOutOfOrder = true });

        var report = await house.Twilio.PlaceCall(new CallPlan { Records = [new RecordOutcome(TimeSpan.FromSeconds(4))] }).Completion;

        await house.ShouldBeOverAsync(report, NoModel);
        report.EndReason.Should().Be(CallEndReason.CallerHungUp);
        (await MessageOfAsync(house, report.CallSid)).Caller.Should().Be("+15550100001");
        house.LogEvents.Should().ContainSingle(line => line.MessageTemplate.Text.StartsWith("The caller left a message"), "it is told four times");
    }

    [Fact]
    public async Task A_caller_who_says_nothing_leaves_no_message()
    {
        await using var house = await StartAsync(Script(Refused));

        var report = await house.Twilio.PlaceCall(new CallPlan { Records = [new RecordOutcome(StaysSilent: true)] }).Completion;

        await house.ShouldBeOverAsync(report, NoModel);
        report.EndReason.Should().Be(CallEndReason.HungUpByTwiml);
        report.Transcript.Should().Contain(line => line.What.Contains("I did not hear anything"));
        await using var db = RecordsDatabase.InFile(house.Records.Database).Open();
        (await db.Messages.CountAsync(TestContext.Current.CancellationToken)).Should().Be(0);
    }

    [Theory]
    [InlineData("completed", false)]
    [InlineData("busy", true)]
    [InlineData("no-answer", true)]
    [InlineData("failed", true)]
    [InlineData("canceled", true)]
    public async Task A_human_is_rung_and_when_nobody_answers_a_message_is_taken(string outcome, bool message)
    {
        await using var house = await StartAsync(
            Script(Refused), settings: [("FALLBACK", "human"), ("FALLBACK_NUMBER", "+15550100009"), ("TWILIO_PHONE_NUMBER", "+15550100002")]);

        var report = await house.Twilio.PlaceCall(new CallPlan { Dials = [new DialOutcome(outcome)], Records = [new RecordOutcome(TimeSpan.FromSeconds(3), "#")] }).Completion;

        await house.ShouldBeOverAsync(report, NoModel);
        report.HeardClip(ClipName.Apology).Should().Be(1);
        report.HeardClip(ClipName.Transfer).Should().Be(1);
        var dial = XElement.Parse(report.TwimlDocuments.Should().ContainSingle(document => document.Contains("<Dial")).Subject).Elements().Should().ContainSingle().Subject;
        (dial.Element("Number")!.Value, dial.Attribute("callerId")!.Value, dial.Attribute("timeout")!.Value).Should().Be(("+15550100009", "+15550100002", "20"));
        report.Warnings.Should().NotContain(warning => warning.Level == WarningLevel.Error);
        report.EndReason.Should().Be(CallEndReason.HungUpByTwiml);
        if (message)
            await MessageOfAsync(house, report.CallSid);
        else
            report.TwimlDocuments.Should().NotContain(document => document.Contains("<Record"));
    }

    [Fact]
    public async Task With_nobody_to_take_over_the_caller_is_asked_to_call_again()
    {
        await using var house = await StartAsync(Script(Refused), settings: ("FALLBACK", "hangup"));

        var report = await house.Twilio.PlaceCall(new CallPlan()).Completion;

        await house.ShouldBeOverAsync(report, NoModel);
        report.HeardClip(ClipName.Apology).Should().Be(1);
        report.HeardClip(ClipName.CallAgain).Should().Be(1);
        report.TwimlDocuments[^1].Should().Contain("<Response><Hangup /></Response>");
    }

    [Fact]
    public async Task A_model_that_is_lost_in_the_call_and_not_had_again_is_apologised_for_behind_its_last_words()
    {
        var lost = new Fault { At = new FaultPoint { Session = 1, Response = 2, AudioMs = 800 }, Do = FaultAction.Fin }; // a reset would take what was not read yet with it
        await using var house = await StartAsync(Script(lost, new Fault { At = new FaultPoint { Session = 2, On = FaultMoment.Connect }, Do = FaultAction.Http, Status = 401 }));

        var report = await house.Twilio.PlaceCall(new CallPlan
        {
            Steps = [new CallerStep.WaitForBob(), new CallerStep.Speak(Voice(WhenOpen))],
            Records = [new RecordOutcome(TimeSpan.FromSeconds(3), "#")],
        }).Completion;

        await house.ShouldBeOverAsync(report, NoModel);
        report.ShouldHaveApologised();
        Heard(report, Greeting, Hours).Should().HaveCount(2).And.EndWith(new HeardLine(Hours, 0, 800));
        await MessageOfAsync(house, report.CallSid);
    }

    [Fact]
    public async Task O8_A_stalled_model_is_given_up_within_6_seconds_and_the_caller_is_greeted_meanwhile()
    {
        await using var house = await StartAsync(Script(new Fault { At = new FaultPoint { On = FaultMoment.Connect }, Do = FaultAction.NoUpgrade, Times = 0 }));

        var report = await house.Twilio.PlaceCall(new CallPlan { Records = [new RecordOutcome(TimeSpan.FromSeconds(1), "#")] }).Completion;

        output.WriteLine($"the greeting begins {report.FirstAudio?.TotalMilliseconds:0} ms after the call; heard {report.ClipHeardAt(ClipName.Greeting).Single()} ms, apology at {report.ClipHeardAt(ClipName.Apology).Single()} ms of the stream's audio");
        foreach (var line in report.Transcript)
            output.WriteLine($"{line.Ms,7} {line.Who}: {line.What}");
        await house.ShouldBeOverAsync(report, new CallEnd(CallResult.Failed, CallSide.Model, "model-timeout"));
        report.HeardClip(ClipName.Greeting).Should().Be(1);
        report.ShouldHaveApologised();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_message_of_a_call_that_nobody_knows_is_kept(bool actionComesFirst)
    {
        const string call = "CA000000000000000000000000000000ff";
        const string url = "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000001/Recordings/RE00000000000000000000000000000001";
        await using var bob = await Host.RunningBob.StartAsync(_ => null);
        var action = ("/call-next/recorded", new[] { ("CallSid", call), ("From", "+15550100077"), ("RecordingUrl", url), ("RecordingDuration", "9"), ("CallStatus", "in-progress") });
        var report = ("/recording-status", new[] { ("CallSid", call), ("RecordingUrl", url), ("RecordingDuration", "9"), ("RecordingStatus", "completed") });

        foreach (var (path, fields) in actionComesFirst ? new[] { action, report, action } : [report, action, report])
        {
            var response = await bob.PostAsync(path, fields);
            response.IsSuccessStatusCode.Should().BeTrue();
            if (path.EndsWith("recorded"))
                (await Host.RunningBob.TextAsync(response)).Should().Contain(CallFallback.Thanks);
        }

        var message = await bob.Records.MessageAsync(row => row.CallSid == call && row.Caller == "+15550100077");
        (message.Seconds, message.RecordingUrl).Should().Be((9, url));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/none")]
    public async Task Without_a_recording_there_is_no_message_to_thank_for(string? url)
    {
        await using var bob = await Host.RunningBob.StartAsync(_ => null);

        var response = await bob.PostAsync("/call-next/recorded", Host.RunningBob.Call(url is null ? [("CallStatus", "in-progress")] : [("CallStatus", "in-progress"), ("RecordingUrl", url)]));

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        (await Host.RunningBob.TextAsync(response)).Should().Contain(CallFallback.Farewell);
    }

    private static Task<MessageRow> MessageOfAsync(WholeHouse house, string callSid) => house.Records.MessageAsync(row => row.CallSid == callSid);
}
