using Akka.Actor;
using Akka.TestKit;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Recording;
using Bob.Actors.Twilio;
using Bob.Tests.Calls;
using Bob.Tests.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Bob.Actors.Calls.CallProtocol;
using static Bob.Actors.Twilio.CallerLegProtocol;

namespace Bob.Tests.Twilio;

public sealed class MediaStreamReaderSpecs : Akka.TestKit.Xunit.TestKit
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(150);
    private readonly FakeTimeProvider _clock = new();
    private readonly FakeMessageSocket _socket = new(MediaStreamReader.MaxMessageBytes);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TestProbe _calls, _callerLeg, _modelLeg;
    private readonly Task _reading;

    public MediaStreamReaderSpecs()
        : base(StandInParent.Config)
    {
        (_calls, _callerLeg, _modelLeg) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        _reading = new MediaStreamReader(_socket, _calls, _clock, _clock, NullLogger<MediaStreamReader>.Instance).RunAsync(_stopping.Token);
    }

    [Fact]
    public async Task T1_A_socket_without_a_start_is_closed_after_four_seconds()
    {
        _socket.Say("""{"event":"connected","protocol":"Call","version":"1.0.0"}""");
        _clock.Advance(TimeSpan.FromSeconds(3.9));
        _socket.Closed.Should().BeNull();

        _clock.Advance(TimeSpan.FromSeconds(0.2));
        await DoneAsync();

        _socket.Closed!.Value.Code.Should().Be(1008);
        _calls.ExpectNoMsg(Soon);
    }

    [Fact]
    public void A_recorder_is_given_the_callers_frames_and_where_in_time_they_belong()
    {
        var recorder = CreateTestProbe();
        Start();
        _calls.ExpectMsg<AttachStream>();
        _calls.Reply(new StreamAccepted(_callerLeg, _modelLeg, recorder));

        Media(1, 0);
        var first = recorder.ExpectMsg<RecorderProtocol.CallerSaid>();
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        Media(2, 100);

        first.Audio.Should().BeSameAs(_modelLeg.ExpectMsg<CallerAudio>());
        Math.Round((recorder.ExpectMsg<RecorderProtocol.CallerSaid>().At - first.At).TotalMilliseconds).Should().Be(100);
        recorder.ExpectNoMsg(Soon);
    }

    [Fact]
    public void A_started_stream_is_not_closed_for_want_of_a_start()
    {
        Start();
        _calls.ExpectMsg<AttachStream>();

        _clock.Advance(TimeSpan.FromMinutes(10));

        _calls.Reply(new StreamAccepted(_callerLeg, _modelLeg));
        Media(1, 0);
        _modelLeg.ExpectMsg<CallerAudio>();
        _socket.Closed.Should().BeNull();
    }

    [Fact]
    public void The_ticket_the_call_and_the_stream_are_presented()
    {
        Start(parameters: """{"ticket":"secret","tenant":"admin"}""");

        var attach = _calls.ExpectMsg<AttachStream>();
        (attach.CallSid.Value, attach.Ticket, attach.Stream.StreamSid.Value).Should().Be(("CA1", "secret", "MZ1"));
    }

    [Fact]
    public async Task T21_A_refused_stream_is_closed_and_heard_of_no_more()
    {
        Start(parameters: "{}");
        _calls.ExpectMsg<AttachStream>().Ticket.Should().BeEmpty();

        _calls.Reply(new StreamRefused("no such call"));
        await DoneAsync();

        _socket.Closed.Should().Be((1008, "no such call"));
        _callerLeg.ExpectNoMsg(Soon);
    }

    [Theory]
    [InlineData("""{"ticket":{"a":1}}""")]
    [InlineData("""{"ticket":17}""")]
    [InlineData("[]")]
    public async Task T27_Parameters_of_a_wrong_shape_let_nobody_in(string parameters)
    {
        Start(parameters);
        _calls.ExpectNoMsg(Soon);

        _clock.Advance(MediaStreamReader.StartDeadline);
        await DoneAsync();

        _socket.Closed!.Value.Code.Should().Be(1008);
    }

    [Fact]
    public async Task T28_Too_many_parameters_let_nobody_in()
    {
        Start($$"""{{{string.Join(',', Enumerable.Range(0, 100).Select(i => $"\"k{i}\":\"v\""))}}}""");
        _calls.ExpectNoMsg(Soon);

        _clock.Advance(MediaStreamReader.StartDeadline);
        await DoneAsync();

        _socket.Closed!.Value.Code.Should().Be(1008);
    }

    [Fact]
    public async Task T28_Too_long_parameters_close_the_socket_at_once()
    {
        Start($$"""{"ticket":"{{new string('x', 100_000)}}"}""");
        await DoneAsync();

        _socket.Closed!.Value.Code.Should().Be(1009);
        _calls.ExpectNoMsg(Soon);
    }

    [Theory]
    [InlineData("audio/l16", 16000, 1)]
    [InlineData("audio/x-mulaw", 16000, 1)]
    [InlineData("audio/x-mulaw", 8000, 2)]
    public async Task T34_Another_format_is_refused_before_the_call_hears_of_it(string encoding, int rate, int channels)
    {
        Start(encoding: encoding, rate: rate, channels: channels);
        await DoneAsync();

        _socket.Closed!.Value.Code.Should().Be(1008);
        _calls.ExpectNoMsg(Soon);
    }

    [Fact]
    public void T34_Bobs_own_voice_does_not_come_back_to_the_model()
    {
        Accept();

        byte[] voice = [.. Enumerable.Range(0, 160).Select(number => (byte)number)];
        Media(1, 0, track: "outbound");
        Media(2, 20, Convert.ToBase64String(voice));

        _modelLeg.ExpectMsg<CallerAudio>().Mulaw.Should().Equal(voice);
        _modelLeg.ExpectNoMsg(Soon);
    }

    [Fact]
    public void T3_Voice_before_the_start_is_dropped()
    {
        Media(1, 0);
        Accept();

        Media(2, 20);

        _modelLeg.ExpectMsg<CallerAudio>();
        _modelLeg.ExpectNoMsg(Soon);
    }

    [Fact]
    public void T4_Voice_that_is_no_base64_is_skipped()
    {
        Accept();

        Media(1, 0, payload: "!!!");
        Media(2, 20, payload: "");
        Media(3, 20);

        _modelLeg.ExpectMsg<CallerAudio>().Mulaw.Should().HaveCount(160);
        _modelLeg.ExpectNoMsg(Soon);
    }

    [Fact]
    public async Task T6_The_third_binary_message_closes_the_socket()
    {
        Accept();
        _socket.SayBinary();
        _socket.SayBinary();
        Media(1, 0);
        _modelLeg.ExpectMsg<CallerAudio>();
        _socket.Closed.Should().BeNull();

        _socket.SayBinary();
        await DoneAsync();

        _socket.Closed!.Value.Code.Should().Be(1003);
        _callerLeg.ExpectMsg<StreamEnded>();
        _callerLeg.ExpectNoMsg(Soon);
    }

    [Fact]
    public async Task T7_A_message_that_is_too_big_closes_the_socket()
    {
        Accept();

        _socket.Say(new string('x', MediaStreamReader.MaxMessageBytes + 1));
        await DoneAsync();

        _socket.Closed!.Value.Code.Should().Be(1009);
        _callerLeg.ExpectMsg<StreamEnded>().Reason.Should().Be("message too big");
    }

    [Fact]
    public async Task Nothing_but_nonsense_closes_the_socket()
    {
        Accept();

        for (var i = 0; i <= 100; i++)
            _socket.Say("nonsense");
        await DoneAsync();

        _socket.Closed!.Value.Code.Should().Be(1007);
    }

    [Fact]
    public void T32_A_frame_that_comes_twice_goes_to_the_model_once()
    {
        Accept();

        Media(1, 0);
        Media(1, 0);
        Media(3, 40);
        Media(2, 20);

        // The second frame came too late and is heard as the silence of its gap.
        for (var i = 0; i < 2; i++)
            _modelLeg.ExpectMsg<CallerAudio>();
        _modelLeg.ExpectNoMsg(Soon);
    }

    [Fact]
    public void A_gap_in_the_callers_stream_is_filled_with_silence()
    {
        Accept();

        Media(1, 0);
        Media(2, 220);

        _modelLeg.ExpectMsg<CallerAudio>();
        for (var i = 0; i < 10; i++)
            _modelLeg.ExpectMsg<CallerAudio>().Should().BeSameAs(CallerAudio.Silence);
        _modelLeg.ExpectMsg<CallerAudio>().Should().NotBeSameAs(CallerAudio.Silence);
        _modelLeg.ExpectNoMsg(Soon);
    }

    [Theory]
    [InlineData("3600020")]
    [InlineData("-5")]
    [InlineData("later")]
    [InlineData("0")]
    public void T33_A_clock_that_jumps_fills_nothing(string timestamp)
    {
        Accept();

        Media(1, 0);
        Media(2, timestamp);

        _modelLeg.ReceiveN(2).Should().NotContain(CallerAudio.Silence);
        _modelLeg.ExpectNoMsg(Soon);
    }

    [Fact]
    public void Marks_keys_and_the_stop_go_to_the_callers_leg_in_order()
    {
        var stream = Accept();

        _socket.Say("""{"event":"mark","streamSid":"MZ1","mark":{"name":"g1:m1"}}""");
        _socket.Say("""{"event":"dtmf","streamSid":"MZ1","dtmf":{"track":"inbound_track","digit":"5"}}""");
        _socket.Say("""{"event":"stop","streamSid":"MZ1","stop":{"callSid":"CA1"}}""");

        _callerLeg.ExpectMsg<MarkReturned>().Name.Should().Be("g1:m1");
        _callerLeg.ExpectMsg<KeyPressed>().Digit.Should().Be("5");
        _callerLeg.ExpectMsg<StreamStopped>().Stream.Should().BeSameAs(stream);
    }

    [Fact]
    public async Task T17_A_broken_socket_is_reported_once_with_its_word()
    {
        var stream = Accept();

        _socket.Break();
        await DoneAsync();

        var ended = _callerLeg.ExpectMsg<StreamEnded>();
        (ended.Stream, ended.Reason).Should().Be((stream, "closed-without-goodbye"));
        _callerLeg.ExpectNoMsg(Soon);
        _socket.Closed.Should().NotBeNull();
    }

    [Fact]
    public async Task T16_A_close_without_a_stop_is_reported_once()
    {
        Accept();

        _socket.Hangup();
        await DoneAsync();

        _callerLeg.ExpectMsg<StreamEnded>().Reason.Should().Be("closed-without-stop");
        _callerLeg.ExpectNoMsg(Soon);
    }

    [Fact]
    public async Task A_stopping_host_is_the_reason_it_gives()
    {
        Accept();

        await _stopping.CancelAsync();
        await DoneAsync();

        _callerLeg.ExpectMsg<StreamEnded>().Reason.Should().Be("host-stopping");
    }

    [Fact]
    public async Task A_bug_is_not_mistaken_for_anything_else()
    {
        Accept();

        _socket.Break(new NotSupportedException("a bug"));
        await _reading.Invoking(reading => reading.WaitAsync(TimeSpan.FromSeconds(10))).Should().ThrowAsync<NotSupportedException>();

        _callerLeg.ExpectMsg<StreamEnded>().Reason.Should().Be("internal-error");
        _socket.Closed.Should().NotBeNull();
    }

    private void Start(
        string parameters = """{"ticket":"t"}""", string encoding = "audio/x-mulaw", int rate = 8000, int channels = 1) => _socket.Say(
        $$"""
        {"event":"start","sequenceNumber":"1","streamSid":"MZ1","start":{"accountSid":"AC1","streamSid":"MZ1","callSid":"CA1","tracks":["inbound"],
        "mediaFormat":{"encoding":"{{encoding}}","sampleRate":{{rate}},"channels":{{channels}} },"customParameters":{{parameters}} } }
        """);

    private MediaStream Accept()
    {
        Start();
        var attach = _calls.ExpectMsg<AttachStream>();
        _calls.Reply(new StreamAccepted(_callerLeg, _modelLeg));
        return attach.Stream;
    }

    private void Media(int chunk, object timestamp, string? payload = null, string track = "inbound") => _socket.Say(
        $$"""
        {"event":"media","sequenceNumber":"{{chunk + 1}}","streamSid":"MZ1","media":{"track":"{{track}}","chunk":"{{chunk}}","timestamp":"{{timestamp}}",
        "payload":"{{payload ?? Convert.ToBase64String(new byte[160])}}"} }
        """);

    private Task DoneAsync() => _reading.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
}
