using System.Text.Json;
using Akka.Actor;
using Akka.TestKit;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Conversation;
using Bob.Actors.Realtime;
using Bob.Actors.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Actors.Realtime.ModelLegProtocol;

namespace Bob.Tests.Realtime;

/// <summary>When the model is asked to speak, and what becomes of responses that fail, stop, or never come.</summary>
public sealed partial class OpenAiRealtimeActorSpecs
{
    [Fact]
    public async Task O36_No_response_is_asked_for_while_one_is_active()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Response("created", "r1"));

        _leg.Tell(new Speak(new ResponseRequest("still-there")));
        _leg.Tell(new KeysPressed("12"));
        Type(await socket.NextAsync()).Should().Be("conversation.item.create");
        await SayAsync(socket, Response("done", "r1"));

        Named(await socket.NextAsync()).Should().Be("response.create still-there");
        await SayAsync(socket, Response("created", "r2"));
        socket.Sent.Should().HaveCount(3);
        socket.Say(Response("done", "r2"));
        Named(await socket.NextAsync()).Should().Be("response.create keys");
    }

    [Fact]
    public async Task O36_A_refused_request_is_asked_again_when_the_other_response_is_done()
    {
        Start();
        var socket = await LiveAsync();
        _leg.Tell(new Speak(new ResponseRequest("still-there")));
        await socket.NextAsync();

        await SayAsync(socket, Error("conversation_already_has_active_response"));
        socket.Sent.Should().HaveCount(2);
        await SayAsync(socket, Response("created", "r1"));
        socket.Say(Response("done", "r1"));

        Named(await socket.NextAsync()).Should().Be("response.create still-there");
    }

    [Fact]
    public async Task Keys_reach_the_model_as_the_callers_words()
    {
        Start();
        var socket = await LiveAsync();

        _leg.Tell(new KeysPressed("4711#"));

        var item = (await socket.NextAsync()).GetProperty("item");
        item.GetProperty("role").GetString().Should().Be("user");
        item.ToString().Should().Contain("4711#");
        Named(await socket.NextAsync()).Should().Be("response.create keys");
    }

    [Fact]
    public async Task All_outputs_of_a_response_go_before_one_request_to_speak_on_them()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Response("created", "r1"));
        await SayAsync(socket, Call("c1"));
        await SayAsync(socket, Call("c2"));
        await SayAsync(socket, Response("done", "r1"));

        _leg.Tell(new ToolReturned(new ToolCalled("c2", "hours", "{}", "two"), OnlyIfSilent: false));
        var second = await socket.NextAsync();
        _call.ExpectNoMsg(Soon);
        socket.Sent.Should().HaveCount(2);
        _leg.Tell(new ToolReturned(new ToolCalled("c1", "hours", "{}", "one"), OnlyIfSilent: false));
        var first = await socket.NextAsync();

        new[] { second, first }.Select(message => message.GetProperty("item").GetProperty("output").GetString()).Should().Equal("two", "one");
        Type(await socket.NextAsync()).Should().Be("response.create");
        _call.ExpectNoMsg(Soon);
        socket.Sent.Should().HaveCount(4);
    }

    [Fact]
    public async Task A_tool_called_in_a_lost_session_is_told_with_its_call()
    {
        Start();
        var socket = await LiveAsync();

        _leg.Tell(new ToolReturned(new ToolCalled("c1", "hours", "{}", "one"), OnlyIfSilent: false));

        (await MessagesAsync(socket, 2)).Select(message => message.GetProperty("item").GetProperty("type").GetString())
            .Should().Equal("function_call", "function_call_output");
        Type(await socket.NextAsync()).Should().Be("response.create");
    }

    [Fact]
    public async Task O32_A_failed_response_is_asked_for_again_as_it_was()
    {
        Start();
        var socket = await ConfiguredAsync();
        _leg.Tell(new OpenSession([], Opening.Greet));
        var greeting = await socket.NextAsync();
        await SayAsync(socket, Response("created", "r1", purpose: "greeting"));
        await SayAsync(socket, Failed("r1", "server_error"));

        Pass(0.25);

        var again = await socket.NextAsync();
        again.GetProperty("response").GetProperty("instructions").GetString()
            .Should().Be(greeting.GetProperty("response").GetProperty("instructions").GetString());
    }

    [Fact]
    public async Task A_failed_response_is_not_asked_for_again_once_the_caller_speaks()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Response("created", "r1"));
        await SayAsync(socket, Failed("r1", "rate_limit_exceeded"));
        await SayAsync(socket, """{"type":"input_audio_buffer.speech_started","item_id":"u1","audio_start_ms":0}""");
        Pass(2);
        await SayAsync(socket, """{"type":"input_audio_buffer.speech_stopped","item_id":"u1","audio_end_ms":10}""");
        await SayAsync(socket, Response("created", "r2"));
        await SayAsync(socket, Response("done", "r2"));

        Pass(1);

        socket.Messages.Skip(1).Select(Type).Should().NotContain("response.create");
    }

    [Fact]
    public async Task O33_A_session_that_only_fails_is_replaced()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Response("created", "r1"));
        await SayAsync(socket, Failed("r1", "server_error"));
        Pass(0.25);
        Type(await socket.NextAsync()).Should().Be("response.create");
        await SayAsync(socket, Response("created", "r2"));

        socket.Say(Failed("r2", "server_error"));

        _call.FishForMessage(message => message is LegReady { Lost.Reason: "server-error" });
    }

    [Fact]
    public async Task O31_A_rate_limit_is_waited_out_as_long_as_it_says()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Response("created", "r1"));
        await SayAsync(socket, Failed("r1", "rate_limit_exceeded", "Please try again in 1s."));

        Pass(0.75);
        socket.Sent.Should().HaveCount(1);
        Pass(0.25);

        Type(await socket.NextAsync()).Should().Be("response.create");
    }

    [Fact]
    public async Task O31_A_request_that_is_answered_by_an_error_is_a_response_that_failed()
    {
        Start();
        var socket = await LiveAsync();
        _leg.Tell(new Speak(new ResponseRequest("still-there")));
        var asked = (await socket.NextAsync()).GetProperty("event_id").GetString()!;
        var error = $$$"""{"type":"error","error":{"type":"x","code":"rate_limit_exceeded","message":"Please try again in 1s.","event_id":"{{{asked}}}"}}""";
        await SayAsync(socket, error.Replace(asked, "bob-other"));
        Pass(0.5);
        await SayAsync(socket, error);

        Pass(0.75);
        socket.Sent.Should().HaveCount(2);
        Pass(0.25);

        var again = await socket.NextAsync();
        (Type(again), again.GetRawText().Contains("still-there", StringComparison.Ordinal)).Should().Be(("response.create", true));
        Pass(2);
        _call.ExpectNoMsg(Soon);
    }

    [Fact]
    public async Task O35_No_credit_is_a_refusal_for_good()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Response("created", "r1"));

        socket.Say(Failed("r1", "insufficient_quota"));

        _call.FishForMessage(message => message is LegReady { Lost: { Kind: FailureKind.Permanent, Reason: "no-credit" } });
        await socket.Gone.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task O17_A_mute_model_is_asked_and_then_replaced()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, """{"type":"input_audio_buffer.committed","item_id":"u1"}""");

        Pass(2.5);
        Named(await socket.NextAsync()).Should().Be("response.create answer");
        Pass(2.5);

        _call.ExpectMsg<StandInParent.ChildFailed>();
        _call.ExpectMsg<LegReady>().Lost!.Reason.Should().Be("mute");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task O17_A_model_that_falls_silent_in_its_response_is_replaced(bool inTheMiddle)
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Response("created", "r1"));
        if (inTheMiddle)
        {
            Pass(4);
            socket.Say(Delta("r1", "i1"));
            _callerLeg.FishForMessage(message => message is VoiceAudio);
        }

        Pass(4.75);
        _call.ExpectNoMsg(Soon);
        Pass(0.5);

        _call.ExpectMsg<StandInParent.ChildFailed>();
        _call.ExpectMsg<LegReady>().Lost.Should().Be(new ModelFailure(FailureKind.Transient, "mute"));
    }

    [Fact]
    public async Task O17_A_response_that_is_all_said_ends_although_the_model_does_not_end_it()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Response("created", "r1"));
        socket.Say(Delta("r1", "i1"));
        await SayAsync(socket, """{"type":"response.output_audio.done","response_id":"r1","item_id":"i1","content_index":0}""");
        _leg.Tell(new Speak(new ResponseRequest("still-there")));

        Pass(5.25);

        _callerLeg.FishForMessage(message => message is CallerLegProtocol.ResponseFinished { ResponseId: "r1" });
        _call.ExpectMsg<ModelHeard>().Event.Should().BeOfType<ResponseDone>().Which.ResponseId.Should().Be("r1");
        Named(await socket.NextAsync()).Should().Be("response.create still-there");
        await SayAsync(socket, Error("conversation_already_has_active_response"));
        Type(await socket.NextAsync()).Should().Be("response.cancel", "it was active there after all");
        await SayAsync(socket, Response("done", "r1"));

        Pass(2.5);
        Named(await socket.NextAsync()).Should().Be("response.create still-there");
    }

    [Fact]
    public async Task O17_A_caller_who_speaks_to_a_dead_mind_is_not_left_waiting()
    {
        Start();
        var socket = await LiveAsync();
        Voice(frames: 50);

        Pass(2.5);
        _ = await AudioAsync(socket, frames: 50);
        Type(await socket.NextAsync()).Should().Be("session.update");
        Pass(2.5);

        _call.ExpectMsg<StandInParent.ChildFailed>();
        _call.ExpectMsg<LegReady>().Lost!.Reason.Should().Be("mute");
    }

    [Fact]
    public async Task A_noisy_line_costs_a_question_and_not_the_session()
    {
        Start();
        var socket = await LiveAsync();
        Voice(frames: 50);
        Pass(2.5);
        _ = await AudioAsync(socket, frames: 50);
        Type(await socket.NextAsync()).Should().Be("session.update");

        await SayAsync(socket, """{"type":"conversation.item.done","item":{"id":"i1","type":"message"}}""");
        Pass(30);

        _call.ExpectNoMsg(Soon);
        socket.Sent.Where(sent => sent.Contains("session.update")).Should().HaveCount(2);
    }

    [Theory]
    [InlineData("max_output_tokens", "broke off")]
    [InlineData("content_filter", "withheld")]
    public async Task O34_An_answer_that_breaks_off_is_finished_or_explained(string reason, string told)
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Response("created", "r1"));

        socket.Say($$$"""{"type":"response.done","response":{"id":"r1","status":"incomplete","status_details":{"type":"incomplete","reason":"{{{reason}}}"} } }""");

        var note = await socket.NextAsync();
        (Type(note), note.GetProperty("item").GetProperty("role").GetString()).Should().Be(("conversation.item.create", "system"));
        note.ToString().Should().Contain(told);
        Named(await socket.NextAsync()).Should().Be("response.create rest");
    }

    [Fact]
    public async Task A_turn_that_is_answered_is_not_asked_for()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, """{"type":"input_audio_buffer.committed","item_id":"u1"}""");
        await SayAsync(socket, Response("created", "r1"));
        await SayAsync(socket, Response("done", "r1"));

        Pass(20);

        socket.Sent.Should().HaveCount(1);
        _call.ExpectNoMsg(Soon);
    }

    [Fact]
    public async Task Finishing_waits_for_the_response_and_the_tools()
    {
        Start();
        var socket = await LiveAsync();
        await SayAsync(socket, Response("created", "r1"));
        await SayAsync(socket, Call("c1"));
        _leg.Tell(new FinishSpeaking());
        await SayAsync(socket, Response("done", "r1"));
        _callerLeg.FishForMessage(message => message is CallerLegProtocol.ResponseFinished);
        _callerLeg.ExpectNoMsg(Soon);

        _leg.Tell(new ToolReturned(new ToolCalled("c1", "hours", "{}", "one"), OnlyIfSilent: false));
        await MessagesAsync(socket, 2);
        await SayAsync(socket, Response("created", "r2"));
        await SayAsync(socket, Response("done", "r2"));

        _callerLeg.FishForMessage(message => message is CallerLegProtocol.FinishPlayback);
    }
}
