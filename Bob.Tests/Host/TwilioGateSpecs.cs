using System.Net;
using AwesomeAssertions;
using Bob.Host.Twilio;
using Xunit;
using static Bob.Actors.Calls.CallProtocol;

namespace Bob.Tests.Host;

public sealed class TwilioGateSpecs
{
    private static readonly IPAddress Stranger = IPAddress.Parse("203.0.113.7");
    private static readonly Func<object, object?> Admits = message => message is AdmitCall ? new CallAdmitted("t1") : null;

    [Theory]
    [InlineData("/incoming-call")]
    [InlineData("/call-next")]
    [InlineData("/stream-status")]
    [InlineData("/call-status")]
    public async Task A_request_without_or_with_a_forged_signature_is_refused_without_a_word(string path)
    {
        await using var bob = await RunningBob.StartAsync(Admits);

        var unsigned = await bob.SendAsync(new(HttpMethod.Post, path) { Content = new FormUrlEncodedContent([KeyValuePair.Create("CallSid", RunningBob.CallSid)]) });
        var forged = await bob.PostAsync(path, RunningBob.Call(("From", "+15550100001")), signature: "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
        var empty = await bob.SendAsync(new(HttpMethod.Post, path));

        foreach (var response in new[] { unsigned, forged, empty })
        {
            response.StatusCode.Should().Be(HttpStatusCode.Forbidden);
            (await RunningBob.TextAsync(response)).Should().BeEmpty();
        }

        bob.Asked.Should().BeEmpty();
        bob.Lines.Should().Contain(line => line.StartsWith($"[bob] WRN Refused {path}") && line.Contains("AccountSid CallSid FromCity From"));
        bob.Lines.Should().NotContain(line => line.Contains("+15550100001"));
    }

    [Fact]
    public async Task Only_the_configured_address_counts_whatever_the_request_says_about_itself()
    {
        await using var bob = await RunningBob.StartAsync(Admits);
        var form = new[] { KeyValuePair.Create("CallSid", RunningBob.CallSid) };
        var request = new HttpRequestMessage(HttpMethod.Post, "/incoming-call") { Content = new FormUrlEncodedContent(form) };
        request.Headers.Host = "other.example.com";
        request.Headers.Add("X-Forwarded-Host", "other.example.com");
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Add(TwilioSignature.Header, TwilioSignature.Compute(RunningBob.AuthToken, "https://other.example.com/incoming-call", form));

        (await bob.SendAsync(request)).StatusCode.Should().Be(HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData("https://bob.example.com", "https://bob.example.com:443")]
    [InlineData("https://bob.example.com:8443", "https://bob.example.com")]
    [InlineData("https://bob.example.com:8443", "https://bob.example.com:8443")]
    public async Task A_signature_with_or_without_the_port_is_accepted(string serverUrl, string signedOrigin)
    {
        await using var bob = await RunningBob.StartAsync(Admits, null, ("SERVER_URL", serverUrl));
        var form = RunningBob.Call().Select(field => KeyValuePair.Create(field.Item1, field.Item2));

        var response = await bob.PostAsync("/incoming-call", RunningBob.Call(), TwilioSignature.Compute(RunningBob.AuthToken, $"{signedOrigin}/incoming-call", form));

        response.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_query_is_signed_as_it_was_sent()
    {
        await using var bob = await RunningBob.StartAsync(Admits);

        (await bob.PostAsync("/incoming-call?line=%41%2b1&x", RunningBob.Call())).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task During_a_rotation_both_tokens_are_accepted()
    {
        await using var bob = await RunningBob.StartAsync(Admits, null, ("TWILIO_AUTH_TOKEN_SECONDARY", "next-token"));

        (await bob.PostAsync("/incoming-call", RunningBob.Call(), token: "next-token")).StatusCode.Should().Be(HttpStatusCode.OK);
        (await bob.PostAsync("/incoming-call", RunningBob.Call())).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Another_account_is_refused()
    {
        await using var bob = await RunningBob.StartAsync(Admits, null, ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000002"));

        (await bob.PostAsync("/incoming-call", RunningBob.Call())).StatusCode.Should().Be(HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData("wss://bob.example.com/media-stream")]
    [InlineData("wss://bob.example.com/media-stream/")]
    [InlineData("wss://bob.example.com:443/media-stream")]
    [InlineData("wss://bob.example.com:443/media-stream/")]
    public async Task A_handshake_signed_in_any_of_Twilios_ways_is_upgraded(string signedUrl)
    {
        await using var bob = await RunningBob.StartAsync(Admits);

        (await bob.HandshakeAsync(signedUrl)).Should().Be(HttpStatusCode.SwitchingProtocols);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("https://bob.example.com/media-stream")]
    [InlineData("wss://other.example.com/media-stream")]
    public async Task Any_other_handshake_is_refused_before_the_upgrade(string? signedUrl)
    {
        await using var bob = await RunningBob.StartAsync(Admits);

        (await bob.HandshakeAsync(signedUrl)).Should().Be(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Without_a_token_this_machine_is_served_and_no_other()
    {
        await using var local = await RunningBob.StartAsync(Admits, null, ("TWILIO_AUTH_TOKEN", ""), ("SERVER_URL", ""));
        await using var remote = await RunningBob.StartAsync(Admits, Stranger, ("TWILIO_AUTH_TOKEN", ""), ("SERVER_URL", ""));

        (await local.PostAsync("/incoming-call", RunningBob.Call(), signature: "none")).StatusCode.Should().Be(HttpStatusCode.OK);
        (await local.HandshakeAsync(null)).Should().Be(HttpStatusCode.SwitchingProtocols);
        (await remote.PostAsync("/incoming-call", RunningBob.Call(), signature: "none")).StatusCode.Should().Be(HttpStatusCode.Forbidden);
        (await remote.HandshakeAsync(null)).Should().Be(HttpStatusCode.Forbidden);
        local.Lines.Should().Contain(line => line.StartsWith("[bob] WRN TWILIO_AUTH_TOKEN is not set"));
    }

    [Theory]
    [InlineData("X-Forwarded-For", "203.0.113.7")]
    [InlineData("Forwarded", "for=203.0.113.7")]
    [InlineData("CF-Connecting-IP", "127.0.0.1")]
    [InlineData("X-Forwarded-Host", "localhost")]
    [InlineData("Via", "1.1 tunnel")]
    public async Task Without_a_token_a_tunnel_on_this_machine_is_not_this_machine(string header, string value)
    {
        await using var bob = await RunningBob.StartAsync(Admits, null, ("TWILIO_AUTH_TOKEN", ""), ("SERVER_URL", ""));
        var request = new HttpRequestMessage(HttpMethod.Post, "/incoming-call") { Content = new FormUrlEncodedContent([KeyValuePair.Create("CallSid", RunningBob.CallSid)]) };
        request.Headers.Add(header, value);

        (await bob.SendAsync(request)).StatusCode.Should().Be(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_refused()
    {
        await using var bob = await RunningBob.StartAsync(Admits);

        var response = await bob.PostAsync("/incoming-call", RunningBob.Call(("From", new string('9', TwilioForm.MaxBodyBytes))));

        response.StatusCode.Should().Be(HttpStatusCode.RequestEntityTooLarge);
        bob.Lines.Should().NotContain(line => line.Contains("ERR"));
    }
}
