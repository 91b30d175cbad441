using System.Net.Security;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using AwesomeAssertions;
using Bob.Actors.Sockets;
using CsCheck;
using Xunit;

namespace Bob.Tests.Sockets;

/// <summary>Whatever the framework's WebSocket says, Bob's hears, and the other way round, over real connections with TLS and without.</summary>
public sealed class FramingRoundTripSpecs
{
    private static readonly Gen<string> Texts = Gen.Frequency(
        (8, Gen.String[Gen.Char["abc {}\"\\µ☎ß"], 0, 300]), (2, Gen.String[Gen.Char["xµ☎"], 300, 3000]), (1, Gen.Int[60_000, 70_000].Select(length => new string('x', length))));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(SocketRole.Server, false)]
    [InlineData(SocketRole.Client, false)]
    [InlineData(SocketRole.Server, true)]
    [InlineData(SocketRole.Client, true)]
    public async Task What_one_end_says_the_other_hears(SocketRole role, bool tls)
    {
        var (near, far) = await OpenAsync(role, tls);
        var socket = new FramedMessageSocket(near, new SocketTerms(role, 1024 * 1024, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20)), TimeProvider.System);
        using var peer = WebSocket.CreateFromStream(
            far, new WebSocketCreationOptions { IsServer = role == SocketRole.Client, KeepAliveInterval = TimeSpan.FromSeconds(1), KeepAliveTimeout = TimeSpan.FromSeconds(20) });

        await Gen.Select(Texts.Array[1, 30], Texts.Array[1, 30], Gen.Int[1, 400]).SampleAsync(
            async (said, heard, cut) =>
            {
                var saying = SayAsync(socket, said);
                var peerSaying = PeerSaysAsync(peer, heard, cut);
                var hearing = HearAsync(socket, heard.Length);
                var peerHearing = PeerHearsAsync(peer, said.Length);
                await Task.WhenAll(saying, peerSaying, hearing, peerHearing).WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
                return (await hearing).SequenceEqual(heard) && (await peerHearing).SequenceEqual(said);
            },
            iter: 40);

        var farewell = socket.ReceiveAsync(Cancellation).AsTask();
        await peer.CloseOutputAsync(WebSocketCloseStatus.EndpointUnavailable, "bye", Cancellation);
        (await farewell).CloseCode.Should().Be(1001);
        await socket.CloseAsync(1000, "");
        (await peer.ReceiveAsync(new byte[10].AsMemory(), Cancellation)).MessageType.Should().Be(WebSocketMessageType.Close);
    }

    private static async Task SayAsync(FramedMessageSocket socket, string[] texts)
    {
        foreach (var text in texts)
            await socket.SendAsync(Encoding.UTF8.GetBytes(text), Cancellation);
    }

    private static async Task<List<string>> HearAsync(FramedMessageSocket socket, int count)
    {
        var heard = new List<string>();
        while (heard.Count < count)
        {
            var message = await socket.ReceiveAsync(Cancellation);
            message.Kind.Should().Be(SocketMessageKind.Text);
            heard.Add(Encoding.UTF8.GetString(message.Utf8.Span));
        }

        return heard;
    }

    /// <summary>In fragments, whose ends may fall inside a character.</summary>
    private static async Task PeerSaysAsync(WebSocket peer, string[] texts, int cut)
    {
        foreach (var text in texts)
        {
            var rest = Encoding.UTF8.GetBytes(text).AsMemory();
            var size = Math.Max(cut, rest.Length / 20);
            for (; rest.Length > size; rest = rest[size..])
                await peer.SendAsync(rest[..size], WebSocketMessageType.Text, false, Cancellation);
            await peer.SendAsync(rest, WebSocketMessageType.Text, true, Cancellation);
        }
    }

    private static async Task<List<string>> PeerHearsAsync(WebSocket peer, int count)
    {
        var heard = new List<string>();
        var buffer = new byte[300_000];
        while (heard.Count < count)
        {
            var (length, end) = (0, false);
            while (!end)
            {
                var part = await peer.ReceiveAsync(buffer.AsMemory(length), Cancellation);
                (length, end) = (length + part.Count, part.EndOfMessage);
            }

            heard.Add(Encoding.UTF8.GetString(buffer, 0, length));
        }

        return heard;
    }

    private static async Task<(Stream Near, Stream Far)> OpenAsync(SocketRole role, bool tls)
    {
        var (near, far) = await LoopbackPair.OpenAsync();
        if (!tls)
            return (near, far);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
        var (client, server) = (new SslStream(role == SocketRole.Client ? near : far), new SslStream(role == SocketRole.Client ? far : near));
        await Task.WhenAll(
            server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, Cancellation),
            client.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = (_, shown, _, _) => certificate.Equals(shown) },
                Cancellation));
        return role == SocketRole.Client ? (client, server) : (server, client);
    }
}
