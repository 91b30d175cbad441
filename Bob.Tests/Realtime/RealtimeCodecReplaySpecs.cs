using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AwesomeAssertions;
using Bob.Actors.Conversation;
using Bob.Actors.Realtime;
using CsCheck;
using Microsoft.Extensions.AI;
using Xunit;

namespace Bob.Tests.Realtime;

/// <summary>The codec on the transcript of one call: greeting, a tool, a barge-in, a late cancel, an idle timeout.</summary>
public sealed class RealtimeCodecReplaySpecs
{
    private static readonly (string From, JsonObject Event, byte[] Utf8)[] Transcript =
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Fixtures", "openai-realtime-turn.jsonl")).Select(line =>
        {
            var entry = JsonNode.Parse(line)!;
            var e = entry["event"]!.AsObject();
            return ((string)entry["from"]!, e, Encoding.UTF8.GetBytes(e.ToJsonString()));
        }),
    ];

    private static readonly byte[][] Received = [.. Transcript.Where(t => t.From == "server").Select(t => t.Utf8)];

    /// <summary>One message of each type, small enough to be cut at every byte.</summary>
    private static readonly byte[][] OneOfEach =
    [
        .. Transcript.Where(t => t.From == "server").DistinctBy(t => (string)t.Event["type"]!).Select(t =>
        {
            var e = t.Event.DeepClone().AsObject();
            if ((string)e["type"]! == "response.output_audio.delta") e["delta"] = Convert.ToBase64String(new byte[160]);
            return Encoding.UTF8.GetBytes(e.ToJsonString());
        }),
    ];

    [Fact]
    public void Every_event_of_the_call_is_understood()
    {
        var events = Received.Select(Read).ToArray();

        events.Should().HaveCount(150);
        events.Where(e => e is Unknown or Malformed).Should().BeEmpty();
        events.OfType<SessionCreated>().Should().Equal(new SessionCreated("sess_KGpOyQNcdOyZbkBFTFoOx", DateTimeOffset.FromUnixTimeSeconds(1795356725)));
        events.OfType<SessionUpdated>().Should().Equal(new SessionUpdated("audio/pcmu", "audio/pcmu", "marin", DateTimeOffset.FromUnixTimeSeconds(1795356725)));
        events.OfType<SpeechStarted>().Select(e => e.AudioStartMs).Should().Equal(3140, 11260);
        events.OfType<InputCommitted>().Should().HaveCount(3);
        events.OfType<InputTimeout>().Should().Equal(new InputTimeout("item_PFz3ayTOWikxHSiHsNuM6"));
        events.OfType<ItemTruncated>().Should().Equal(new ItemTruncated("item_oywu0ABROxF6LVtnFxaug", 1100));
        events.OfType<CallerTranscribed>().Should().Contain(e => e.Transcript == "Where is my order four eight two one three?");
        events.OfType<ItemAdded>().Should().HaveCount(10).And.Contain(e => e.ItemType == "function_call_output" && e.CallId == "call_fKN2ofDyNs7figUl");
        events.OfType<ItemDone>().Should().HaveCount(10).And.Contain(e => e.ItemType == "message" && e.Role == "assistant" && e.CallId == null);
        events.OfType<AudioDone>().Should().HaveCount(5);
        events.OfType<RateLimits>().Should().HaveCount(5).And.OnlyContain(e => e.Limits[0].Name == "tokens" && e.Limits[0].Limit == 15000000);
        events.OfType<ErrorReported>().Should().Equal(new ErrorReported(new RealtimeError(
            "invalid_request_error", "response_cancel_not_active", "Cancellation failed: no active response found", null, "c_0006")));
    }

    [Fact]
    public void Responses_are_told_with_purpose_status_and_usage()
    {
        var events = Received.Select(Read).ToArray();

        events.OfType<ResponseCreated>().Select(e => e.Purpose).Should().Equal("greeting", null, null, null, null);
        events.OfType<ResponseDone>().Select(e => (e.Status, e.Reason)).Should().Equal(
            ("completed", null), ("completed", null), ("cancelled", "turn_detected"), ("completed", null), ("completed", null));
        events.OfType<ResponseDone>().Last().Usage.Should().Be(new RealtimeUsage(331, 174, 320, 78, 13, 16));
        events.OfType<ResponseCreated>().Select(e => e.ResponseId).Should().Equal(events.OfType<ResponseDone>().Select(e => e.ResponseId));
    }

    [Fact]
    public void Audio_adds_up_for_each_item()
    {
        Dictionary<string, int> bytes = [];

        foreach (var utf8 in Received)
        {
            if (!RealtimeReader.TryReadAudioDelta(utf8, out var delta)) continue;
            var item = Encoding.UTF8.GetString(delta.ItemId);
            bytes[item] = bytes.GetValueOrDefault(item) + delta.Bytes;
        }

        var expected = Transcript.Where(t => (string)t.Event["type"]! == "response.output_audio.delta")
            .GroupBy(t => (string)t.Event["item_id"]!, t => Convert.FromBase64String((string)t.Event["delta"]!).Length)
            .ToDictionary(g => g.Key, g => g.Sum());
        bytes.Should().Equal(expected);
        bytes["item_n23DSp8kVzjliKE1QufhQ"].Should().Be(6 * 1600); // the greeting: six deltas of 200 ms
        bytes["item_oywu0ABROxF6LVtnFxaug"].Should().Be(9 * 1600); // the interrupted answer
    }

    [Fact]
    public void Transcript_deltas_add_up_to_the_transcripts()
    {
        var events = Received.Select(Read).ToArray();

        foreach (var done in events.OfType<TranscriptDone>().Where(d => d.ItemId != "item_oywu0ABROxF6LVtnFxaug"))
            string.Concat(events.OfType<TranscriptDelta>().Where(d => d.ItemId == done.ItemId).Select(d => d.Delta)).Should().Be(done.Transcript);
        events.OfType<TranscriptDone>().Select(d => d.Transcript).Should().Contain("Hi, this is Harbor Bikes. How can I help?").And.HaveCount(5);
    }

    [Fact]
    public void O49_A_function_call_is_told_once_though_four_events_carry_it()
    {
        Received.Select(Read).OfType<FunctionCalled>().Should().Equal(new FunctionCalled(
            "resp_6bftOZ1lIJMF7RvwVs2qE", "item_JEG5yS5SyIc4oH7dkN32f", "call_fKN2ofDyNs7figUl", "lookup_order",
            "{\"order_number\":\"48213\"}", "completed"));
    }

    [Fact]
    public void O42_Every_event_brings_its_own_id()
    {
        var ids = Received.Select(utf8 =>
        {
            RealtimeReader.Read(utf8, out var id);
            return id;
        }).ToArray();

        ids.Should().OnlyHaveUniqueItems().And.OnlyContain(id => id!.StartsWith("event_"));
    }

    [Fact]
    public void O21_An_event_cut_at_any_byte_is_malformed()
    {
        foreach (var utf8 in OneOfEach)
        {
            for (var length = 0; length < utf8.Length; length++)
            {
                var cut = utf8.AsSpan(0, length);
                if (RealtimeReader.TryReadAudioDelta(cut, out _) || RealtimeReader.Read(cut, out _) is not Malformed)
                    Assert.Fail($"Took {length} bytes of {Encoding.UTF8.GetString(utf8)}");
            }
        }
    }

    [Fact]
    public void Flipped_bytes_never_throw_and_never_make_audio_that_is_not_base64()
    {
        Gen.Select(Gen.Int[0, OneOfEach.Length - 1], Gen.Select(Gen.Int[0, 10_000], Gen.Byte).Array[1, 6]).Sample((which, flips) =>
        {
            var utf8 = OneOfEach[which].ToArray();
            foreach (var (at, value) in flips) utf8[at % utf8.Length] = value;

            RealtimeReader.Read(utf8, out _).Should().NotBeNull();
            if (RealtimeReader.TryReadAudioDelta(utf8, out var delta) && delta.Bytes >= 0)
                Convert.FromBase64String(Encoding.ASCII.GetString(delta.Base64)).Should().HaveCount(delta.Bytes);
        }, iter: 20_000);
    }

    [Fact]
    public void Client_events_are_written_as_in_the_transcript()
    {
        var audio = Convert.FromBase64String((string)Sent("input_audio_buffer.append")["audio"]!);
        var append = new byte[RealtimeWriter.AppendLength(audio.Length)];
        RealtimeWriter.WriteAppend(append, audio).Should().Be(append.Length);
        var output = Sent("conversation.item.create");
        output["item"]!.AsObject().Remove("id"); // the server makes one

        Same(append, Sent("input_audio_buffer.append"));
        Same(RealtimeWriter.FunctionCallOutput("call_fKN2ofDyNs7figUl", (string)output["item"]!["output"]!, "c_0003"), output);
        Same(RealtimeWriter.ResponseCreate("c_0002", (string)Sent("response.create")["response"]!["instructions"]!, purpose: "greeting"), Sent("response.create"));
        Same(RealtimeWriter.ResponseCreate("c_0004"), Sent("response.create", 1));
        Same(RealtimeWriter.Truncate("item_oywu0ABROxF6LVtnFxaug", 0, 1100, "c_0005"), Sent("conversation.item.truncate"));
        Same(RealtimeWriter.ResponseCancel("resp_BOZMn2UuQKVSzmir80suY", "c_0006"), Sent("response.cancel"));
    }

    [Fact]
    public void The_session_is_configured_as_in_the_transcript_less_what_Bob_leaves_out()
    {
        var expected = Sent("session.update");
        var session = expected["session"]!.AsObject();
        session.Remove("reasoning");
        session.Remove("tracing");
        session["max_output_tokens"] = 4096;
        session["truncation"]!.AsObject().Remove("token_limits");
        session["audio"]!["input"]!["turn_detection"]!.AsObject().Remove("idle_timeout_ms");
        var tool = session["tools"]![0]!;
        var options = new RealtimeOptions
        {
            Url = new Uri("wss://model.example/v1/realtime"),
            Model = "gpt-realtime-2.1",
            ApiKey = "unused",
            Greeting = "unused",
            Instructions = (string)session["instructions"]!,
            TranscriptionLanguage = "en",
        };

        var written = RealtimeWriter.SessionUpdate(
            options,
            [AIFunctionFactory.CreateDeclaration((string)tool["name"]!, (string)tool["description"]!, JsonSerializer.SerializeToElement(tool["parameters"]))],
            "c_0001");

        Same(written, expected);
    }

    private static JsonObject Sent(string type, int skip = 0) =>
        Transcript.Where(t => t.From == "client" && (string)t.Event["type"]! == type).Skip(skip).First().Event.DeepClone().AsObject();

    private static RealtimeEvent Read(byte[] utf8) => RealtimeReader.Read(utf8, out _);

    private static void Same(byte[] written, JsonNode expected)
    {
        if (!JsonNode.DeepEquals(JsonNode.Parse(written), expected)) Encoding.UTF8.GetString(written).Should().Be(expected.ToJsonString());
    }
}
