using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using AwesomeAssertions;
using Bob.Simulator.Twilio;
using Xunit;

namespace Bob.Tests.Simulator;

/// <summary>The simulated REST API answers as Twilio's does.</summary>
public sealed class TwilioRestApiSpecs : IAsyncLifetime
{
    private const string Account = "AC00000000000000000000000000000001";

    private readonly HttpClient _http = new();
    private TwilioSimulatorLine _server = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await TwilioSimulatorLine.StartAsync();

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task An_update_with_a_URL_stops_the_stream_and_performs_what_the_URL_answers()
    {
        _server.Connect(" action=\"/never\"");
        _server.Twiml["/next"] = form => $"<Response><Say>{form["CallStatus"]}</Say><Hangup/></Response>";
        await using var twilio = new TwilioSimulator(_server.Options);
        await using var rest = await TwilioRestApi.StartAsync(twilio);
        var call = twilio.PlaceCall(new CallPlan());
        await call.WaitForStreamAsync();

        var (status, answer) = await PostAsync(rest, call.CallSid, ("Url", _server.Base + "/next"), ("Method", "POST"));
        var report = await call.Completion;

        status.Should().Be(HttpStatusCode.OK);
        answer.GetProperty("sid").GetString().Should().Be(call.CallSid);
        answer.GetProperty("status").GetString().Should().Be("in-progress");
        report.TwimlDocuments[^1].Should().Contain("<Say>in-progress</Say>");
        report.Streams.Should().ContainSingle().Which.ErrorCode.Should().BeNull();
        _server.Paths.Should().NotContain("/never");
    }

    [Fact]
    public async Task A_call_that_nobody_knows_is_20404_and_one_that_is_over_is_21220()
    {
        _server.Twiml["/voice"] = _ => "<Response><Hangup/></Response>";
        await using var twilio = new TwilioSimulator(_server.Options);
        await using var rest = await TwilioRestApi.StartAsync(twilio);
        var call = twilio.PlaceCall(new CallPlan());
        await call.Completion;

        var (unknown, nobody) = await PostAsync(rest, "CA00000000000000000000000000000009", ("Url", _server.Base + "/next"));
        var (over, late) = await PostAsync(rest, call.CallSid, ("Url", _server.Base + "/next"));
        var (fetched, resource) = await SendAsync(rest, HttpMethod.Get, call.CallSid);

        (unknown, nobody.GetProperty("code").GetInt32()).Should().Be((HttpStatusCode.NotFound, 20404));
        nobody.GetProperty("message").GetString().Should().Be($"The requested resource /2010-04-01/Accounts/{Account}/Calls/CA00000000000000000000000000000009.json was not found");
        (over, late.GetProperty("code").GetInt32()).Should().Be((HttpStatusCode.BadRequest, 21220));
        (fetched, resource.GetProperty("status").GetString()).Should().Be((HttpStatusCode.OK, "completed"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("wrong")]
    public async Task A_stranger_is_refused_with_20003_and_changes_nothing(string? token)
    {
        _server.Connect();
        await using var twilio = new TwilioSimulator(_server.Options);
        await using var rest = await TwilioRestApi.StartAsync(twilio);
        var call = twilio.PlaceCall(new CallPlan());
        await call.WaitForStreamAsync();

        var (status, answer) = await SendAsync(rest, HttpMethod.Post, call.CallSid, token, ("Status", "completed"));

        (status, answer.GetProperty("code").GetInt32()).Should().Be((HttpStatusCode.Unauthorized, 20003));
        call.CurrentStream.Should().NotBeNull();
    }

    [Fact]
    public async Task A_fault_takes_the_place_of_the_answer()
    {
        _server.Connect();
        await using var twilio = new TwilioSimulator(_server.Options);
        await using var rest = await TwilioRestApi.StartAsync(
            twilio, fault: request => request.Number == 1 ? new RestFault { Status = 429, RetryAfter = TimeSpan.FromSeconds(1) } : null);
        var call = twilio.PlaceCall(new CallPlan());
        await call.WaitForStreamAsync();

        var (busy, _) = await PostAsync(rest, call.CallSid, ("Status", "completed"));
        var (done, _) = await PostAsync(rest, call.CallSid, ("Status", "completed"));

        (busy, done).Should().Be((HttpStatusCode.TooManyRequests, HttpStatusCode.OK));
        (await call.Completion).EndReason.Should().Be(CallEndReason.EndedByApi);
        rest.Requests.Should().HaveCount(2);
    }

    [Fact]
    public async Task When_the_server_dies_in_a_call_the_document_that_Twilio_keeps_takes_over_until_the_server_is_back()
    {
        var server = await TwilioSimulatorLine.StartAsync();
        server.Connect(" action=\"/next\"");
        var options = server.Options with { FallbackTwiml = $"<Response><Say>One moment</Say><Redirect>{_server.Base}/next</Redirect></Response>" };
        _server.Twiml["/next"] = form => $"<Response><Say>{form["CallStatus"]}</Say><Hangup/></Response>";
        await using var twilio = new TwilioSimulator(options);
        var call = twilio.PlaceCall(new CallPlan());
        await call.WaitForStreamAsync();

        await server.DisposeAsync();
        var report = await call.Completion;

        report.EndReason.Should().Be(CallEndReason.HungUpByTwiml);
        report.TwimlDocuments.Should().HaveCount(3).And.Contain(document => document.Contains("One moment"));
        report.TwimlDocuments[^1].Should().Contain("in-progress");
        report.Warnings.Where(warning => warning.Level == WarningLevel.Error).Select(warning => warning.Code).Should().Contain(11202);
    }

    [Fact]
    public async Task When_the_server_dies_in_a_call_and_there_is_no_fallback_the_call_ends()
    {
        var server = await TwilioSimulatorLine.StartAsync();
        server.Connect(" action=\"/next\"");
        await using var twilio = new TwilioSimulator(server.Options);
        var call = twilio.PlaceCall(new CallPlan());
        await call.WaitForStreamAsync();

        await server.DisposeAsync();

        (await call.Completion).EndReason.Should().Be(CallEndReason.WebhookFailed);
    }

    [Fact]
    public async Task A_recording_is_for_whoever_has_the_accounts_token()
    {
        await using var twilio = new TwilioSimulator(_server.Options);
        await using var rest = await TwilioRestApi.StartAsync(twilio);
        var sid = twilio.Recordings.Keep(Babble.Speak(TimeSpan.FromSeconds(1)));

        var stranger = await FetchAsync($"{twilio.Recordings.UrlOf(sid)}.wav", "another token");
        var unknown = await FetchAsync($"{twilio.Recordings.UrlOf("RE00000000000000000000000000000009")}.wav", TwilioSimulatorLine.Token);
        var found = await FetchAsync($"{twilio.Recordings.UrlOf(sid)}.wav", TwilioSimulatorLine.Token);

        (stranger.Status, unknown.Status, found.Status).Should().Be((HttpStatusCode.Unauthorized, HttpStatusCode.NotFound, HttpStatusCode.OK));
        found.Body.Should().Equal(twilio.Recordings.Find(sid)).And.HaveCount(44 + 16_000);
    }

    private async Task<(HttpStatusCode Status, byte[] Body)> FetchAsync(string url, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Account}:{token}")));
        using var response = await _http.SendAsync(request, Cancellation);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(Cancellation));
    }

    private Task<(HttpStatusCode Status, JsonElement Answer)> PostAsync(TwilioRestApi rest, string callSid, params (string, string)[] form) =>
        SendAsync(rest, HttpMethod.Post, callSid, TwilioSimulatorLine.Token, form);

    private async Task<(HttpStatusCode Status, JsonElement Answer)> SendAsync(
        TwilioRestApi rest, HttpMethod method, string callSid, string? token = TwilioSimulatorLine.Token, params (string Name, string Value)[] form)
    {
        using var request = new HttpRequestMessage(method, new Uri(rest.Url, $"/2010-04-01/Accounts/{Account}/Calls/{callSid}.json"));
        if (method == HttpMethod.Post)
            request.Content = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Account}:{token}")));
        using var response = await _http.SendAsync(request, Cancellation);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation)).RootElement.Clone());
    }
}
