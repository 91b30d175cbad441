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
