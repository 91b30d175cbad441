using System.Net.WebSockets;
using AwesomeAssertions;
using Bob.Simulator.Realtime;
using Xunit;

namespace Bob.Tests.Simulator;

public class RealtimeProtocolSpecs
{
    public static TheoryData<string, string, string> BadEvents => new()
    {
        { """{"type":"nope","event_id":"e"}""", "invalid_value", "Invalid value: 'nope'. Supported values are: 'session.update'*" },
        { """{"event_id":"e"}""", "missing_required_parameter", "Missing required parameter: 'type'." },
        { """{"type":""", "invalid_json", "*" },
        { """{"type":"session.update","event_id":"e","session":{}}""", "missing_required_parameter", "Missing required parameter: 'session.type'." },
        { """{"type":"session.update","event_id":"e","session":{"type":"realtime","temperature":0.8}}""", "unknown_parameter", "Unknown parameter: 'session.temperature'." },
        { """{"type":"session.update","event_id":"e","session":{"type":"realtime","input_audio_format":"g711_ulaw"}}""", "unknown_parameter", "Unknown parameter: 'session.input_audio_format'." },
        { """{"type":"session.update","event_id":"e","session":{"type":"realtime","audio":{"input":{"format":{"type":"audio/pcmu","rate":8000}}}}}""", "unknown_parameter", "Unknown parameter: 'session.audio.input.format.rate'." },
        { """{"type":"session.update","event_id":"e","session":{"type":"realtime","audio":{"output":{"format":{"type":"audio/pcm"}}}}}""", "missing_required_parameter", "Missing required parameter: 'session.audio.output.format.rate'." },
        { """{"type":"session.update","event_id":"e","session":{"type":"realtime","audio":{"output":{"format":{"type":"audio/pcm","rate":8000}}}}}""", "integer_below_min_value", "*Expected a value >= 24000, but got 8000 instead." },
        { """{"type":"session.update","event_id":"e","session":{"type":"realtime","output_modalities":["audio","text"]}}""", "invalid_value", "*" },
        { """{"type":"session.update","event_id":"e","session":{"type":"realtime","audio":{"output":{"voice":"bob"}}}}""", "invalid_value", "Invalid value: 'bob'. Supported values are:*" },
        { """{"type":"session.update","event_id":"e","session":{"type":"realtime","audio":{"input":{"turn_detection":{"type":"semantic_vad","silence_duration_ms":500}}}}}""", "unknown_parameter", "*silence_duration_ms'." },
        { """{"type":"session.update","event_id":"e","session":{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","idle_timeout_ms":100}}}}}""", "integer_below_min_value", "*" },
        { """{"type":"session.update","event_id":"e","session":{"type":"realtime","tools":[{"type":"function","name":"x","strict":true}]}}""", "unknown_parameter", "Unknown parameter: 'session.tools[0].strict'." },
        { """{"type":"session.update","event_id":"e","session":{"type":"realtime","instructions":7}}""", "invalid_type", "Invalid type for 'session.instructions': expected a string, but got an integer instead." },
        { """{"type":"input_audio_buffer.append","event_id":"e"}""", "missing_required_parameter", "Missing required parameter: 'audio'." },
        { """{"type":"input_audio_buffer.append","event_id":"e","audio":"abc"}""", "invalid_value", "Invalid 'audio'.*" },
        { """{"type":"input_audio_buffer.commit","event_id":"e"}""", "input_audio_buffer_commit_empty", "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only has 0.00ms of audio." },
        { """{"type":"conversation.item.create","event_id":"e","item":{"id":"123456789012345678901234567890123","type":"message","role":"user","content":[{"type":"input_text","text":"x"}]}}""", "string_above_max_length", "Invalid 'item.id': string too long. Expected a string with maximum length 32, but got a string with length 33 instead." },
        { """{"type":"conversation.item.create","event_id":"e","item":{"type":"message","role":"assistant","content":[{"type":"text","text":"x"}]}}""", "invalid_value", "Invalid value: 'text'. Supported values are: 'output_text'." },
        { """{"type":"conversation.item.create","event_id":"e","item":{"type":"message","role":"developer","content":[{"type":"input_text","text":"x"}]}}""", "invalid_value", "*" },
        { """{"type":"conversation.item.create","event_id":"e","item":{"type":"function_call_output","call_id":"call_x","output":"1"}}""", "invalid_tool_call_id", "*'call_x'*" },
        { """{"type":"conversation.item.create","event_id":"e","previous_item_id":"gone","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"x"}]}}""", "item_create_invalid_previous_item_id", "*" },
        { """{"type":"conversation.item.truncate","event_id":"e","item_id":"gone","content_index":0,"audio_end_ms":1}""", "item_truncate_invalid_item_id", "*'gone' does not exist." },
        { """{"type":"conversation.item.truncate","event_id":"e","item_id":"gone","content_index":0,"audio_end_ms":1.5}""", "invalid_type", "*" },
        { """{"type":"conversation.item.delete","event_id":"e","item_id":"gone"}""", "item_delete_invalid_item_id", "*" },
        { """{"type":"conversation.item.retrieve","event_id":"e","item_id":"gone"}""", "item_retrieve_invalid_item_id", "*" },
        { """{"type":"response.cancel","event_id":"e"}""", "response_cancel_not_active", "Cancellation failed: no active response found" },
        { """{"type":"response.create","event_id":"e","response":{"modalities":["audio"]}}""", "unknown_parameter", "Unknown parameter: 'response.modalities'." },
        { """{"type":"response.create","event_id":"e","response":{"output_modalities":[]}}""", "empty_array", "*" },
        { """{"type":"output_audio_buffer.clear","event_id":"e"}""", "invalid_value", "*" },
    };

    [Theory]
    [MemberData(nameof(BadEvents))]
    public async Task A_bad_event_is_refused_in_the_words_of_the_service(string json, string code, string message)
    {
        await using var simulator = await StartAsync();
        await using var client = await RealtimeTestClient.ConnectAsync(simulator);

        var error = await client.ErrorOfAsync(json);

        error.GetProperty("code").GetString().Should().Be(code);
        error.GetProperty("message").GetString().Should().Match(message);
        error.GetProperty("type").GetString().Should().Be("invalid_request_error");
        error.GetProperty("event_id").GetString().Should().Be(json.Contains("event_id") ? "e" : null);
        simulator.Sessions[0].Errors.Should().ContainSingle().Which.Code.Should().Be(code);
    }

    [Fact]
    public async Task One_bad_field_refuses_the_whole_update()
    {
        await using var simulator = await StartAsync();
        await using var client = await RealtimeTestClient.ConnectAsync(simulator);

        await client.ErrorOfAsync("""{"type":"session.update","session":{"type":"realtime","instructions":"You are Bob.","voice":"marin"}}""");

        simulator.Sessions[0].Configured.Should().BeFalse();
        simulator.Sessions[0].Configuration.GetProperty("instructions").GetString().Should().NotContain("Bob");
    }

    [Fact]
    public async Task An_update_changes_only_what_it_names_and_is_answered_with_everything()
    {
        await using var simulator = await StartAsync();
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);

        await client.SendAsync("""{"type":"session.update","session":{"type":"realtime","instructions":"You are Bob."}}""");
        var session = (await client.UntilAsync("session.updated")).GetProperty("session");

        session.GetProperty("instructions").GetString().Should().Be("You are Bob.");
        session.GetProperty("audio").GetProperty("output").GetProperty("voice").GetString().Should().Be("marin");
        session.GetProperty("audio").GetProperty("input").GetProperty("format").GetProperty("type").GetString().Should().Be("audio/pcmu");
        session.GetProperty("audio").GetProperty("input").GetProperty("turn_detection").GetProperty("prefix_padding_ms").GetInt32().Should().Be(300);
    }

    [Fact]
    public async Task A_binary_frame_is_refused_and_the_session_goes_on()
    {
        await using var simulator = await StartAsync();
        await using var client = await RealtimeTestClient.ConnectAsync(simulator);

        await client.Socket.SendAsync(new byte[] { 1, 2, 3 }, WebSocketMessageType.Binary, true, client.Deadline);
        var error = await client.UntilAsync("error");
        await client.SendAsync("""{"type":"input_audio_buffer.clear"}""");
        await client.UntilAsync("input_audio_buffer.cleared");

        error.GetProperty("error").GetProperty("code").GetString().Should().Be("invalid_event");
    }

    [Fact]
    public async Task Reasoning_is_refused_on_an_older_model_without_naming_the_event()
    {
        await using var simulator = await StartAsync();
        await using var client = await RealtimeTestClient.ConnectAsync(simulator, "?model=gpt-realtime-1.5");

        var error = await client.ErrorOfAsync("""{"type":"session.update","event_id":"cfg_1","session":{"type":"realtime","reasoning":{"effort":"low"}}}""");

        error.GetProperty("event_id").GetString().Should().BeNull();
    }

    [Fact]
    public async Task A_second_response_is_refused_while_one_is_active_and_the_voice_is_locked_afterwards()
    {
        await using var simulator = await StartAsync(speed: 3);
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);

        await client.SendAsync("""{"type":"response.create"}""");
        var collision = await client.ErrorOfAsync("""{"type":"response.create","event_id":"second"}""");
        await client.UntilAsync("response.done");
        var voice = await client.ErrorOfAsync("""{"type":"session.update","session":{"type":"realtime","audio":{"output":{"voice":"cedar"}}}}""");

        collision.GetProperty("message").GetString().Should().StartWith("Conversation already has an active response in progress: resp_");
        voice.GetProperty("message").GetString().Should().Be("Cannot update a conversation's voice if assistant audio is present.");
    }

    [Fact]
    public async Task Without_turn_detection_commit_makes_an_item_but_no_response()
    {
        await using var simulator = await StartAsync();
        await using var client = await RealtimeTestClient.ConfiguredAsync(
            simulator, """{"type":"realtime","audio":{"input":{"format":{"type":"audio/pcmu"},"turn_detection":null}}}""");

        await client.SendAudioAsync(RealtimeTestClient.Tone(80));
        var tooSmall = await client.ErrorOfAsync("""{"type":"input_audio_buffer.commit"}""");
        await client.SendAudioAsync(RealtimeTestClient.Tone(400));
        await client.SendAsync("""{"type":"input_audio_buffer.commit"}""");
        await client.UntilAsync("conversation.item.done");

        tooSmall.GetProperty("message").GetString().Should().EndWith("buffer only has 80.00ms of audio.");
        simulator.Sessions[0].Conversation.Should().ContainSingle().Which.AudioMs.Should().Be(480);
        simulator.Sessions[0].Responses.Should().BeEmpty();
    }

    [Fact]
    public async Task A_session_expires_with_an_error_and_close_1001()
    {
        await using var simulator = await RealtimeSimulator.StartAsync(
            new RealtimeSimulatorOptions { SessionLimit = TimeSpan.FromMilliseconds(100) }, TestContext.Current.CancellationToken);
        await using var client = await RealtimeTestClient.ConnectAsync(simulator);

        var error = await client.UntilAsync("error");
        var after = await client.NextAsync();

        after.Should().BeNull();
        error.GetProperty("error").GetProperty("code").GetString().Should().Be("session_expired");
        ((int?)client.Socket.CloseStatus).Should().Be(1001);
    }

    [Fact]
    public async Task An_out_of_band_text_response_leaves_the_conversation_alone()
    {
        await using var simulator = await StartAsync();
        await using var client = await RealtimeTestClient.ConfiguredAsync(simulator);

        await client.SendAsync("""{"type":"response.create","response":{"conversation":"none","output_modalities":["text"],"metadata":{"purpose":"summary"}}}""");
        var done = await client.UntilAsync("response.done");

        done.GetProperty("response").GetProperty("metadata").GetProperty("purpose").GetString().Should().Be("summary");
        client.Types().Should().Contain("response.output_text.done").And.NotContain("response.output_audio.delta").And.NotContain("conversation.item.added");
        simulator.Sessions[0].Conversation.Should().BeEmpty();
    }

    private static Task<RealtimeSimulator> StartAsync(double speed = 100) =>
        RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions { Speed = speed }, TestContext.Current.CancellationToken);
}
