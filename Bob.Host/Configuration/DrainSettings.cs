namespace Bob.Host.Configuration;

/// <summary>The settings of how a process leaves.</summary>
public static class DrainSettings
{
    private static readonly TimeSpan Default = TimeSpan.FromMinutes(30);

    public static TimeSpan ReadLimit(Settings settings) => settings.Seconds(Keys.DrainSeconds, Default, 0, 86_400);

    /// <summary>Twilio asks there instead, so it is written as Twilio is to call it.</summary>
    public static string? ReadRedirect(Settings settings)
    {
        if (settings.Text(Keys.DrainRedirectUrl) is not { } text)
            return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback)) && url.UserInfo.Length == 0)
            return text;
        settings.Fault(Keys.DrainRedirectUrl, $"{settings.Shown(text)} is not an address that Twilio could ask", "Write another Bob's webhook, such as https://bob2.example.com/incoming-call");
        return null;
    }
}
