using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Bob.Simulator.Twilio;

/// <summary>What a webhook answered.</summary>
/// <param name="Url">The public URL that answered in the end, after redirects.</param>
/// <param name="Status">HTTP status; 0 without an answer.</param>
/// <param name="ContentType">Media type without parameters; null if there was none.</param>
/// <param name="Body">The body, at most 64 kB.</param>
/// <param name="Problem">Why Twilio cannot use the answer.</param>
/// <param name="Took">Time to the last byte.</param>
internal sealed record WebhookAnswer(string Url, int Status, string? ContentType, string Body, TwimlProblem? Problem, TimeSpan Took);

/// <summary>Makes Twilio's HTTP requests: form-encoded, signed over the public URL, capped at 15 s, redirects followed as Twilio does.</summary>
internal sealed class WebhookClient(TwilioSimulatorOptions options) : IDisposable
{
    private const int MaxRedirects = 10;

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public async Task<WebhookAnswer> RequestAsync(
        string url, string method, IReadOnlyList<KeyValuePair<string, string>> form, string idempotencyToken, CancellationToken stop)
    {
        var started = Stopwatch.GetTimestamp();
        using var cap = CancellationTokenSource.CreateLinkedTokenSource(stop);
        cap.CancelAfter(options.WebhookTimeout);
        try
        {
            for (var redirects = 0; redirects <= MaxRedirects; redirects++)
            {
                if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
                    return Failed(redirects == 0 ? 11100 : 11216, $"not an http(s) URL: {url}");

                using var request = BuildRequest(url, uri, method, form, idempotencyToken);
                using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cap.Token);
                if (response.StatusCode is HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect)
                {
                    if (response.Headers.Location is not { } location)
                        return Failed(11216, "redirect without Location");
                    url = new Uri(uri, location).AbsoluteUri;
                    if (response.StatusCode != HttpStatusCode.TemporaryRedirect)
                        (method, form) = ("GET", []);
                    continue;
                }

                return await ReadAsync(url, response, started, cap.Token);
            }

            return Failed(11215, $"more than {MaxRedirects} redirects");
        }
        catch (OperationCanceledException)
        {
            return Failed(11205, stop.IsCancellationRequested ? "given up" : $"no answer within {options.WebhookTimeout.TotalSeconds:0.#} s");
        }
        catch (HttpRequestException e)
        {
            var code = e.HttpRequestError switch
            {
                HttpRequestError.NameResolutionError => 11210,
                HttpRequestError.SecureConnectionError => 11220,
                HttpRequestError.ConnectionError => 11202,
                _ => 11206,
            };
            return Failed(code, e.Message);
        }
        catch (IOException e)
        {
            return Failed(11206, e.Message);
        }

        WebhookAnswer Failed(int code, string message) =>
            new(url, 0, null, "", new TwimlProblem(code, message), Stopwatch.GetElapsedTime(started));
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage BuildRequest(
        string url, Uri uri, string method, IReadOnlyList<KeyValuePair<string, string>> form, string idempotencyToken)
    {
        var get = method == "GET";
        if (get && form.Count > 0)
        {
            var query = string.Join('&', form.Select(f => $"{Uri.EscapeDataString(f.Key)}={Uri.EscapeDataString(f.Value)}"));
            var bare = url.Split('#')[0];
            url = bare + (bare.Contains('?') ? "&" : "?") + query;
            uri = new Uri(url);
        }

        var request = new HttpRequestMessage(new HttpMethod(method), options.Reach(uri)) { Version = HttpVersion.Version11 };
        request.Headers.Host = uri.Authority;
        request.Headers.TryAddWithoutValidation("User-Agent", "TwilioProxy/1.1");
        request.Headers.TryAddWithoutValidation("Accept", "*/*");
        request.Headers.TryAddWithoutValidation("I-Twilio-Idempotency-Token", idempotencyToken);
        if (options.AuthToken is { } token)
            request.Headers.TryAddWithoutValidation("X-Twilio-Signature", TwilioSignature.Compute(token, TwilioSignature.SignedUrl(url), get ? [] : form));
        if (!get)
        {
            request.Content = new FormUrlEncodedContent(form);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded") { CharSet = "UTF-8" };
        }

        return request;
    }

    private static async Task<WebhookAnswer> ReadAsync(string url, HttpResponseMessage response, long started, CancellationToken stop)
    {
        var declared = response.Content.Headers.ContentLength;
        var type = response.Content.Headers.ContentType;
        var (body, tooLong) = await ReadBodyAsync(response, stop);
        var status = (int)response.StatusCode;
        TwimlProblem? problem = null;
        if (status is < 200 or > 299)
            problem = new TwimlProblem(status >= 400 ? 11217 : 11200, $"HTTP status {status}");
        else if (tooLong)
            problem = new TwimlProblem(11750, $"more than {TwimlDocument.MaxBytes} bytes");
        else if (body.Length > 0 && declared is null)
            problem = new TwimlProblem(12100, "no Content-Length: a chunked answer may be cut after its first chunk");
        else if (body.Length > 0 && type is null)
            problem = new TwimlProblem(12300, "no Content-Type");
        return new WebhookAnswer(url, status, type?.MediaType, body, problem, Stopwatch.GetElapsedTime(started));
    }

    private static async Task<(string Body, bool TooLong)> ReadBodyAsync(HttpResponseMessage response, CancellationToken stop)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(stop);
        var buffer = new byte[TwimlDocument.MaxBytes + 1];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, stop);
        return (Encoding.UTF8.GetString(buffer, 0, Math.Min(length, TwimlDocument.MaxBytes)).TrimStart('\uFEFF'), length > TwimlDocument.MaxBytes);
    }
}
