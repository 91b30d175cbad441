using System.Text.Json;
using Akka.Actor;
using Akka.TestKit;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Realtime;
using Bob.Actors.Twilio;
using Bob.Tests.Calls;
using Bob.Tests.Sockets;
using Xunit;
using static Bob.Actors.Realtime.ModelLegProtocol;

namespace Bob.Tests.Realtime;

/// <summary>What the caller says: given to the session, kept for the next one, and what it interrupts.</summary>
public sealed partial class OpenAiRealtimeActorSpecs
{
    [Theory]
    [InlineData("cancelled", true)]
    [InlineData("completed", false)]
    public async Task A_turn_whose_answer_was_cancelled_is_said_again_to_the_next_session(string status, bool again)
    {
        Start();
        var socket = await LiveAsync();
        Voice(frames: 50);
        _ = await AudioAsync(socket, frames: 50);
        await SayAsync(socket, """{"type":"input_audio_buffer.speech_started","item_id":"u1","audio_start_ms":200}""");
        await SayAsync(socket, """{"type":"input_audio_buffer.speech_stopped","item_id":"u1","audio_end_ms":1000}""");
        await SayAsync(socket, Response("created", "r1"));
        await SayAsync(socket, """{"type":"response.output_audio_transcript.delta","response_id":"r1","item_id":"i1","content_index":0,"delta":"We"}""");
        await SayAsync(socket, $$$"""{"type":"response.done","response":{"id":"r1","status":"{{{status}}}"}}""");

        _ring.NewSession();

        _ring.WaitingMs.Should().Be(again ? 800 : 0);
    }

    [Fact]
    public async Task Where_the_server_does_not_interrupt_itself_the_leg_does()
    {
        Start(Options with { TurnDetection = new ServerVad(InterruptResponse: false) });
        var socket = await LiveAsync();
        await SayAsync(socket, Response("created", "r1"));

        socket.Say("""{"type":"input_audio_buffer.speech_started","item_id":"u1","audio_start_ms":0}""");

        var cancel = await socket.NextAsync();
        (Type(cancel), cancel.GetProperty("response_id").GetString()).Should().Be(("response.cancel", "r1"));
    }

    [Fact]
    public async Task Where_the_server_interrupts_itself_nothing_is_cancelled()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Response("created", "r1"));

        await SayAsync(socket, """{"type":"input_audio_buffer.speech_started","item_id":"u1","audio_start_ms":0}""");

        socket.Sent.Should().HaveCount(1);
    }

    [Fact]
    public async Task Interrupted_items_are_truncated_as_told()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Response("created", "r1"));

        // The session that "r0" spoke in is gone, and this one would refuse to cut what it never said.
        _leg.Tell(new CallerLegProtocol.SpeechInterrupted(
        [
            new HeardItem(new SpokenItem("r0", "i0", 0), 100, 500),
            new HeardItem(new SpokenItem("r1", "i1", 0), 1234, 3000),
            new HeardItem(new SpokenItem("r1", "i2", 1), 0, 500),
        ]));

        var truncated = await MessagesAsync(socket, 2);
        truncated.Select(Type).Should().AllBe("conversation.item.truncate");
        truncated.Select(message => (message.GetProperty("item_id").GetString(), message.GetProperty("content_index").GetInt32(), message.GetProperty("audio_end_ms").GetInt64()))
            .Should().Equal(("i1", 0, 1234), ("i2", 1, 0));
    }

    [Fact]
    public async Task A_turn_whose_frames_stop_is_ended_with_silence()
    {
        Start();
        var socket = await LiveAsync();
        Frames(1);
        await socket.NextAsync();
        await SayAsync(socket, """{"type":"input_audio_buffer.speech_started","item_id":"u1","audio_start_ms":0}""");

        Pass(2);

        (await AudioAsync(socket, frames: 75)).Should().OnlyContain(sample => sample == 0xFF);
        await SayAsync(socket, """{"type":"input_audio_buffer.speech_stopped","item_id":"u1","audio_end_ms":900}""");
        await SayAsync(socket, Response("created", "r1"));
        await SayAsync(socket, Response("done", "r1"));
        var sent = socket.Sent.Count;
        Pass(5);
        socket.Sent.Should().HaveCount(sent);
    }

    [Fact]
    public async Task The_callers_voice_outlives_a_lost_session()
    {
        Start();
        var first = await LiveAsync();
        Frames(1);
        await first.NextAsync();
        first.Break();
        _call.ExpectMsg<StandInParent.ChildFailed>();
        _call.ExpectMsg<LegReady>();
        Frames(100);

        var second = await LiveAsync(attempt: 2);

        await AudioAsync(second, frames: 101);
        await first.Gone.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_busy_socket_leaves_the_callers_voice_in_the_ring()
    {
        Start();
        var socket = await LiveAsync();
        socket.Hold();
        Frames(20);
        _leg.Tell(new KeysPressed("1"));
        socket.Sent.Should().HaveCount(1);

        socket.Release();

        await AudioAsync(socket, frames: 1);
        (await TypesAsync(socket, 2)).Should().Equal("conversation.item.create", "response.create");
        await AudioAsync(socket, frames: 19);
        socket.Misused.Should().BeFalse();
    }

    [Fact]
    public async Task O18_A_peer_that_takes_nothing_any_more_is_a_lost_session()
    {
        Start();
        var socket = await LiveAsync();
        socket.Hold();
        Frames(1);
        Pass(6);
        Frames(1);
        _call.ExpectNoMsg(Soon);

        Pass(0.25);
        Frames(1);

        _call.ExpectMsg<StandInParent.ChildFailed>();
        _call.ExpectMsg<LegReady>().Lost!.Reason.Should().Be("send-timeout");
    }

    [Fact]
    public async Task O18_A_peer_that_reads_too_slowly_is_a_lost_session()
    {
        Start();
        var socket = await LiveAsync();
        socket.Hold();
        for (var passed = 0; passed < 2; passed++)
        {
            Frames(50);
            Pass(1);
        }

        _call.ExpectNoMsg(Soon);
        Frames(50);
        Pass(1);
        Frames(1);

        _call.ExpectMsg<StandInParent.ChildFailed>();
        _call.ExpectMsg<LegReady>().Lost!.Reason.Should().Be("slow-reader");
        var second = await LiveAsync(attempt: 2);
        await AudioAsync(second, frames: 151);
    }

    [Fact]
    public async Task A_send_that_fails_is_a_lost_session()
    {
        Start();
        var socket = await LiveAsync();
        socket.BreakSends();

        Frames(1);

        _call.ExpectMsg<StandInParent.ChildFailed>();
        _call.ExpectMsg<LegReady>();
    }
}
