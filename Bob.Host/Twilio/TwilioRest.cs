using System.Text.Json.Serialization;
using Refit;

namespace Bob.Host.Twilio;

/// <summary>
/// The calls of Twilio's REST API that Bob needs, see "Call resource" in Twilio's documentation. Whatever the answer is, it is a value: nothing throws but what
/// a connection throws.
/// </summary>
public interface ITwilioRest
{
    /// <summary>Changes a call that is up: what it performs now is replaced, and a media stream gets <c>stop</c> and closes.</summary>
    [Post("/2010-04-01/Accounts/{account}/Calls/{call}.json")]
    Task<IApiResponse<CallResource>> UpdateCallAsync(
        string account, string call, [Body(BodySerializationMethod.UrlEncoded)] CallUpdate update, CancellationToken cancellation);

    /// <summary>Looks at a call. What is told may be a moment old.</summary>
    [Get("/2010-04-01/Accounts/{account}/Calls/{call}.json")]
    Task<IApiResponse<CallResource>> FetchCallAsync(string account, string call, CancellationToken cancellation);
}

/// <summary>What becomes of a call that is up.</summary>
/// <param name="Url">Asked for the document that the call performs from now on.</param>
public sealed record CallUpdate([property: AliasAs("Url")] string Url, [property: AliasAs("Method")] string Method = "POST");

/// <summary>A call, as Twilio tells it.</summary>
/// <param name="Status"><c>queued</c>, <c>ringing</c>, <c>in-progress</c>, <c>completed</c>, <c>busy</c>, <c>failed</c>, <c>no-answer</c> or <c>canceled</c>.</param>
public sealed record CallResource([property: JsonPropertyName("sid")] string Sid, [property: JsonPropertyName("status")] string Status);

/// <summary>Why Twilio refused a request.</summary>
/// <param name="Code">Twilio's error number, such as 20404.</param>
public sealed record TwilioError([property: JsonPropertyName("code")] int Code, [property: JsonPropertyName("message")] string? Message);
