using System.Diagnostics;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;
using static Bob.Tests.Faults.ModelFaults;

namespace Bob.Tests.Faults;

/// <summary>The model's edge answers pings while its mind is gone: the caller is answered, and hears nothing twice.</summary>
public sealed class ModelMuteSpecs
{
    public static TheoryData<string> Moments =>
        ["nothing was going on", "the caller began to speak", "the turn was taken", "the response began", "in mid-sentence"];

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task O17_A_model_that_falls_mute_is_replaced_and_the_turn_sent_again(string when)
    {
        await using var house = await StartAsync(Script(when switch
        {
            "the caller began to speak" => [Mute(new FaultPoint { Session = 1, Event = "input_audio_buffer.speech_started" })],
            "the turn was taken" => [Mute(new FaultPoint { Session = 1, Event = "input_audio_buffer.committed" })],
            "the response began" => [Mute(new FaultPoint { Session = 1, Response = 2 })],
            "in mid-sentence" => [Mute(ModelDropSpecs.MidAnswer)],
            _ => Array.Empty<Fault>(),
        }));
        var call = house.Twilio.PlaceCall(new CallPlan());

        await call.WaitForHeardAsync(Ms(Greeting));
        await call.WaitForQuietAsync();
        if (when == "nothing was going on")
            house.Model.Sessions[0].Mute();
        call.Speak(Voice(WhenOpen));
        var waited = Stopwatch.StartNew();
        await call.WaitForHeardAsync(Ms(Greeting) + Ms(Hours));
        TestContext.Current.TestOutputHelper!.WriteLine($"Mute when {when}: answered {waited.Elapsed.TotalSeconds - ((Ms(WhenOpen) + Ms(Hours)) / 1000.0):F1} s after the question");
        await call.WaitForQuietAsync();
        call.Speak(Voice(WhereAreYou));
        await call.WaitForHeardAsync(Ms(Greeting) + Ms(Hours) + Ms(Address));
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, Hours, Address);
        house.Model.Connections.Should().Be(2);
        house.Lines.Should().Contain(line => line.Contains("lost: mute"));
        house.Model.Sessions[1].Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task O17_A_greeting_that_the_model_does_not_say_is_said_without_it()
    {
        await using var house = await StartAsync(TwoServers.GoesOn(Script(Mute(new FaultPoint { Session = 1, Received = "response.create" }))));

        var report = await house.Twilio.PlaceCall(Conversation(WhenOpen)).Completion;

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.HeardClip(ClipName.Greeting).Should().Be(1);
        report.ShouldHaveHeardLines(TwoServers.Offer, Hours);
        house.Model.Connections.Should().Be(2);
    }

    [Fact]
    public async Task O17_A_model_whose_every_session_says_nothing_is_given_up_and_the_next_caller_does_not_wait_for_it()
    {
        await using var house = await StartAsync(Script(MindGone()));

        var first = house.Twilio.PlaceCall(new CallPlan());
        for (var i = 0; i < 1_500 && !house.Lines.Any(line => line.Contains("No model for this call: mute")); i++)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        var next = await house.Twilio.PlaceCall(new CallPlan()).Completion;
        var report = await first.Completion;

        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.ModelUnavailable("mute"));
        report.HeardClip(ClipName.Greeting).Should().Be(1, "nobody waits in silence");
        report.HeardClip(ClipName.Apology).Should().Be(1);
        next.ShouldHaveApologised();
        house.Model.Connections.Should().Be(2, "a session would prove nothing");
    }

    [Fact]
    public async Task O17_A_second_server_answers_for_one_whose_every_session_says_nothing_and_the_next_caller_at_once()
    {
        await using var houses = await TwoServers.StartAsync(MindGone());

        var report = await houses.CallAsync(WhenOpen);
        await houses.House.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        TwoServers.ShouldHaveBeenGreetedAndAnswered(report, stalled: true);
        (houses.First.Connections, houses.Second.Connections).Should().Be((2, 1));

        var next = await houses.CallAsync(WhenOpen);
        next.ShouldHaveHeardLines(Greeting, Hours);
        (houses.First.Connections, houses.Second.Connections).Should().Be((2, 2));
    }

    /// <summary>Sessions begin, and none of them ever answers.</summary>
    private static Fault MindGone() => Mute(new FaultPoint { Received = "response.create" }) with { Times = 0 };

    private static Fault Mute(FaultPoint at) => new() { At = at, Do = FaultAction.Mute };
}
