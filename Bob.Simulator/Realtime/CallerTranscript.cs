using System.Text.Json.Nodes;

namespace Bob.Simulator.Realtime;

/// <summary>What the caller said in a turn, as the events of its transcription, or its failure.</summary>
/// <param name="byTime">Whether its model is billed by time, and not by tokens.</param>
internal sealed class CallerTranscript(IModelLine line, ConversationEntry entry, string text, bool fails, bool byTime)
{
    public void Emit()
    {
        JsonObject Place() => new() { ["item_id"] = entry.Id, ["content_index"] = 0 };
        var result = Place();
        if (fails)
        {
            result["error"] = new JsonObject { ["type"] = "transcription_error", ["code"] = "audio_unintelligible", ["message"] = "The audio could not be transcribed.", ["param"] = null };
            line.Emit("conversation.item.input_audio_transcription.failed", result);
            return;
        }

        foreach (var (word, i) in text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select((word, i) => (word, i)))
        {
            var delta = Place();
            delta["delta"] = i == 0 ? word : " " + word;
            delta["obfuscation"] = line.Ids.Text(9);
            line.Emit("conversation.item.input_audio_transcription.delta", delta);
        }

        var (audio, words) = (entry.AudioMs / 100, 2 + text.Length / 4);
        result["transcript"] = text;
        result["usage"] = byTime ? new JsonObject { ["type"] = "duration", ["seconds"] = entry.AudioMs / 1000.0 } : new JsonObject
        {
            ["type"] = "tokens",
            ["total_tokens"] = audio + words,
            ["input_tokens"] = audio,
            ["input_token_details"] = new JsonObject { ["text_tokens"] = 0, ["audio_tokens"] = audio },
            ["output_tokens"] = words,
        };
        line.Emit("conversation.item.input_audio_transcription.completed", result);
    }
}
