using System.ComponentModel;
using System.Text;
using System.Text.Json.Nodes;
using AwesomeAssertions;
using Bob.Actors.Conversation;
using Bob.Actors.Realtime;
using CsCheck;
using Microsoft.Extensions.AI;
using Xunit;

namespace Bob.Tests.Realtime;

public sealed class RealtimeCodecWriterSpecs
{
    private static readonly RealtimeOptions Options = new()
    {
        Url = new Uri("wss://model.example/v1/realtime"),
        Model = "gpt-realtime-2.1",
        ApiKey = "sk-secret",
        Greeting = "Hello.",
        Instructions = "Sag \"Grüß Gott\" 😀\n",
    };

    public static TheoryData<ConversationItem, string[]> Items => new()
    {
        { new CallerSaid("Where is \"it\"?"), [Message("user", "input_text", "Where is \\\"it\\\"?")] },
        { new CallerPressed("4"), [Message("user", "input_text", "The caller pressed 4 on the keypad.")] },
        { new BobSaid("It has shipped.", false), [Message("assistant", "output_text", "It has shipped.")] },
        { new BobSaid("It has ", true), [Message("assistant", "output_text", "It has—")] },
        { new BobSaid("It has—", true), [Message("assistant", "output_text", "It has—")] },
        { new Note("The line was interrupted."), [Message("system", "input_text", "The line was interrupted.")] },
        {
            new ToolCalled("call_1", "lookup", "{\"n\":1}", "shipped"),
            [
                """{"type":"conversation.item.create","event_id":"e1","item":{"type":"function_call","call_id":"call_1","name":"lookup","arguments":"{\"n\":1}"}}""",
                """{"type":"conversation.item.create","event_id":"e1-output","item":{"type":"function_call_output","call_id":"call_1","output":"shipped"}}""",
            ]
        },
        {
            new ToolCalled("call_1", "lookup", "", null),
            ["""{"type":"conversation.item.create","event_id":"e1","item":{"type":"function_call","call_id":"call_1","name":"lookup","arguments":""}}"""]
        },
        { new CallerSaid(""), [] },
        { new CallerSaid(" \n"), [] },
        { new CallerPressed(""), [] },
        { new BobSaid(" ", true), [] },
        { new Note(""), [] },
    };

    [Theory]
    [MemberData(nameof(Items))]
    public void The_conversation_is_replayed_item_by_item(ConversationItem item, string[] expected)
    {
        var events = RealtimeWriter.ItemCreate(item, "e1");

        events.Should().HaveCount(expected.Length);
        for (var i = 0; i < expected.Length; i++) Same(events[i], expected[i]);
    }

    [Fact]
    public void A_bare_session_is_configured_with_nulls_and_no_tools()
    {
        var options = Options with { TranscriptionModel = null, TurnDetection = new SemanticVad("low", InterruptResponse: false), Speed = 1.25 };

        Same(RealtimeWriter.SessionUpdate(options, [], "e1"), """
            {"type":"session.update","event_id":"e1","session":{"type":"realtime","output_modalities":["audio"],"instructions":"Sag \"Grüß Gott\" 😀\n",
            "audio":{"input":{"format":{"type":"audio/pcmu"},"transcription":null,"noise_reduction":null,
            "turn_detection":{"type":"semantic_vad","eagerness":"low","create_response":true,"interrupt_response":false}},
            "output":{"format":{"type":"audio/pcmu"},"voice":"marin","speed":1.25}},
            "tools":[],"tool_choice":"auto","max_output_tokens":4096,"truncation":{"type":"retention_ratio","retention_ratio":0.8}}}
            """);
    }

    [Fact]
    public void Transcription_noise_reduction_a_voice_of_ones_own_and_tools_are_objects()
    {
        var options = Options with { NoiseReduction = "near_field", Voice = "voice_123", TranscriptionLanguage = null };
        var weather = AIFunctionFactory.Create(([Description("The city")] string city) => city, "weather", "Tells the weather.");

        var session = JsonNode.Parse(RealtimeWriter.SessionUpdate(options, [weather], "e1"))!["session"]!;

        Same(session["audio"]!["input"]!["transcription"]!, """{"model":"gpt-4o-mini-transcribe"}""");
        Same(session["audio"]!["input"]!["noise_reduction"]!, """{"type":"near_field"}""");
        Same(session["audio"]!["output"]!["voice"]!, """{"id":"voice_123"}""");
        Same(session["tools"]!, """
            [{"type":"function","name":"weather","description":"Tells the weather.",
            "parameters":{"type":"object","properties":{"city":{"description":"The city","type":"string"}},"required":["city"]}}]
            """);
    }

    [Fact]
    public void The_key_and_the_model_stay_out_of_the_session()
    {
        var written = Encoding.UTF8.GetString(RealtimeWriter.SessionUpdate(Options, [], "e1"));

        written.Should().NotContain("sk-secret").And.NotContain("gpt-realtime").And.NotContain("temperature").And.NotContain("reasoning").And.NotContain("rate");
    }

    [Fact]
    public void A_response_is_asked_for_with_only_what_is_given()
    {
        Same(RealtimeWriter.ResponseCreate("e1"), """{"type":"response.create","event_id":"e1"}""");
        Same(
            RealtimeWriter.ResponseCreate("e1", "Say you are still checking.", "none", "filler"),
            """{"type":"response.create","event_id":"e1","response":{"instructions":"Say you are still checking.","tool_choice":"none","metadata":{"purpose":"filler"}}}""");
        Same(RealtimeWriter.ResponseCancel(null, "e1"), """{"type":"response.cancel","event_id":"e1"}""");
    }

    [Fact]
    public void O17_A_sign_of_life_is_asked_for_with_an_update_that_changes_nothing() =>
        Same(RealtimeWriter.Probe("e1"), """{"type":"session.update","event_id":"e1","session":{"type":"realtime"}}""");

    [Fact]
    public void What_the_caller_said_can_be_told_as_sound() => Same(
        RealtimeWriter.ItemCreate(new CallerSounded([0xFF, 0x80, 0x00]), "e1").Should().ContainSingle().Which,
        """{"type":"conversation.item.create","event_id":"e1","item":{"type":"message","role":"user","content":[{"type":"input_audio","audio":"/4AA"}]}}""");

    [Fact]
    public void Any_text_comes_back_unchanged()
    {
        Gen.String.Where(text => text.All(c => !char.IsSurrogate(c))).Sample(text =>
        {
            var written = JsonNode.Parse(RealtimeWriter.FunctionCallOutput("call_1", text, "e1"))!;

            ((string)written["item"]!["output"]!).Should().Be(text);
        }, iter: 500);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_replaced_and_not_thrown_on()
    {
        var written = JsonNode.Parse(RealtimeWriter.FunctionCallOutput("call_1", "a\ud83d", "e1"))!;

        ((string)written["item"]!["output"]!).Should().Be("a\ufffd");
    }

    [Fact]
    public void Tools_that_throw_or_write_while_they_are_listed_disturb_no_event()
    {
        var plain = RealtimeWriter.SessionUpdate(Options, [], "e1");

        var written = RealtimeWriter.SessionUpdate(Options, Writing(), "e1");
        var failing = () => RealtimeWriter.SessionUpdate(Options, [null!], "e1");

        written.Should().Equal(plain);
        failing.Should().Throw<NullReferenceException>();
        RealtimeWriter.SessionUpdate(Options, [], "e1").Should().Equal(plain);

        static IEnumerable<AIFunctionDeclaration> Writing()
        {
            _ = RealtimeWriter.ResponseCreate("inner");
            yield break;
        }
    }

    [Fact]
    public void Appended_audio_comes_back_unchanged()
    {
        Gen.Byte.Array[0, 2_000].Sample(audio =>
        {
            var buffer = new byte[RealtimeWriter.AppendLength(audio.Length)];

            RealtimeWriter.WriteAppend(buffer, audio).Should().Be(buffer.Length);

            var written = JsonNode.Parse(buffer)!.AsObject();
            written.Should().HaveCount(2);
            ((string)written["type"]!).Should().Be("input_audio_buffer.append");
            Convert.FromBase64String((string)written["audio"]!).Should().Equal(audio);
        }, iter: 300);
    }

    [Fact]
    public void Appending_allocates_nothing()
    {
        var audio = new byte[160];
        var buffer = new byte[512];
        Append(100);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var bytes = Append(10_000);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        allocated.Should().Be(0);
        bytes.Should().Be(10_000L * RealtimeWriter.AppendLength(160));

        long Append(int times)
        {
            var sum = 0L;
            for (var i = 0; i < times; i++) sum += RealtimeWriter.WriteAppend(buffer, audio);
            return sum;
        }
    }

    private static string Message(string role, string type, string text) =>
        $$$"""{"type":"conversation.item.create","event_id":"e1","item":{"type":"message","role":"{{{role}}}","content":[{"type":"{{{type}}}","text":"{{{text}}}"}]}}""";

    private static void Same(byte[] written, string expected) => Same(JsonNode.Parse(written)!, expected);

    private static void Same(JsonNode written, string expected)
    {
        if (!JsonNode.DeepEquals(written, JsonNode.Parse(expected))) written.ToJsonString().Should().Be(expected);
    }
}
