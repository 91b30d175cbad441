using System.Net.WebSockets;
using AwesomeAssertions;
using Bob.Simulator.CommandLine;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Simulator.TwilioSimulatorLine;

namespace Bob.Tests.Simulator;

/// <summary>What the command line makes of a call: a server that behaves, and servers that do not.</summary>
[Collection(Alone.Name)]
public sealed class TwilioCallerSpecs : IAsyncLifetime
{
    private static readonly byte[] Question = Babble.Speak(TimeSpan.FromMilliseconds(600), seed: 7);
    private readonly CallExpectations _expectations = new() { DeadAir = TimeSpan.FromSeconds(1.5) };
    private TwilioSimulatorLine _server = null!;

    private static CallPlan Conversation => new()
    {
        Steps = [new CallerStep.WaitForBob(), new CallerStep.Speak(Question), new CallerStep.WaitForBob(), new CallerStep.HangUp()],
    };

    public async ValueTask InitializeAsync()
    {
        _server = await StartAsync();
        _server.Connect();
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_good_conversation_has_no_failures()
    {
        _server.Stream = socket => TalkAsync(socket, turn => Babble.Speak(TimeSpan.FromMilliseconds(400), seed: 20 + turn));
        await using var twilio = new TwilioSimulator(_server.Options);

        var report = await twilio.PlaceCall(Conversation).Completion;

        _expectations.Failures(report).Should().BeEmpty();
    }

    [Fact]
    public async Task Silence_after_the_caller_spoke_is_a_failure()
    {
        _server.Stream = socket => TalkAsync(socket, turn => turn == 0 ? Babble.Speak(TimeSpan.FromMilliseconds(400)) : []);
        await using var twilio = new TwilioSimulator(_server.Options);

        var report = await twilio.PlaceCall(Conversation with { HangUpAfter = TimeSpan.FromSeconds(4) }).Completion;

        _expectations.Failures(report).Should().ContainSingle().Which.Should().Contain("no answer was heard");
    }

    [Fact]
    public async Task Hearing_the_same_second_twice_is_a_failure()
    {
        var same = Babble.Speak(TimeSpan.FromSeconds(1.1), seed: 9);
        _server.Stream = socket => TalkAsync(socket, _ => same);
        await using var twilio = new TwilioSimulator(_server.Options);

        var report = await twilio.PlaceCall(Conversation).Completion;

        _expectations.Failures(report).Should().ContainSingle().Which.Should().Contain("heard two times");
    }

    [Fact]
    public async Task Talking_on_over_the_caller_is_a_failure()
    {
        _server.Stream = async socket =>
        {
            var sid = (await ReadAsync(socket, "start")).GetProperty("streamSid").GetString()!;
            await SendMediaAsync(socket, sid, Babble.Speak(TimeSpan.FromSeconds(4)));
            await ReadToEndAsync(socket);
        };
        await using var twilio = new TwilioSimulator(_server.Options);

        var report = await twilio.PlaceCall(new CallPlan
        {
            Steps = [new CallerStep.WaitForBobToSpeak(TimeSpan.FromMilliseconds(300)), new CallerStep.Speak(Babble.Speak(TimeSpan.FromSeconds(2)))],
            HangUpAfter = TimeSpan.FromSeconds(3),
        }).Completion;

        (_expectations with { Yield = TimeSpan.FromMilliseconds(700) }).Failures(report)
            .Should().ContainSingle().Which.Should().Contain("still talked");
    }

    [Fact]
    public async Task Fifty_callers_at_once_are_all_served_in_real_time()
    {
        var voice = Babble.Speak(TimeSpan.FromMilliseconds(500), seed: 4);
        _server.Stream = async socket =>
        {
            var sid = (await ReadAsync(socket, "start")).GetProperty("streamSid").GetString()!;
            await SendMediaAsync(socket, sid, voice);
            await ReadToEndAsync(socket);
        };
        await using var twilio = new TwilioSimulator(_server.Options);

        var calls = Enumerable.Range(0, 50).Select(_ => twilio.PlaceCall(new CallPlan { HangUpAfter = TimeSpan.FromSeconds(2) })).ToList();
        var reports = await Task.WhenAll(calls.Select(c => c.Completion));

        reports.Should().AllSatisfy(report =>
        {
            report.Playback.Single().Audio.Should().Equal(voice);
            report.Playback[0].Runs.Should().ContainSingle();
            report.Duration.Should().BeCloseTo(TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(500));
        });
    }

    [Fact]
    public async Task A_raw_socket_sees_how_the_server_refuses_a_frame_with_reserved_bits()
    {
        await using var raw = await RawMediaSocket.OpenAsync(new Uri(_server.Media), Token, stop: TestContext.Current.CancellationToken);
        raw.Status.Should().Be(101);
        await raw.StartAsync("CA00000000000000000000000000000001");

        await raw.SendFrameAsync(0xF1, "{}"u8.ToArray());

        using var cap = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        (await raw.ReceiveCloseAsync(cap.Token)).Should().NotBe(1000, "the server may send 1002 or cut the line, but not take the frame");
    }

    [Fact]
    public async Task A_withheld_mark_is_never_echoed_and_a_late_one_is_late()
    {
        var echoed = new List<string>();
        _server.Stream = async socket =>
        {
            var sid = (await ReadAsync(socket, "start")).GetProperty("streamSid").GetString()!;
            await SendMarkAsync(socket, sid, "first");
            await SendMarkAsync(socket, sid, "second");
            while (await ReadAsync(socket) is { } message)
            {
                if (message.GetProperty("event").GetString() == "mark")
                    echoed.Add(message.GetProperty("mark").GetProperty("name").GetString()!);
            }
        };
        await using var twilio = new TwilioSimulator(_server.Options);

        var call = twilio.PlaceCall(new CallPlan { Faults = new MediaFaults { WithholdMark = 1, MarkDelay = TimeSpan.FromMilliseconds(200) } });
        await call.WaitForAsync(c => c.Streams.Any(s => s.Marks.Any(m => m.Echoed is not null)));
        var report = await call.HangUpAsync();

        echoed.Should().Equal("second");
        var marks = report.Streams[0].Marks;
        marks[0].Echoed.Should().BeNull();
        (marks[1].Echoed - marks[1].Reached).Should().BeGreaterThanOrEqualTo(TimeSpan.FromMilliseconds(199));
    }

    [Fact]
    public void A_call_is_written_as_stereo_mulaw_and_read_back_as_mono()
    {
        var file = Wav.WriteStereo([1, 2, 3], [4]);

        file[..4].Should().Equal("RIFF"u8.ToArray());
        (file[20], file[22], file.Length).Should().Be((7, 2, 58 + 6));
        file[58..].Should().Equal(1, 4, 2, 0xFF, 3, 0xFF);
        FluentReadOfStereo(file).Should().Throw<InvalidDataException>().WithMessage("*mono*");
        Wav.ReadMulaw([9, 8, 7]).Should().Equal(9, 8, 7);
    }

    private static Action FluentReadOfStereo(byte[] file) => () => Wav.ReadMulaw(file);

    /// <summary>Greets, and answers when the caller has been quiet for 200 ms; <paramref name="voice"/> gives each turn's audio.</summary>
    private static async Task TalkAsync(WebSocket socket, Func<int, byte[]> voice)
    {
        var sid = (await ReadAsync(socket, "start")).GetProperty("streamSid").GetString()!;
        await SendMediaAsync(socket, sid, voice(0));
        var (turn, quiet) = (0, -1);
        while (await ReadAsync(socket) is { } message)
        {
            if (message.GetProperty("event").GetString() != "media")
                continue;
            var frame = message.GetProperty("media").GetProperty("payload").GetBytesFromBase64();
            if (frame.Any(code => (code & 0x7F) < 0x60))
                quiet = 0;
            else if (quiet >= 0 && ++quiet == 10)
                await AnswerAsync();
        }

        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);

        async Task AnswerAsync()
        {
            quiet = -1;
            if (voice(++turn) is { Length: > 0 } audio)
                await SendMediaAsync(socket, sid, audio);
        }
    }
}
