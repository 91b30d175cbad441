using Akka.Actor;
using Akka.TestKit;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Conversation;
using Bob.Actors.Realtime;
using Bob.Actors.Twilio;
using Bob.Tests.Calls;
using Bob.Tests.Sockets;
using Xunit;
using static Bob.Actors.Realtime.ModelLegProtocol;

namespace Bob.Tests.Realtime;

/// <summary>Make before break: another session takes over while the one in charge still works (O29).</summary>
public sealed partial class OpenAiRealtimeActorSpecs
{
    [Fact]
    public async Task O29_Half_way_through_a_short_session_another_one_is_made_ready_and_takes_over_in_silence()
    {
        Start();
        var first = await ExpiringAsync(seconds: 60);
        Frames(100);
        await AudioAsync(first, frames: 100);
        Pass(29.5);
        _dialer.Count.Should().Be(1);
        Pass(0.5);

        var second = await StandbyAsync();
        Pass(0.25);
        _call.ExpectMsg<StandbyReady>().Urgent.Should().BeFalse();
        second.Sent.Should().HaveCount(1, "until it takes over it is told nothing");
        _leg.Tell(new TakeOver([new CallerSaid("What are your hours?"), new BobSaid("We open at nine.", Interrupted: false)]));

        (await TypesAsync(second, 2)).Should().AllBe("conversation.item.create");
        await AudioAsync(second, frames: CallerAudioRing.OverlapMs / 20);
        await first.Gone.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        var sent = first.Sent.Count;
        Frames(3);
        await AudioAsync(second, frames: 3);
        first.Sent.Should().HaveCount(sent);
        await SayAsync(second, Response("created", "r1"));
        _callerLeg.FishForMessage(message => message is CallerLegProtocol.ResponseStarted { Attempt: 1, ResponseId: "r1" });
        _call.ExpectNoMsg(Soon);
    }

    [Fact]
    public async Task O29_Nobody_takes_over_while_somebody_speaks_or_a_tool_runs()
    {
        Start();
        var first = await ExpiringAsync(seconds: 60);
        await SayAsync(first, """{"type":"input_audio_buffer.speech_started","item_id":"u1","audio_start_ms":0}""");
        Pass(30);
        await StandbyAsync();
        Pass(1);
        _call.ExpectNoMsg(Soon);

        await SayAsync(first, """{"type":"input_audio_buffer.speech_stopped","item_id":"u1","audio_end_ms":10}""");
        await SayAsync(first, Response("created", "r1"));
        await SayAsync(first, Call("c1"));
        Pass(1);
        _call.ExpectNoMsg(Soon);

        await SayAsync(first, Response("done", "r1"));
        Pass(1);
        _call.ExpectNoMsg(Soon);

        _leg.Tell(new ToolReturned(new ToolCalled("c1", "hours", "{}", "nine"), OnlyIfSilent: false));
        await SayAsync(first, Response("created", "r2"));
        await SayAsync(first, Response("done", "r2"));
        Pass(1);
        _call.ExpectNoMsg(Soon);

        await SayAsync(first, """{"type":"conversation.item.input_audio_transcription.completed","item_id":"u1","transcript":"When?"}""");
        Pass(0.25);
        _call.ExpectMsg<StandbyReady>();
    }

    [Fact]
    public async Task O29_Words_that_never_come_do_not_keep_another_session_from_taking_over()
    {
        Start();
        var first = await ExpiringAsync(seconds: 60);
        await SayAsync(first, Began);
        await SayAsync(first, Stopped);
        await SayAsync(first, Response("created", "r1"));
        await SayAsync(first, Response("done", "r1"));
        Pass(30);
        await StandbyAsync();

        Pass(0.25);
        _call.ExpectMsg<StandbyReady>().Urgent.Should().BeFalse();
    }

    [Fact]
    public async Task O29_What_was_said_since_the_offer_undoes_it()
    {
        Start();
        var first = await ExpiringAsync(seconds: 60);
        Pass(30);
        var second = await StandbyAsync();
        Pass(0.25);
        _call.ExpectMsg<StandbyReady>();
        await SayAsync(first, Response("created", "r1"));
        await SayAsync(first, Response("done", "r1"));

        _leg.Tell(new TakeOver([]));
        Frames(1);

        await AudioAsync(first, frames: 1);
        second.Sent.Should().HaveCount(1);
        Pass(0.25);
        _call.ExpectMsg<StandbyReady>();
        _leg.Tell(new TakeOver([]));
        await AudioAsync(second, frames: 1);
    }

    [Fact]
    public async Task O30_Near_the_end_of_the_session_any_moment_will_do_that_cuts_nobody_short()
    {
        Start();
        var first = await ExpiringAsync(seconds: 60);
        await SayAsync(first, Began);
        Pass(30);
        await StandbyAsync();
        Pass(17);
        await SayAsync(first, Stopped);
        await SayAsync(first, Response("created", "r1"));
        await SayAsync(first, Response("done", "r1"));
        Pass(5);
        _call.ExpectNoMsg(Soon);

        Pass(1);

        _call.ExpectMsg<StandbyReady>().Urgent.Should().BeTrue();
    }

    [Fact]
    public async Task O29_A_session_that_cannot_be_had_is_tried_again_and_harms_nobody()
    {
        Start();
        var first = await ExpiringAsync(seconds: 60);
        Pass(30);
        (await _dialer.NextAsync()).Fail(new ModelFailure(FailureKind.Transient, "connection-refused"));
        await AwaitDialAsync(2);
        var broken = new FakeMessageSocket();
        (await _dialer.NextAsync()).Connect(broken);
        broken.Say(Created);
        await broken.NextAsync();
        broken.Break();
        await AwaitDialAsync(3);
        var late = new FakeMessageSocket();
        (await _dialer.NextAsync()).Connect(late);
        await AwaitAssertAsync(() =>
        {
            Pass(1);
            late.Gone.IsCompleted.Should().BeTrue("it never said that the session was created");
        });
        await AwaitDialAsync(4);
        (await _dialer.NextAsync()).Fail(new ModelFailure(FailureKind.Permanent, "no-credit"));
        Pass(20);

        _call.ExpectNoMsg(Soon);
        _dialer.Count.Should().Be(5, "what is refused for good is not asked for again");
        Frames(1);
        await AudioAsync(first, frames: 1);
    }

    [Fact]
    public async Task O30_With_the_session_in_charge_its_successor_is_given_up_and_the_call_redials()
    {
        Start();
        var first = await ExpiringAsync(seconds: 60);
        Pass(30);
        var second = await StandbyAsync();

        first.Hangup(1001, "Your session hit the maximum duration of 60 minutes.");

        _call.FishForMessage(message => message is LegReady { Lost.Reason: "session-expired" });
        await second.Gone.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        await LiveAsync(attempt: 2);
    }

    [Fact]
    public async Task A_session_that_has_become_slow_is_replaced_once_in_a_while()
    {
        Start();
        var socket = await LiveAsync();
        for (var turn = 0; turn < 3; turn++)
            await AnswerAsync(socket, turn, seconds: 0.5);
        for (var turn = 3; turn < 6; turn++)
        {
            _dialer.Count.Should().Be(1);
            await AnswerAsync(socket, turn, seconds: 2.25);
        }

        Pass(0.25);
        var second = await StandbyAsync();
        Pass(0.25);
        _call.ExpectMsg<StandbyReady>();
        _leg.Tell(new TakeOver([]));
        await socket.Gone.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);

        for (var turn = 6; turn < 12; turn++)
            await AnswerAsync(second, turn, seconds: turn < 9 ? 0.5 : 2.25);
        Pass(10);
        _dialer.Count.Should().Be(2, "what is slow again so soon is not the session");
    }

    [Fact]
    public async Task O29_A_slow_session_whose_successor_was_refused_is_renewed_all_the_same()
    {
        Start();
        var socket = await ExpiringAsync(seconds: 3_600);
        for (var turn = 0; turn < 6; turn++)
            await AnswerAsync(socket, turn, seconds: turn < 3 ? 0.5 : 2.25);
        Pass(0.25);
        (await _dialer.NextAsync()).Fail(new ModelFailure(FailureKind.Permanent, "forbidden"));
        Pass(60);
        _dialer.Count.Should().Be(2, "what is refused for good is not asked for again");

        Pass(3_300);

        _dialer.Count.Should().Be(3, "but the session ends in a few minutes");
    }

    private async Task AnswerAsync(FakeMessageSocket socket, int turn, double seconds)
    {
        await SayAsync(socket, $$"""{"type":"input_audio_buffer.speech_started","item_id":"u{{turn}}","audio_start_ms":0}""");
        Pass(0.25);
        await SayAsync(socket, $$"""{"type":"input_audio_buffer.speech_stopped","item_id":"u{{turn}}","audio_end_ms":10}""");
        await SayAsync(socket, $$"""{"type":"conversation.item.input_audio_transcription.completed","item_id":"u{{turn}}","transcript":"Yes?"}""");
        Pass(seconds);
        await SayAsync(socket, Response("created", $"r{turn}"));
        await SayAsync(socket, $$"""{"type":"response.output_audio_transcript.delta","response_id":"r{{turn}}","item_id":"i{{turn}}","content_index":0,"delta":"Well"}""");
        await SayAsync(socket, Response("done", $"r{turn}"));
    }

    /// <summary>Lets time pass until there is another dial than those.</summary>
    private async Task AwaitDialAsync(int dials) => await AwaitAssertAsync(() =>
    {
        Pass(2);
        _dialer.Count.Should().Be(dials + 1);
    });

    /// <summary>A live session that ends so many seconds from now.</summary>
    private async Task<FakeMessageSocket> ExpiringAsync(int seconds)
    {
        var socket = await ConnectAsync();
        socket.Say(Created.Replace("\"id\":\"s1\"", $"\"id\":\"s1\",\"expires_at\":{_clock.GetUtcNow().ToUnixTimeSeconds() + seconds}"));
        Type(await socket.NextAsync()).Should().Be("session.update");
        socket.Say(Updated);
        _call.ExpectMsg<SessionReady>();
        _leg.Tell(new OpenSession([], Opening.Listen));
        return socket;
    }

    /// <summary>The session to come, dialled and configured.</summary>
    private async Task<FakeMessageSocket> StandbyAsync()
    {
        var socket = new FakeMessageSocket();
        (await _dialer.NextAsync()).Connect(socket);
        socket.Say(Created);
        Type(await socket.NextAsync()).Should().Be("session.update");
        socket.Say(Updated);
        await AwaitConditionAsync(() => Task.FromResult(socket.Listens));
        return socket;
    }
}
