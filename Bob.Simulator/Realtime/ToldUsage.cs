using System.Text.Json.Nodes;

namespace Bob.Simulator.Realtime;

/// <summary>What a client was told in a <c>response.done</c> that it is billed for.</summary>
/// <param name="ResponseId">Of the response.</param>
/// <param name="Tokens">How many.</param>
/// <param name="At">When the event was written to the line.</param>
public sealed record ToldUsage(string ResponseId, TokenCounts Tokens, DateTimeOffset At)
{
    /// <summary>Of an event of the model; null when it bills nothing.</summary>
    internal static ToldUsage? Of(JsonObject e)
    {
        if ((string?)e["type"] != "response.done" || e["response"]?["usage"] is not JsonObject usage)
            return null;
        var (input, output) = (usage["input_token_details"]!, usage["output_token_details"]!);
        var cached = input["cached_tokens_details"]!;
        var tokens = new TokenCounts(
            (int)input["text_tokens"]!, (int)input["audio_tokens"]!, (int)cached["text_tokens"]!, (int)cached["audio_tokens"]!,
            (int)output["text_tokens"]!, (int)output["audio_tokens"]!);
        return new ToldUsage((string)e["response"]!["id"]!, tokens, default);
    }
}

/// <summary>Tokens by their price. Cached ones are part of the input's.</summary>
public sealed record TokenCounts(int TextIn, int AudioIn, int CachedTextIn, int CachedAudioIn, int TextOut, int AudioOut);
