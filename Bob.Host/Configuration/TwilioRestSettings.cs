namespace Bob.Host.Configuration;

/// <summary>Where Twilio's REST API is.</summary>
public static class TwilioRestSettings
{
    public const string Default = "https://api.twilio.com";

    /// <summary>Scheme and host: the credentials go there, so nothing but TLS will do outside this machine.</summary>
    public static Uri Read(Settings settings)
    {
        var text = settings.Text(Keys.TwilioApiUrl) ?? Default;
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url is { PathAndQuery: "/", UserInfo: "", Fragment: "" }
            && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback)))
        {
            return url;
        }

        settings.Fault(
            Keys.TwilioApiUrl, $"{settings.Shown(text)} is not a plain https address", "Write scheme and host only, such as https://api.dublin.ie1.twilio.com; http:// works for localhost alone");
        return new Uri(Default);
    }
}
