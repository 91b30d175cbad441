using System.Net;
using Akka.Actor;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static Bob.Tests.Faults.TwilioLine;

namespace Bob.Tests.Faults;

/// <summary>Nobody gets in: what has no signature or no ticket never reaches a model.</summary>
public sealed class TwilioFrontDoorSpecs
{
    private const string OtherCall = "CA0000000000000000000000000000ef01";

    [Fact]
    public async Task T22_T23_A_webhook_that_is_not_signed_for_this_address_makes_no_call()
    {
        await using var house = await WholeHouse.StartAsync(Script("hello"));
        var form = Form(SomeCall, "ringing");
        var right = TwilioSignature.Compute(WholeHouse.AuthToken, $"http://localhost:{house.Address.Port}/incoming-call", form);

        (HttpStatusCode Status, string Body)[] answers =
        [
            await house.PostAsync("/incoming-call", form, signature: ""),
            await house.PostAsync("/incoming-call", form, signature: (right[0] == 'A' ? 'B' : 'A') + right[1..]),
            await house.PostAsync("/incoming-call", [.. form, new("From", "+15550100009")], signature: right),
            await house.PostAsync("/incoming-call", form, "https://localhost/incoming-call"),
            await house.PostAsync("/incoming-call", form, "https://other.example.com/incoming-call", null, ("X-Forwarded-Host", "other.example.com"), ("X-Forwarded-Proto", "https")),
            await house.PostAsync("/incoming-call?x=1", form, $"http://localhost:{house.Address.Port}/incoming-call"),
            await house.PostAsync("/call-next", form, $"http://localhost:{house.Address.Port}/incoming-call"),
        ];

        answers.Should().AllSatisfy(answer => answer.Should().Be((HttpStatusCode.Forbidden, "")));
        house.Model.Connections.Should().Be(0);
        await house.ShouldBeEmptyAsync();
    }

    [Theory]
    [InlineData(StreamSignature.Missing)]
    [InlineData(StreamSignature.Wrong)]
    public async Task T25_A_stream_that_is_not_signed_is_refused_at_its_handshake_and_the_caller_hears_why_nobody_speaks(StreamSignature signature)
    {
        await using var house = await WholeHouse.StartAsync(Script("hello"));

        var report = await house.Twilio.PlaceCall(new CallPlan { StreamSignature = signature }).Completion;

        report.Streams.Should().HaveCountGreaterThan(1).And.AllSatisfy(stream => stream.ErrorCode.Should().Be(31920));
        report.ShouldHaveApologised(inBobsVoice: false);
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.StreamUnstable);
        house.Model.Sessions.Should().OnlyContain(session => session.CallerAudio.Length == 0);
        await house.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task T25_A_ticket_lets_one_stream_into_one_call_and_no_other()
    {
        await using var house = await WholeHouse.StartAsync(Script("hello"));
        var otherTicket = await house.AnnounceAsync(OtherCall);
        var ticket = await house.AnnounceAsync();
        ticket.Should().NotBe(otherTicket).And.HaveLength(32);

        using var live = await house.LiveStreamAsync();
        foreach (var (callSid, shown) in new[] { (SomeCall, ticket), (SomeCall, otherTicket), (OtherCall, ticket), (SomeCall, ""), (OtherCall, otherTicket[1..]), (OtherCall, otherTicket + "A") })
        {
            using var stranger = await RawStream.OpenAsync(house);
            await stranger.SendAsync(RawStream.Connected, RawStream.Start(callSid, shown), Media);
            (await stranger.EndAsync()).Should().Be(1008, $"{shown} is no ticket for {callSid}");
        }

        house.Model.Sessions.Should().OnlyContain(session => session.CallerAudio.Length == 0);
        await live.SendAsync(Media);
        await house.Model.Sessions.Single(session => session.Number == 2).WaitUntilAsync(session => session.CallerAudio.Length == 160, TestContext.Current.CancellationToken);
        house.Model.Connections.Should().Be(2);
    }

    [Fact]
    public async Task T21_A_stream_of_a_call_that_nobody_announced_is_closed()
    {
        await using var house = await WholeHouse.StartAsync(Script("hello"));
        using var stranger = await RawStream.OpenAsync(house);

        await stranger.SendAsync(RawStream.Connected, RawStream.Start(SomeCall, "k3Jt0example"), Media);

        (await stranger.EndAsync()).Should().Be(1008);
        house.Model.Connections.Should().Be(0);
    }

    [Fact]
    public async Task T24_T37_A_webhook_delivered_twice_is_one_call_with_one_ticket()
    {
        await using var house = await WholeHouse.StartAsync(Script("hello"));

        var first = await house.PostAsync("/incoming-call", Form(SomeCall, "ringing"));
        using var live = await house.LiveStreamAsync();
        var again = await house.PostAsync("/incoming-call", Form(SomeCall, "ringing"));

        again.Should().Be(first);
        await house.UntilAsync(() => house.Model.Connections > 0, "a dial");
        house.Model.Connections.Should().Be(1);
        house.Lines.Should().ContainSingle(line => line.Contains("Incoming call"));
        await live.SendAsync(RawStream.Stop);
        (await house.EndOfAsync(SomeCall)).Should().Be(CallEnd.CallerHungUp);
    }

    [Fact]
    public async Task T37_A_webhook_delivered_again_is_the_same_call_though_the_door_has_closed_meanwhile()
    {
        await using var house = await WholeHouse.StartAsync(Script("hello"), settings: [("MAX_CALLS_PER_CALLER", "1")]);

        var first = await house.PostAsync("/incoming-call", Form(SomeCall, "ringing"));
        var other = await house.PostAsync("/incoming-call", Form($"{SomeCall[..^1]}9", "ringing"));
        var again = await house.PostAsync("/incoming-call", Form(SomeCall, "ringing"));

        other.Body.Should().Contain("<Reject");
        again.Should().Be(first);
        await house.UntilAsync(() => house.Model.Connections > 0, "a dial");
        house.Model.Connections.Should().Be(1);
    }

    [Fact]
    public async Task T24_A_webhook_replayed_after_its_call_makes_no_second_one()
    {
        await using var house = await WholeHouse.StartAsync(Script("hello"));
        using var live = await house.LiveStreamAsync();
        await live.SendAsync(RawStream.Stop);
        await house.EndOfAsync(SomeCall);

        var replayed = await house.PostAsync("/incoming-call", Form(SomeCall, "ringing"));

        TicketOf(replayed.Body).Should().BeEmpty();
        house.Model.Connections.Should().Be(1);
        await house.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task T24_A_webhook_that_comes_while_its_ended_call_is_not_gone_yet_harms_no_other_call()
    {
        using var leave = new ManualResetEventSlim();
        await using var house = await WholeHouse.StartAsync(Script("hello"), adjust: builder => builder.Services.AddSingleton(provider => new CallServices(
            provider.GetRequiredService<CallOptions>(), provider.GetRequiredService<RealtimeOptions>(), [], TimeProvider.System,
            _ => Props.Create(() => new SlowToLeave(leave)), _ => Props.Create(() => new SlowToLeave(leave)), provider.GetRequiredService<ModelProviders>())));
        await house.AnnounceAsync(OtherCall);
        var ticket = await house.AnnounceAsync();
        await house.PostAsync("/call-status", Form(SomeCall, "completed"));
        await house.EndOfAsync(SomeCall);

        var again = await house.AnnounceAsync();

        again.Should().NotBeEmpty("a caller who never reached Bob may come again").And.NotBe(ticket);
        (await house.CallsAsync()).Should().Be(2);
        leave.Set();
        house.Ends.Should().ContainSingle();
    }

    [Fact]
    public async Task T1_A_socket_without_start_is_closed_and_a_call_whose_stream_never_comes_is_over_with_its_session()
    {
        await using var house = await WholeHouse.StartAsync(Script("hello"));
        using var silent = await RawStream.OpenAsync(house);
        using var talkative = await RawStream.OpenAsync(house);
        await talkative.SendAsync(RawStream.Connected, Media, Media, "{}", "[", RawStream.Mark("x"), RawStream.Stop);
        var noSession = house.Model.Connections;
        var ticket = await house.AnnounceAsync();
        var session = await house.Model.NextSessionAsync(TestContext.Current.CancellationToken);

        await silent.EndAsync();
        await talkative.EndAsync();

        noSession.Should().Be(0);
        house.Lines.Count(line => line.Contains("sent no start in time")).Should().Be(2);
        (await house.EndOfAsync(SomeCall)).Should().Be(CallEnd.StreamNeverCame);
        await session.Ended.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        session.CallerAudio.Should().BeEmpty();
        using var late = await RawStream.OpenAsync(house);
        await late.SendAsync(RawStream.Start(SomeCall, ticket));
        (await late.EndAsync()).Should().Be(1008);
        house.Model.Connections.Should().Be(1);
        await house.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task T42_Compression_is_not_negotiated()
    {
        await using var house = await WholeHouse.StartAsync(Script("hello"));

        using var offering = await RawStream.OpenAsync(house, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n");
        using var unsigned = await RawStream.OpenAsync(house, signed: false);

        offering.Head.Should().StartWith("HTTP/1.1 101 ").And.NotContainEquivalentOf("extensions");
        unsigned.Head.Should().StartWith("HTTP/1.1 403 ");
    }

    /// <summary>A leg that takes its time to be gone.</summary>
    private sealed class SlowToLeave : UntypedActor
    {
        private readonly ManualResetEventSlim _leave;

        public SlowToLeave(ManualResetEventSlim leave) => _leave = leave;

        protected override void OnReceive(object message)
        {
        }

        protected override void PostStop() => _leave.Wait(TimeSpan.FromSeconds(10));
    }

    private static string Media { get; } =
        $$$"""{"event":"media","sequenceNumber":"2","media":{"track":"inbound","chunk":"1","timestamp":"20","payload":"{{{Convert.ToBase64String(new byte[160])}}}"},"streamSid":"{{{RawStream.StreamSid}}}"}""";
}
