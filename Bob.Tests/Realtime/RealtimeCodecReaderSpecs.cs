using System.Text;
using AwesomeAssertions;
using Bob.Actors.Realtime;
using Bob.Tests.Hostile;
using CsCheck;
using Xunit;

namespace Bob.Tests.Realtime;

public sealed class RealtimeCodecReaderSpecs
{
    private const string Delta =
        """{"type":"response.output_audio.delta","event_id":"event_1","response_id":"resp_1","item_id":"item_1","output_index":0,"content_index":2,"delta":"//8=","obfuscation":"x"}""";

    [Fact]
    public void Audio_is_read_with_its_ids()
    {
        RealtimeReader.TryReadAudioDelta(Utf8(Delta), out var delta).Should().BeTrue();

        Encoding.UTF8.GetString(delta.ResponseId).Should().Be("resp_1");
        Encoding.UTF8.GetString(delta.ItemId).Should().Be("item_1");
        Encoding.UTF8.GetString(delta.EventId).Should().Be("event_1");
        Encoding.UTF8.GetString(delta.Base64).Should().Be("//8=");
        (delta.ContentIndex, delta.Bytes).Should().Be((2, 2));
    }

    [Theory]
    [InlineData("""{"delta":"//8=","item_id":"i","type":"response.output_audio.delta"}""")]
    [InlineData("""{"delta":"//8=","item_id":"i","type":"response.audio.delta"}""")]
    [InlineData("""{"delta":"\/\/8\u003d","\u0069tem_id":"\u0069","\u0074ype":"response.output_audio\u002edelta"}""")]
    [InlineData("  {\n\"type\" : \"response.output_audio.delta\" , \"x\":{\"delta\":\"no\"},\"delta\" :\t\"//8=\", \"item_id\":\"i\" }\r\n")]
    public void Audio_is_found_whatever_the_order_the_escapes_and_the_whitespace(string message)
    {
        RealtimeReader.TryReadAudioDelta(Utf8(message), out var delta).Should().BeTrue();

        Encoding.UTF8.GetString(delta.Base64).Should().Be("//8=");
        Encoding.UTF8.GetString(delta.ItemId).Should().Be("i");
        delta.Bytes.Should().Be(2);
        RealtimeReader.Read(Utf8(message), out _).Should().BeOfType<Noted>();
    }

    [Theory]
    [InlineData("\"!!!!\"")]
    [InlineData("\"AAA\"")]
    [InlineData("\"AA AA===\"")]
    [InlineData("\"AAAA\\n\"")]
    [InlineData("null")]
    [InlineData("17")]
    [InlineData("{\"delta\":\"//8=\"}")]
    public void O44_Wrong_base64_is_told_and_the_delta_is_still_a_delta(string base64)
    {
        RealtimeReader.TryReadAudioDelta(Utf8(Delta.Replace("\"//8=\"", base64)), out var delta).Should().BeTrue();

        delta.Bytes.Should().Be(-1);
        Encoding.UTF8.GetString(delta.ItemId).Should().Be("item_1");
    }

    [Theory]
    [InlineData("""{"type":"response.output_audio.done"}""")]
    [InlineData("""{"delta":"//8=","type":"response.output_audio_transcript.delta"}""")]
    [InlineData("""{"delta":"//8="}""")]
    [InlineData("""{"x":{"type":"response.output_audio.delta"},"delta":"//8="}""")]
    [InlineData("""["type","response.output_audio.delta"]""")]
    [InlineData("")]
    public void Anything_else_is_no_audio(string message)
    {
        RealtimeReader.TryReadAudioDelta(Utf8(message), out var delta).Should().BeFalse();

        delta.Base64.IsEmpty.Should().BeTrue();
    }

    [Fact]
    public void O22_Invalid_UTF8_is_malformed_wherever_it_stands()
    {
        var utf8 = Utf8(Delta);

        for (var at = 0; at < utf8.Length; at++)
        {
            var broken = utf8.ToArray();
            broken[at] = 0xC3;
            (RealtimeReader.TryReadAudioDelta(broken, out _) || RealtimeReader.Read(broken, out _) is not Malformed).Should().BeFalse();
        }
    }

    [Theory]
    [InlineData(Delta)]
    [InlineData("""{"type":"response.output_audio.delta","event_id":"event_1","response_id":"resp_1","item_id":"item_1","output_index":0,"content_index":0,"delta":"//8="}""")]
    public void Audio_in_its_usual_form_is_read_as_in_any_other(string message)
    {
        var usual = Utf8(message);
        SameInAnyForm(usual);
        foreach (var other in NearlyUsual.Of(usual))
            SameInAnyForm(other);
    }

    [Theory]
    [InlineData("\"content_index\":2", "\"content_index\":02")]
    [InlineData("\"content_index\":2", "\"content_index\":123456789")]
    [InlineData("\"content_index\":2", "\"content_index\":99999999999")]
    [InlineData("\"content_index\":2", "\"content_index\":-2")]
    [InlineData("\"content_index\":2", "\"content_index\":2.5")]
    [InlineData("\"item_id\":\"item_1\"", "\"item_id\":\"\"")]
    [InlineData("\"item_id\":\"item_1\"", "\"item_id\":\"item\\u005f1\"")]
    [InlineData("\"item_id\":\"item_1\"", "\"item_id\":\"item_1\",\"item_id\":\"item_2\"")]
    [InlineData("//8=", "//8=\",\"delta\":\"AAAA")]
    [InlineData("//8=", "/ /8=")]
    [InlineData("\"obfuscation\":\"x\"", "\"obfuscation\":\"é\"")]
    [InlineData("\"obfuscation\":\"x\"", "\"obfuscation\":\"x\",\"type\":\"error\"")]
    public void Audio_in_nearly_its_usual_form_is_read_as_in_any_other(string usual, string other) =>
        SameInAnyForm(Utf8(Delta.Replace(usual, other, StringComparison.Ordinal)));

    [Theory]
    [InlineData("{\"type\":")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("true")]
    [InlineData("{}")]
    [InlineData("""{"type":null}""")]
    [InlineData("""{"type":7}""")]
    [InlineData("""{"type":"\ud800"}""")]
    [InlineData("""{"type":"error"}""")]
    [InlineData("""{"type":"error","error":"boom"}""")]
    [InlineData("""{"type":"session.created"}""")]
    [InlineData("""{"type":"session.updated","session":[]}""")]
    [InlineData("""{"type":"session.updated","session":{"audio":7}}""")]
    [InlineData("""{"type":"response.done"}""")]
    [InlineData("""{"type":"response.done","response":{}}""")]
    [InlineData("""{"type":"response.done","response":{"id":7}}""")]
    [InlineData("""{"type":"response.created","response":"resp_1"}""")]
    [InlineData("""{"type":"conversation.item.added"}""")]
    [InlineData("""{"type":"rate_limits.updated","rate_limits":{}}""")]
    [InlineData("""{"type":"rate_limits.updated","rate_limits":[7]}""")]
    [InlineData("""{"type":"input_audio_buffer.speech_started","audio_start_ms":"soon"}""")]
    [InlineData("""{"type":"response.output_item.done","item":{"type":"function_call","name":"f"}}""")]
    [InlineData("""{"type":"input_audio_buffer.cleared"}{"type":"error"}""")]
    [InlineData("""{"type":"response.output_audio.delta","delta":"//8="}{}""")]
    [InlineData("""{"type":"response.output_audio.delta","delta":"//8="},""")]
    public void O21_Malformed_json_is_told_apart_and_never_thrown_on(string message)
    {
        RealtimeReader.Read(Utf8(message), out _).Should().BeOfType<Malformed>().Which.Reason.Should().NotBeEmpty();
        RealtimeReader.TryReadAudioDelta(Utf8(message), out _).Should().BeFalse();
    }

    [Fact]
    public void Random_bytes_never_throw()
    {
        Gen.Byte.Array[0, 300].Sample(bytes =>
        {
            RealtimeReader.TryReadAudioDelta(bytes, out _).Should().BeFalse();
            RealtimeReader.Read(bytes, out _).Should().BeOfType<Malformed>();
        }, iter: 5_000);
    }

    [Fact]
    public void O23_An_unknown_type_is_told_by_its_name()
    {
        Read("""{"type":"response.new_thing","event_id":"event_9"}""", out var id).Should().Be(new Unknown("response.new_thing"));
        id.Should().Be("event_9");
        Read($$"""{"type":"{{new string('x', 10_000)}}"}""").Should().Be(new Unknown(new string('x', 64)));
    }

    [Fact]
    public void O48_Huge_arguments_are_replaced_and_deep_nesting_is_malformed()
    {
        var call = """{"type":"response.output_item.done","response_id":"r","item":{"id":"i","type":"function_call","status":"completed","call_id":"c","name":"f","arguments":"ARGS"}}""";

        Read(call.Replace("ARGS", new string('x', 1_000_000))).Should().Be(new FunctionCalled("r", "i", "c", "f", RealtimeReader.ArgumentsTooLong, "completed"));
        Read(call.Replace("ARGS", new string('x', 65_536))).Should().BeOfType<FunctionCalled>().Which.Arguments.Should().HaveLength(65_536);
        Read(call.Replace("\"ARGS\"", new string('[', 200) + new string(']', 200))).Should().BeOfType<Malformed>();
    }

    [Fact]
    public void O46_Invalid_arguments_come_through_for_the_tool_to_refuse()
    {
        Read("""{"type":"response.output_item.done","response_id":"r","item":{"id":"i","type":"function_call","status":"incomplete","call_id":"c","name":"f","arguments":"{\"date\": "}}""")
            .Should().Be(new FunctionCalled("r", "i", "c", "f", "{\"date\": ", "incomplete"));
    }

    [Theory]
    [InlineData("null", null, null)]
    [InlineData("\"turn_detected\"", "turn_detected", null)]
    [InlineData("""{"type":"cancelled","reason":"client_cancelled"}""", "client_cancelled", null)]
    [InlineData("""{"type":"failed","error":{"type":"tokens","code":"rate_limit_exceeded","message":"m"}}""", null, "rate_limit_exceeded")]
    [InlineData("""{"type":"failed","error":null}""", null, null)]
    public void Status_details_may_be_an_object_a_word_or_nothing(string details, string? reason, string? code)
    {
        var done = Read($$$"""{"type":"response.done","response":{"id":"r","status":"failed","status_details":{{{details}}},"usage":null}}""").Should().BeOfType<ResponseDone>().Subject;

        (done.ResponseId, done.Status, done.Reason, done.Error?.Code, done.Usage).Should().Be(("r", "failed", reason, code, null));
    }

    [Fact]
    public void O32_A_server_error_has_no_code()
    {
        Read("""{"type":"response.done","response":{"id":"r","status":"failed","status_details":{"type":"failed","error":{"type":"server_error","code":null,"message":"The server had an error"}}}}""")
            .Should().Be(new ResponseDone("r", "failed", null, new RealtimeError("server_error", null, "The server had an error", null, null), null));
    }

    [Fact]
    public void Missing_numbers_of_the_usage_are_zero()
    {
        Read("""{"type":"response.done","response":{"id":"r","status":"completed","usage":{"total_tokens":9,"input_token_details":{"audio_tokens":7,"cached_tokens_details":null}}}}""")
            .Should().Be(new ResponseDone("r", "completed", null, null, new RealtimeUsage(0, 7, 0, 0, 0, 0)));
    }

    [Fact]
    public void Tokens_that_cannot_be_are_none_or_as_many_as_can_be()
    {
        Read("""{"type":"response.done","response":{"id":"r","status":"completed","usage":{"input_token_details":{"audio_tokens":-7,"text_tokens":1e999},"output_token_details":{"audio_tokens":9223372036854775807}}}}""")
            .Should().Be(new ResponseDone("r", "completed", null, null, new RealtimeUsage(100_000_000, 0, 0, 0, 0, 100_000_000)));
    }

    [Fact]
    public void A_transcription_is_billed_by_tokens_or_by_time_and_its_words_are_read_whatever_the_bill_is()
    {
        TranscriptionUsage? Usage(string usage) =>
            Read($$"""{"type":"conversation.item.input_audio_transcription.completed","item_id":"i","transcript":"t"{{usage}}}""").Should().BeOfType<CallerTranscribed>().Subject is { ItemId: "i", Transcript: "t" } words
                ? words.Usage
                : throw new InvalidOperationException();

        Usage(""","usage":{"type":"tokens","total_tokens":38,"input_tokens":26,"input_token_details":{"text_tokens":6,"audio_tokens":20},"output_tokens":12}""").Should().Be(new TranscriptionUsage(6, 20, 12));
        Usage(""","usage":{"type":"tokens","input_tokens":26,"output_tokens":12}""").Should().Be(new TranscriptionUsage(0, 26, 12), "without details all is audio");
        Usage(""","usage":{"type":"duration","seconds":2.5}""").Should().Be(new TranscriptionUsage(0, 0, 0, 2.5));
        Usage(""","usage":{"type":7,"input_tokens":"26","input_token_details":[]}""").Should().Be(new TranscriptionUsage(0, 0, 0));
        Usage(""","usage":{"type":"duration","seconds":1e999}""").Should().Be(new TranscriptionUsage(0, 0, 0, 0), "there is no such number");
        Usage(""","usage":{"type":"duration","seconds":-3}""").Should().Be(new TranscriptionUsage(0, 0, 0, 0));
        Usage(""","usage":{"type":"duration","seconds":1e99}""")!.Seconds.Should().Be(100_000_000);
        Usage(""","usage":{"type":"tokens","input_tokens":1e999,"output_tokens":-1e99}""").Should().Be(new TranscriptionUsage(0, 0, 0));
        Usage(""","usage":[1]""").Should().BeNull();
        Usage("").Should().BeNull();
    }

    [Theory]
    [InlineData("""{"type":"conversation.item.created","item":{"id":"i","type":"message","role":"user"}}""", typeof(ItemAdded))]
    [InlineData("""{"type":"response.audio.done"}""", typeof(AudioDone))]
    [InlineData("""{"type":"response.audio_transcript.delta","delta":"a"}""", typeof(TranscriptDelta))]
    [InlineData("""{"type":"response.audio_transcript.done","transcript":"a"}""", typeof(TranscriptDone))]
    [InlineData("""{"type":"response.text.delta"}""", typeof(Noted))]
    [InlineData("""{"type":"conversation.item.input_audio_transcription.failed","item_id":"i","error":{"code":"audio_unintelligible","message":"m"}}""", typeof(TranscriptionFailed))]
    [InlineData("""{"type":"mcp_list_tools.failed"}""", typeof(Noted))]
    [InlineData("""{"type":"response.function_call_arguments.done","call_id":"c","name":"f","arguments":"{}"}""", typeof(Noted))]
    [InlineData("""{"type":"response.output_item.done","item":{"type":"message"}}""", typeof(Noted))]
    public void Names_of_the_beta_and_of_what_needs_nothing_are_known(string message, Type expected) => Read(message).Should().BeOfType(expected);

    [Theory]
    [InlineData("""{"audio":{"input":{"format":{"type":"audio/pcmu","rate":8000}},"output":{"format":{"type":"audio/pcm","rate":24000},"voice":{"id":"voice_1"}}}}""", "audio/pcmu", "audio/pcm", "voice_1")]
    [InlineData("""{"input_audio_format":"g711_ulaw","output_audio_format":"pcm16","voice":"alloy"}""", "audio/pcmu", "audio/pcm", "alloy")]
    [InlineData("""{"audio":null,"expires_at":0}""", null, null, null)]
    public void The_formats_and_the_voice_are_read_in_every_shape(string session, string? input, string? output, string? voice) =>
        Read($$"""{"type":"session.updated","session":{{session}}}""").Should().Be(new SessionUpdated(input, output, voice, null));

    [Fact]
    public void O1_A_key_in_an_error_message_is_masked()
    {
        Read("""{"type":"error","error":{"type":"invalid_request_error","code":"invalid_api_key","message":"Incorrect API key provided: sk-proj-AbCd*********wXyZ. You can find your API key at https://platform.openai.com/account/api-keys."}}""")
            .Should().BeOfType<ErrorReported>()
            .Which.Error.Message.Should().Be("Incorrect API key provided: …. You can find your API key at https://platform.openai.com/account/api-keys.");
    }

    [Fact]
    public void Audio_and_the_look_at_other_events_allocate_nothing()
    {
        var audio = Utf8(Delta.Replace("//8=", Convert.ToBase64String(new byte[1600])));
        var other = Utf8("""{"event_id":"event_1","type":"response.output_audio_transcript.delta","delta":"Hi,"}""");
        ReadBoth(100);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var bytes = ReadBoth(10_000);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        allocated.Should().Be(0);
        bytes.Should().Be(10_000L * 1600);

        long ReadBoth(int times)
        {
            var sum = 0L;
            for (var i = 0; i < times; i++)
            {
                if (RealtimeReader.TryReadAudioDelta(audio, out var delta)) sum += delta.Bytes;
                if (RealtimeReader.TryReadAudioDelta(other, out _)) sum++;
            }

            return sum;
        }
    }

    private static RealtimeEvent Read(string message) => Read(message, out _);

    private static RealtimeEvent Read(string message, out string? eventId) => RealtimeReader.Read(Utf8(message), out eventId);

    private static void SameInAnyForm(ReadOnlySpan<byte> utf8)
    {
        var read = RealtimeReader.TryReadAudioDelta(utf8, out var delta);
        var text = Encoding.Latin1.GetString(utf8);

        RealtimeReader.ReadsAnyAudioDelta(utf8, out var any).Should().Be(read, text);
        (delta.Bytes, delta.ContentIndex).Should().Be((any.Bytes, any.ContentIndex), text);
        delta.Base64.SequenceEqual(any.Base64).Should().BeTrue(text);
        delta.EventId.SequenceEqual(any.EventId).Should().BeTrue(text);
        delta.ItemId.SequenceEqual(any.ItemId).Should().BeTrue(text);
        delta.ResponseId.SequenceEqual(any.ResponseId).Should().BeTrue(text);
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
