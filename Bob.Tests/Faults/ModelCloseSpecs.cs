using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;
using static Bob.Tests.Faults.ModelFaults;

namespace Bob.Tests.Faults;

/// <summary>The model closes its socket in the middle of a sentence, with every code there is.</summary>
public sealed class ModelCloseSpecs
{
    [Theory]
    [InlineData(1000)]
    [InlineData(1001)]
    [InlineData(1011)]
    [InlineData(1012)]
    [InlineData(1013)]
    [InlineData(4000)]
    public async Task O28_A_close_in_mid_sentence_is_a_pause(int code) =>
        await ModelDropSpecs.FinishesAsync(new Fault { At = ModelDropSpecs.MidAnswer, Do = FaultAction.Close, Code = code });

    [Fact]
    public async Task O28_A_policy_violation_is_for_good()
    {
        await using var house = await StartAsync(Script(new Fault { At = ModelDropSpecs.MidAnswer, Do = FaultAction.Close, Code = 1008 }));

        var report = await house.Twilio.PlaceCall(Conversation(WhenOpen)).Completion;

        await house.ShouldBeOverAsync(report, new CallEnd(CallResult.Failed, CallSide.Model, "model-policy-violation"));
        report.ShouldHaveApologised();
        Heard(report, Greeting, Hours).Should().BeEquivalentTo(
            [new HeardLine(Greeting, 0, Ms(Greeting)), new HeardLine(Hours, 0, 1200)], o => o.WithStrictOrdering(), "what came is heard before the apology");
        house.Model.Connections.Should().Be(1);
    }
}
