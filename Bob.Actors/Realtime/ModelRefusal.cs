using System.Collections.Frozen;
using System.Globalization;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Bob.Actors.Realtime;

/// <summary>What a failure of the model's side means for the next attempt.</summary>
public enum FailureKind
{
    /// <summary>May work the next time.</summary>
    Transient,

    /// <summary>Works again after a while.</summary>
    RateLimited,

    /// <summary>Will fail until someone changes the configuration or pays.</summary>
    Permanent,

    /// <summary>Nothing is lost.</summary>
    Ignorable,
}

/// <summary>A failure of the model's side, classified.</summary>
/// <param name="Reason">A word in kebab-case for the log and the call's end. Never holds a key or text of a caller.</param>
/// <param name="RetryAfter">How long the server wants to be left alone, if it said so.</param>
public sealed record ModelFailure(FailureKind Kind, string Reason, TimeSpan? RetryAfter = null)
{
    /// <summary>The reason of a session that lives and does not answer.</summary>
    public const string Mute = "mute";
}

/// <summary>
/// Classifies failures of the model's side by the server's words rather than its numbers: OpenAI accepts the upgrade even with a wrong key
/// and closes an empty account with 1013, "try again later".
/// </summary>
public static partial class ModelRefusal
{
    private const int MaxMessage = 1000;
    private const string NoSockets = "no-sockets-left";
    private const string NoPorts = "no-ports-left";

    /// <summary>OpenAI's and Azure's words after which no retry helps.</summary>
    private static readonly FrozenDictionary<string, string> Permanent = new Dictionary<string, string>
    {
        ["invalid_api_key"] = "invalid-api-key",
        ["insufficient_quota"] = "no-credit",
        ["credit_balance_exhausted"] = "no-credit",
        ["billing_hard_limit_reached"] = "no-credit",
        ["account_deactivated"] = "account-deactivated",
        ["model_not_found"] = "model-not-found",
        ["DeploymentNotFound"] = "model-not-found",
        ["invalid_model"] = "invalid-model",
        ["OpperationNotSupported"] = "invalid-model", // Azure's spelling
        ["OperationNotSupported"] = "invalid-model",
        ["missing_model"] = "missing-model",
        ["beta_api_shape_disabled"] = "beta-shape-disabled",
        ["unsupported_country_region_territory"] = "unsupported-region",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether what ended one session would end every other: it is about the account or the model, and not about what was said.</summary>
    public static bool ConcernsAll(ModelFailure failure) => failure.Kind == FailureKind.Permanent && Permanent.Values.Contains(failure.Reason);

    /// <summary>Whether this machine is at fault, which has no socket or no port left: nothing is known of the server then.</summary>
    public static bool IsLocal(ModelFailure failure) => failure.Reason is NoSockets or NoPorts;

    /// <summary>An answer to the upgrade other than 101.</summary>
    /// <param name="body">Its body, if any; <c>{"error":{"code":…}}</c> is understood.</param>
    public static ModelFailure FromHttp(int status, TimeSpan? retryAfter, string? body)
    {
        if (Worded(ErrorWords(body), retryAfter) is { Kind: not FailureKind.Transient } worded) return worded;
        return status switch
        {
            401 => new(FailureKind.Permanent, "invalid-api-key"),
            403 => new(FailureKind.Permanent, "forbidden"),
            404 => new(FailureKind.Permanent, "not-found"),
            >= 300 and < 400 => new(FailureKind.Permanent, "redirected"),
            408 => new(FailureKind.Transient, "timeout", retryAfter),
            425 => new(FailureKind.Transient, "too-early", retryAfter),
            429 => new(FailureKind.RateLimited, "rate-limited", retryAfter),
            >= 400 and < 500 => new(FailureKind.Permanent, $"http-{status}"),
            _ => new(FailureKind.Transient, $"http-{status}", retryAfter),
        };
    }

    /// <summary>A CLOSE of the server.</summary>
    /// <param name="reason">OpenAI's is <c>type.code</c> of the error that went before, or a sentence.</param>
    /// <param name="lastError">The last error of the session, if there was one.</param>
    public static ModelFailure FromClose(int code, string? reason, RealtimeError? lastError)
    {
        if (Worded(reason?.Split('.') ?? [], null) is { } said) return said;
        if (lastError is not null && Worded([lastError.Code, lastError.Type], null) is { } before
            && (code != 1008 || before.Kind == FailureKind.Permanent))
            return before;

        if (Says(reason, "maximum duration")) return new(FailureKind.Transient, "session-expired");
        if (code == 1013 && (Says(reason, "quota") || Says(reason, "credit") || Says(reason, "billing")))
            return new(FailureKind.Permanent, "no-credit");

        return code == 1008 ? new(FailureKind.Permanent, "policy-violation") : new(FailureKind.Transient, $"closed-{code}");
    }

    /// <summary>An <c>error</c> event. Most of them leave the session as it was.</summary>
    public static ModelFailure FromError(RealtimeError error) =>
        Worded([error.Code, error.Type], TryAgainIn(error.Message)) ?? new(FailureKind.Ignorable, Kebab(error.Code ?? error.Type) ?? "error");

    /// <summary>What a dial, a send or a receive threw. A refused upgrade whose HTTP status is known is for <see cref="FromHttp"/>.</summary>
    public static ModelFailure FromException(Exception e) =>
        InnermostCause(e) ?? new(FailureKind.Transient, $"unexpected-{Kebab(e.GetType().Name) ?? "exception"}");

    /// <summary>A response with the status <c>failed</c>. The session goes on.</summary>
    public static ModelFailure FromFailedResponse(RealtimeError? error) =>
        error is null
            ? new(FailureKind.Transient, "response-failed")
            : Worded([error.Code, error.Type], TryAgainIn(error.Message))
                ?? new(FailureKind.Transient, Kebab(error.Code ?? error.Type) ?? "response-failed");

    /// <summary>The text without anything that looks like a key (OpenAI repeats a part of a wrong one), and at most 1000 characters of it.</summary>
    public static string Masked(string text)
    {
        var masked = KeyLike().Replace(text, "…");
        return masked.Length <= MaxMessage ? masked : masked[..MaxMessage];
    }

    /// <summary>A WebSocketException is around an HttpRequestException around a SocketException; the last tells the most.</summary>
    private static ModelFailure? InnermostCause(Exception? e) => e is null ? null : InnermostCause(e.InnerException) ?? e switch
    {
        SocketException socket => new(FailureKind.Transient, Word(socket.SocketErrorCode)),
        AuthenticationException => new(FailureKind.Permanent, "tls-refused"),
        OperationCanceledException or TimeoutException => new(FailureKind.Transient, "timeout"),
        HttpRequestException { StatusCode: { } status } => FromHttp((int)status, null, null),
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => new(FailureKind.Transient, "dns-failure"),
        HttpRequestException => new(FailureKind.Transient, "connection-failed"),
        WebSocketException { WebSocketErrorCode: WebSocketError.Faulted } silent when Says(silent.Message, "pong") => new(FailureKind.Transient, "pong-timeout"),
        WebSocketException web => Of(web.WebSocketErrorCode),
        IOException or ObjectDisposedException => new(FailureKind.Transient, "connection-reset"),
        _ => null,
    };

    private static ModelFailure? Worded(ReadOnlySpan<string?> words, TimeSpan? retryAfter)
    {
        foreach (var word in words)
            if (word is not null && Permanent.TryGetValue(word.Trim(), out var reason)) return new(FailureKind.Permanent, reason);

        foreach (var word in words)
        {
            switch (word?.Trim())
            {
                case "rate_limit_exceeded" or "inference_rate_limit_exceeded":
                    return new(FailureKind.RateLimited, "rate-limited", retryAfter);
                case "session_expired":
                    return new(FailureKind.Transient, "session-expired");
                case "server_error":
                    return new(FailureKind.Transient, "server-error", retryAfter);
            }
        }

        return null;
    }

    private static string?[] ErrorWords(string? body)
    {
        if (string.IsNullOrWhiteSpace(body)) return [];
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("error", out var error)
                && error.ValueKind == JsonValueKind.Object
                ? [Word(error, "code"), Word(error, "type")]
                : [];
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            return []; // a proxy's HTML: the number has to do
        }

        static string? Word(JsonElement error, string name) =>
            error.TryGetProperty(name, out var word) && word.ValueKind == JsonValueKind.String ? word.GetString() : null;
    }

    private static string Word(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "connection-refused",
        SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData or SocketError.NoRecovery => "dns-failure",
        SocketError.TimedOut => "timeout",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown or SocketError.HostDown => "unreachable",
        SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable => NoSockets,
        SocketError.AddressNotAvailable or SocketError.AddressAlreadyInUse => NoPorts,
        _ => "connection-reset",
    };

    private static ModelFailure Of(WebSocketError error) => error switch
    {
        // An answer other than 101; unless FromHttp is asked, its number is not known and may well be a 503.
        WebSocketError.NotAWebSocket => new(FailureKind.Transient, "upgrade-refused"),
        WebSocketError.HeaderError or WebSocketError.UnsupportedProtocol or WebSocketError.UnsupportedVersion =>
            new(FailureKind.Permanent, "bad-handshake"),
        WebSocketError.ConnectionClosedPrematurely or WebSocketError.NativeError or WebSocketError.InvalidState =>
            new(FailureKind.Transient, "connection-reset"),
        _ => new(FailureKind.Transient, "protocol-error"),
    };

    /// <summary>OpenAI's rate limits say in words when to come back: "Please try again in 1.2s."</summary>
    private static TimeSpan? TryAgainIn(string message)
    {
        var match = Delay().Match(message);
        if (!match.Success) return null;
        var number = double.Parse(match.Groups[1].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
        return match.Groups[2].ValueSpan is "ms" ? TimeSpan.FromMilliseconds(number) : TimeSpan.FromSeconds(number);
    }

    private static bool Says(string? text, string words) => text?.Contains(words, StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Null for what is no identifier, which foreign words in a reason have to be: a key is none.</summary>
    private static string? Kebab(string? word)
    {
        if (word is null || !Identifier().IsMatch(word) || Masked(word) != word) return null;
        var kebab = new StringBuilder(word.Length + 8);
        for (var i = 0; i < word.Length; i++)
        {
            if (i > 0 && char.IsAsciiLetterUpper(word[i]) && char.IsAsciiLetterLower(word[i - 1])) kebab.Append('-');
            kebab.Append(word[i] == '_' ? '-' : char.ToLowerInvariant(word[i]));
        }

        return kebab.ToString();
    }

    /// <summary>Keys as OpenAI and its imitators write them, what follows "key provided:" or "Bearer", and long runs of letters and digits (ids of sessions are shorter).</summary>
    [GeneratedRegex(
        @"\b(?:sk|ek)[-_]\S*[^\s.,;:'""]|(?<=key provided: )\S*[^\s.,;:]|(?<=Bearer )\S+|\beyJ\S+|\b(?=[A-Za-z_]*[0-9*])[A-Za-z0-9_*+/=]{30,}",
        RegexOptions.IgnoreCase)]
    private static partial Regex KeyLike();

    [GeneratedRegex(@"try again in ([0-9]{1,5}(?:\.[0-9]{1,6})?) ?(ms|s)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Delay();

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_]{0,63}$")]
    private static partial Regex Identifier();
}
