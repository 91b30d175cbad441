using System.Net.Http.Headers;
using AwesomeAssertions;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Bob.Tests.Records;
using Npgsql;
using Serilog.Formatting.Compact;
using Xunit;

namespace Bob.Tests.Faults;

/// <summary>What opens a door is shown behind none, whatever goes wrong and however much is logged.</summary>
public sealed class SecretSpecs(PostgresServer server)
{
    private const string ApiToken = "canary-api-token-0123456789abcdef0123456789", Password = "canary-of-the-database", Secondary = "fedcba9876543210fedcba9876543210";

    private static readonly string[] Secrets = [WholeHouse.AuthToken, WholeHouse.ApiKey, ApiToken, Password, Secondary];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task D11_No_secret_is_in_any_log_at_any_level_nor_in_any_answer()
    {
        var parts = new NpgsqlConnectionStringBuilder(await server.NewDatabaseAsync());
        var script = RealtimeScript.Rehearsal with { Faults = [new Fault { At = new FaultPoint { Session = 1, Response = 1, AudioMs = 300 }, Do = FaultAction.Drop }] };
        await using var house = await WholeHouse.StartAsync(
            script,
            settings:
            [
                ("LOG_LEVEL", "Verbose"), ("API_TOKEN", ApiToken), ("TWILIO_AUTH_TOKEN_SECONDARY", Secondary),
                ("DATABASE_URL", $"postgresql://{parts.Username}:{Password}@{parts.Host}:{parts.Port}/{parts.Database}"),
            ]);

        var call = house.Twilio.PlaceCall(new CallPlan());
        await call.WaitForHeardAsync(700);
        call.DropMedia(reset: true);
        await call.WaitForStreamAsync(2);
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();
        await house.EndOfAsync(report.CallSid);
        var answers = new List<string>();
        foreach (var token in new[] { ApiToken, $"{ApiToken}x", null })
        {
            foreach (var address in new[] { "health", "health/ready", "metrics", "api/calls", "api/calls?words=%00", "api/callers.csv", "api/openapi.json", "api/docs", "incoming-call", "appsettings.json", ".env" })
                answers.Add(await AnswerAsync(house, HttpMethod.Get, address, token));
            foreach (var address in new[] { "incoming-call", "call-next", "api/callers", "api/callers.csv" })
                answers.Add(await AnswerAsync(house, HttpMethod.Post, address, token));
        }

        answers.Should().Contain(answer => answer.Contains("401")).And.Contain(answer => answer.Contains("403")).And.Contain(answer => answer.Contains(report.CallSid));
        var log = house.LogEvents.Select(line =>
        {
            var output = new StringWriter();
            new CompactJsonFormatter().Format(line, output);
            return output.ToString();
        }).ToList();
        log.Should().Contain(line => line.Contains("Debug")).And.Contain(line => line.Contains("Media stream lost"));
        foreach (var secret in Secrets)
            log.Concat(answers).Where(line => line.Contains(secret)).Should().BeEmpty(secret);
    }

    private static async Task<string> AnswerAsync(WholeHouse house, HttpMethod method, string address, string? token)
    {
        using var http = new HttpClient { BaseAddress = house.Address };
        using var request = new HttpRequestMessage(method, address);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (method == HttpMethod.Post)
            request.Content = new StringContent("CallSid=x&From=y");
        request.Headers.Add("X-Twilio-Signature", "bm9uZQ==");
        using var answer = await http.SendAsync(request, Cancellation);
        return $"{method} {address}\n{(int)answer.StatusCode} {answer.Headers}{answer.Content.Headers}\n{await answer.Content.ReadAsStringAsync(Cancellation)}";
    }
}
