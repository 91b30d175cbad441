using System.Diagnostics;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Host.Configuration;
using Bob.Host.Twilio;
using Bob.Simulator.Faults;
using Bob.Simulator.Twilio;
using Bob.Tests.Records;
using Bob.Tests.Simulator;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Bob.Tests.Host;

/// <summary>What Bob does by Twilio's REST API, and what he makes of its answers.</summary>
public sealed class TwilioCallsSpecs : IAsyncLifetime
{
    private const string Account = "AC00000000000000000000000000000001";

    private readonly Log _log = new();
    private TwilioSimulatorLine _server = null!;
    private TwilioSimulator _twilio = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await TwilioSimulatorLine.StartAsync();
        _server.Connect();
        _server.Twiml["/call-next"] = _ => "<Response><Say>Here again</Say><Hangup/></Response>";
        _twilio = new TwilioSimulator(_server.Options);
    }

    public async ValueTask DisposeAsync()
    {
        await _twilio.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_call_that_is_re_pointed_asks_what_comes_next()
    {
        await using var rest = await TwilioRestApi.StartAsync(_twilio);
        await using var services = Services(rest.Url);
        var call = await LiveAsync();

        (await Of(services).RepointAsync(new CallSid(call.CallSid), Cancellation)).Should().Be(RestOutcome.Done);

        (await call.Completion).TwimlDocuments[^1].Should().Contain("Here again");
        rest.Requests.Single().Form.Should().BeEquivalentTo(new Dictionary<string, string> { ["Url"] = _server.Base + "/call-next", ["Method"] = "POST" });
    }

    [Fact]
    public async Task A_call_that_is_over_and_one_that_never_was_are_over()
    {
        await using var rest = await TwilioRestApi.StartAsync(_twilio);
        await using var services = Services(rest.Url);
        var call = await LiveAsync();
        (await Of(services).LookAtAsync(new CallSid(call.CallSid), Cancellation)).Should().Be(RestOutcome.Done);
        await call.HangUpAsync();

        (await Of(services).RepointAsync(new CallSid(call.CallSid), Cancellation)).Should().Be(RestOutcome.CallIsOver);
        (await Of(services).LookAtAsync(new CallSid(call.CallSid), Cancellation)).Should().Be(RestOutcome.CallIsOver);
        (await Of(services).RepointAsync(new CallSid("CA00000000000000000000000000000009"), Cancellation)).Should().Be(RestOutcome.CallIsOver);
        _log.Lines.Should().NotContain(line => line.Contains("Twilio's REST API"), "that is no trouble");
    }

    [Fact]
    public async Task T40_A_429_is_asked_again_after_the_time_that_Twilio_says()
    {
        await using var rest = await TwilioRestApi.StartAsync(_twilio, fault: request => request.Number == 1 ? new RestFault { Status = 429, RetryAfter = TimeSpan.FromSeconds(1) } : null);
        await using var services = Services(rest.Url);
        var call = await LiveAsync();

        var asked = Stopwatch.GetTimestamp();
        (await Of(services).RepointAsync(new CallSid(call.CallSid), Cancellation)).Should().Be(RestOutcome.Done);

        Stopwatch.GetElapsedTime(asked).Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(0.95));
        rest.Requests.Should().HaveCount(2);
    }

    [Fact]
    public async Task T40_What_may_have_been_done_is_not_done_again()
    {
        await using var slow = await TwilioRestApi.StartAsync(_twilio, fault: _ => new RestFault { Delay = TimeSpan.FromSeconds(30) });
        await using var broken = await TwilioRestApi.StartAsync(_twilio, fault: _ => new RestFault { Status = 503, Code = 20500, Message = "Internal server error" });
        await using var dropping = await TwilioRestApi.StartAsync(_twilio, fault: _ => new RestFault { Drops = true });

        foreach (var rest in new[] { slow, broken, dropping })
        {
            await using var services = Services(rest.Url);
            (await Of(services).RepointAsync(new CallSid("CA00000000000000000000000000000009"), Cancellation)).Should().Be(RestOutcome.Unknown);
            rest.Requests.Should().ContainSingle();
        }
    }

    [Fact]
    public async Task T40_An_API_that_is_not_there_has_done_nothing()
    {
        await using var services = Services(new Uri($"http://127.0.0.1:{FreePort.Next()}"));

        (await Of(services).RepointAsync(new CallSid("CA00000000000000000000000000000009"), Cancellation)).Should().Be(RestOutcome.NotDone);

        _log.Lines.Should().Contain(line => line.Contains("Twilio's REST API does not answer: unreachable"));
    }

    [Fact]
    public async Task Credentials_that_are_refused_are_told_and_never_logged()
    {
        await using var rest = await TwilioRestApi.StartAsync(_twilio);
        await using var services = Services(rest.Url, "canary-0123456789abcdef0123456789");

        (await Of(services).RepointAsync(new CallSid("CA00000000000000000000000000000009"), Cancellation)).Should().Be(RestOutcome.Unauthorized);

        _log.Lines.Should().Contain(line => line.Contains("refused with 401, error 20003"));
        var basic = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"{Account}:canary-0123456789abcdef0123456789"));
        _log.Lines.Should().NotContain(line => line.Contains("canary") || line.Contains(basic));
    }

    [Fact]
    public async Task Without_credentials_nobody_is_asked()
    {
        await using var services = Services(new Uri("http://127.0.0.1:1"), token: null);

        Of(services).CanAsk.Should().BeFalse();
    }

    private async Task<SimulatedCall> LiveAsync()
    {
        var call = _twilio.PlaceCall(new CallPlan());
        await call.WaitForStreamAsync();
        return call;
    }

    private static TwilioCalls Of(IServiceProvider services) => services.GetRequiredService<TwilioCalls>();

    private ServiceProvider Services(Uri api, string? token = TwilioSimulatorLine.Token)
    {
        var settings = new Dictionary<string, string> { ["TWILIO_API_URL"] = api.OriginalString, ["SERVER_URL"] = _server.Base, ["TWILIO_ACCOUNT_SID"] = Account };
        if (token is not null)
            settings["TWILIO_AUTH_TOKEN"] = token;
        var options = BobOptionsReader.Read(SettingsSources.Of(settings));
        return new ServiceCollection()
            .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(_log))
            .AddSingleton(options)
            .AddSingleton<IServer, NoServer>()
            .AddSingleton<PublicUrl>()
            .AddTwilioRest(options)
            .BuildServiceProvider();
    }

    private sealed class NoServer : IServer
    {
        public IFeatureCollection Features { get; } = new FeatureCollection();

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }

    private sealed class Log : ILoggerProvider, ILogger
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

        public IReadOnlyCollection<string> Lines => _lines;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
