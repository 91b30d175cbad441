using AwesomeAssertions;
using Bob.Actors.Realtime;
using Bob.Tests.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Bob.Tests.Realtime;

/// <summary>The servers as calls dial them, one call after the other.</summary>
public sealed class CallDialerSpecs : IDisposable
{
    private const string Created = """{"type":"session.created","event_id":"event_1","session":{"id":"sess_1"}}""";
    private static readonly ModelFailure BadKey = new(FailureKind.Permanent, "invalid-api-key");
    private static readonly ModelFailure NoCredit = new(FailureKind.Permanent, "no-credit");
    private static readonly ModelFailure Refused = new(FailureKind.Transient, "connection-refused");
    private static readonly ModelFailure Reset = new(FailureKind.Transient, "connection-reset");
    private static readonly ModelFailure Mute = new(FailureKind.Transient, ModelFailure.Mute);
    private static readonly ModelFailure Stalled = new(FailureKind.Transient, "timeout");

    private readonly FakeTimeProvider _clock = new();
    private readonly FakeDialer[] _servers = [new(), new(), new()];
    private readonly ModelProviders _models;
    private CallDialer _call;

    public CallDialerSpecs()
    {
        _models = new ModelProviders([.. _servers.Select((server, at) => new ModelProvider(server, Options(at + 1), at + 1, _clock, NullLogger<ModelProvider>.Instance))]);
        _call = new CallDialer(_models);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_server_is_dialled_as_long_as_it_works()
    {
        for (var calls = 0; calls < 3; calls++)
        {
            _call = new CallDialer(_models);
            await ConnectAsync(0);
        }
    }

    [Fact]
    public async Task A_session_is_configured_as_the_server_that_was_dialled_wants_it()
    {
        await FailAsync(0, Refused);

        (await ConnectAsync(1)).Options.Should().BeSameAs(_models.All[1].Options);
    }

    [Fact]
    public async Task O1_What_one_call_learned_the_next_one_knows()
    {
        (await FailAsync(0, BadKey)).Should().Be(Alternatives.Other);
        await ConnectAsync(1);

        _call = new CallDialer(_models);
        await ConnectAsync(1);

        _servers[0].Count.Should().Be(1);
    }

    [Fact]
    public async Task O1_When_all_have_refused_nothing_is_left_and_the_next_call_hears_so_at_once()
    {
        (await FailAsync(0, BadKey)).Should().Be(Alternatives.Other);
        (await FailAsync(1, BadKey)).Should().Be(Alternatives.Other);
        (await FailAsync(2, BadKey)).Should().Be(Alternatives.None);

        _call = new CallDialer(_models);
        (await _call.DialAsync(Cancellation)).Failure.Should().Be(BadKey);
        _call.Failed(BadKey, wasConnected: false).Should().Be(Alternatives.None);
        _servers.Sum(server => server.Count).Should().Be(3);
    }

    [Fact]
    public async Task O5_All_are_tried_before_one_is_tried_again_and_what_refused_for_good_is_not()
    {
        (await FailAsync(0, Refused)).Should().Be(Alternatives.Other);
        (await FailAsync(1, BadKey)).Should().Be(Alternatives.Other);
        (await FailAsync(2, Refused)).Should().Be(Alternatives.Again);
        (await FailAsync(0, Refused)).Should().Be(Alternatives.Again);

        await ConnectAsync(2);
    }

    [Fact]
    public async Task O4_A_server_that_wants_to_be_left_alone_is_until_its_time_is_over()
    {
        (await FailAsync(0, new ModelFailure(FailureKind.RateLimited, "rate-limited", TimeSpan.FromSeconds(20)))).Should().Be(Alternatives.Other);
        await ConnectAsync(1);
        _clock.Advance(TimeSpan.FromSeconds(19));
        _call = new CallDialer(_models);
        await ConnectAsync(1);

        _clock.Advance(TimeSpan.FromSeconds(1));

        _call = new CallDialer(_models);
        await ConnectAsync(0);
    }

    [Fact]
    public async Task O4_When_all_want_to_be_left_alone_the_shortest_time_is_told()
    {
        for (var server = 0; server < 3; server++)
            await FailAsync(server, new ModelFailure(FailureKind.RateLimited, "rate-limited", TimeSpan.FromSeconds(20 - server)));

        _call = new CallDialer(_models);
        var limited = (await _call.DialAsync(Cancellation)).Failure!;

        limited.Should().Be(new ModelFailure(FailureKind.RateLimited, "rate-limited", TimeSpan.FromSeconds(18)));
        _call.Failed(limited, wasConnected: false).Should().Be(Alternatives.Again, "whether that is worth a wait is for the policy to say");
    }

    [Fact]
    public async Task O9_A_session_that_never_begins_counts_although_its_upgrade_was_granted()
    {
        for (var calls = 0; calls < 2; calls++)
        {
            _call = new CallDialer(_models);
            var socket = await DialledAsync(0);
            socket.Abort(); // the leg has waited long enough
            _call.Failed(Stalled, wasConnected: false).Should().Be(Alternatives.Other);
        }

        _call = new CallDialer(_models);
        await ConnectAsync(1);
    }

    [Fact]
    public async Task O13_A_session_that_drops_is_dialled_where_it_was_until_that_has_had_its_chances()
    {
        await FailAsync(0, Refused);
        await ConnectAsync(1);

        _call.Failed(Reset, wasConnected: true).Should().Be(Alternatives.Other);
        await ConnectAsync(1);
        _call.Failed(Reset, wasConnected: true).Should().Be(Alternatives.Other);
        _call.MoveOn();

        await ConnectAsync(0);
    }

    [Fact]
    public async Task O35_Credit_that_runs_out_in_a_call_moves_all_calls_and_an_answer_brings_them_back()
    {
        await ConnectAsync(0);
        _call.Failed(NoCredit, wasConnected: true).Should().Be(Alternatives.Other);
        await ConnectAsync(1);
        _call = new CallDialer(_models);
        await ConnectAsync(1);

        _clock.Advance(TimeSpan.FromMinutes(1));
        foreach (var other in new[] { 1, 2 })
            _models.All[other].Failed(BadKey);
        _call = new CallDialer(_models);
        await ConnectAsync(0);
        _call.Answered();

        _call = new CallDialer(_models);
        await ConnectAsync(0);
    }

    [Fact]
    public async Task O17_A_server_whose_sessions_say_nothing_is_left_and_the_next_caller_does_not_wait_for_it()
    {
        await ConnectAsync(0);
        _call.Failed(Mute, wasConnected: true).Should().Be(Alternatives.Other);
        await ConnectAsync(0);
        _call.Failed(Mute, wasConnected: true).Should().Be(Alternatives.OnlyOther, "one session may fall mute, but not two");
        _call.MoveOn();
        await ConnectAsync(1);
        _call.Failed(Reset, wasConnected: true).Should().Be(Alternatives.Other);
        await ConnectAsync(1);

        _call = new CallDialer(_models);
        await ConnectAsync(1);
    }

    [Fact]
    public async Task O17_Between_two_mute_sessions_words_make_them_two_mishaps()
    {
        for (var times = 0; times < 3; times++)
        {
            await ConnectAsync(0);
            _call.Failed(Mute, wasConnected: true).Should().Be(Alternatives.Other);
            await ConnectAsync(0);
            _call.Spoke();
        }
    }

    [Fact]
    public async Task O17_Where_all_are_mute_nothing_is_left()
    {
        foreach (var server in new[] { 0, 0, 1, 1, 2 })
        {
            await ConnectAsync(server);
            _call.Failed(Mute, wasConnected: true).Should().NotBe(Alternatives.None);
        }

        await ConnectAsync(2);
        _call.Failed(Mute, wasConnected: true).Should().Be(Alternatives.None);
    }

    [Fact]
    public async Task What_a_caller_said_closes_no_server_for_other_callers()
    {
        await ConnectAsync(0);

        _call.Failed(new ModelFailure(FailureKind.Permanent, "policy-violation"), wasConnected: true).Should().Be(Alternatives.Other);
        await ConnectAsync(1);

        _call = new CallDialer(_models);
        await ConnectAsync(0);
    }

    [Fact]
    public async Task P17_A_machine_without_ports_says_nothing_of_the_servers()
    {
        var noPorts = new ModelFailure(FailureKind.Transient, "no-ports-left");
        for (var calls = 0; calls < 5; calls++)
        {
            _call = new CallDialer(_models);
            await FailAsync(0, noPorts);
        }

        _call = new CallDialer(_models);
        await ConnectAsync(0);
    }

    [Fact]
    public async Task A_leg_that_fails_before_it_dials_may_dial_again()
    {
        _call.Failed(new ModelFailure(FailureKind.Transient, "internal-error"), wasConnected: false).Should().Be(Alternatives.Again);

        await ConnectAsync(0);
    }

    [Fact]
    public async Task O8_Alone_a_server_that_stalls_is_not_waited_for_by_the_next_caller_but_by_one_in_a_conversation()
    {
        var alone = new ModelProviders([_models.All[0]]);
        var talking = _call = new CallDialer(alone);
        await ConnectAsync(0);
        _call = new CallDialer(alone);
        (await FailAsync(0, Stalled)).Should().Be(Alternatives.Again);
        (await FailAsync(0, Stalled)).Should().Be(Alternatives.Again);

        _call = new CallDialer(alone);
        (await _call.DialAsync(Cancellation)).Failure.Should().Be(Stalled);
        _call.Failed(Stalled, wasConnected: false).Should().Be(Alternatives.None);

        _call = talking;
        _call.Failed(Reset, wasConnected: true).Should().Be(Alternatives.Again);
        await ConnectAsync(0);
    }

    public void Dispose() => _models.Dispose();

    private static RealtimeOptions Options(int number) => new()
    {
        Url = new Uri($"wss://model{number}.example/v1/realtime"),
        Model = $"model-{number}",
        ApiKey = "key",
        Instructions = "i",
        Greeting = "g",
    };

    private async Task<ListeningSocket> DialledAsync(int server, params string[] words)
    {
        var dialling = _call.DialAsync(Cancellation);
        var socket = new FakeMessageSocket();
        foreach (var word in words)
            socket.Say(word);
        (await _servers[server].NextAsync()).Connect(socket);
        return (ListeningSocket)(await dialling).Socket!;
    }

    /// <summary>The call dials, and this server gives it a session.</summary>
    private async Task<DialResult> ConnectAsync(int server)
    {
        var dialling = _call.DialAsync(Cancellation);
        var far = new FakeMessageSocket();
        far.Say(Created);
        (await _servers[server].NextAsync()).Connect(far);
        var result = await dialling;
        await result.Socket!.ReceiveAsync(Cancellation);
        _call.Connected();
        return result;
    }

    /// <summary>The call dials, and this server fails.</summary>
    private async Task<Alternatives> FailAsync(int server, ModelFailure failure)
    {
        var dialling = _call.DialAsync(Cancellation);
        (await _servers[server].NextAsync()).Fail(failure);
        (await dialling).Failure.Should().Be(failure);
        return _call.Failed(failure, wasConnected: false);
    }
}
