using System.Text;
using System.Text.RegularExpressions;
using Bob.Simulator.Twilio;

namespace Bob.Simulator.Torture;

/// <summary>A Twilio by hand: requests with any signature, and a media socket that sends any bytes.</summary>
internal sealed partial class RawTwilio(Stage stage) : IAsyncDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false });
    private readonly Dictionary<string, string> _tickets = [];
    private readonly HashSet<string> _announced = [];

    /// <summary>The sockets that were opened, the newest last.</summary>
    public List<RawMediaSocket> Sockets { get; } = [];

    public RawMediaSocket Socket => Sockets.Count > 0 ? Sockets[^1] : throw new StepFailedException("no raw socket was opened");

    /// <summary>The CallSid that was announced last.</summary>
    public string CallSid { get; private set; } = "CA00000000000000000000000000000bad";

    /// <summary>All that were announced, taken or not.</summary>
    public IReadOnlyCollection<string> Announced
    {
        get
        {
            lock (_announced)
                return [.. _announced];
        }
    }

    /// <summary>Posts a form as Twilio does.</summary>
    /// <param name="signedUrl">Null: its own; empty: no signature.</param>
    public async Task<(int Status, string Body)> PostAsync(string path, IReadOnlyList<KeyValuePair<string, string>> form, string? signedUrl = null, Func<string, string>? forge = null, params IReadOnlyList<(string Name, string Value)> headers)
    {
        var url = stage.Lane.PublicUrl + path;
        if (path == "/incoming-call")
        {
            lock (_announced)
                _announced.UnionWith(form.Where(field => field.Key == "CallSid").Select(field => field.Value));
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new FormUrlEncodedContent(form) };
        var signature = TwilioSignature.Compute(BobLane.AuthToken, signedUrl ?? url, form);
        if (signedUrl != "")
            request.Headers.TryAddWithoutValidation("X-Twilio-Signature", forge?.Invoke(signature) ?? signature);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await _http.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Asks Bob for a page, at his own port.</summary>
    public async Task<(int Status, string Body)> GetAsync(string path, params IReadOnlyList<(string Name, string Value)> headers)
    {
        var (status, body) = await GetBytesAsync(path, headers);
        return (status, Encoding.UTF8.GetString(body));
    }

    /// <summary>The same of what is no text.</summary>
    public async Task<(int Status, byte[] Body)> GetBytesAsync(string path, params IReadOnlyList<(string Name, string Value)> headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{stage.Lane.Port}{path}");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        try
        {
            using var answer = await _http.SendAsync(request);
            return ((int)answer.StatusCode, await answer.Content.ReadAsByteArrayAsync());
        }
        catch (HttpRequestException gone)
        {
            return (0, Encoding.UTF8.GetBytes(gone.Message));
        }
    }

    /// <summary>The parameters of a call's webhook.</summary>
    public static KeyValuePair<string, string>[] Form(string callSid, string status, string from = "+15550100007") =>
    [
        new("AccountSid", BobLane.AccountSid), new("CallSid", callSid), new("CallStatus", status),
        new("Direction", "inbound"), new("From", from), new("To", "+15550100002"), new("FromCity", ""),
    ];

    /// <summary>Announces a new call, whose streams <see cref="StartAsync"/> then begins.</summary>
    /// <param name="again">The call that was announced last, once more.</param>
    public async Task AnnounceAsync(bool again)
    {
        CallSid = again ? CallSid : Sid.New("CA");
        var (status, body) = await PostAsync("/incoming-call", Form(CallSid, "ringing"));
        if (status != 200 || Ticket().Match(body) is not { Success: true } ticket)
            throw new StepFailedException($"the call was not taken: {status} {body}");
        if (again && _tickets[CallSid] != ticket.Groups[1].Value)
            throw new StepFailedException("the same call was given another ticket");
        _tickets[CallSid] = ticket.Groups[1].Value;
    }

    /// <summary>Reports the end of the call that was announced last.</summary>
    public async Task OverAsync()
    {
        var (status, body) = await PostAsync("/call-status", Form(CallSid, "completed"));
        if (status != 204)
            throw new StepFailedException($"the answer was {status} {body}");
    }

    public async Task<int> OpenAsync(string path = "/media-stream", string? token = BobLane.AuthToken, StreamSignature signature = StreamSignature.AsWritten, IReadOnlyDictionary<string, string>? headers = null)
    {
        var url = new Uri($"ws://localhost:{stage.Lane.FrontDoor.Port}{path}");
        var socket = await RawMediaSocket.OpenAsync(url, token, signature, headers);
        Sockets.Add(socket);
        if (socket.Status != 101)
            await socket.DisposeAsync();
        return socket.Status;
    }

    /// <summary><c>connected</c> and <c>start</c>, with the ticket of the call that was announced last.</summary>
    public Task StartAsync(string? ticket = null, string? callSid = null) =>
        Socket.StartAsync(callSid ?? CallSid, new Dictionary<string, string> { ["ticket"] = ticket ?? _tickets.GetValueOrDefault(CallSid, "none") });

    public async ValueTask DisposeAsync()
    {
        foreach (var socket in Sockets)
            await socket.DisposeAsync();
        _http.Dispose();
    }

    [GeneratedRegex("name=\"ticket\" value=\"([^\"]+)\"")]
    private static partial Regex Ticket();
}
