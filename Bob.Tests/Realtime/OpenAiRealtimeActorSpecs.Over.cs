using Akka.Actor;
using Akka.TestKit;
using AwesomeAssertions;
using Bob.Actors.Realtime;
using Bob.Actors.Twilio;
using Bob.Tests.Sockets;
using Xunit;
using static Bob.Actors.Realtime.ModelLegProtocol;

namespace Bob.Tests.Realtime;

/// <summary>The call is over, and the session may still have something to tell.</summary>
public sealed partial class OpenAiRealtimeActorSpecs
{
    private const string Began = """{"type":"input_audio_buffer.speech_started","item_id":"u1","audio_start_ms":0}""";
    private const string Stopped = """{"type":"input_audio_buffer.speech_stopped","item_id":"u1","audio_end_ms":10}""";
    private const string Words = """{"type":"conversation.item.input_audio_transcription.completed","item_id":"u1","transcript":"Goodbye."}""";

    [Fact]
    public async Task A_session_in_which_all_is_told_is_over_with_its_call()
    {
        Start();
        await LiveAsync();

        _leg.Tell(new CallIsOver());

        _call.ExpectMsg<AllTold>();
    }

    [Fact]
    public void A_leg_without_a_session_has_nothing_to_tell()
    {
        Start();
        _leg.Tell(new CallIsOver());
        _call.ExpectMsg<AllTold>();

        _leg.Tell(new GiveUp());
        _leg.Tell(new CallIsOver());
        _call.ExpectMsg<AllTold>();
    }

    [Fact]
    public async Task The_words_of_a_turn_are_waited_for_and_its_answer_is_called_off()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Began);
        await SayAsync(socket, Stopped);

        _leg.Tell(new CallIsOver());
        (await TypesAsync(socket, 1)).Should().Equal("session.update"); // are you there?
        await SayAsync(socket, Response("created", "r1"));
        (await TypesAsync(socket, 1)).Should().Equal("response.cancel");
        await SayAsync(socket, Response("done", "r1"));
        Pass(0.5);
        _call.ExpectNoMsg(Soon);

        await SayAsync(socket, Words);
        _call.ExpectMsg<AllTold>();
    }

    [Fact]
    public async Task A_turn_that_was_cut_by_hanging_up_is_ended_with_silence()
    {
        Start(Options with { TurnDetection = new ServerVad(SilenceDurationMs: 800) });
        var socket = await LiveAsync();
        Frames(5);
        await AudioAsync(socket, frames: 5);
        await SayAsync(socket, Began);

        _leg.Tell(new CallIsOver());

        (await AudioAsync(socket, frames: 115)).Should().OnlyContain(sample => sample == 0xFF, "0.8 s end a turn, and more makes sure");
        await SayAsync(socket, Stopped);
        await SayAsync(socket, Words);
        _call.ExpectNoMsg(Soon);
        await SayAsync(socket, Response("created", "r1"));
        await SayAsync(socket, Response("done", "r1"));
        _call.ExpectMsg<AllTold>();
    }

    [Fact]
    public async Task As_much_silence_as_ends_any_turn_has_room()
    {
        Start(Options with { TurnDetection = new ServerVad(SilenceDurationMs: 10_000) });
        var socket = await LiveAsync();
        await SayAsync(socket, Began);

        _leg.Tell(new CallIsOver());

        await AudioAsync(socket, frames: 575);
        _ring.DroppedBytes.Should().Be(0);
    }

    [Fact]
    public async Task What_a_standstill_takes_of_the_wait_is_given_back()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Began);
        await SayAsync(socket, Stopped);

        _leg.Tell(new CallIsOver());
        ((TestScheduler)Sys.Scheduler).Advance(TimeSpan.FromSeconds(3)); // the timers ring, and by the clock that counts no time has passed
        _call.ExpectNoMsg(Soon);
        await SayAsync(socket, Response("created", "r1"));
        await SayAsync(socket, Response("done", "r1"));
        Pass(1.75);
        _call.ExpectNoMsg(Soon);
        Pass(0.25);

        _call.ExpectMsg<AllTold>();
    }

    [Fact]
    public async Task A_model_that_is_given_up_in_the_middle_of_a_word_is_broken_off_and_says_what_that_costs()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Response("created", "r1"));
        _callerLeg.ExpectMsg<CallerLegProtocol.ResponseStarted>();

        _leg.Tell(new GiveUp());
        _leg.Tell(new FinishSpeaking());
        (await TypesAsync(socket, 2)).Should().Equal("response.cancel", "session.update");
        socket.Say(Delta("r1", "i1"));
        _callerLeg.ExpectMsg<CallerLegProtocol.FinishPlayback>();
        _callerLeg.ExpectNoMsg(Soon);
        await SayAsync(socket, Response("done", "r1"));

        await socket.Gone.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        _call.ExpectNoMsg(Soon);
        _leg.Tell(new CallIsOver());
        _call.ExpectMsg<AllTold>();
    }

    [Fact]
    public async Task A_call_that_ends_while_a_model_that_was_given_up_has_still_to_tell_waits_for_it()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Response("created", "r1"));

        _leg.Tell(new GiveUp());
        _leg.Tell(new CallIsOver());
        _call.ExpectNoMsg(Soon);
        await SayAsync(socket, Response("done", "r1"));

        _call.ExpectMsg<AllTold>();
    }

    [Fact]
    public async Task Without_transcription_a_turn_that_was_cut_is_left_alone()
    {
        Start(Options with { TranscriptionModel = null });
        var socket = await LiveAsync();
        await SayAsync(socket, Began);

        _leg.Tell(new CallIsOver());

        _call.ExpectMsg<AllTold>();
        socket.Sent.Should().ContainSingle("it was configured, and no answer that nobody hears is to be paid for");
    }

    [Fact]
    public async Task K6_A_response_in_progress_is_broken_off_so_that_its_cost_is_told()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Response("created", "r1"));

        _leg.Tell(new CallIsOver());

        (await MessagesAsync(socket, 1)).Single().GetProperty("response_id").GetString().Should().Be("r1");
        _call.ExpectNoMsg(Soon);
        await SayAsync(socket, Response("done", "r1"));
        _call.ExpectMsg<AllTold>();
    }

    [Fact]
    public async Task Without_transcription_no_words_are_waited_for()
    {
        Start(Options with { TranscriptionModel = null });
        var socket = await LiveAsync();
        await SayAsync(socket, Began);
        await SayAsync(socket, Stopped);
        await SayAsync(socket, Response("created", "r1"));
        await SayAsync(socket, Response("done", "r1"));

        _leg.Tell(new CallIsOver());

        _call.ExpectMsg<AllTold>();
    }

    [Fact]
    public async Task A_session_that_gives_no_sign_of_life_is_waited_for_less_than_a_second()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Began);
        await SayAsync(socket, Stopped);

        _leg.Tell(new CallIsOver());
        Pass(0.5);
        _call.ExpectNoMsg(Soon);
        Pass(0.25);

        _call.ExpectMsg<AllTold>();
    }

    [Fact]
    public async Task Words_that_never_come_are_waited_for_two_seconds()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Began);
        await SayAsync(socket, Stopped);

        _leg.Tell(new CallIsOver());
        await SayAsync(socket, Response("created", "r1"));
        await SayAsync(socket, Response("done", "r1"));
        Pass(1.75);
        _call.ExpectNoMsg(Soon);
        Pass(0.25);

        _call.ExpectMsg<AllTold>();
    }

    [Fact]
    public async Task A_session_that_ends_has_told_all()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Began);
        await SayAsync(socket, Stopped);

        _leg.Tell(new CallIsOver());
        socket.Break();

        _call.ExpectMsg<AllTold>();
    }

    [Fact]
    public async Task What_is_told_after_the_end_is_told_to_the_call_and_starts_nothing()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Began);
        await SayAsync(socket, Stopped);

        _leg.Tell(new CallIsOver());
        (await TypesAsync(socket, 1)).Should().Equal("session.update");
        var sent = socket.Sent.Count;
        await SayAsync(socket, Call("c1"));
        _leg.Tell(new Speak(new ResponseRequest("still-there")));
        _leg.Tell(new ToolReturned(new Bob.Actors.Conversation.ToolCalled("c1", "hours", "{}", "nine"), OnlyIfSilent: false));
        Pass(0.5);

        _call.ExpectNoMsg(Soon);
        socket.Sent.Should().HaveCount(sent);
    }

    [Fact]
    public async Task A_word_that_the_model_had_not_noticed_yet_is_ended_with_silence_too()
    {
        Start();
        var socket = await LiveAsync();
        Voice(10);
        await AudioAsync(socket, frames: 10);

        _leg.Tell(new CallIsOver());
        (await AudioAsync(socket, frames: 100)).Should().OnlyContain(sample => sample == 0xFF);
        _call.ExpectNoMsg(Soon);
        await SayAsync(socket, Began);
        await SayAsync(socket, Stopped);
        await SayAsync(socket, Response("created", "r1"));
        await SayAsync(socket, Response("done", "r1"));
        _call.ExpectNoMsg(Soon);

        await SayAsync(socket, Words);
        _call.ExpectMsg<AllTold>();
    }

    [Fact]
    public async Task A_noise_that_was_no_word_is_waited_for_less_than_a_second()
    {
        Start();
        var socket = await LiveAsync();
        Voice(10);
        await AudioAsync(socket, frames: 10);

        _leg.Tell(new CallIsOver());
        (await AudioAsync(socket, frames: 100)).Should().NotBeEmpty();
        await SayAsync(socket, Updated);
        Pass(0.5);
        _call.ExpectNoMsg(Soon);
        Pass(0.25);

        _call.ExpectMsg<AllTold>();
    }

    [Fact]
    public async Task A_turn_that_is_noticed_after_the_end_is_ended_as_well()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Response("created", "r1"));

        _leg.Tell(new CallIsOver());
        (await TypesAsync(socket, 2)).Should().Equal("response.cancel", "session.update");
        await SayAsync(socket, Began);

        (await AudioAsync(socket, frames: 100)).Should().OnlyContain(sample => sample == 0xFF);
    }

    [Fact]
    public async Task A_turn_of_long_ago_that_never_came_in_words_is_not_waited_for()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Began);
        await SayAsync(socket, Stopped);
        await SayAsync(socket, Response("created", "r1"));
        await SayAsync(socket, Response("done", "r1"));
        Pass(10);

        _leg.Tell(new CallIsOver());

        _call.FishForMessage(message => message is AllTold);
    }
}
