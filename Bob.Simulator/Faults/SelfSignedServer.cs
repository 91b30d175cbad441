using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Bob.Simulator.Faults;

/// <summary>A TLS server with a certificate that nobody vouches for. Counts who trusts it all the same.</summary>
public sealed class SelfSignedServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task<X509Certificate2> _certificate = Task.Run(MakeCertificate);
    private int _connections, _trusted;

    public SelfSignedServer()
    {
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync();
    }

    /// <summary>Where it listens, on localhost.</summary>
    public int Port { get; }

    /// <summary>Connections so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Those on which a word was sent after the handshake.</summary>
    public int Trusted => Volatile.Read(ref _trusted);

    public void Dispose()
    {
        _listener.Dispose();
        _ = _certificate.ContinueWith(static made => made.Result.Dispose(), TaskContinuationOptions.OnlyOnRanToCompletion);
    }

    /// <summary>A certificate for localhost, of its own making: trusted by whoever is told to trust it, and nobody else.</summary>
    public static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync();
                Interlocked.Increment(ref _connections);
                await using var tls = new SslStream(client.GetStream());
                try
                {
                    await tls.AuthenticateAsServerAsync(await _certificate);
                    if (await tls.ReadAsync(new byte[1]) > 0)
                        Interlocked.Increment(ref _trusted);
                }
                catch (Exception refused) when (refused is AuthenticationException or IOException)
                {
                    // as it should be
                }
            }
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException)
        {
            // nobody needs it any more
        }
    }
}
