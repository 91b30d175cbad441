using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Twilio;
using Bob.Tests.Hostile;
using CsCheck;
using Xunit;

namespace Bob.Tests.Twilio;

public sealed class TwilioCodecSpecs
{
    private const string Sid = "MZ00000000000000000000000000000001";

    /// <summary>20 ms of silence as Twilio sends it: 213 slashes and <c>w==</c>.</summary>
    private static readonly string Silence = Convert.ToBase64String(Enumerable.Repeat((byte)0xFF, 160).ToArray());

    /// <summary>The messages of Twilio's documentation, in its order of keys.</summary>
    private static readonly string[] Documented =
    [
        """{"event":"connected","protocol":"Call","version":"1.0.0"}""",
        """{"event":"start","sequenceNumber":"1","start":{"accountSid":"AC00000000000000000000000000000001","streamSid":"MZ00000000000000000000000000000001","callSid":"CA00000000000000000000000000000001","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"ticket":"k3Jt0example","attempt":"1"}},"streamSid":"MZ00000000000000000000000000000001"}""",
        $$$"""{"event":"media","sequenceNumber":"2","media":{"track":"inbound","chunk":"1","timestamp":"20","payload":"{{{Silence}}}"},"streamSid":"{{{Sid}}}"}""",
        """{"event":"dtmf","streamSid":"MZ00000000000000000000000000000001","sequenceNumber":"305","dtmf":{"track":"inbound_track","digit":"5"}}""",
        """{"event":"mark","sequenceNumber":"411","streamSid":"MZ00000000000000000000000000000001","mark":{"name":"g1:m7"}}""",
        """{"event":"stop","sequenceNumber":"9001","stop":{"accountSid":"AC00000000000000000000000000000001","callSid":"CA00000000000000000000000000000001"},"streamSid":"MZ00000000000000000000000000000001"}""",
    ];

    [Fact]
    public void Documented_messages_are_understood()
    {
        foreach (var message in Documented) UnderstandsLikeDocumented(Utf8(message));
    }

    [Fact]
    public void Order_of_keys_and_whitespace_do_not_matter()
    {
        Gen.Select(Gen.Int[0, Documented.Length - 1], Gen.Int, Gen.Bool).Sample((which, seed, indented) =>
        {
            var shuffled = Shuffled(JsonNode.Parse(Documented[which])!, new Random(seed));

            UnderstandsLikeDocumented(Utf8("\r\n " + shuffled.ToJsonString(new JsonSerializerOptions { WriteIndented = indented }) + "\t\n"));
        }, iter: 500);
    }

    [Fact]
    public void Counters_may_be_numbers_as_well_as_strings()
    {
        TwilioCodec.Read(Utf8("""{"event":"media","sequenceNumber":926,"media":{"track":"inbound","chunk":925,"timestamp":18553,"payload":"/w=="}}"""), out var e);

        e.SequenceNumber.Should().Be(926);
        e.Chunk.Should().Be(925);
        e.TimestampMs.Should().Be(18553);
    }

    [Theory]
    [InlineData("\"-3600000\"", -1)]
    [InlineData("-5", -1)]
    [InlineData("\"soon\"", -1)]
    [InlineData("1e3", -1)]
    [InlineData("\"99999999999999999999\"", -1)]
    [InlineData("null", -1)]
    [InlineData("{\"ms\":[1]}", -1)]
    [InlineData("\"3618553\"", 3_618_553)]
    public void T33_A_strange_timestamp_costs_no_audio(string timestamp, long expected)
    {
        TwilioCodec.Read(Utf8($$$"""{"event":"media","media":{"timestamp":{{{timestamp}}},"payload":"/w=="}}"""), out var e);

        e.Kind.Should().Be(TwilioEventKind.Media);
        e.TimestampMs.Should().Be(expected);
        e.PayloadBytes.Should().Be(1);
        e.SequenceNumber.Should().Be(-1);
    }

    [Fact]
    public void Escaped_strings_are_read_like_plain_ones()
    {
        var escaped = $$$"""{"\u0065vent":"m\u0065dia","str\u0065amSid":"MZ\u0030","m\u0065dia":{"track":"inboun\u0064","payload":"{{{Silence.Replace("/", "\\/")}}}"}}""";

        TwilioCodec.Read(Utf8(escaped), out var e);

        e.Kind.Should().Be(TwilioEventKind.Media);
        e.Inbound.Should().BeTrue();
        Encoding.UTF8.GetString(e.StreamSid).Should().Be("MZ0");
        Encoding.UTF8.GetString(e.Payload).Should().Be(Silence);
        e.PayloadBytes.Should().Be(160);
    }

    [Theory]
    [InlineData("!!!!")]
    [InlineData("AAA")]
    [InlineData("A===")]
    [InlineData("AAAA=")]
    [InlineData("AA AA===")]
    [InlineData(" AAAA")]
    [InlineData("AAAA\\n")]
    [InlineData("AA\\r\\nAA")]
    [InlineData("ÄÖÜß")]
    [InlineData("AA-_")]
    public void T4_Wrong_base64_is_told_and_the_frame_is_still_a_frame(string payload)
    {
        TwilioCodec.Read(Utf8($$$"""{"event":"media","media":{"track":"inbound","payload":"{{{payload}}}"}}"""), out var e);

        e.Kind.Should().Be(TwilioEventKind.Media);
        e.PayloadBytes.Should().Be(-1);
    }

    [Fact]
    public void T34_Another_format_and_our_own_track_are_told_apart()
    {
        TwilioCodec.Read(Utf8(Documented[1].Replace("audio/x-mulaw", "audio/l16").Replace("8000", "16000")), out var start);
        TwilioCodec.Read(Utf8(Documented[2].Replace("inbound", "outbound")), out var media);

        start.Start!.Encoding.Should().Be("audio/l16");
        start.Start.SampleRate.Should().Be(16000);
        media.Kind.Should().Be(TwilioEventKind.Media);
        media.Inbound.Should().BeFalse();
    }

    [Fact]
    public void T28_Parameters_are_bounded_in_number_and_size()
    {
        KindOf(Start(Enumerable.Range(0, 50).Select(i => ($"k{i}", "v")))).Should().Be(TwilioEventKind.Start);
        KindOf(Start(Enumerable.Range(0, 51).Select(i => ($"k{i}", "v")))).Should().Be(TwilioEventKind.Malformed);
        KindOf(Start(Enumerable.Range(0, 51).Select(_ => ("same", "v")))).Should().Be(TwilioEventKind.Malformed);
        KindOf(Start([("k", new string('x', 8191))])).Should().Be(TwilioEventKind.Start);
        KindOf(Start([("k", new string('x', 8192))])).Should().Be(TwilioEventKind.Malformed);

        static string Start(IEnumerable<(string Name, string Value)> parameters) =>
            Documented[1].Replace("\"ticket\":\"k3Jt0example\",\"attempt\":\"1\"", string.Join(',', parameters.Select(p => $"\"{p.Name}\":\"{p.Value}\"")));
    }

    [Fact]
    public void T31_Text_from_outside_comes_through_as_it_is_unless_it_is_no_text()
    {
        TwilioCodec.Read(Utf8(Documented[1].Replace("k3Jt0example", "\\u0000\\u202e😀")), out var odd);
        TwilioCodec.Read(Utf8(Documented[1].Replace("k3Jt0example", "\\ud83d")), out var half);

        odd.Start!.Parameters["ticket"].Should().Be("\0\u202e😀");
        half.Kind.Should().Be(TwilioEventKind.Malformed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"media\"")]
    [InlineData("{}")]
    [InlineData("""{"event":5}""")]
    [InlineData("""{"event":null}""")]
    [InlineData("""{"event":"media"}""")]
    [InlineData("""{"event":"media","media":"/w=="}""")]
    [InlineData("""{"event":"media","media":{"payload":255}}""")]
    [InlineData("""{"event":"media","media":{"payload":null}}""")]
    [InlineData("""{"event":"media","media":{"track":1,"payload":"/w=="}}""")]
    [InlineData("""{"event":"media","streamSid":{},"media":{"payload":"/w=="}}""")]
    [InlineData("""{"event":"mark"}""")]
    [InlineData("""{"event":"mark","mark":{}}""")]
    [InlineData("""{"event":"mark","mark":{"name":7}}""")]
    [InlineData("""{"event":"dtmf","dtmf":{"digit":5}}""")]
    [InlineData("""{"event":"start"}""")]
    [InlineData("""{"event":"start","start":{"streamSid":"MZ1"}}""")]
    [InlineData("""{"event":"start","start":{"callSid":"CA1"}}""")]
    [InlineData("""{"event":"start","start":{"callSid":"CA1","streamSid":"MZ1","customParameters":{"a":1}}}""")]
    [InlineData("""{"event":"start","start":{"callSid":"CA1","streamSid":"MZ1","tracks":[[]]}}""")]
    [InlineData("""{"event":"stop"}{"event":"stop"}""")]
    [InlineData("""{"event":"stop"} x""")]
    public void A_message_of_the_wrong_shape_is_malformed(string message)
    {
        TwilioCodec.Read(Utf8(message), out var e);

        e.Kind.Should().Be(TwilioEventKind.Malformed);
        e.Text.Should().NotBeNullOrEmpty().And.Subject.Length.Should().BeLessThan(64);
        e.Start.Should().BeNull();
    }

    [Fact]
    public void T10_Invalid_UTF8_is_malformed_wherever_it_stands()
    {
        var message = Utf8(Documented[4]);

        for (var at = 0; at < message.Length; at++)
        {
            var broken = message.ToArray();
            broken[at] = 0xFF;
            TwilioCodec.Read(broken, out var e);
            e.Kind.Should().Be(TwilioEventKind.Malformed);
        }
    }

    [Theory]
    [InlineData('[', ']')]
    [InlineData('{', '}')]
    public void A_depth_bomb_is_malformed(char open, char close)
    {
        var bomb = open == '[' ? new string(open, 20_000) + new string(close, 20_000) : string.Concat(Enumerable.Repeat("{\"a\":", 10_000)) + "1" + new string(close, 10_000);

        KindOf($$"""{"event":"stop","x":{{bomb}}}""").Should().Be(TwilioEventKind.Malformed);
    }

    [Fact]
    public void Unknown_events_and_fields_are_tolerated()
    {
        TwilioCodec.Read(Utf8("""{"event":"weather","media2":[{"a":[1,2]}],"streamSid":"MZ1"}"""), out var unknown);
        TwilioCodec.Read(Utf8($$"""{"event":"{{new string('x', 10_000)}}"}"""), out var huge);
        TwilioCodec.Read(Utf8(Documented[2].Replace("\"track\"", "\"level\":{\"db\":[-40.5,null]},\"track\"")), out var media);

        unknown.Kind.Should().Be(TwilioEventKind.Unknown);
        unknown.Text.Should().Be("weather");
        huge.Text.Should().HaveLength(64);
        media.PayloadBytes.Should().Be(160);
    }

    [Fact]
    public void A_message_cut_at_any_byte_is_malformed()
    {
        foreach (var message in Documented)
        {
            var utf8 = Utf8(message);
            for (var length = 0; length < utf8.Length; length++)
            {
                TwilioCodec.Read(utf8.AsSpan(0, length), out var e);
                e.Kind.Should().Be(TwilioEventKind.Malformed);
            }
        }
    }

    [Fact]
    public void Flipped_bytes_never_throw_and_never_make_audio_that_is_not_base64()
    {
        Gen.Select(Gen.Int[0, Documented.Length - 1], Gen.Select(Gen.Int[0, 10_000], Gen.Byte).Array[1, 6]).Sample((which, flips) =>
        {
            var utf8 = Utf8(Documented[which]);
            foreach (var (at, value) in flips) utf8[at % utf8.Length] = value;

            TwilioCodec.Read(utf8, out var e);

            Enum.IsDefined(e.Kind).Should().BeTrue();
            if (e.PayloadBytes >= 0) Convert.FromBase64String(Encoding.ASCII.GetString(e.Payload)).Should().HaveCount(e.PayloadBytes);
        }, iter: 20_000);
    }

    [Fact]
    public void Audio_in_its_usual_form_is_read_as_in_any_other()
    {
        var usual = Utf8(Documented[2]);
        SameInAnyForm(usual);
        foreach (var other in NearlyUsual.Of(usual))
            SameInAnyForm(other);
    }

    [Theory]
    [InlineData("\"chunk\":\"1\"", "\"chunk\":\"01\"")]
    [InlineData("\"chunk\":\"1\"", "\"chunk\":\"0\"")]
    [InlineData("\"chunk\":\"1\"", "\"chunk\":\"123456789\"")]
    [InlineData("\"chunk\":\"1\"", "\"chunk\":\"1234567890\"")]
    [InlineData("\"chunk\":\"1\"", "\"chunk\":\"99999999999999999999\"")]
    [InlineData("\"chunk\":\"1\"", "\"chunk\":\"\"")]
    [InlineData("\"timestamp\":\"20\"", "\"timestamp\":\"-20\"")]
    [InlineData("\"timestamp\":\"20\"", "\"timestamp\":20")]
    [InlineData("\"track\":\"inbound\"", "\"track\":\"outbound\"")]
    [InlineData("\"streamSid\":\"MZ00000000000000000000000000000001\"", "\"streamSid\":\"\"")]
    [InlineData("\"streamSid\":\"MZ00000000000000000000000000000001\"", "\"streamSid\":\"M\\u005a1\"")]
    [InlineData("\"streamSid\":\"MZ00000000000000000000000000000001\"", "\"streamSid\":\"MZ1\",\"event\":\"stop\"")]
    [InlineData("w==", "w= =")]
    [InlineData("w==", "\\/w==")]
    [InlineData("w==", "w==\",\"payload\":\"//8=")]
    public void Audio_in_nearly_its_usual_form_is_read_as_in_any_other(string usual, string other) =>
        SameInAnyForm(Utf8(Documented[2].Replace(usual, other, StringComparison.Ordinal)));

    [Fact]
    public void Random_bytes_never_throw()
    {
        Gen.Byte.Array[0, 300].Sample(bytes =>
        {
            TwilioCodec.Read(bytes, out var e);
            e.Kind.Should().Be(TwilioEventKind.Malformed);
        }, iter: 5_000);
    }

    [Fact]
    public void Messages_are_written_exactly_as_documented()
    {
        var writer = new TwilioWriter(new StreamSid(Sid));

        Media(writer, Silence).Should().Be($$$"""{"event":"media","streamSid":"{{{Sid}}}","media":{"payload":"{{{Silence}}}"}}""");
        Mark(writer, "g1:m7").Should().Be($$$"""{"event":"mark","streamSid":"{{{Sid}}}","mark":{"name":"g1:m7"}}""");
        Encoding.UTF8.GetString(writer.Clear.Span).Should().Be($$"""{"event":"clear","streamSid":"{{Sid}}"}""");
    }

    [Fact]
    public void There_is_room_for_the_longest_mark_of_the_ledger()
    {
        var writer = new TwilioWriter(new StreamSid(Sid));
        var buffer = new byte[writer.LongestMark];

        var length = writer.WriteMark(buffer, new PlaybackMark(int.MaxValue, int.MaxValue));

        Encoding.UTF8.GetString(buffer.AsSpan(0, length)).Should().Be($$$"""{"event":"mark","streamSid":"{{{Sid}}}","mark":{"name":"g2147483647:m2147483647"}}""");
    }

    [Fact]
    public void A_stream_id_cannot_break_out_of_its_string()
    {
        const string hostile = "MZ\",\"event\":\"clear\\";
        var writer = new TwilioWriter(new StreamSid(hostile));

        foreach (var written in (string[])[Media(writer, "/w=="), Mark(writer, "m"), Encoding.UTF8.GetString(writer.Clear.Span)])
            JsonNode.Parse(written)!["streamSid"]!.GetValue<string>().Should().Be(hostile);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\"b")]
    [InlineData("a b")]
    [InlineData("ä")]
    public void A_mark_name_that_would_need_escaping_is_refused(string name)
    {
        var writer = new TwilioWriter(new StreamSid(Sid));

        FluentActions.Invoking(() => Mark(writer, name)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void What_is_spliced_in_is_read_back_unchanged()
    {
        var writer = new TwilioWriter(new StreamSid(Sid));

        Gen.Byte.Array[0, 2_000].Sample(audio =>
        {
            TwilioCodec.Read(Utf8(Media(writer, Convert.ToBase64String(audio))), out var e);

            e.PayloadBytes.Should().Be(audio.Length);
            Convert.FromBase64String(Encoding.ASCII.GetString(e.Payload)).Should().Equal(audio);
        }, iter: 300);
    }

    [Fact]
    public void Frames_allocate_nothing()
    {
        var received = Utf8(Documented[2]);
        var writer = new TwilioWriter(new StreamSid(Sid));
        var buffer = new byte[1024];
        ReadAndWrite(100);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var bytes = ReadAndWrite(10_000);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        allocated.Should().Be(0);
        bytes.Should().Be(10_000L * (160 + writer.MediaLength(216)));

        long ReadAndWrite(int times)
        {
            var sum = 0L;
            for (var i = 0; i < times; i++)
            {
                TwilioCodec.Read(received, out var e);
                sum += e.PayloadBytes + writer.WriteMedia(buffer, e.Payload);
            }

            return sum;
        }
    }

    private static void UnderstandsLikeDocumented(byte[] utf8)
    {
        TwilioCodec.Read(utf8, out var e);

        Encoding.UTF8.GetString(e.StreamSid).Should().Be(e.Kind == TwilioEventKind.Connected ? "" : Sid);
        switch (e.Kind)
        {
            case TwilioEventKind.Connected:
                e.SequenceNumber.Should().Be(-1);
                break;
            case TwilioEventKind.Start:
                e.SequenceNumber.Should().Be(1);
                e.Start.Should().BeEquivalentTo(new StreamStart(
                    "AC00000000000000000000000000000001", Sid, "CA00000000000000000000000000000001", "audio/x-mulaw", 8000, 1, ["inbound"],
                    new Dictionary<string, string> { ["ticket"] = "k3Jt0example", ["attempt"] = "1" }));
                break;
            case TwilioEventKind.Media:
                (e.SequenceNumber, e.Chunk, e.TimestampMs, e.Inbound, e.PayloadBytes).Should().Be((2, 1, 20, true, 160));
                Encoding.UTF8.GetString(e.Payload).Should().Be(Silence);
                break;
            case TwilioEventKind.Dtmf:
                (e.SequenceNumber, e.Text, e.Inbound).Should().Be((305, "5", true));
                break;
            case TwilioEventKind.Mark:
                (e.SequenceNumber, e.Text).Should().Be((411, "g1:m7"));
                break;
            case TwilioEventKind.Stop:
                e.SequenceNumber.Should().Be(9001);
                break;
            default:
                Assert.Fail($"{e.Kind}: {e.Text}");
                break;
        }
    }

    private static void SameInAnyForm(ReadOnlySpan<byte> utf8)
    {
        TwilioCodec.Read(utf8, out var read);
        TwilioCodec.ReadAny(utf8, out var any);

        var text = Encoding.Latin1.GetString(utf8);
        (read.Kind, read.Inbound, read.SequenceNumber, read.Chunk, read.TimestampMs, read.PayloadBytes, read.Text)
            .Should().Be((any.Kind, any.Inbound, any.SequenceNumber, any.Chunk, any.TimestampMs, any.PayloadBytes, any.Text), text);
        if (read.Kind == TwilioEventKind.Malformed)
            return;
        read.Payload.SequenceEqual(any.Payload).Should().BeTrue(text);
        read.StreamSid.SequenceEqual(any.StreamSid).Should().BeTrue(text);
    }

    private static TwilioEventKind KindOf(string message)
    {
        TwilioCodec.Read(Utf8(message), out var e);
        return e.Kind;
    }

    private static string Media(TwilioWriter writer, string base64)
    {
        var buffer = new byte[writer.MediaLength(base64.Length)];
        writer.WriteMedia(buffer, Utf8(base64)).Should().Be(buffer.Length);
        return Encoding.UTF8.GetString(buffer);
    }

    private static string Mark(TwilioWriter writer, string name)
    {
        var buffer = new byte[writer.MarkLength(Utf8(name).Length)];
        writer.WriteMark(buffer, Utf8(name)).Should().Be(buffer.Length);
        return Encoding.UTF8.GetString(buffer);
    }

    private static JsonNode Shuffled(JsonNode node, Random random)
    {
        if (node is not JsonObject fields) return node.DeepClone();
        var order = fields.ToArray();
        random.Shuffle(order);
        return new JsonObject(order.Select(field => KeyValuePair.Create(field.Key, (JsonNode?)Shuffled(field.Value!, random))));
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
