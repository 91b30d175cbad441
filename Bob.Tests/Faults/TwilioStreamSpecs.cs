using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Faults.TwilioLine;

namespace Bob.Tests.Faults;

/// <summary>Streams that are odd, but are streams: the conversation goes on.</summary>
public sealed class TwilioStreamSpecs
{
    private const string Question = "what is the time";

    public static TheoryData<string, MediaFaults> Oddities => new()
    {
        { "T3 media before start", new MediaFaults { MediaBeforeStart = true } },
        { "T4 a payload that is not base64", new MediaFaults { BadBase64Frame = 10 } },
        { "T6 a binary message", new MediaFaults { BinaryFrame = 10 } },
        { "T27 forged parameters", new MediaFaults { Parameters = new Dictionary<string, string?> { ["tenant"] = "other", ["role"] = "admin", ["callSid"] = SomeCall, ["Ticket"] = "x" } } },
        { "T32 frames twice", new MediaFaults { DuplicateEvery = 2 } },
        { "T33 a clock that jumps ahead", new MediaFaults { TimestampJumpFrame = 10 } },
        { "T33 a clock that jumps back", new MediaFaults { TimestampJumpFrame = 10, TimestampJumpMs = -3_600_000 } },
    };

    [Theory]
    [MemberData(nameof(Oddities))]
    public async Task An_odd_stream_is_understood(string oddity, MediaFaults faults)
    {
        await using var house = await WholeHouse.StartAsync(Script("hello", "noon"));

        var report = await house.Twilio.PlaceCall(WholeHouse.Conversation(Question) with { Faults = faults }).Completion;

        report.ShouldHaveHeard("hello", "noon");
        report.Warnings.Should().BeEmpty(oddity);
        house.Model.Sessions.Should().ContainSingle().Subject.CallerAudio.AsSpan().IndexOf(WholeHouse.Voice(Question)).Should()
            .BePositive("the question reaches the model whole, and each frame of it once");
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.CallerHungUp);
        await house.ShouldBeEmptyAsync();
    }
}

/// <summary>Streams that Bob cannot take.</summary>
public sealed class TwilioStrangeStreamSpecs
{
    [Fact]
    public async Task T28_A_start_of_100_KB_is_refused_and_the_next_stream_taken()
    {
        await using var house = await WholeHouse.StartAsync(Script("hello", "yes"));
        var parameters = Enumerable.Range(0, 100).ToDictionary(n => $"p{n}", n => (string?)new string('x', 1000));

        var report = await house.Twilio.PlaceCall(WholeHouse.Conversation("a question") with { Faults = new MediaFaults { Parameters = parameters } }).Completion;

        report.Streams.Should().HaveCount(2);
        report.ShouldHaveHeard("hello", "yes");
        report.Warnings.Should().ContainSingle().Which.Message.Should().Contain("1009");
        house.Model.Connections.Should().Be(1);
        await house.ShouldBeEmptyAsync();
    }

    [Theory]
    [InlineData("audio/l16", 8000, 1)]
    [InlineData("audio/x-mulaw", 16000, 1)]
    [InlineData("audio/x-mulaw", 8000, 2)]
    public async Task T34_Another_format_is_an_apology_rather_than_noise(string encoding, int rate, int channels)
    {
        await using var house = await WholeHouse.StartAsync(Script("hello", "yes"));
        var faults = new MediaFaults { Stream = 0, Encoding = encoding, SampleRate = rate, Channels = channels };

        var report = await house.Twilio.PlaceCall(new CallPlan { Faults = faults }).Completion;

        report.Playback.Should().OnlyContain(stream => stream.Audio.Length == 0);
        report.ShouldHaveApologised(inBobsVoice: false);
        house.Model.Sessions.Should().OnlyContain(session => session.CallerAudio.Length == 0);
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.StreamUnstable);
        await house.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task T34_Bobs_own_voice_on_the_outbound_track_does_not_come_back_to_the_model()
    {
        await using var house = await WholeHouse.StartAsync(Script("hello", "yes"));
        var plan = new CallPlan
        {
            Faults = new MediaFaults { Track = "outbound" },
            Steps = [new CallerStep.WaitForBob(), new CallerStep.Speak(WholeHouse.Voice("hello hello hello")), new CallerStep.Wait(TimeSpan.FromSeconds(1)), new CallerStep.HangUp()],
        };

        var report = await house.Twilio.PlaceCall(plan).Completion;

        report.ShouldHaveHeard("hello");
        house.Model.Sessions.Should().ContainSingle().Subject.CallerAudio.Should().BeEmpty();
    }

    [Fact]
    public async Task T1_A_first_stream_without_start_is_replaced_by_the_next()
    {
        await using var house = await WholeHouse.StartAsync(Script("hello", "yes"));

        var report = await house.Twilio.PlaceCall(WholeHouse.Conversation("a question") with { Faults = new MediaFaults { NoStart = true } }).Completion;

        report.Streams.Should().HaveCount(2);
        report.Playback[0].Audio.Should().BeEmpty();
        report.ShouldHaveHeard("hello", "yes");
        house.Model.Connections.Should().Be(1);
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.CallerHungUp);
        await house.ShouldBeEmptyAsync();
    }

    [Theory]
    [InlineData(WebhookDelivery.TwiceInSequence)]
    [InlineData(WebhookDelivery.TwiceAtOnce)]
    public async Task T37_A_webhook_delivered_twice_is_one_call(WebhookDelivery delivery)
    {
        await using var house = await WholeHouse.StartAsync(Script("hello", "yes"), twilio: options => options with { WebhookDelivery = delivery });

        var report = await house.Twilio.PlaceCall(WholeHouse.Conversation("a question")).Completion;

        report.ShouldHaveHeard("hello", "yes");
        report.Warnings.Should().BeEmpty();
        house.Model.Connections.Should().Be(1);
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.CallerHungUp);
        await house.ShouldBeEmptyAsync();
    }
}
