using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Bob.Host.Configuration;

namespace Bob.Host.Twilio;

/// <summary>Fetches recordings from Twilio, and from nowhere else: an address that is not Twilio's gets neither a request nor the credentials.</summary>
public sealed partial class TwilioRecordings : IDisposable
{
    /// <summary>Largest recording that is taken, bytes: two minutes of 16-bit samples at 8 kHz are 2 MB.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private readonly Uri _api;
    private readonly string? _account;
    private readonly HttpClient _http;

    public TwilioRecordings(BobOptions options)
    {
        (_api, _account) = (options.Twilio.ApiUrl, options.Twilio.AccountSid);
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(5) })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (options.Twilio is { AccountSid: { } account, AuthTokens: [var token, ..] })
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{account}:{token}")));
    }

    /// <summary>Fetches a recording as WAV.</summary>
    /// <param name="recordingUrl">Twilio's <c>RecordingUrl</c>.</param>
    /// <returns>The file, or in a word why there is none.</returns>
    public async Task<(byte[]? Audio, string? Refusal)> FetchAsync(string recordingUrl, CancellationToken cancellation)
    {
        if (!IsTwilios(recordingUrl))
            return (null, "not-twilios-address");
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(Deadline);
        try
        {
            using var response = await _http.GetAsync(new Uri($"{recordingUrl}.wav"), HttpCompletionOption.ResponseHeadersRead, deadline.Token);
            if (response.StatusCode != HttpStatusCode.OK)
                return (null, $"http-{(int)response.StatusCode}");
            await using var body = await response.Content.ReadAsStreamAsync(deadline.Token);
            return await ReadAsync(body, deadline.Token) is not { } audio ? (null, "too-big")
                : audio.AsSpan().StartsWith("RIFF"u8) ? (audio, null)
                : (null, "not-audio");
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException || (failure is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return (null, failure is OperationCanceledException ? "timeout" : "unreachable");
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Whether an address is that of a recording of this account, at the API that the settings name.</summary>
    private bool IsTwilios(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address)
        && Uri.Compare(address, _api, UriComponents.SchemeAndServer | UriComponents.UserInfo, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0
        && PathPattern().Match(address.PathAndQuery) is { Success: true } path
        && (_account is null || _account.Equals(path.Groups[1].Value, StringComparison.OrdinalIgnoreCase));

    private static async Task<byte[]?> ReadAsync(Stream body, CancellationToken cancellation)
    {
        using var audio = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (await body.ReadAsync(buffer, cancellation) is var read and > 0)
        {
            if (audio.Length + read > MaxBytes)
                return null;
            audio.Write(buffer, 0, read);
        }

        return audio.ToArray();
    }

    [GeneratedRegex(@"^/2010-04-01/Accounts/(AC[A-Za-z0-9]{32})/Recordings/RE[0-9a-fA-F]{32}\z")]
    private static partial Regex PathPattern();
}
