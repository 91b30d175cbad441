using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bob.Simulator.Twilio;

/// <summary>
/// Twilio's REST API on 127.0.0.1, as far as calls go that are up: <c>GET</c> and <c>POST /2010-04-01/Accounts/{sid}/Calls/{CallSid}.json</c>, with basic
/// authentication. An update replaces the document that the call performs, so that a media stream gets <c>stop</c> and closes. Recordings are served as WAV,
/// <c>GET …/Recordings/{RE…}.wav</c>. What Twilio refuses is refused, in Twilio's words and numbers.
/// </summary>
public sealed class TwilioRestApi : IAsyncDisposable
{
    private const int LongestTwiml = 4_000;

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly TwilioSimulator _twilio;
    private readonly Func<RestRequest, RestFault?> _fault;
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<RestRequest> _requests = new();
    private int _numbers;

    private TwilioRestApi(TwilioSimulator twilio, WebApplication app, Func<RestRequest, RestFault?> fault) => (_twilio, _app, _fault) = (twilio, app, fault);

    /// <summary>Where it is, without a path: what a client puts before <c>/2010-04-01</c>.</summary>
    public Uri Url => new(_app.Urls.Single());

    /// <summary>What was asked so far, refused or not.</summary>
    public IReadOnlyList<RestRequest> Requests => [.. _requests];

    /// <param name="port">0 takes any free one.</param>
    /// <param name="fault">What goes wrong with a request; null: nothing.</param>
    public static async Task<TwilioRestApi> StartAsync(TwilioSimulator twilio, int port = 0, Func<RestRequest, RestFault?>? fault = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}");
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        var api = new TwilioRestApi(twilio, app, fault ?? (_ => null));
        app.Run(api.AnswerAsync);
        await app.StartAsync();
        twilio.Recordings.Api = api.Url;
        return api;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var form = context.Request.HasFormContentType ? await context.Request.ReadFormAsync() : FormCollection.Empty;
        var request = new RestRequest(
            Interlocked.Increment(ref _numbers),
            context.Request.Method,
            context.Request.Path.Value ?? "",
            form.ToDictionary(field => field.Key, field => field.Value.ToString(), StringComparer.Ordinal));
        _requests.Enqueue(request);
        var fault = _fault(request);
        if (fault is { Delay: var delay } && delay > TimeSpan.Zero)
            await Task.Delay(delay, context.RequestAborted);
        if (fault is { Drops: true })
        {
            context.Abort();
            return;
        }

        if (fault is not { Status: not null } && request.Method == "GET" && _twilio.Recordings.Fetch(request.Path, context.Request.Headers.Authorization).Wav is { } recording)
        {
            context.Response.ContentType = "audio/x-wav";
            await context.Response.Body.WriteAsync(recording);
            return;
        }

        var answer = fault is { Status: { } status } ? RestAnswer.Error(status, fault.Code, fault.Message) : Answer(context, request);
        if (fault?.RetryAfter is { } retry)
            context.Response.Headers.RetryAfter = ((int)Math.Ceiling(retry.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        if (answer.Status == StatusCodes.Status401Unauthorized)
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"Twilio API\"";
        context.Response.Headers["Twilio-Concurrent-Requests"] = "1";
        context.Response.StatusCode = answer.Status;
        await context.Response.WriteAsJsonAsync(answer.Body, Json);
    }

    private RestAnswer Answer(HttpContext context, RestRequest request)
    {
        if (!IsAuthentic(context.Request.Headers.Authorization.ToString()))
            return RestAnswer.Error(401, 20003, "Authenticate");
        var parts = request.Path.Split('/');
        if (parts is not ["", "2010-04-01", "Accounts", var account, "Calls", var file] || account != _twilio.Options.AccountSid
            || !file.EndsWith(".json", StringComparison.Ordinal) || _twilio.Find(file[..^".json".Length]) is not { } call)
        {
            return RestAnswer.Error(404, 20404, $"The requested resource {request.Path} was not found");
        }

        return request.Method switch
        {
            "GET" => RestAnswer.Call(call, account),
            "POST" => Update(call, request.Form) is { } refusal ? refusal : RestAnswer.Call(call, account),
            _ => RestAnswer.Error(405, 20004, "Method not allowed"),
        };
    }

    /// <summary>Updates a call; null when that is done.</summary>
    private static RestAnswer? Update(SimulatedCall call, IReadOnlyDictionary<string, string> form)
    {
        if (form.TryGetValue("Url", out var url)) // wins over Twiml
        {
            if (!Uri.TryCreate(url, UriKind.Absolute, out var absolute) || absolute.Scheme is not ("http" or "https"))
                return RestAnswer.Error(400, 21205, $"Url is not a valid URL: {url}");
            return call.UpdateUrl(absolute, form.GetValueOrDefault("Method", "POST")) ? null : RestAnswer.NotInProgress;
        }

        if (form.TryGetValue("Twiml", out var twiml))
        {
            if (twiml.Length > LongestTwiml)
                return RestAnswer.Error(400, 21218, "Twiml is longer than 4000 characters");
            return call.UpdateTwiml(twiml) ? null : RestAnswer.NotInProgress;
        }

        return form.GetValueOrDefault("Status") switch
        {
            "completed" => call.EndByApi() ? null : RestAnswer.NotInProgress,
            "canceled" => RestAnswer.Error(400, 21220, "Call is not in the expected state. Cannot cancel."),
            _ => RestAnswer.Error(400, 21218, "Url, Twiml or Status is required"),
        };
    }

    private bool IsAuthentic(string header)
    {
        if (_twilio.Options.AuthToken is not { } token || !header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
            return false;
        return header["Basic ".Length..] == Convert.ToBase64String(Encoding.UTF8.GetBytes($"{_twilio.Options.AccountSid}:{token}"));
    }
}

/// <summary>A request to the REST API.</summary>
/// <param name="Number">1 for the first.</param>
/// <param name="Path">Without the query.</param>
public sealed record RestRequest(int Number, string Method, string Path, IReadOnlyDictionary<string, string> Form);

/// <summary>What goes wrong with a request to the REST API.</summary>
public sealed record RestFault
{
    /// <summary>It is answered with this instead; null: as it should be.</summary>
    public int? Status { get; init; }

    /// <summary>Twilio's error number in such an answer, for example 20429.</summary>
    public int Code { get; init; } = 20429;

    /// <summary>What the answer says.</summary>
    public string Message { get; init; } = "Too Many Requests";

    /// <summary>What its <c>Retry-After</c> says.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The answer comes so much later.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>The connection is cut, and nothing is done.</summary>
    public bool Drops { get; init; }
}

/// <summary>An answer of the REST API.</summary>
internal sealed record RestAnswer(int Status, object Body)
{
    public static RestAnswer NotInProgress { get; } = Error(400, 21220, "Call is not in-progress. Cannot redirect.");

    public static RestAnswer Error(int status, int code, string message) => new(status, new Dictionary<string, object>
    {
        ["code"] = code,
        ["message"] = message,
        ["more_info"] = string.Create(CultureInfo.InvariantCulture, $"https://www.twilio.com/docs/errors/{code}"),
        ["status"] = status,
    });

    public static RestAnswer Call(SimulatedCall call, string account) => new((int)HttpStatusCode.OK, new Dictionary<string, object?>
    {
        ["sid"] = call.CallSid,
        ["account_sid"] = account,
        ["status"] = call.Status,
        ["direction"] = "inbound",
        ["from"] = call.From,
        ["to"] = call.To,
        ["api_version"] = "2010-04-01",
        ["answered_by"] = null,
        ["duration"] = null,
        ["uri"] = $"/2010-04-01/Accounts/{account}/Calls/{call.CallSid}.json",
    });
}
