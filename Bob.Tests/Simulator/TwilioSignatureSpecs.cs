using AwesomeAssertions;
using Bob.Simulator.Twilio;
using Xunit;

namespace Bob.Tests.Simulator;

/// <summary>The published test vectors of Twilio's SDKs and documentation, and own ones for ordinal sorting and UTF-8.</summary>
public sealed class TwilioSignatureSpecs
{
    private const string Body = "bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";

    [Theory]
    [InlineData("https://example.com/myapp.php?foo=1&bar=2", "+14158675310", "L/OH5YylLD5NRKLltdqwSvS0BnU=")]
    [InlineData("https://mycompany.com/myapp.php?foo=1&bar=2", "+14158675309", "RSOYDt4T1cUTdK1PDd93/VVr8B8=")]
    [InlineData("https://mycompany.com:443/myapp.php?foo=1&bar=2", "+14158675309", "kvajT1Ptam85bY51eRf/AJRuM3w=")]
    [InlineData("https://mycompany.com:1234/myapp.php?foo=1&bar=2", "+14158675309", "CYn1h0gLBdNxDGkKJg6hYohgeD8=")]
    [InlineData("http://mycompany.com:80/myapp.php?foo=1&bar=2", "+14158675309", "0ZXoZLH/DfblKGATFgpif+LLRf4=")]
    [InlineData("http://mycompany.com:1234/myapp.php?foo=1&bar=2", "+14158675309", "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=")]
    [InlineData("https://MyCompany.com/myapp.php?foo=1&bar=2", "+14158675309", "g9IN/x4Cft2g517EjYvEvM/W7LU=")]
    [InlineData("https://mycompany.com/myapp.php?foo=1&bar=2&" + Body, null, "a9nBmqA0ju/hNViExpshrM61xv4=")]
    [InlineData("https://mycompany.com/myapp.php?" + Body, null, "y77kIzt2vzLz71DgmJGsen2scGs=")]
    public void The_published_vectors_match(string url, string? caller, string expected)
    {
        Dictionary<string, string> form = caller is null
            ? []
            : new() { ["CallSid"] = "CA1234567890ABCDE", ["Caller"] = caller, ["Digits"] = "1234", ["From"] = caller, ["To"] = "+18005551212" };

        TwilioSignature.Compute("12345", url, form).Should().Be(expected);
    }

    [Fact]
    public void A_voice_webhook_is_signed_in_ordinal_order_and_UTF_8()
    {
        Dictionary<string, string> form = new()
        {
            ["AccountSid"] = "AC00000000000000000000000000000001",
            ["ApiVersion"] = "2010-04-01",
            ["Called"] = "+15550100002",
            ["Caller"] = "+15550100001",
            ["CallSid"] = "CA00000000000000000000000000000001",
            ["CallStatus"] = "ringing",
            ["Direction"] = "inbound",
            ["From"] = "+15550100001",
            ["FromCity"] = "SAN JOSÉ",
            ["FromCountry"] = "US",
            ["StirVerstat"] = "TN-Validation-Passed-A",
            ["To"] = "+15550100002",
        };

        TwilioSignature.Compute(TwilioSimulatorLine.Token, "https://voice.example.com/twilio/voice/inbound", form)
            .Should().Be("hu1/B6rGpCiI3pZDWqnfR1RzLGI=");
    }

    [Fact]
    public void A_GET_is_signed_over_its_URL_alone()
    {
        var url = "https://voice.example.com/twilio/voice/inbound?CallSid=CA00000000000000000000000000000001&From=%2B15550100001";

        TwilioSignature.Compute(TwilioSimulatorLine.Token, url).Should().Be("loJ9NENZzJxzMIRNnR9oYe71zss=");
    }

    [Theory]
    [InlineData(StreamSignature.AsWritten, "3Wv0T80qzAY3OCARW9y1gnUJZtE=")]
    [InlineData(StreamSignature.TrailingSlash, "emydRDSHhLvuug6wCkjTHD/G0T0=")]
    [InlineData(StreamSignature.Missing, null)]
    public void A_handshake_is_signed_over_the_wss_URL(StreamSignature form, string? expected) =>
        TwilioSignature.ForStream(TwilioSimulatorLine.Token, "wss://voice.example.com/twilio/media", form).Should().Be(expected);

    [Fact]
    public void A_handshake_may_be_signed_with_the_port()
    {
        var signature = TwilioSignature.ForStream(TwilioSimulatorLine.Token, "wss://voice.example.com/twilio/media", StreamSignature.WithPort443);

        signature.Should().Be(TwilioSignature.Compute(TwilioSimulatorLine.Token, "wss://voice.example.com:443/twilio/media"));
    }

    [Theory]
    [InlineData("https://a.example.com:8443/x?y=1#ct=2000", "https://a.example.com/x?y=1")]
    [InlineData("http://a.example.com:80/x", "http://a.example.com:80/x")]
    [InlineData("https://user:pass@a.example.com/x", "https://a.example.com/x")]
    [InlineData("http://user:pass@a.example.com:3000/x?y=%2B1", "http://a.example.com:3000/x?y=%2B1")]
    [InlineData("https://[::1]:8443/x", "https://[::1]/x")]
    public void User_fragment_and_the_port_over_https_are_not_signed(string url, string signed) =>
        TwilioSignature.SignedUrl(url).Should().Be(signed);
}
