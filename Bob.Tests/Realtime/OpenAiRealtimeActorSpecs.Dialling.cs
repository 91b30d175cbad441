using Akka.Actor;
using Akka.TestKit;
using AwesomeAssertions;
using Bob.Actors.Realtime;
using Bob.Actors.Twilio;
using Bob.Tests.Calls;
using Bob.Tests.Sockets;
using Xunit;
using static Bob.Actors.Realtime.ModelLegProtocol;

namespace Bob.Tests.Realtime;

/// <summary>Dials, refusals, and attempts that come too late.</summary>
public sealed partial class OpenAiRealtimeActorSpecs
{
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
}
