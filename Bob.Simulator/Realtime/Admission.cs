using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;

namespace Bob.Simulator.Realtime;

/// <summary>A refusal after the upgrade: one <c>error</c> event, then the socket is closed.</summary>
internal sealed record Turnaway(Refusal Error, int CloseCode, string CloseReason)
{
    public WebSocketCloseStatus CloseStatus => (WebSocketCloseStatus)CloseCode;

    public static Turnaway With(int closeCode, Refusal error) => new(error, closeCode, $"{error.Type}.{error.Code}");

    /// <summary>The beta shape, by header or by <c>session.update</c>.</summary>
    public static readonly Turnaway Beta = With(4000, new Refusal("beta_api_shape_disabled",
        "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API."));
}

/// <summary>Who gets a session. As on the real service the HTTP upgrade succeeds in any case and the refusal comes in band.</summary>
internal static class Admission
{
    /// <summary>Why there is no session for this request, or null.</summary>
    public static Turnaway? Check(UpgradeRequest request, RealtimeSimulatorOptions options)
    {
        if (string.IsNullOrEmpty(request.ApiKey))
            return Turnaway.With(3000, new Refusal("invalid_api_key", "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."));
        if (options.ApiKey is { } key && !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(request.ApiKey)))
            return Turnaway.With(3000, new Refusal("invalid_api_key", $"Incorrect API key provided: {request.ApiKey[..Math.Min(3, request.ApiKey.Length)]}***. You can find your API key at https://platform.openai.com/account/api-keys."));
        if (request.AsksForBeta)
            return Turnaway.Beta;
        if (string.IsNullOrEmpty(request.Model))
            return Turnaway.With(4000, new Refusal("missing_model", "You must provide a model parameter, for example wss://api.openai.com/v1/realtime?model=gpt-realtime-1.5"));
        if (options.Models.Contains(request.Model))
            return null;
        return request.Model.StartsWith("gpt-", StringComparison.Ordinal) && !request.Model.Contains("realtime", StringComparison.Ordinal)
            ? Turnaway.With(4000, new Refusal("invalid_model", $"Model \"{request.Model}\" is not supported in realtime mode."))
            : Turnaway.With(4004, new Refusal("model_not_found", $"The model `{request.Model}` does not exist or you do not have access to it."));
    }
}
