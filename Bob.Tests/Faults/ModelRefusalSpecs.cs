using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Simulator.Faults;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;
using static Bob.Tests.Faults.ModelFaults;

namespace Bob.Tests.Faults;

/// <summary>The model cannot be had from the beginning: the caller gets an apology soon, and nobody dials on and on.</summary>
public sealed class ModelRefusalSpecs
{
    [Fact]
    public async Task O1_A_wrong_key_is_tried_once()
    {
        await using var house = await StartAsync(Script(), settings: ("OPENAI_API_KEY", "sk-wrong-0123456789abcdef0123456789abcdef"));

        var report = await ApologisedAsync(house, "model-invalid-api-key");

        house.Model.Connections.Should().Be(1);
        report.Duration.Should().BeLessThan(TimeSpan.FromSeconds(10));
        house.Lines.Should().NotContain(line => line.Contains("sk-wrong"));
    }

    [Fact]
    public async Task O1_A_handshake_answered_with_401_is_tried_once()
    {
        await using var house = await StartAsync(Script(Http(401)));

        await ApologisedAsync(house, "model-invalid-api-key");

        house.Model.Connections.Should().Be(1);
    }

    [Fact]
    public async Task O1_A_key_without_credit_is_tried_once_although_the_code_says_later()
    {
        var refusal = new Fault
        {
            At = new FaultPoint { On = FaultMoment.Connect },
            Do = FaultAction.Refuse,
            Code = 1013,
            Times = 0,
            Error = new FaultError { Type = "insufficient_quota", Code = "credit_balance_exhausted", Message = "You have no credits remaining." },
        };
        await using var house = await StartAsync(Script(refusal));

        await ApologisedAsync(house, "model-no-credit");

        house.Model.Connections.Should().Be(1);
    }

    [Fact]
    public async Task O2_The_body_of_a_403_is_logged_without_its_key()
    {
        var body = $$$"""{"error":{"code":"unsupported_country_region_territory","message":"Not here, {{{ApiKey}}}","type":"request_forbidden"}}""";
        await using var house = await StartAsync(Script(Http(403) with { Body = body }));

        await ApologisedAsync(house, "model-unsupported-region");

        house.Model.Connections.Should().Be(1);
        house.Lines.Should().Contain(line => line.Contains("403") && line.Contains("Not here"));
    }

    [Fact]
    public async Task O3_A_model_that_is_gone_is_tried_once()
    {
        await using var house = await StartAsync(Script(), settings: ("OPENAI_REALTIME_MODEL", "gpt-realtime-gone"));

        await ApologisedAsync(house, "model-model-not-found");

        house.Model.Connections.Should().Be(1);
    }

    [Fact]
    public async Task O3_A_404_is_tried_once()
    {
        await using var house = await StartAsync(Script(Http(404)));

        await ApologisedAsync(house, "model-not-found");

        house.Model.Connections.Should().Be(1);
    }

    [Fact]
    public async Task O4_A_rate_limit_of_20_s_is_not_waited_for_on_the_line()
    {
        await using var house = await StartAsync(Script(Http(429) with { RetryAfter = 20 }));

        var report = await ApologisedAsync(house, "model-rate-limited");

        house.Model.Connections.Should().Be(1);
        report.Duration.Should().BeLessThan(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task O5_A_server_that_comes_back_after_two_503_is_not_noticed()
    {
        await using var house = await StartAsync(Script(Http(503) with { Times = 2 }));

        var report = await house.Twilio.PlaceCall(Conversation(WhenOpen)).Completion;

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, Hours);
        house.Model.Connections.Should().Be(3);
    }

    [Fact]
    public async Task O5_A_server_that_is_down_is_given_up_after_a_few_tries()
    {
        await using var house = await StartAsync(Script(Http(503)));

        await ApologisedAsync(house, "model-http-503");

        house.Model.Connections.Should().BeInRange(2, 7, "the call dials at most six times, and the node looks by itself whether the server is back");
    }

    [Fact]
    public async Task O6_A_redirect_is_not_followed_so_that_the_key_goes_nowhere_else()
    {
        await using var elsewhere = await RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions(), TestContext.Current.CancellationToken);
        var location = new UriBuilder(elsewhere.Url) { Scheme = "http", Query = "model=gpt-realtime-2.1" }.Uri.AbsoluteUri;
        await using var house = await StartAsync(Script(Http(302) with { Location = location }));

        await ApologisedAsync(house, "model-redirected");

        house.Model.Connections.Should().Be(1);
        elsewhere.Connections.Should().Be(0);
    }

    [Fact]
    public async Task O7_Nobody_listens()
    {
        await using var house = await StartAsync(Script(), settings: ("OPENAI_REALTIME_URL", "ws://localhost:1/v1/realtime"));

        var report = await ApologisedAsync(house, "model-connection-refused");

        report.Duration.Should().BeLessThan(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task O10_A_wrong_accept_is_no_model()
    {
        var wrong = new Fault { At = new FaultPoint { On = FaultMoment.Connect }, Do = FaultAction.WrongAccept, Times = 0 };
        await using var house = await StartAsync(Script(wrong));

        await ApologisedAsync(house, "model-bad-handshake");

        house.Model.Connections.Should().Be(1);
    }

    [Fact]
    public async Task O10_A_certificate_that_nobody_vouches_for_is_no_model()
    {
        using var impostor = new SelfSignedServer();
        await using var house = await StartAsync(Script(), settings: ("OPENAI_REALTIME_URL", $"wss://localhost:{impostor.Port}/v1/realtime"));
        for (var i = 0; i < 200 && !house.Lines.Any(line => line.Contains("refuses to be dialled until somebody acts: tls-refused")); i++)
            await Task.Delay(20, TestContext.Current.CancellationToken); // before anybody has called

        await ApologisedAsync(house, "model-tls-refused");

        impostor.Connections.Should().Be(1, "the caller does not wait for what is known");
        impostor.Trusted.Should().Be(0, "the key must not go through");
    }

    internal static async Task<CallReport> ApologisedAsync(WholeHouse house, string reason)
    {
        var report = await house.Twilio.PlaceCall(new CallPlan()).Completion;

        await house.ShouldBeOverAsync(report, new CallEnd(CallResult.Failed, CallSide.Model, reason));
        report.ShouldHaveApologised();
        return report;
    }

    private static Fault Http(int status) => new() { At = new FaultPoint { On = FaultMoment.Connect }, Do = FaultAction.Http, Status = status, Times = 0 };
}
