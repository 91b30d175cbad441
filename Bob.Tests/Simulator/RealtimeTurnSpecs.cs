using System.Text.Json;
using AwesomeAssertions;
using Bob.Simulator.Realtime;
using Bob.Simulator.Voice;
using Xunit;

namespace Bob.Tests.Simulator;

public class RealtimeTurnSpecs
{
    private static readonly RealtimeScript Script = new()
    {
        Greeting = new Reply { Say = ["Hello, this is Bob."] },
        CallerSays = ["Where is my order?"],
        Rules =
        [
            new ScriptRule { When = new Occasion { Instructions = ["goodbye"] }, Say = ["Goodbye!"] },
            new ScriptRule { When = new Occasion { Message = ["pressed 4"] }, Say = ["You pressed four."] },
            new ScriptRule { When = new Occasion { Tool = "lookup_order" }, Say = ["It is with the carrier."] },
            new ScriptRule
            {
                When = new Occasion { Turn = 1 }, Say = ["Let me check that.", "One moment."],
                Call = [new ScriptedCall { Tool = "lookup_order", Arguments = new() { ["order"] = "48213" } }, new ScriptedCall { Tool = "note" }],
            },
            new ScriptRule { When = new Occasion { Turn = 2 }, Echo = true },
            new ScriptRule { When = new Occasion { Turn = 3 }, Fail = new ScriptedFailure { Code = "rate_limit_exceeded" } },
        ],
        Otherwise = new Reply { Say = ["Please go on, I am listening to all that you have to say."] },
    };

    [Fact]
    public async Task The_greeting_has_the_events_of_a_response_in_order()
    {
        await using var simulator = await StartAsync();
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);
        client.Events.Clear();

        await client.SendAsync("""{"type":"response.create","response":{"metadata":{"purpose":"greeting"}}}""");
        var done = await client.UntilAsync("response.done");
        await client.UntilAsync("rate_limits.updated");

        client.Types().Where(type => !type.EndsWith("delta")).Should().Equal(
            "response.created", "response.output_item.added", "conversation.item.added", "response.content_part.added", "response.output_audio.done",
            "response.output_audio_transcript.done", "response.content_part.done", "conversation.item.done", "response.output_item.done", "response.done", "rate_limits.updated");
        string.Concat(client.Of("response.output_audio_transcript.delta").Select(json => json.GetProperty("delta").GetString())).Should().Be("Hello, this is Bob.");
        client.AudioOf().Should().Equal(ScriptedVoice.Say("Hello, this is Bob.").Audio.ToArray());
        client.Of("response.output_audio.delta").Select(json => json.GetProperty("delta").GetBytesFromBase64().Length % 160).Should().Contain(rest => rest != 0);
        done.GetProperty("response").GetProperty("usage").GetProperty("output_tokens").GetInt32().Should().BePositive();
        done.GetProperty("response").GetProperty("metadata").GetProperty("purpose").GetString().Should().Be("greeting");
    }

    [Fact]
    public async Task A_caller_turn_is_detected_committed_answered_and_transcribed()
    {
        await using var simulator = await StartAsync();
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);
        client.Events.Clear();

        await client.SendAudioAsync(RealtimeTestClient.Silence(1000));
        await client.SpeakAsync();
        var done = await client.UntilAsync("response.done");

        client.Types().Where(type => !type.EndsWith("delta")).Take(9).Should().Equal(
            "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped", "input_audio_buffer.committed", "conversation.item.added", "conversation.item.done",
            "response.created", "conversation.item.input_audio_transcription.completed", "response.output_item.added", "conversation.item.added");
        client.Of("input_audio_buffer.speech_started").Single().GetProperty("audio_start_ms").GetInt32().Should().Be(700);
        client.Of("input_audio_buffer.speech_stopped").Single().GetProperty("audio_end_ms").GetInt32().Should().Be(2500);
        client.Of("conversation.item.input_audio_transcription.completed").Single().GetProperty("transcript").GetString().Should().Be("Where is my order?");
        done.GetProperty("response").GetProperty("output").EnumerateArray().Select(item => item.GetProperty("type").GetString())
            .Should().Equal("message", "message", "function_call", "function_call");
        simulator.Sessions[0].CallerAudio.Should().HaveCount(2600 * 8);
        simulator.Sessions[0].AudioBeforeUpdate.Should().Be(0);
    }

    [Fact]
    public async Task Tool_results_are_answered_when_the_client_asks_for_it()
    {
        await using var simulator = await StartAsync();
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);
        await client.SpeakAsync();
        await client.UntilAsync("response.done");
        var calls = client.Of("response.function_call_arguments.done").ToList();

        foreach (var call in calls)
            await client.SendAsync($$$"""{"type":"conversation.item.create","item":{"type":"function_call_output","call_id":{{{call.GetProperty("call_id").GetRawText()}}},"output":"ok"}}""");
        await client.SendAsync("""{"type":"response.create"}""");
        await client.UntilAsync("response.done");

        calls[0].GetProperty("arguments").GetString().Should().Be("""{"order":"48213"}""");
        calls.Select(call => call.GetProperty("output_index").GetInt32()).Should().Equal(2, 3);
        simulator.Sessions[0].Responses[^1].Text.Should().Be("It is with the carrier.");
    }

    [Fact]
    public async Task Two_callers_hear_the_echo_of_themselves_alone()
    {
        await using var simulator = await StartAsync();
        await using var one = await RealtimeTestClient.ConfiguredAsync(simulator);
        await using var two = await RealtimeTestClient.ConfiguredAsync(simulator);
        foreach (var (client, hertz) in new[] { (one, 440), (two, 660) })
        {
            await client.SpeakAsync(hertz);
            await client.UntilAsync("response.done");
            client.Events.Clear();
        }

        await Task.WhenAll(one.SpeakAsync(440), two.SpeakAsync(660));
        await Task.WhenAll(one.UntilAsync("response.done"), two.UntilAsync("response.done"));

        one.AudioOf().Should().HaveCount(two.AudioOf().Length).And.ContainInConsecutiveOrder(RealtimeTestClient.Tone(900, 440));
        two.AudioOf().Should().ContainInConsecutiveOrder(RealtimeTestClient.Tone(900, 660));
    }

    [Fact]
    public async Task Speech_cancels_the_running_response_and_leaves_its_item_incomplete()
    {
        await using var simulator = await StartAsync(speed: 1);
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);
        await client.SendAsync("""{"type":"response.create"}""");
        var delta = await client.UntilAsync("response.output_audio.delta");
        client.Events.Clear();

        await client.SendAudioAsync(RealtimeTestClient.Tone(200));
        var done = (await client.UntilAsync("response.done")).GetProperty("response");

        client.Types().Where(type => !type.EndsWith("delta")).Should().Equal(
            "input_audio_buffer.speech_started", "response.output_audio.done", "response.output_audio_transcript.done", "response.content_part.done",
            "conversation.item.done", "response.output_item.done", "response.done");
        done.GetProperty("status").GetString().Should().Be("cancelled");
        done.GetProperty("status_details").GetProperty("reason").GetString().Should().Be("turn_detected");
        done.GetProperty("output")[0].GetProperty("status").GetString().Should().Be("incomplete");
        done.GetProperty("output")[0].GetProperty("id").GetString().Should().Be(delta.GetProperty("item_id").GetString());
    }

    [Fact]
    public async Task Truncation_deletes_the_text_and_never_goes_beyond_the_audio()
    {
        await using var simulator = await StartAsync();
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);
        await client.SendAsync("""{"type":"response.create"}""");
        await client.UntilAsync("response.done");
        var item = client.Of("response.output_item.done").Single().GetProperty("item").GetProperty("id").GetString();
        var lengthMs = client.AudioOf().Length / 8;

        var beyond = await client.ErrorOfAsync(Truncate(lengthMs + 1));
        await client.SendAsync(Truncate(300));
        await client.UntilAsync("conversation.item.truncated");
        var again = await client.ErrorOfAsync(Truncate(301));

        beyond.GetProperty("message").GetString().Should().Be($"Audio content of {lengthMs}ms is already shorter than {lengthMs + 1}ms");
        again.GetProperty("message").GetString().Should().Be("Audio content of 300ms is already shorter than 301ms");
        simulator.Sessions[0].Truncations.Should().Equal(new Truncation(item!, 300, lengthMs, "Hello, this is Bob."));
        simulator.Sessions[0].Conversation.Single().Text.Should().BeNull();

        string Truncate(int ms) => $$"""{"type":"conversation.item.truncate","item_id":"{{item}}","content_index":0,"audio_end_ms":{{ms}}}""";
    }

    [Fact]
    public async Task Only_what_the_model_said_can_be_truncated()
    {
        await using var simulator = await StartAsync();
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);
        await client.SendAsync("""{"type":"conversation.item.create","item":{"id":"mine","type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello"}]}}""");

        var error = await client.ErrorOfAsync("""{"type":"conversation.item.truncate","item_id":"mine","content_index":0,"audio_end_ms":0}""");

        error.GetProperty("code").GetString().Should().Be("invalid_value");
    }

    [Fact]
    public async Task A_caller_before_the_configuration_is_answered_with_the_defaults()
    {
        await using var simulator = await StartAsync();
        await using var client = await RealtimeTestClient.ConnectAsync(simulator);
        var pcm = new byte[48 * 1600];
        for (var i = 0; i < 24000; i++)
            BitConverter.TryWriteBytes(pcm.AsSpan(2 * i), (short)(6000 * Math.Sin(i / 5.0)));

        foreach (var chunk in pcm.Chunk(960))
            await client.SendAsync($$"""{"type":"input_audio_buffer.append","audio":"{{Convert.ToBase64String(chunk)}}"}""");
        var created = await client.UntilAsync("response.created");

        created.GetProperty("response").GetProperty("audio").GetProperty("output").GetProperty("format").GetProperty("type").GetString().Should().Be("audio/pcm");
        simulator.Sessions[0].AudioBeforeUpdate.Should().BePositive();
    }

    [Fact]
    public async Task A_failed_response_says_why()
    {
        await using var simulator = await StartAsync();
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);
        JsonElement done = default;
        for (var turn = 1; turn <= 3; turn++)
        {
            await client.SpeakAsync();
            done = await client.UntilAsync("response.done");
        }

        done.GetProperty("response").GetProperty("status").GetString().Should().Be("failed");
        done.GetProperty("response").GetProperty("status_details").GetProperty("error").GetProperty("code").GetString().Should().Be("rate_limit_exceeded");
    }

    [Theory]
    [InlineData("The caller pressed 4.", null, "You pressed four.")]
    [InlineData("Something else", "Say goodbye to the caller.", "Goodbye!")]
    public async Task Rules_look_at_messages_and_at_instructions(string message, string? instructions, string expected)
    {
        await using var simulator = await StartAsync();
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);
        await client.SendAsync("""{"type":"response.create"}""");
        await client.UntilAsync("response.done");

        await client.SendAsync($$$"""{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"{{{message}}}"}]}}""");
        await client.SendAsync(JsonSerializer.Serialize(new { type = "response.create", response = instructions is null ? null : new { instructions } }));
        await client.UntilAsync("response.done");

        simulator.Sessions[0].Responses[^1].Text.Should().Be(expected);
    }

    [Fact]
    public async Task Idle_callers_are_asked()
    {
        var script = Script with { Rules = [new ScriptRule { When = new Occasion { Idle = true }, Say = ["Are you still there?"] }] };
        await using var simulator = await RealtimeSimulator.StartAsync(
            new RealtimeSimulatorOptions { Script = script, Speed = 100, IdleSpeed = 100 }, TestContext.Current.CancellationToken);
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);
        await client.SendAsync("""{"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","idle_timeout_ms":5000}}}}}""");
        await client.SendAsync("""{"type":"response.create"}""");
        await client.UntilAsync("response.done");
        client.Events.Clear();

        await client.UntilAsync("response.done");

        client.Types().Where(type => type != "rate_limits.updated").Take(5).Should().Equal(
            "input_audio_buffer.timeout_triggered", "input_audio_buffer.committed", "conversation.item.added", "conversation.item.done", "response.created");
        simulator.Sessions[0].Responses[^1].Text.Should().Be("Are you still there?");
    }

    private static Task<RealtimeSimulator> StartAsync(double speed = 100) =>
        RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions { Script = Script, Speed = speed }, TestContext.Current.CancellationToken);
}
