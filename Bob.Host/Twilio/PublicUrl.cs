using Bob.Host.Configuration;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Bob.Host.Twilio;

/// <summary>
/// Where Twilio reaches Bob. Only what the operator configured counts: <c>Host</c> and <c>X-Forwarded-*</c> are the sender's to choose.
/// </summary>
public sealed class PublicUrl(BobOptions options, IServer server)
{
    public const string MediaStreamPath = "/media-stream";

    /// <summary>Scheme and host as configured, case kept, without a slash at the end.</summary>
    public string Base => field ??= options.ServerUrl ?? $"http://localhost:{PortOf(server)}";

    /// <summary>The media stream's address: <c>wss</c>, or <c>ws</c> where <see cref="Base"/> is this machine without TLS.</summary>
    public string MediaStream => Sockets(Base) + MediaStreamPath;

    public string At(string path) => Base + path;

    /// <summary>What Twilio may have signed for a webhook: Twilio and its libraries disagree on whether the port belongs to the URL.</summary>
    public IReadOnlyList<string> SignedWebhook(string pathAndQuery) => [.. Ports(Base).Select(origin => origin + pathAndQuery)];

    /// <summary>What Twilio may have signed for the handshake: the address in the TwiML, with or without a slash and the port.</summary>
    public IReadOnlyList<string> SignedHandshake() =>
        [.. Ports(Base).Select(Sockets).SelectMany(origin => new[] { origin + MediaStreamPath, origin + MediaStreamPath + "/" })];

    /// <summary>The port the server is bound to, once it is started.</summary>
    public static int PortOf(IServer server) => BindingAddress.Parse(server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First()).Port;

    private static IEnumerable<string> Ports(string origin)
    {
        yield return origin;
        var url = new Uri(origin);
        var port = $":{url.Port}";
        if (origin.EndsWith(port, StringComparison.Ordinal))
            yield return origin[..^port.Length];
        else
            yield return origin + port;
    }

    private static string Sockets(string origin) => "ws" + origin["http".Length..];

}
