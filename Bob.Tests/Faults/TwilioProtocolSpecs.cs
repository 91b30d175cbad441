using System.Text;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Twilio;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Faults.TwilioLine;

namespace Bob.Tests.Faults;

/// <summary>Sockets that break the rules of WebSockets: their stream ends, and no other call notices.</summary>
public sealed class TwilioProtocolSpecs
{
    private const string Speech = "the quick brown fox jumps over the lazy dog";

    private static readonly byte[] Half = Encoding.UTF8.GetBytes("{\"event\":\"conn");

    public static TheoryData<string, byte[], int> Violations => new()
    {
        { "a fragmented control frame", [.. RawStream.Header(0x09, 4), 1, 2, 3, 4], 1002 },
        { "a control frame of more than 125 bytes", [.. RawStream.Header(RawStream.Ping, 126), .. new byte[126]], 1002 },
        { "a reserved opcode", [.. RawStream.Header(0x83, 2), (byte)'{', (byte)'}'], 1002 },
        { "a reserved bit", [.. RawStream.Header(0xC1, 2), (byte)'{', (byte)'}'], 1002 },
        { "a continuation of nothing", [.. RawStream.Header(0x80, 2), (byte)'{', (byte)'}'], 1002 },
        { "a message inside a message", [.. RawStream.Header(0x01, Half.Length), .. Half, .. RawStream.Header(RawStream.Text, 2), (byte)'{', (byte)'}'], 1002 },
        { "an unmasked frame", [.. RawStream.Header(RawStream.Text, 2, masked: false), (byte)'{', (byte)'}'], 1002 },
        { "a text that is no UTF-8", [.. RawStream.Header(RawStream.Text, 4), (byte)'"', 0xC3, 0x28, (byte)'"'], 1007 },
    };

    [Theory]
    [MemberData(nameof(Violations))]
    public async Task T10_A_violation_of_the_protocol_ends_its_stream_alone(string violation, byte[] bytes, int code)
    {
        await using var house = await WholeHouse.StartAsync(Script(Speech));
        var bystander = house.Twilio.PlaceCall(WholeHouse.Conversation());
        await bystander.WaitForHeardAsync(200);
        using var live = await house.LiveStreamAsync();
        using var fresh = await RawStream.OpenAsync(house);

        await live.SendBytesAsync(bytes);
        await fresh.SendBytesAsync(bytes);

        (await live.EndAsync()).Should().Be(code, violation);
        (await fresh.EndAsync()).Should().Be(code, violation);
        TicketOf((await house.PostAsync("/call-next", Form(SomeCall, "in-progress"))).Body).Should().NotBeEmpty("the call itself goes on");
        await ShouldNotHaveNoticedAsync(house, bystander);
    }

    [Fact]
    public async Task T6_Binary_messages_are_ignored_and_a_third_one_is_too_many()
    {
        await using var house = await WholeHouse.StartAsync(Script(Speech));
        using var live = await house.LiveStreamAsync();

        await live.SendFrameAsync(RawStream.Binary, new byte[100]);
        await live.SendFrameAsync(RawStream.Binary, new byte[100]);
        await live.SendAsync("""{"event":"dtmf","streamSid":"MZ","sequenceNumber":"3","dtmf":{"track":"inbound_track","digit":"5"}}""");
        var session = await house.Model.NextSessionAsync(TestContext.Current.CancellationToken);
        await session.WaitForAsync(e => e.Body.ValueKind != default && e.Body.GetRawText().Contains("pressed 5"), TestContext.Current.CancellationToken);
        await live.SendFrameAsync(RawStream.Binary, new byte[100]);

        (await live.EndAsync()).Should().Be(1003);
    }

    [Theory]
    [InlineData(MediaStreamReader.MaxMessageBytes + 1)]
    [InlineData(10 * 1024 * 1024)]
    public async Task T7_A_huge_message_ends_its_stream(int bytes)
    {
        await using var house = await WholeHouse.StartAsync(Script(Speech));
        var bystander = house.Twilio.PlaceCall(WholeHouse.Conversation());
        using var live = await house.LiveStreamAsync();

        var sending = live.SendFrameAsync(RawStream.Text, Enumerable.Repeat((byte)' ', bytes).ToArray());

        (await live.EndAsync()).Should().BeOneOf(1009, 0);
        await sending;
        await house.UntilAsync(() => house.Lines.Any(line => line.Contains("message too big")), "the reason in the log");
        await ShouldNotHaveNoticedAsync(house, bystander);
    }

    [Fact]
    public async Task T9_A_message_without_an_end_ends_its_stream_where_the_cap_is()
    {
        await using var house = await WholeHouse.StartAsync(Script(Speech));
        using var live = await house.LiveStreamAsync();
        var piece = Enumerable.Repeat((byte)' ', 1000).ToArray();

        await live.SendFrameAsync(0x01, piece);
        for (var sent = piece.Length; sent <= MediaStreamReader.MaxMessageBytes; sent += piece.Length)
            await live.SendFrameAsync(0x00, piece);

        (await live.EndAsync()).Should().Be(1009);
    }

    [Fact]
    public async Task T12_A_frame_that_never_ends_falls_to_the_watchdog()
    {
        await using var house = await WholeHouse.StartAsync(Script(Speech));
        var bystander = house.Twilio.PlaceCall(WholeHouse.Conversation());
        using var slow = await house.LiveStreamAsync();

        await slow.SendBytesAsync(RawStream.Header(RawStream.Text, 1000));

        await slow.EndAsync();
        await house.UntilAsync(() => house.Lines.Any(line => line.Contains("media-timeout")), "the watchdog's word");
        TicketOf((await house.PostAsync("/call-next", Form(SomeCall, "in-progress"))).Body).Should().NotBeEmpty("the call itself goes on");
        await ShouldNotHaveNoticedAsync(house, bystander);
    }

    [Fact]
    public async Task T13_A_flood_of_pings_is_closed_and_no_other_call_notices()
    {
        await using var house = await WholeHouse.StartAsync(Script(Speech));
        var bystander = house.Twilio.PlaceCall(WholeHouse.Conversation());
        await bystander.WaitForHeardAsync(200);
        using var live = await house.LiveStreamAsync();
        using var fresh = await RawStream.OpenAsync(house);
        byte[] pings = [.. Enumerable.Repeat(RawStream.Header(RawStream.Ping, 0), 1000).SelectMany(bytes => bytes)];

        var ended = (live.EndAsync(), fresh.EndAsync());
        for (var batch = 0; batch < 20; batch++)
        {
            await live.SendBytesAsync(pings);
            await fresh.SendBytesAsync(pings);
        }

        (await ended.Item1).Should().Be(1008);
        (await ended.Item2).Should().Be(1008);
        TicketOf((await house.PostAsync("/call-next", Form(SomeCall, "in-progress"))).Body).Should().NotBeEmpty("the call itself goes on");
        await ShouldNotHaveNoticedAsync(house, bystander);
    }

    [Fact]
    public async Task T14_Marks_that_nobody_set_change_nothing()
    {
        await using var house = await WholeHouse.StartAsync(Script(Speech));
        var unhandled = house.Unhandled();
        using var live = await house.LiveStreamAsync();

        await live.SendAsync([.. new[] { "", "x", "g1:m99", "g-1:m1", "g1:m", ":m", "g99999999999:m1", new string('g', 5000) }.Select(RawStream.Mark)]);
        await live.SendAsync("""{"event":"mark"}""", """{"event":"mark","mark":{}}""", """{"event":"mark","mark":{"name":7}}""", RawStream.Stop);

        (await house.EndOfAsync(SomeCall)).Should().Be(CallEnd.CallerHungUp);
        unhandled.Should().BeEmpty();
        await house.ShouldBeEmptyAsync();
    }

    private static async Task ShouldNotHaveNoticedAsync(WholeHouse house, SimulatedCall bystander)
    {
        var report = await bystander.Completion;
        report.Warnings.Should().BeEmpty();
        report.ShouldHaveHeard(Speech);
        report.Streams.Should().ContainSingle();
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.CallerHungUp);
        house.Lines.Should().NotContain(line => line.Contains(" ERR "));
    }
}
