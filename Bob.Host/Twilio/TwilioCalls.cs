using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Bob.Actors.Calls;
using Bob.Host.Configuration;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Refit;

namespace Bob.Host.Twilio;

/// <summary>What came of asking Twilio about a call.</summary>
public enum RestOutcome
{
    /// <summary>Twilio has done it, or the call is up.</summary>
    Done,

    /// <summary>There is no such call any more.</summary>
    CallIsOver,

    /// <summary>Twilio does not know these credentials, or grants them too little.</summary>
    Unauthorized,

    /// <summary>Twilio could not be had, or would not: nothing was done.</summary>
    NotDone,

    /// <summary>Nobody knows whether it was done: the answer did not come, or was an accident of Twilio's.</summary>
    Unknown,
}

/// <summary>
/// What Bob does to calls by Twilio's REST API. Never throws because of Twilio. What surely was not done (a connection that did not come about, too many
/// requests at once) is tried again by itself, as Twilio's <c>Retry-After</c> says; what may have been done is not, because a call that is re-pointed twice loses
/// the stream that the first time brought.
/// </summary>
public sealed partial class TwilioCalls(ITwilioRest rest, BobOptions options, PublicUrl url, ILogger<TwilioCalls> log)
{
    /// <summary>Longest that one question may take, tries and waits included.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(4);

    private static readonly string[] Final = ["completed", "busy", "failed", "no-answer", "canceled"];

    /// <summary>Whether there are credentials for it.</summary>
    public bool CanAsk => options.Twilio is { AccountSid: not null, Signs: true };

    /// <summary>Has Twilio ask <c>/call-next</c> about a call that is up, whatever the call does now.</summary>
    public Task<RestOutcome> RepointAsync(CallSid call, CancellationToken cancellation) => AskAsync(
        limit => rest.UpdateCallAsync(options.Twilio.AccountSid!, call.Value, new CallUpdate(url.At("/call-next")), limit), _ => RestOutcome.Done, cancellation);

    /// <summary>Looks whether a call is up.</summary>
    public Task<RestOutcome> LookAtAsync(CallSid call, CancellationToken cancellation) => AskAsync(
        limit => rest.FetchCallAsync(options.Twilio.AccountSid!, call.Value, limit),
        resource => Final.Contains(resource?.Status) ? RestOutcome.CallIsOver : RestOutcome.Done,
        cancellation);

    private async Task<RestOutcome> AskAsync(
        Func<CancellationToken, Task<IApiResponse<CallResource>>> ask, Func<CallResource?, RestOutcome> understand, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Deadline);
        try
        {
            using var answer = await ask(limit.Token);
            return answer.IsSuccessStatusCode ? understand(answer.Content) : Refused(answer);
        }
        catch (OperationCanceledException)
        {
            NoAnswer("timeout");
            return RestOutcome.Unknown;
        }
        catch (Exception failure) when (failure is HttpRequestException or ApiRequestException)
        {
            var sent = !TwilioRestHosting.NeverSent(failure);
            NoAnswer(sent ? "connection-lost" : "unreachable");
            return sent ? RestOutcome.Unknown : RestOutcome.NotDone;
        }
    }

    private RestOutcome Refused(IApiResponse answer)
    {
        var error = Read((answer.Error as ApiException)?.Content);
        if (answer.Error is ApiRequestException { InnerException: { } failure })
        {
            var sent = !TwilioRestHosting.NeverSent(failure);
            NoAnswer(sent ? "connection-lost" : "unreachable");
            return sent ? RestOutcome.Unknown : RestOutcome.NotDone;
        }

        var outcome = (answer.StatusCode, error?.Code) switch
        {
            (HttpStatusCode.NotFound, _) or (_, 20404 or 21220) => RestOutcome.CallIsOver,
            (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, _) => RestOutcome.Unauthorized,
            ( >= HttpStatusCode.InternalServerError, _) => RestOutcome.Unknown,
            _ => RestOutcome.NotDone,
        };
        if (outcome != RestOutcome.CallIsOver)
            Refusal((int)(answer.StatusCode ?? 0), error?.Code ?? 0);
        return outcome;
    }

    private static TwilioError? Read(string? body)
    {
        try
        {
            return body is null ? null : JsonSerializer.Deserialize<TwilioError>(body);
        }
        catch (JsonException)
        {
            return null; // a proxy's page
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Twilio's REST API refused with {Status}, error {Code}")]
    private partial void Refusal(int status, int code);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Twilio's REST API does not answer: {Reason}")]
    private partial void NoAnswer(string reason);
}

/// <summary>How a host takes Twilio's REST API in.</summary>
public static class TwilioRestHosting
{
    private const int MaxRetries = 3;

    public static IServiceCollection AddTwilioRest(this IServiceCollection services, BobOptions options)
    {
        services.AddRefitGeneratedClient<ITwilioRest>()
            .ConfigureHttpClient(client =>
            {
                client.BaseAddress = options.Twilio.ApiUrl;
                client.Timeout = Timeout.InfiniteTimeSpan; // each question has its deadline
                if (options.Twilio is { AccountSid: { } account, AuthTokens: [var token, ..] })
                    client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{account}:{token}")));
            })
            .RemoveAllLoggers() // they would write headers
            .AddResilienceHandler("twilio", pipeline => pipeline.AddRetry(new HttpRetryStrategyOptions
            {
                MaxRetryAttempts = MaxRetries,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromMilliseconds(250),
                UseJitter = true,
                ShouldHandle = attempt => ValueTask.FromResult(
                    attempt.Outcome.Result?.StatusCode == HttpStatusCode.TooManyRequests || (attempt.Outcome.Exception is { } failure && NeverSent(failure))),
            }));
        return services.AddSingleton<TwilioCalls>();
    }

    /// <summary>The request did not reach anybody.</summary>
    internal static bool NeverSent(Exception failure) =>
        (failure as HttpRequestException ?? failure.InnerException as HttpRequestException)?.HttpRequestError
            is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError;
}
