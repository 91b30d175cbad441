using System.ComponentModel;
using System.Text.Json;
using Akka.Actor;
using Akka.TestKit;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Conversation;
using Bob.Actors.Hosting;
using Bob.Actors.Realtime;
using Bob.Actors.Twilio;
using Bob.Tests.Calls;
using Bob.Tests.Sockets;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Bob.Actors.Realtime.ModelLegProtocol;

namespace Bob.Tests.Realtime;

public sealed partial class OpenAiRealtimeActorSpecs : Akka.TestKit.Xunit.TestKit
{
    private const string Created = """{"type":"session.created","event_id":"e1","session":{"id":"s1"}}""";
    private const string Updated =
        """{"type":"session.updated","session":{"audio":{"input":{"format":{"type":"audio/pcmu"}},"output":{"format":{"type":"audio/pcmu"}}}}}""";

    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(150);
    private static readonly RealtimeOptions Options = new()
    {
        Url = new Uri("wss://model.example/v1/realtime"),
        Model = "gpt-realtime",
        ApiKey = "sk-specs",
        Instructions = "You are Bob.",
        Greeting = "Say hello.",
    };

    private readonly FakeTimeProvider _clock = new();
    private readonly FakeDialer _dialer = new();
    private readonly CallerAudioRing _ring = new();
    private readonly TestProbe _call, _callerLeg;
    private IActorRef _leg = ActorRefs.Nobody;

    public OpenAiRealtimeActorSpecs()
        : base(StandInParent.Config)
    {
        _call = CreateTestProbe();
        _callerLeg = CreateTestProbe();
    }

    [Fact]
    public async Task The_session_is_configured_before_anything_and_no_audio_goes_before_the_answer()
    {
        Start();
        var socket = await ConnectAsync();
        Frames(2);
        _call.ExpectNoMsg(Soon);
        socket.Sent.Should().BeEmpty();

        socket.Say(Created);
        Type(await socket.NextAsync()).Should().Be("session.update");
        Frames(2);
        socket.Sent.Should().HaveCount(1);

        socket.Say(Updated);
        _call.ExpectMsg<SessionReady>().Attempt.Should().Be(1);
        Frames(2);
        socket.Sent.Should().HaveCount(1);

        _leg.Tell(new OpenSession([], Opening.Listen));
        await AudioAsync(socket, frames: 6);
        var sent = socket.Sent.Count;
        _call.ExpectNoMsg(Soon);
        socket.Sent.Should().HaveCount(sent);
    }

    [Fact]
    public async Task A_socket_that_was_busy_with_the_configuration_takes_the_rest_afterwards()
    {
        Start();
        var socket = await ConnectAsync();
        socket.Hold();
        socket.Say(Created);
        await AwaitConditionAsync(() => Task.FromResult(socket.Sending));
        Frames(3);

        socket.Release();
        Type(await socket.NextAsync()).Should().Be("session.update");
        _call.ExpectNoMsg(Soon);
        socket.Sent.Should().HaveCount(1, "audio waits for the answer to the configuration");
        socket.Say(Updated);
        _call.ExpectMsg<SessionReady>();
        _leg.Tell(new OpenSession([], Opening.Greet));

        Type(await socket.NextAsync()).Should().Be("response.create");
        await AudioAsync(socket, frames: 3);
        socket.Misused.Should().BeFalse();
    }

    [Fact]
    public async Task The_conversation_so_far_is_told_before_a_response_is_asked_for()
    {
        Start();
        var socket = await ConfiguredAsync();

        _leg.Tell(new OpenSession(
            [new CallerSaid("What are your hours?"), new ToolCalled("c1", "hours", "{}", "9-17"), new BobSaid("We are open", Interrupted: true)], Opening.Answer));

        var messages = await MessagesAsync(socket, 5);
        messages.Select(Type).Should().Equal(
            "conversation.item.create", "conversation.item.create", "conversation.item.create", "conversation.item.create", "response.create");
        messages.SkipLast(1).Select(message => message.GetProperty("item").GetProperty("type").GetString())
            .Should().Equal("message", "function_call", "function_call_output", "message");
        messages.Select(message => message.GetProperty("event_id").GetString()).Should().OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData(Opening.Greet, "response.create greeting")]
    [InlineData(Opening.Answer, "response.create answer")]
    [InlineData(Opening.GoOn, "conversation.item.create", "response.create go-on")]
    [InlineData(Opening.Listen, "input_audio_buffer.append")]
    public async Task A_session_opens_as_the_call_says(Opening opening, params string[] expected)
    {
        Start();
        var socket = await ConfiguredAsync();

        _leg.Tell(new OpenSession([], opening));
        Frames(1);

        (await MessagesAsync(socket, opening == Opening.Listen ? 1 : expected.Length + 1))
            .Select(Named).Where(name => opening == Opening.Listen || name != "input_audio_buffer.append").Should().Equal(expected);
    }

    [Fact]
    public async Task The_greeting_goes_along_with_the_prompt()
    {
        Start();
        var socket = await ConfiguredAsync();

        _leg.Tell(new OpenSession([], Opening.Greet));

        (await socket.NextAsync()).GetProperty("response").GetProperty("instructions").GetString()
            .Should().StartWith("You are Bob.").And.EndWith("Say hello.");
    }

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
    public async Task O23_Unknown_events_change_nothing()
    {
        Start();
        var socket = await LiveAsync();

        for (var i = 0; i < 50; i++)
            socket.Say($$"""{"type":"response.new_thing_{{i}}"}""");
        await SayAsync(socket, Response("created", "r1"));

        _call.ExpectNoMsg(Soon);
    }

    [Fact]
    public async Task O21_Malformed_events_are_skipped_until_there_are_more_than_five_in_a_minute()
    {
        Start();
        var socket = await LiveAsync();
        for (var i = 0; i < 5; i++)
            socket.Say("{\"type\":");
        await SayAsync(socket, Response("created", "r1"));
        await SayAsync(socket, Response("done", "r1"));
        Pass(61);
        for (var i = 0; i < 5; i++)
            socket.Say("{\"type\":");
        await SayAsync(socket, Response("created", "r2"));

        socket.Say("nonsense");

        _call.ExpectMsg<StandInParent.ChildFailed>().Failure.Should().BeOfType<ModelLostException>();
        _call.ExpectMsg<LegReady>().Lost!.Reason.Should().Be("malformed-events");
        await socket.Gone.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task O11_A_refused_configuration_is_a_refusal_for_good()
    {
        Start();
        var socket = await ConnectAsync();
        socket.Say(Created);
        await socket.NextAsync();

        socket.Say(Error("invalid_value"));

        _call.ExpectMsg<StandInParent.ChildFailed>();
        _call.ExpectMsg<LegReady>().Lost.Should().Be(new ModelFailure(FailureKind.Permanent, "session-refused"));
        await socket.Gone.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        _leg.Tell(new GiveUp());
        Frames(3);
        _leg.Tell(new FinishSpeaking());
        _callerLeg.ExpectMsg<CallerLegProtocol.FinishPlayback>();
        socket.Misused.Should().BeFalse();
    }

    [Theory]
    [InlineData("audio/pcm", "audio/pcmu")]
    [InlineData("audio/pcmu", "audio/pcm")]
    [InlineData("audio/pcma", "audio/pcma")]
    public async Task Another_audio_format_is_refused_rather_than_noise_on_the_line(string input, string output)
    {
        Start();
        var socket = await ConnectAsync();
        socket.Say(Created);
        await socket.NextAsync();

        socket.Say(Updated.Replace("\"input\":{\"format\":{\"type\":\"audio/pcmu\"", $"\"input\":{{\"format\":{{\"type\":\"{input}\"")
            .Replace("\"output\":{\"format\":{\"type\":\"audio/pcmu\"", $"\"output\":{{\"format\":{{\"type\":\"{output}\""));

        _call.ExpectMsg<StandInParent.ChildFailed>();
        _call.ExpectMsg<LegReady>().Lost.Should().Be(new ModelFailure(FailureKind.Permanent, "format-refused"));
        await socket.Gone.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task O9_A_session_that_is_not_ready_in_time_is_lost(bool created)
    {
        Start();
        var socket = await ConnectAsync();
        if (created)
        {
            socket.Say(Created);
            await socket.NextAsync();
        }

        await AwaitAssertAsync(() =>
        {
            Pass(3);
            _call.ExpectMsg<StandInParent.ChildFailed>(TimeSpan.FromMilliseconds(50));
        });

        _call.ExpectMsg<LegReady>().Lost!.Reason.Should().Be("timeout");
        await socket.Gone.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Late_messages_of_an_earlier_attempt_are_ignored()
    {
        Start();
        var first = await LiveAsync();
        first.Break();
        _call.ExpectMsg<StandInParent.ChildFailed>();
        _call.ExpectMsg<LegReady>();
        var second = await LiveAsync(attempt: 2);

        _leg.Tell(new ModelEnded(1, new ModelFailure(FailureKind.Transient, "late")));
        _leg.Tell(new ModelSaid(1, new ErrorReported(new RealtimeError(null, "insufficient_quota", "", null, null))));
        _leg.Tell(new ConnectionBroken(1, new ModelFailure(FailureKind.Transient, "late")));
        _leg.Tell(new ConnectionDrained(1));
        _leg.Tell(new Speak(new ResponseRequest("still-there")));

        Named(await second.NextAsync()).Should().Be("response.create still-there");
        _call.ExpectNoMsg(Soon);
    }

    [Fact]
    public async Task A_session_given_up_says_nothing_more_to_the_caller()
    {
        Start();
        var socket = new FakeMessageSocket { AnswersClose = false };
        await LiveAsync(socket: socket);
        Say(socket, Response("created", "r1"));
        _callerLeg.ExpectMsg<CallerLegProtocol.ResponseStarted>();
        _call.ExpectMsg<ModelHeard>();
        for (var i = 0; i < 6; i++)
            socket.Say("nonsense");
        _call.ExpectMsg<StandInParent.ChildFailed>();
        _call.ExpectMsg<LegReady>();

        socket.Say(Delta("r1", "i1"));
        socket.Say(Response("created", "r2"));

        _callerLeg.ExpectNoMsg(TimeSpan.FromMilliseconds(300));
    }

    [Fact]
    public async Task A_dial_that_succeeds_after_the_call_has_ended_leaves_no_socket_behind()
    {
        Start();
        _leg.Tell(new Dial(1, TimeSpan.Zero));
        var dial = await _dialer.NextAsync();
        Watch(_leg);
        Sys.Stop(_leg);
        ExpectTerminated(_leg);

        dial.Cancelled.Should().BeTrue();
        var socket = new FakeMessageSocket();
        dial.Connect(socket);

        await socket.Gone.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_dial_that_succeeds_after_the_model_was_given_up_leaves_no_socket_behind()
    {
        Start();
        _leg.Tell(new Dial(1, TimeSpan.Zero));
        var dial = await _dialer.NextAsync();
        _leg.Tell(new GiveUp());

        var socket = new FakeMessageSocket();
        dial.Connect(socket);

        await socket.Gone.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        _call.ExpectNoMsg(Soon);
    }

    [Fact]
    public async Task A_failed_dial_is_told_with_its_reason()
    {
        Start();
        _leg.Tell(new Dial(1, TimeSpan.Zero));

        (await _dialer.NextAsync()).Fail(new ModelFailure(FailureKind.RateLimited, "rate-limited", TimeSpan.FromSeconds(1)));

        _call.ExpectMsg<StandInParent.ChildFailed>();
        _call.ExpectMsg<LegReady>().Lost.Should().Be(new ModelFailure(FailureKind.RateLimited, "rate-limited", TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task A_dial_refused_for_good_is_told_as_such_and_not_tried_again_by_itself()
    {
        Start();
        _leg.Tell(new Dial(1, TimeSpan.Zero));

        (await _dialer.NextAsync()).Fail(new ModelFailure(FailureKind.Permanent, "invalid-api-key"));

        _call.ExpectMsg<StandInParent.ChildFailed>();
        _call.ExpectMsg<LegReady>().Lost.Should().Be(new ModelFailure(FailureKind.Permanent, "invalid-api-key"));
        _call.ExpectNoMsg(Soon);
        _dialer.Count.Should().Be(1);
    }

    [Fact]
    public async Task A_dialer_with_a_bug_is_a_lost_dial()
    {
        Start();
        _leg.Tell(new Dial(1, TimeSpan.Zero));

        (await _dialer.NextAsync()).Throw(new ArgumentException("bug"));

        _call.ExpectMsg<StandInParent.ChildFailed>().Failure.Should().BeOfType<ModelLostException>();
    }

    [Fact]
    public async Task A_dial_waits_for_its_delay()
    {
        Start();
        _leg.Tell(new Dial(1, TimeSpan.FromSeconds(2)));
        Pass(1.75);
        _dialer.Count.Should().Be(0);

        Pass(0.25);

        await _dialer.NextAsync();
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

        (await AudioAsync(socket, frames: 50)).Should().OnlyContain(sample => sample == 0xFF);
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
        Frames(50);
        Pass(1);
        Frames(25);
        _call.ExpectNoMsg(Soon);

        Frames(1);

        _call.ExpectMsg<StandInParent.ChildFailed>();
        _call.ExpectMsg<LegReady>().Lost!.Reason.Should().Be("slow-reader");
        var second = await LiveAsync(attempt: 2);
        await AudioAsync(second, frames: 76);
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

    [Fact]
    public async Task What_has_been_given_up_dials_no_more_and_drops_what_comes()
    {
        Start();
        var socket = await LiveAsync();

        _leg.Tell(new GiveUp());
        await socket.Gone.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        _leg.Tell(new Dial(2, TimeSpan.Zero));
        Frames(10);
        _leg.Tell(new KeysPressed("1"));
        _leg.Tell(new FinishSpeaking());

        _callerLeg.ExpectMsg<CallerLegProtocol.FinishPlayback>();
        _call.ExpectNoMsg(Soon);
        _dialer.Count.Should().Be(1);
        socket.Misused.Should().BeFalse();
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

    [Fact]
    public async Task The_socket_is_closed_when_the_leg_is_stopped()
    {
        Start();
        var socket = await LiveAsync();

        Sys.Stop(_leg);

        await socket.Gone.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        socket.Closed!.Value.Code.Should().Be(1000);
        Frames(1);
        socket.Misused.Should().BeFalse();
    }

    private static string Type(JsonElement message) => message.GetProperty("type").GetString()!;

    private static string Named(JsonElement message) =>
        message.TryGetProperty("response", out var response) && response.TryGetProperty("metadata", out var metadata)
            ? $"{Type(message)} {metadata.GetProperty("purpose").GetString()}"
            : Type(message);

    private static string Response(string what, string id, string? purpose = null) =>
        $$"""
        {"type":"response.{{what}}","response":{"id":"{{id}}","status":"completed","metadata":{"purpose":{{(purpose is null ? "null" : $"\"{purpose}\"")}} } } }
        """;

    private static string Failed(string id, string code, string message = "sorry") =>
        $$"""
        {"type":"response.done","response":{"id":"{{id}}","status":"failed","status_details":{"type":"failed","error":{"type":"x","code":"{{code}}","message":"{{message}}"} } } }
        """;

    private static string Call(string callId) =>
        $$$"""{"type":"response.output_item.done","response_id":"r1","item":{"id":"i-{{{callId}}}","type":"function_call","call_id":"{{{callId}}}","name":"hours","arguments":"{}","status":"completed"}}""";

    private static string Error(string code) => $$$"""{"type":"error","error":{"type":"invalid_request_error","code":"{{{code}}}","message":"no"}}""";

    private static string Delta(string responseId, string itemId) =>
        $$"""{"type":"response.output_audio.delta","response_id":"{{responseId}}","item_id":"{{itemId}}","content_index":0,"delta":"{{Convert.ToBase64String(new byte[160])}}"}""";

    private static void Say(FakeMessageSocket socket, string text) => socket.Say(text);

    private static async Task<List<JsonElement>> MessagesAsync(FakeMessageSocket socket, int count)
    {
        var messages = new List<JsonElement>();
        while (messages.Count < count)
            messages.Add(await socket.NextAsync());
        return messages;
    }

    /// <summary>The caller's voice and nothing else, in messages of any length, until there is that much of it; no more may come with it.</summary>
    private static async Task<byte[]> AudioAsync(FakeMessageSocket socket, int frames)
    {
        var audio = new List<byte>();
        while (audio.Count < frames * Mulaw.FrameBytes)
        {
            var message = await socket.NextAsync();
            Type(message).Should().Be("input_audio_buffer.append");
            audio.AddRange(message.GetProperty("audio").GetBytesFromBase64());
        }

        audio.Should().HaveCount(frames * Mulaw.FrameBytes);
        return [.. audio];
    }

    private static async Task<List<string>> TypesAsync(FakeMessageSocket socket, int count) => (await MessagesAsync(socket, count)).ConvertAll(Type);

    private void Start(RealtimeOptions? options = null)
    {
        var tools = new[] { AIFunctionFactory.Create(([Description("day")] string day) => day, "hours") };
        var setup = new ModelLegSetup(new CallSid("CA1"), _callerLeg.Ref, _ring, options ?? Options, tools, _dialer, _clock);
        var leg = Props.Create(() => new OpenAiRealtimeActor(setup)).WithDispatcher(LegDispatcher.Path);
        Sys.ActorOf(Props.Create(() => new StandInParent(leg, _call.Ref)));
        LegReady? ready = null;
        for (var i = 0; i < 2; i++)
        {
            switch (_call.ReceiveOne(TimeSpan.FromSeconds(5)))
            {
                case StandInParent.Hired hired:
                    _leg = hired.Child;
                    break;
                case LegReady first:
                    ready = first;
                    break;
            }
        }

        ready.Should().Be(new LegReady(null));
    }

    private async Task<FakeMessageSocket> ConnectAsync(int attempt = 1, FakeMessageSocket? socket = null)
    {
        socket ??= new FakeMessageSocket();
        _leg.Tell(new Dial(attempt, TimeSpan.Zero));
        (await _dialer.NextAsync()).Connect(socket);
        return socket;
    }

    private async Task<FakeMessageSocket> ConfiguredAsync(int attempt = 1, FakeMessageSocket? socket = null)
    {
        socket = await ConnectAsync(attempt, socket);
        socket.Say(Created);
        Type(await socket.NextAsync()).Should().Be("session.update");
        socket.Say(Updated);
        _call.ExpectMsg<SessionReady>().Attempt.Should().Be(attempt);
        return socket;
    }

    private async Task<FakeMessageSocket> LiveAsync(int attempt = 1, FakeMessageSocket? socket = null)
    {
        socket = await ConfiguredAsync(attempt, socket);
        _leg.Tell(new OpenSession([], Opening.Listen));
        return socket;
    }

    /// <summary>The model says it, and the leg has passed it on to the call.</summary>
    private async Task SayAsync(FakeMessageSocket socket, string text)
    {
        socket.Say(text);
        await _call.ExpectMsgAsync<ModelHeard>(TimeSpan.FromSeconds(5));
    }

    /// <summary>Frames in which somebody can be heard.</summary>
    private void Voice(int frames)
    {
        for (var i = 0; i < frames; i++)
            _leg.Tell(new CallerAudio([.. Enumerable.Repeat((byte)0x90, Mulaw.FrameBytes)]));
    }

    private void Frames(int count)
    {
        for (var i = 0; i < count; i++)
            _leg.Tell(CallerAudio.Silence);
    }

    private void Pass(double seconds) => StandInParent.Pass(Sys, _clock, TimeSpan.FromSeconds(seconds));
}
