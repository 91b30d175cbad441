using System.Diagnostics;
using AwesomeAssertions;
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
        ["the greeting was asked for", "nothing was going on", "the caller began to speak", "the turn was taken", "the response began", "in mid-sentence"];

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task O17_A_model_that_falls_mute_is_replaced_and_the_turn_sent_again(string when)
    {
        await using var house = await StartAsync(Script(when switch
        {
            "the greeting was asked for" => [Mute(new FaultPoint { Session = 1, Received = "response.create" })],
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

    private static Fault Mute(FaultPoint at) => new() { At = at, Do = FaultAction.Mute };
}
