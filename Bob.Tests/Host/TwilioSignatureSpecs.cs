using AwesomeAssertions;
using Bob.Host.Twilio;
using Xunit;

namespace Bob.Tests.Host;

public sealed class TwilioSignatureSpecs
{
    private const string Token = "12345";
    private const string OwnToken = "0123456789abcdef0123456789abcdef";
    private const string BodyHash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";

    [Theory]
    [InlineData("https://mycompany.com/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8=")]
    [InlineData("https://mycompany.com:443/myapp.php?foo=1&bar=2", "kvajT1Ptam85bY51eRf/AJRuM3w=")]
    [InlineData("https://mycompany.com:1234/myapp.php?foo=1&bar=2", "CYn1h0gLBdNxDGkKJg6hYohgeD8=")]
    [InlineData("http://mycompany.com:80/myapp.php?foo=1&bar=2", "0ZXoZLH/DfblKGATFgpif+LLRf4=")]
    [InlineData("http://mycompany.com:1234/myapp.php?foo=1&bar=2", "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=")]
    [InlineData("https://MyCompany.com/myapp.php?foo=1&bar=2", "g9IN/x4Cft2g517EjYvEvM/W7LU=")]
    public void A_published_form_has_its_published_signature(string url, string signature) =>
        TwilioSignature.Compute(Token, url, PublishedForm("+14158675309")).Should().Be(signature);

    [Fact]
    public void The_form_of_the_security_page_has_its_published_signature() =>
        TwilioSignature.Compute(Token, "https://example.com/myapp.php?foo=1&bar=2", PublishedForm("+14158675310"))
            .Should().Be("L/OH5YylLD5NRKLltdqwSvS0BnU=");

    [Theory]
    [InlineData(Token, $"https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256={BodyHash}", "a9nBmqA0ju/hNViExpshrM61xv4=")]
    [InlineData(Token, $"https://mycompany.com/myapp.php?bodySHA256={BodyHash}", "y77kIzt2vzLz71DgmJGsen2scGs=")]
    [InlineData(OwnToken, "https://voice.example.com/twilio/voice/inbound?CallSid=CA00000000000000000000000000000001&From=%2B15550100001", "loJ9NENZzJxzMIRNnR9oYe71zss=")]
    [InlineData(OwnToken, "wss://voice.example.com/twilio/media", "3Wv0T80qzAY3OCARW9y1gnUJZtE=")]
    [InlineData(OwnToken, "wss://voice.example.com/twilio/media/", "emydRDSHhLvuug6wCkjTHD/G0T0=")]
    public void A_request_without_a_form_is_signed_by_its_address_alone(string token, string url, string signature) =>
        TwilioSignature.Compute(token, url, []).Should().Be(signature);

    [Fact]
    public void A_real_voice_webhook_is_sorted_by_ordinal_and_signed_in_utf8()
    {
        var form = TwilioForm.Parse(
            "AccountSid=AC00000000000000000000000000000001&ApiVersion=2010-04-01&CallSid=CA00000000000000000000000000000001&CallStatus=ringing&Called=%2B15550100002&Caller=%2B15550100001&Direction=inbound&From=%2B15550100001&FromCity=SAN+JOS%C3%89&FromCountry=US&StirVerstat=TN-Validation-Passed-A&To=%2B15550100002"u8)!;

        var signature = TwilioSignature.Compute(OwnToken, "https://voice.example.com/twilio/voice/inbound", form.Fields);

        signature.Should().Be("hu1/B6rGpCiI3pZDWqnfR1RzLGI=");
    }

    [Fact]
    public void Empty_fields_are_signed_by_their_names()
    {
        var with = TwilioForm.Parse("A=1&FromCity=&B=2"u8)!;

        TwilioSignature.Compute(Token, "https://x", with.Fields)
            .Should().Be(TwilioSignature.Compute(Token, "https://xA1B2FromCity", []));
    }

    [Fact]
    public void Repeated_fields_are_signed_once_per_value_in_order()
    {
        var repeated = TwilioForm.Parse("B=2&A=2&A=1&A=2"u8)!;

        TwilioSignature.Compute(Token, "https://x", repeated.Fields)
            .Should().Be(TwilioSignature.Compute(Token, "https://xA1A2B2", []));
    }

    [Fact]
    public void Names_that_differ_in_case_are_two_fields()
    {
        var form = TwilioForm.Parse("a=1&A=2"u8)!;

        TwilioSignature.Compute(Token, "https://x", form.Fields).Should().Be(TwilioSignature.Compute(Token, "https://xA2a1", []));
    }

    [Fact]
    public void Either_of_two_tokens_is_accepted_and_no_third()
    {
        string[] urls = ["https://x"];
        var signature = TwilioSignature.Compute("new", "https://x", []);

        TwilioSignature.Matches(signature, ["old", "new"], urls, []).Should().BeTrue();
        TwilioSignature.Matches(signature, ["new", "old"], urls, []).Should().BeTrue();
        TwilioSignature.Matches(signature, ["old"], urls, []).Should().BeFalse();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("not base64 at all ☎")]
    [InlineData("RSOYDt4T1cUTdK1PDd93/VVr8B8")]
    [InlineData("rSOYDt4T1cUTdK1PDd93/VVr8B8=")]
    public void Anything_but_the_exact_signature_is_refused(string? signature) =>
        TwilioSignature.Matches(signature, [Token], ["https://mycompany.com/myapp.php?foo=1&bar=2"], PublishedForm("+14158675309")).Should().BeFalse();

    private static KeyValuePair<string, string>[] PublishedForm(string number) =>
    [
        new("Digits", "1234"), new("To", "+18005551212"), new("From", number), new("Caller", number), new("CallSid", "CA1234567890ABCDE"),
    ];
}
