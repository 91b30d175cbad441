using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Bob.Simulator.Faults;
using Bob.Simulator.Realtime;

namespace Bob.Tests.Faults;

/// <summary>TLS before a simulated model, with a certificate that is trusted by whoever is given its file.</summary>
internal sealed class TlsFront : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly RealtimeSimulator _model;
    private readonly X509Certificate2 _certificate;
    private int _silent, _speaking;

    /// <param name="folder">Where the file is written.</param>
    public TlsFront(RealtimeSimulator model, string folder)
    {
        _model = model;
        _certificate = SelfSignedServer.MakeCertificate();
        CertificateFile = Path.Combine(folder, "trusted.pem");
        File.WriteAllText(CertificateFile, _certificate.ExportCertificatePem());
        _listener.Start();
        _ = AcceptAsync();
    }

    public string CertificateFile { get; }

    public string Url => $"wss://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}/v1/realtime";

    /// <summary>Connections whose handshake went well, and on which nothing was said.</summary>
    public int Silent => Volatile.Read(ref _silent);

    /// <summary>Those on which something was said.</summary>
    public int Speaking => Volatile.Read(ref _speaking);

    public void Dispose()
    {
        _listener.Dispose();
        _certificate.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException)
        {
            // the spec is over
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using var connection = client;
            await using var tls = new SslStream(client.GetStream());
            await tls.AuthenticateAsServerAsync(_certificate);
            var first = new byte[4096];
            var length = await tls.ReadAsync(first);
            if (length == 0)
            {
                Interlocked.Increment(ref _silent);
                return;
            }

            Interlocked.Increment(ref _speaking);
            using var model = new TcpClient();
            await model.ConnectAsync(IPAddress.Loopback, _model.Url.Port);
            var clear = model.GetStream();
            await clear.WriteAsync(first.AsMemory(0, length));
            await Task.WhenAny(tls.CopyToAsync(clear), clear.CopyToAsync(tls));
        }
        catch (Exception broken) when (broken is IOException or AuthenticationException or SocketException)
        {
            // the connection is over
        }
    }
}
