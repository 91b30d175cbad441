using System.Text.Json.Nodes;
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

/// <summary>The model sends what it should not: the caller does not hear of it.</summary>
public sealed class ModelNoiseSpecs
{
    private static readonly FaultPoint MidAnswer = new() { Session = 1, Response = 2, AudioMs = 800 };

    [Fact]
    public async Task O21_A_malformed_event_is_skipped()
    {
        var malformed = new Fault { At = new FaultPoint { Event = "rate_limits.updated" }, Do = FaultAction.Corrupt, Kind = Corruption.Json };

        await using var house = await UnheardAsync(malformed);

        house.Lines.Where(line => line.Contains("malformed")).Should().ContainSingle();
    }

    [Fact]
    public async Task O21_More_than_five_malformed_events_in_a_minute_cost_the_session()
    {
        var malformed = new Fault
        {
            At = new FaultPoint { Session = 1, Event = "conversation.item.input_audio_transcription.delta" },
            Do = FaultAction.Corrupt,
            Kind = Corruption.Json,
            Times = 6,
        };
        await using var house = await StartAsync(Script(malformed) with { CallerSays = ["When are you open on a day like this?", WhereAreYou] });

        var report = await house.Twilio.PlaceCall(Conversation(WhenOpen, WhereAreYou)).Completion;

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, Hours, Address);
        house.Model.Connections.Should().Be(2);
        house.Lines.Should().Contain(line => line.Contains("malformed-events"));
    }

    [Fact]
    public async Task O23_An_unknown_event_is_logged_once_for_its_type()
    {
        var unknown = new Fault
        {
            At = MidAnswer,
            Do = FaultAction.Send,
            Repeat = 20,
            Events = [JsonNode.Parse("""{"type":"response.new_thing","response_id":"$response","delta":"AAAA"}""")!],
        };

        await using var house = await UnheardAsync(unknown);

        house.Lines.Where(line => line.Contains("response.new_thing")).Should().ContainSingle();
    }

    [Fact]
    public async Task O26_A_binary_frame_is_skipped() =>
        await (await UnheardAsync(new Fault { At = MidAnswer, Do = FaultAction.Binary })).DisposeAsync();

    [Fact]
    public async Task O42_Events_that_come_twice_are_no_echo() =>
        await (await UnheardAsync(new Fault { At = new FaultPoint { Event = "response.output_audio.delta" }, Do = FaultAction.Duplicate, Times = 0 })).DisposeAsync();

    [Fact]
    public async Task O44_A_delta_that_is_no_base64_is_the_only_one_missed()
    {
        var wrong = new Fault
        {
            At = new FaultPoint { Response = 2, Event = "response.output_audio.delta", Nth = 10 },
            Do = FaultAction.Corrupt,
            Kind = Corruption.Base64,
        };
        await using var house = await StartAsync(Script(wrong));

        var report = await house.Twilio.PlaceCall(Conversation(WhenOpen, WhereAreYou)).Completion;

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        house.Model.Connections.Should().Be(1);
        var heard = Heard(report, Greeting, Hours, Address);
        heard.Select(part => part.Line).Should().Equal(Greeting, Hours, Hours, Address);
        (heard[1].FromMs, heard[2].ToMs).Should().Be((0, Ms(Hours)));
        (heard[2].FromMs - heard[1].ToMs).Should().BeInRange(30, 330, "that is the length of one delta");
    }

    [Fact]
    public async Task O40_Of_two_responses_at_a_time_only_the_first_is_heard()
    {
        var noise = Convert.ToBase64String([.. Enumerable.Repeat((byte)0x91, 160)]);
        var second = new Fault
        {
            At = MidAnswer,
            Do = FaultAction.Send,
            Repeat = 10,
            Events =
            [
                JsonNode.Parse("""{"type":"response.created","response":{"id":"resp_other","status":"in_progress"}}""")!,
                JsonNode.Parse($$"""{"type":"response.output_audio.delta","response_id":"resp_other","item_id":"item_other","output_index":0,"content_index":0,"delta":"{{noise}}"}""")!,
                JsonNode.Parse("""{"type":"response.output_audio_transcript.delta","response_id":"resp_other","item_id":"item_other","output_index":0,"content_index":0,"delta":"noise"}""")!,
            ],
        };

        await using var house = await UnheardAsync(second);
    }

    [Fact]
    public async Task O45_Sixteen_bit_samples_are_an_apology_and_not_a_noise()
    {
        await using var house = await StartAsync(Script(new Fault { At = new FaultPoint { Response = 2 }, Do = FaultAction.Pcm16, Times = 0 }));

        var report = await house.Twilio.PlaceCall(Conversation(WhenOpen, WhereAreYou)).Completion;

        await house.ShouldBeOverAsync(report, new CallEnd(CallResult.Failed, CallSide.Model, "model-wrong-audio-format"));
        report.ShouldHaveApologised();
        Heard(report, Greeting)[0].Should().Be(new HeardLine(Greeting, 0, Ms(Greeting)));
        report.Playback.Sum(stream => stream.Audio.Count(sample => sample != 0xFF)).Should()
            .BeLessThan(((Ms(Greeting) + 1_000) * 8) + ClipAudio(ClipName.Apology).Length, "a second of noise is the most");
        house.Model.Connections.Should().Be(1);
    }

    [Fact]
    public async Task O52_A_storm_of_speech_clears_the_line_once()
    {
        var storm = new Fault
        {
            At = MidAnswer,
            Do = FaultAction.Send,
            Repeat = 100, // a second of it: the response waits behind them, and after five that is a model gone mute
            EveryMs = 10,
            Events = [JsonNode.Parse("""{"type":"input_audio_buffer.speech_started","item_id":"item_storm","audio_start_ms":1000}""")!],
        };
        await using var house = await StartAsync(Script(storm));

        var report = await house.Twilio.PlaceCall(Conversation(WhenOpen, WhereAreYou)).Completion;

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.Streams.Should().ContainSingle().Which.Clears.Should().ContainSingle();
        Heard(report, Greeting, Hours, Address)[^1].Should().Be(new HeardLine(Address, 0, Ms(Address)));
        house.Model.Connections.Should().Be(1);
        house.Model.Sessions[0].Errors.Should().BeEmpty();
    }

    private static async Task<WholeHouse> UnheardAsync(Fault fault)
    {
        var house = await StartAsync(Script(fault));

        var report = await house.Twilio.PlaceCall(Conversation(WhenOpen, WhereAreYou)).Completion;

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, Hours, Address);
        report.Playback.Sum(stream => (long)stream.Audio.Length).Should().BeLessThan((Ms(Greeting) + Ms(Hours) + Ms(Address)) * 8L + (3 * 160), "nothing is heard twice");
        house.Model.Connections.Should().Be(1);
        house.Model.Sessions[0].Errors.Should().BeEmpty();
        return house;
    }
}
