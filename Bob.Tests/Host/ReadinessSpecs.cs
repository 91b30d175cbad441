using System.Net;
using AwesomeAssertions;
using Bob.Simulator.Realtime;
using Xunit;
using static Bob.Actors.Calls.CallProtocol;

namespace Bob.Tests.Host;

/// <summary><c>/health/ready</c> of a whole host, with a model at the other end of a real socket.</summary>
public sealed class ReadinessSpecs
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_with_room_and_a_model_is_ready()
    {
        await using var model = await RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions { ApiKey = "test-key" }, Cancellation);
        await using var bob = await RunningBob.StartAsync(_ => new Occupancy(3, 4), null, ("OPENAI_REALTIME_URL", model.Url.AbsoluteUri));
        model.Connections.Should().Be(0, "nobody has asked");

        (await AskAsync(bob)).Should().Be((HttpStatusCode.OK, """{"ready":true,"calls":3,"maxCalls":4}"""));
        (await AskAsync(bob)).Status.Should().Be(HttpStatusCode.OK);

        model.Connections.Should().Be(1);
        await model.Sessions.Single().Ended.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
    }

    [Fact]
    public async Task A_full_host_is_not_ready_and_asks_no_model()
    {
        await using var model = await RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions(), Cancellation);
        await using var bob = await RunningBob.StartAsync(_ => new Occupancy(4, 4), null, ("OPENAI_REALTIME_URL", model.Url.AbsoluteUri));

        (await AskAsync(bob)).Should().Be((HttpStatusCode.ServiceUnavailable, """{"ready":false,"reason":"at capacity"}"""));

        model.Connections.Should().Be(0);
    }

    [Fact]
    public async Task A_host_whose_calls_are_silent_is_not_ready()
    {
        await using var bob = await RunningBob.StartAsync(_ => null);

        (await AskAsync(bob)).Should().Be((HttpStatusCode.ServiceUnavailable, """{"ready":false,"reason":"the calls do not answer"}"""));
    }

    [Fact]
    public async Task A_host_without_a_model_is_not_ready_and_says_why_in_the_words_of_its_log()
    {
        var model = await RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions(), Cancellation);
        var url = model.Url.AbsoluteUri;
        await model.DisposeAsync();
        await using var bob = await RunningBob.StartAsync(_ => new Occupancy(0, 4), null, ("OPENAI_REALTIME_URL", url));

        (await AskAsync(bob)).Should().Be((HttpStatusCode.ServiceUnavailable, """{"ready":false,"reason":"model unreachable: connection-refused"}"""));

        bob.Lines.Should().Contain("[bob] WRN The model cannot be reached: connection-refused");
    }

    [Fact]
    public async Task A_host_whose_key_is_refused_is_not_ready_and_shows_no_key()
    {
        await using var model = await RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions { ApiKey = "another" }, Cancellation);
        await using var bob = await RunningBob.StartAsync(_ => new Occupancy(0, 4), null, ("OPENAI_REALTIME_URL", model.Url.AbsoluteUri));

        (await AskAsync(bob)).Should().Be((HttpStatusCode.ServiceUnavailable, """{"ready":false,"reason":"model unreachable: invalid-api-key"}"""));

        bob.Lines.Should().NotContain(line => line.Contains("test-key"));
    }

    [Fact]
    public async Task O1_A_host_is_ready_when_one_of_its_models_can_be_had_and_names_those_that_cannot()
    {
        await using var second = await RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions { ApiKey = "test-key" }, Cancellation);
        await using var bob = await RunningBob.StartAsync(
            _ => new Occupancy(0, 4), null, ("OPENAI_REALTIME_URL", "ws://localhost:1/v1/realtime"), ("MODEL_2_URL", second.Url.AbsoluteUri), ("MODEL_2_KEY", "test-key"));
        await AskAsync(bob);
        await bob.AwaitAsync(() => bob.Lines.Contains("[bob] WRN Model 1 cannot be reached: connection-refused"));

        (await AskAsync(bob)).Should().Be((HttpStatusCode.OK, """{"ready":true,"calls":0,"maxCalls":4,"modelsUnreachable":"1 connection-refused"}"""));
    }

    [Fact]
    public async Task O1_A_host_that_can_have_none_of_its_models_says_why_of_each()
    {
        await using var second = await RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions { ApiKey = "another" }, Cancellation);
        await using var bob = await RunningBob.StartAsync(
            _ => new Occupancy(0, 4), null, ("OPENAI_REALTIME_URL", "ws://localhost:1/v1/realtime"), ("MODEL_2_URL", second.Url.AbsoluteUri), ("MODEL_2_KEY", "test-key"));

        (await AskAsync(bob)).Should().Be(
            (HttpStatusCode.ServiceUnavailable, """{"ready":false,"reason":"model unreachable: 1 connection-refused, 2 invalid-api-key"}"""));
    }

    [Fact]
    public async Task A_rehearsal_asks_its_own_model()
    {
        await using var bob = await RunningBob.StartAsync(_ => new Occupancy(0, 4), null, ("OPENAI_API_KEY", ""), ("OPENAI_REALTIME_URL", ""));

        (await AskAsync(bob)).Should().Be((HttpStatusCode.OK, """{"ready":true,"calls":0,"maxCalls":4}"""));
    }

    private static async Task<(HttpStatusCode Status, string Body)> AskAsync(RunningBob bob)
    {
        var response = await bob.GetAsync("/health/ready");
        return (response.StatusCode, await RunningBob.TextAsync(response));
    }
}
