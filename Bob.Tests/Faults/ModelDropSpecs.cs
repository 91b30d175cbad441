using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;
using static Bob.Tests.Faults.ModelFaults;

namespace Bob.Tests.Faults;

/// <summary>The model's socket ends while the model speaks: a pause and not an end.</summary>
public sealed class ModelDropSpecs
{
    internal static readonly FaultPoint MidAnswer = new() { Session = 1, Response = 2, AudioMs = 1200 };

    [Fact]
    public async Task O12_A_reset_in_the_greeting_is_not_heard()
    {
        await using var house = await StartAsync(
            Script(new Fault { At = new FaultPoint { Session = 1, Response = 1, AudioMs = 600 }, Do = FaultAction.Drop }));

        var report = await house.Twilio.PlaceCall(Conversation(WhenOpen)).Completion;

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, Hours);
        house.Model.Connections.Should().Be(2);
    }

    [Theory]
    [InlineData(FaultAction.Drop)]
    [InlineData(FaultAction.Fin)]
    public async Task O13_O14_A_lost_session_finishes_its_sentence_in_the_next_one(FaultAction end) =>
        await FinishesAsync(new Fault { At = MidAnswer, Do = end });

    [Fact]
    public async Task O13_An_answer_of_which_only_words_have_come_is_given_by_the_next_session()
    {
        var answer = new FaultPoint { Session = 1, Response = 2 };
        await using var house = await StartAsync(Script(
            new Fault { At = answer with { Event = "response.output_audio.delta" }, Do = FaultAction.Withhold, Times = 0 },
            new Fault { At = answer with { AudioMs = 900 }, Do = FaultAction.Drop }));

        var report = await house.Twilio.PlaceCall(Conversation(WhenOpen, WhereAreYou)).Completion;

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, Hours, Address);
        house.Model.Connections.Should().Be(2);
        house.Model.Sessions[0].Conversation.Last(item => item.Role == "assistant").Text.Should().NotBeNullOrEmpty();
        house.Model.Sessions[1].Conversation.Where(item => item is { FromClient: true, Role: not "system" }).Select(item => item.Text).Should().Equal(Greeting, WhenOpen);
    }

    [Fact]
    public async Task O22_Text_that_is_not_UTF8_costs_the_session_and_not_the_sentence() =>
        await FinishesAsync(Corrupt(Corruption.Utf8));

    [Fact]
    public async Task O22_A_truncated_frame_costs_the_session_and_not_the_sentence() =>
        await FinishesAsync(Corrupt(Corruption.Truncated));

    [Fact]
    public async Task O25_An_event_of_16_MiB_costs_the_session_and_not_the_sentence() =>
        await FinishesAsync(new Fault { At = MidAnswer, Do = FaultAction.Oversize });

    [Fact]
    public async Task O13_Sessions_that_drop_again_and_again_are_given_up()
    {
        await using var house = await StartAsync(Script(new Fault { At = new FaultPoint { Response = 1, AudioMs = 100 }, Do = FaultAction.Drop, Times = 0 }));

        var report = await ModelRefusalSpecs.ApologisedAsync(house, "model-connection-reset");

        house.Model.Connections.Should().BeInRange(3, 6);
        Heard(report, Greeting).Should().NotContain(part => part.Line == "?");
    }

    private static Fault Corrupt(Corruption kind) => new()
    {
        At = new FaultPoint { Session = 1, Response = 2, Event = "response.output_audio.delta", Nth = 12 },
        Do = FaultAction.Corrupt,
        Kind = kind,
    };

    internal static async Task FinishesAsync(Fault fault)
    {
        await using var house = await StartAsync(Script(fault));

        var report = await house.Twilio.PlaceCall(Conversation(WhenOpen, WhereAreYou)).Completion;

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, Hours, Address);
        report.Warnings.Should().BeEmpty();
        house.Model.Connections.Should().Be(2);
        var (first, second) = (house.Model.Sessions[0], house.Model.Sessions[1]);
        second.Errors.Should().BeEmpty();
        var given = second.Conversation.Where(item => item is { FromClient: true, Role: not "system" }).ToList();
        given.Select(item => item.Role).Should().Equal("assistant", "user", "assistant");
        given[0].Text.Should().Be(Greeting);
        given[1].Text.Should().Be(WhenOpen);
        var heardMs = first.Conversation.Last(item => item.Role == "assistant").AudioMs;
        var cut = given[2].Text!.TrimEnd('—');
        Hours.Should().StartWith(cut);
        Ms(cut).Should().BeInRange(1, heardMs, "only what was heard may be replayed");
    }
}
