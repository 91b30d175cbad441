using System.Text.Json.Nodes;

namespace Bob.Simulator.Realtime;

/// <summary>Tokens as the service counts them: caller audio 1 per 100 ms, assistant audio 1 per 50 ms, text about 1 per 4 characters; the whole
/// conversation is input again for every response, most of it cached.</summary>
internal sealed class UsageMeter(SessionSettings settings)
{
    private const int TokensPerMinute = 15_000_000;
    private int _lastTextInput;
    private int _lastAudioInput;
    private int _total;

    /// <summary>The <c>usage</c> of a response that sent that much audio.</summary>
    public JsonObject Of(IReadOnlyList<ConversationEntry> conversation, int audioMs, string text)
    {
        var textOut = 10 + text.Length / 4;
        var audioOut = audioMs / 50;
        var textIn = (settings.Instructions.Length + settings.ToolCharacters) / 4
            + conversation.Sum(entry => 3 + (entry.ContentType is "input_audio" ? 0 : (entry.Text?.Length ?? entry.Output?.Length ?? 0) / 4));
        var audioIn = conversation.Sum(entry => entry.AudioMs / (entry.Role == "user" ? 100 : 50)) - audioOut;
        audioIn = Math.Max(0, audioIn);
        var (cachedText, cachedAudio) = (Math.Min(textIn, _lastTextInput) / 64 * 64, Math.Min(audioIn, _lastAudioInput));
        (_lastTextInput, _lastAudioInput) = (textIn, audioIn);
        var total = textIn + audioIn + textOut + audioOut;
        _total += total;
        return new JsonObject
        {
            ["total_tokens"] = total,
            ["input_tokens"] = textIn + audioIn,
            ["output_tokens"] = textOut + audioOut,
            ["input_token_details"] = new JsonObject
            {
                ["text_tokens"] = textIn,
                ["audio_tokens"] = audioIn,
                ["image_tokens"] = 0,
                ["cached_tokens"] = cachedText + cachedAudio,
                ["cached_tokens_details"] = new JsonObject { ["text_tokens"] = cachedText, ["audio_tokens"] = cachedAudio, ["image_tokens"] = 0 },
            },
            ["output_token_details"] = new JsonObject { ["text_tokens"] = textOut, ["audio_tokens"] = audioOut },
        };
    }

    /// <summary>The fields of <c>rate_limits.updated</c>.</summary>
    public JsonObject RateLimits() => new()
    {
        ["rate_limits"] = new JsonArray(new JsonObject { ["name"] = "tokens", ["limit"] = TokensPerMinute, ["remaining"] = TokensPerMinute - _total, ["reset_seconds"] = 0.002 }),
    };
}
