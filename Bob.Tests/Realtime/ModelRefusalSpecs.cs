using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Text.Json;
using AwesomeAssertions;
using Bob.Actors.Realtime;
using CsCheck;
using Xunit;
using static Bob.Actors.Realtime.FailureKind;

namespace Bob.Tests.Realtime;

public sealed class ModelRefusalSpecs
{
    [Theory]
    [InlineData(401, null, Permanent, "invalid-api-key")] // O1
    [InlineData(403, """{"error":{"code":"unsupported_country_region_territory"}}""", Permanent, "unsupported-region")] // O2
    [InlineData(403, "<html>", Permanent, "forbidden")]
    [InlineData(404, """{"error":{"type":"invalid_request_error","code":"model_not_found"}}""", Permanent, "model-not-found")] // O3
    [InlineData(404, "", Permanent, "not-found")]
    [InlineData(400, """{"error":{"code":"OpperationNotSupported","message":"sic"}}""", Permanent, "invalid-model")]
    [InlineData(400, "null", Permanent, "http-400")]
    [InlineData(302, null, Permanent, "redirected")] // O6
    [InlineData(429, """{"error":{"type":"insufficient_quota","code":null}}""", Permanent, "no-credit")] // O35
    [InlineData(408, null, Transient, "timeout")]
    [InlineData(425, null, Transient, "too-early")]
    [InlineData(503, """{"error":{"type":"server_error"}}""", Transient, "http-503")] // O5
    [InlineData(500, "[]", Transient, "http-500")]
    public void O1_to_O6_A_refused_upgrade_is_classified(int status, string? body, FailureKind kind, string reason) =>
        ModelRefusal.FromHttp(status, null, body).Should().Be(new ModelFailure(kind, reason));

    [Fact]
    public void O4_A_rate_limit_says_when_to_come_back() =>
        ModelRefusal.FromHttp(429, TimeSpan.FromSeconds(20), """{"error":{"code":"rate_limit_exceeded"}}""")
            .Should().Be(new ModelFailure(RateLimited, "rate-limited", TimeSpan.FromSeconds(20)));

    [Theory]
    [InlineData(3000, "invalid_request_error.invalid_api_key", Permanent, "invalid-api-key")]
    [InlineData(1013, "insufficient_quota.credit_balance_exhausted", Permanent, "no-credit")]
    [InlineData(1013, "You exceeded your current quota", Permanent, "no-credit")]
    [InlineData(1013, "Try again later", Transient, "closed-1013")]
    [InlineData(1013, null, Transient, "closed-1013")]
    [InlineData(4000, "invalid_request_error.missing_model", Permanent, "missing-model")]
    [InlineData(4000, "invalid_request_error.invalid_model", Permanent, "invalid-model")]
    [InlineData(4000, "invalid_request_error.beta_api_shape_disabled", Permanent, "beta-shape-disabled")]
    [InlineData(4004, "invalid_request_error.model_not_found", Permanent, "model-not-found")]
    [InlineData(4001, "who knows", Transient, "closed-4001")]
    [InlineData(1001, "Your session hit the maximum duration of 60 minutes.", Transient, "session-expired")]
    [InlineData(1008, "", Permanent, "policy-violation")]
    [InlineData(1000, "", Transient, "closed-1000")]
    [InlineData(1011, "keepalive ping timeout", Transient, "closed-1011")]
    [InlineData(1012, null, Transient, "closed-1012")]
    public void O28_A_close_is_classified_by_its_words_before_its_number(int code, string? reason, FailureKind kind, string expected) =>
        ModelRefusal.FromClose(code, reason, null).Should().Be(new ModelFailure(kind, expected));

    [Fact]
    public void A_close_without_words_is_explained_by_the_last_error()
    {
        ModelRefusal.FromClose(1006, null, Error("invalid_request_error", "invalid_api_key")).Should().Be(new ModelFailure(Permanent, "invalid-api-key"));
        ModelRefusal.FromClose(1001, "", Error("invalid_request_error", "session_expired")).Should().Be(new ModelFailure(Transient, "session-expired"));
        ModelRefusal.FromClose(1008, null, Error("server_error", null)).Should().Be(new ModelFailure(Permanent, "policy-violation"));
        ModelRefusal.FromClose(1006, null, Error("invalid_request_error", "response_cancel_not_active")).Should().Be(new ModelFailure(Transient, "closed-1006"));
    }

    [Theory]
    [InlineData("invalid_request_error", "invalid_api_key", Permanent, "invalid-api-key")]
    [InlineData("insufficient_quota", null, Permanent, "no-credit")]
    [InlineData("insufficient_quota", "credit_balance_exhausted", Permanent, "no-credit")]
    [InlineData(null, "account_deactivated", Permanent, "account-deactivated")]
    [InlineData(null, "billing_hard_limit_reached", Permanent, "no-credit")]
    [InlineData("invalid_request_error", "session_expired", Transient, "session-expired")] // O29
    [InlineData("server_error", null, Transient, "server-error")]
    [InlineData("invalid_request_error", "conversation_already_has_active_response", Ignorable, "conversation-already-has-active-response")] // O36
    [InlineData("invalid_request_error", "response_cancel_not_active", Ignorable, "response-cancel-not-active")] // O37
    [InlineData("invalid_request_error", "invalid_value", Ignorable, "invalid-value")] // O53
    [InlineData("invalid_request_error", null, Ignorable, "invalid-request-error")]
    [InlineData(null, null, Ignorable, "error")]
    [InlineData(null, "Not a word, sk-abc", Ignorable, "error")]
    public void O36_O37_Most_errors_of_a_session_are_ignorable(string? type, string? code, FailureKind kind, string reason) =>
        ModelRefusal.FromError(Error(type, code)).Should().Be(new ModelFailure(kind, reason));

    [Theory]
    [InlineData("tokens", "rate_limit_exceeded", RateLimited, "rate-limited")] // O31
    [InlineData("invalid_request_error", "inference_rate_limit_exceeded", RateLimited, "rate-limited")]
    [InlineData("insufficient_quota", null, Permanent, "no-credit")] // O35
    [InlineData("server_error", null, Transient, "server-error")] // O32
    [InlineData("invalid_request_error", "new_thing", Transient, "new-thing")]
    public void O31_O32_O35_A_failed_response_is_classified(string type, string? code, FailureKind kind, string reason) =>
        ModelRefusal.FromFailedResponse(Error(type, code)).Should().Be(new ModelFailure(kind, reason));

    [Fact]
    public void O31_The_delay_is_taken_from_the_message()
    {
        var error = Error("tokens", "rate_limit_exceeded") with { Message = "Rate limit reached for gpt-realtime. Please try again in 1.2s. Visit us." };

        ModelRefusal.FromFailedResponse(error).RetryAfter.Should().Be(TimeSpan.FromMilliseconds(1200));
        ModelRefusal.FromFailedResponse(error with { Message = "Please try again in 350ms." }).RetryAfter.Should().Be(TimeSpan.FromMilliseconds(350));
        ModelRefusal.FromFailedResponse(error with { Message = "No idea." }).RetryAfter.Should().BeNull();
        ModelRefusal.FromFailedResponse(null).Should().Be(new ModelFailure(Transient, "response-failed"));
    }

    public static TheoryData<Exception, FailureKind, string> Exceptions => new()
    {
        { Dial(HttpRequestError.NameResolutionError, new SocketException((int)SocketError.HostNotFound)), Transient, "dns-failure" }, // O7
        { Dial(HttpRequestError.NameResolutionError, null), Transient, "dns-failure" },
        { Dial(HttpRequestError.ConnectionError, new SocketException((int)SocketError.ConnectionRefused)), Transient, "connection-refused" },
        { Dial(HttpRequestError.ConnectionError, new SocketException((int)SocketError.NetworkUnreachable)), Transient, "unreachable" },
        { Dial(HttpRequestError.ConnectionError, new SocketException((int)SocketError.TooManyOpenSockets)), Transient, "no-sockets-left" }, // P5
        { Dial(HttpRequestError.ConnectionError, new SocketException((int)SocketError.AddressNotAvailable)), Transient, "no-ports-left" }, // P17
        { Dial(HttpRequestError.SecureConnectionError, new AuthenticationException("RemoteCertificateNameMismatch")), Permanent, "tls-refused" }, // O10
        { Dial(HttpRequestError.SecureConnectionError, new IOException("EOF")), Transient, "connection-reset" },
        { new HttpRequestException(null, null, HttpStatusCode.Unauthorized), Permanent, "invalid-api-key" },
        { new WebSocketException(WebSocketError.NotAWebSocket), Transient, "upgrade-refused" },
        { new WebSocketException(WebSocketError.HeaderError), Permanent, "bad-handshake" }, // O10
        { new WebSocketException(WebSocketError.ConnectionClosedPrematurely), Transient, "connection-reset" }, // O14
        { new WebSocketException(WebSocketError.ConnectionClosedPrematurely, new IOException("", new SocketException((int)SocketError.ConnectionReset))), Transient, "connection-reset" }, // O12
        { new WebSocketException(WebSocketError.Faulted), Transient, "protocol-error" }, // O22
        { new OperationCanceledException(), Transient, "timeout" }, // O8
        { new TaskCanceledException("", new TimeoutException()), Transient, "timeout" },
        { new AggregateException(new SocketException((int)SocketError.TimedOut)), Transient, "timeout" },
        { new WebSocketException(WebSocketError.Faulted, new InvalidDataException()), Transient, "protocol-error" },
        { new InvalidDataException("sk-secret"), Transient, "unexpected-invalid-data-exception" },
    };

    [Theory]
    [MemberData(nameof(Exceptions))]
    public void O7_to_O14_An_exception_is_classified_by_its_innermost_cause(Exception e, FailureKind kind, string reason) =>
        ModelRefusal.FromException(e).Should().Be(new ModelFailure(kind, reason));

    [Theory]
    [InlineData("Incorrect API key provided: sk-abcd1234. You can find it", "Incorrect API key provided: …. You can find it")]
    [InlineData("Incorrect API key provided: sk-proj-ab_c-d.ef**** and", "Incorrect API key provided: … and")]
    [InlineData("Incorrect API key provided: wrong.", "Incorrect API key provided: ….")]
    [InlineData("Authorization: Bearer abc.def", "Authorization: Bearer …")]
    [InlineData("token 0123456789abcdef0123456789abcdef!", "token …!")]
    [InlineData("eyJhbGciOi.eyJzdWIi.sig", "…")]
    [InlineData("the session ID sess_KGpOyQNcdOyZbkBFTFoOx in", "the session ID sess_KGpOyQNcdOyZbkBFTFoOx in")]
    [InlineData("conversation_already_has_active_response", "conversation_already_has_active_response")]
    [InlineData("Please ask for a task-specific, risk-free key", "Please ask for a task-specific, risk-free key")]
    public void A_key_is_masked_and_an_id_is_not(string message, string expected) => ModelRefusal.Masked(message).Should().Be(expected);

    [Fact]
    public void A_reason_is_always_a_plain_word()
    {
        var text = Gen.OneOf(Gen.String, Gen.String[Gen.Char.AlphaNumeric, 0, 80], Gen.String[Gen.Char["sk-_.AZ09"], 0, 40]);

        Gen.Select(text, text, Gen.Int[0, 5000]).Sample((one, other, number) =>
        {
            foreach (var failure in (ModelFailure[])
            [
                ModelRefusal.FromHttp(number, null, one),
                ModelRefusal.FromClose(number, one, Error(one, other)),
                ModelRefusal.FromError(Error(one, other)),
                ModelRefusal.FromFailedResponse(Error(one, other)),
            ])
            {
                failure.Reason.Should().MatchRegex("^[a-z][a-z0-9-]{0,99}$");
            }
        }, iter: 3_000);
    }

    [Fact]
    public void A_key_comes_out_nowhere_wherever_it_went_in()
    {
        string[] around = ["", " ", ".", "x.", "Incorrect API key provided: ", "\""], prefixes = ["sk-", "sk-proj-", "sk_live_", "Bearer "];
        var index = Gen.Int[0, around.Length - 1];

        Gen.Select(index, Gen.Int[0, 3], Gen.String[Gen.Char.AlphaNumeric, 20, 48], index).Sample((first, prefix, secret, last) =>
        {
            var (before, after) = (around[first], around[last]);
            var text = before + prefixes[prefix] + secret + after;
            var azure = before + "0f" + string.Concat(Enumerable.Repeat("a1B2c3D4", 4)) + after;

            foreach (var said in (string[])[text, azure])
            {
                ModelFailure[] failures =
                [
                    ModelRefusal.FromHttp(400, null, $$$"""{"error":{"code":{{{JsonSerializer.Serialize(said)}}}}}"""),
                    ModelRefusal.FromClose(4000, said, Error(said, said)),
                    ModelRefusal.FromError(Error(said, said)),
                    ModelRefusal.FromFailedResponse(Error(said, said)),
                ];
                string.Join(' ', failures.Select(f => f.Reason.Replace("-", ""))).Should().NotContainEquivalentOf(secret).And.NotContainEquivalentOf("a1b2c3d4");
                ModelRefusal.Masked(said).Should().NotContainEquivalentOf(secret).And.NotContainEquivalentOf("a1b2c3d4");
            }
        }, iter: 500);
    }

    private static RealtimeError Error(string? type, string? code) => new(type, code, "A message.", null, null);

    private static WebSocketException Dial(HttpRequestError error, Exception? inner) =>
        new("Unable to connect to the remote server", new HttpRequestException(error, "refused", inner));
}
