using System.Text;
using System.Text.Json.Nodes;
using Bob.Simulator.Audio;
using Bob.Simulator.Voice;

namespace Bob.Simulator.Realtime;

/// <summary>
/// One response on its way out: items in order, audio deltas of uneven size ahead of real time, words a little ahead of their audio. The
/// gate is taken per delta, so that the caller can interrupt between any two; <see cref="Cancel"/> ends it at once.
/// </summary>
internal sealed class ModelResponse(IModelLine line, Conversation conversation, UsageMeter usage, ResponseRequest request, PlannedReply plan, int number)
{
    private const int WordsAheadMs = 300;
    private const int ShortestDeltaMs = 40;
    private const int LongestDeltaMs = 320;
    private const int CoarsestWaitMs = 15; // shorter waits are saved up

    private readonly List<string> _items = [];
    private readonly Dictionary<string, ConversationEntry> _outOfBand = [];
    private string? _openItem;
    private string _said = "";
    private int _lateMs;
    private bool _burst;
    private bool _repeatCalls;
    private double _speed = line.Options.Speed;
    private AudioFormat _wireFormat = request.Format;

    public string Id { get; } = line.Ids.Next("resp_");

    public int Number => number;

    public bool OutOfBand => request.OutOfBand;

    public string Status { get; private set; } = "in_progress";

    public string? Reason { get; private set; }

    public int AudioMs { get; private set; }

    public DateTimeOffset? EndedAt { get; private set; }

    public bool Active => Status == "in_progress";

    /// <summary>Called under the gate when the response is over.</summary>
    public Action? Finished { get; set; }

    private int ItemNumber => _items.Count;

    private EventPlace Place => new(number, ItemNumber, Id, _openItem);

    /// <summary>Announces the response; the rest follows from <see cref="SpeakAsync"/>.</summary>
    public void Begin()
    {
        line.Emit("response.created", new JsonObject { ["response"] = ToJson(null) }, Place);
        foreach (var fault in line.Faults.OnResponse(line.Number, number))
        {
            if (fault.Do == FaultAction.LateAudio)
                _lateMs = fault.Ms;
            else if (fault.Do == FaultAction.Pace)
                _speed = fault.Speed;
            else if (fault.Do == FaultAction.Pcm16)
                _wireFormat = AudioFormat.Pcm;
            else if (fault.Do == FaultAction.RepeatCall)
                _repeatCalls = true;
            else if (fault.Do == FaultAction.Burst)
                (_burst, plan) = (true, plan.Lengthened(fault.Ms));
            else
                line.Strike(fault, Place);
        }
    }

    public async Task SpeakAsync(CancellationToken cancellation)
    {
        if (line.Options.FirstDeltaDelay > TimeSpan.Zero)
            await Task.Delay(line.Options.FirstDeltaDelay, line.Options.Time, cancellation);
        foreach (var spoken in plan.Lines)
        {
            if (request.SpeaksText)
                Write(spoken.Text);
            else
                await SayAsync(spoken, cancellation);
        }

        lock (line.Gate)
        {
            if (!Active)
                return;
            foreach (var call in plan.Calls)
                CallTool(call);
            Finish(plan.Fail?.Status ?? "completed", plan.Fail?.Reason, plan.Fail);
        }
    }

    /// <summary>Ends the response where it is: the open item stays <c>incomplete</c>.</summary>
    public void Cancel(string reason)
    {
        if (!Active)
            return;
        if (_openItem is not null)
            CloseMessage("incomplete");
        Finish("cancelled", reason, null);
    }

    /// <summary>What its messages said.</summary>
    public string Text() => string.Join(' ', _items.Select(Entry).Select(entry => entry?.Text).Where(text => text is not null));

    private async Task SayAsync(SpokenLine spoken, CancellationToken cancellation)
    {
        var audio = _wireFormat.FromMuLaw(spoken.Audio.Span);
        var started = line.Options.Time.GetTimestamp();
        var (sent, word) = (0, 0);
        lock (line.Gate)
        {
            if (!Active)
                return;
            OpenMessage("audio");
        }

        while (sent < audio.Length)
        {
            lock (line.Gate)
            {
                if (!Active && _lateMs <= 0)
                    return;
                var size = NextSize(audio.Length - sent, sent);
                if (Active)
                {
                    while (word < spoken.WordsMs.Count && (spoken.WordsMs[word] <= sent / _wireFormat.BytesPerMs + WordsAheadMs))
                        SayWord(spoken.Words[word++]);
                }

                SendAudio(audio.AsSpan(sent, size), spoken);
                sent += size;
                foreach (var fault in Active ? line.Faults.OnAudio(line.Number, Place, sent / _wireFormat.BytesPerMs) : [])
                    line.Strike(fault, Place);
            }

            await KeepPaceAsync(started, sent, cancellation);
        }

        lock (line.Gate)
        {
            if (!Active)
                return;
            while (word < spoken.Words.Count)
                SayWord(spoken.Words[word++]);
            CloseMessage(plan.Fail?.Status == "incomplete" && spoken == plan.Lines[^1] ? "incomplete" : "completed");
        }
    }

    private void Write(string text)
    {
        lock (line.Gate)
        {
            if (!Active)
                return;
            OpenMessage("text");
            foreach (var word in text.Split(' '))
                SayWord(word);
            CloseMessage("completed");
        }
    }

    private int NextSize(int left, int sent)
    {
        if (_burst)
            return Math.Min(left, LongestDeltaMs * _wireFormat.BytesPerMs);
        var wish = line.Ids.Between(ShortestDeltaMs * _wireFormat.BytesPerMs, LongestDeltaMs * _wireFormat.BytesPerMs);
        if (_wireFormat == AudioFormat.Pcm)
            wish &= ~1;
        var stopMs = line.Faults.NextStop(line.Number, Place, sent / _wireFormat.BytesPerMs);
        var untilStop = stopMs == int.MaxValue ? left : stopMs * _wireFormat.BytesPerMs - sent;
        return Math.Min(left, Math.Min(wish, Math.Max(_wireFormat.BytesPerMs, untilStop)));
    }

    private async Task KeepPaceAsync(long started, int sent, CancellationToken cancellation)
    {
        if (_burst)
            return;
        var ahead = TimeSpan.FromMilliseconds(sent / _wireFormat.BytesPerMs / _speed) - line.Options.Time.GetElapsedTime(started);
        if (ahead.TotalMilliseconds >= CoarsestWaitMs)
            await Task.Delay(ahead, line.Options.Time, cancellation);
        else
            await Task.Yield();
    }

    private void OpenMessage(string part)
    {
        var item = line.Ids.Next("item_");
        _said = "";
        Announce(new ConversationEntry { Id = item, Type = "message", Role = "assistant", Status = "in_progress" });
        _openItem = item;
        line.Emit("response.content_part.added", WithIds(new JsonObject { ["part"] = Part(part, "") }), Place);
    }

    private void SayWord(string word)
    {
        var delta = _said.Length == 0 ? word : " " + word;
        _said += delta;
        var type = request.SpeaksText ? "response.output_text.delta" : "response.output_audio_transcript.delta";
        line.Emit(type, WithIds(new JsonObject { ["delta"] = delta, ["obfuscation"] = line.Ids.Text(9) }), Place);
        Change(_openItem!, entry => entry with { Text = entry.Truncated ? null : _said });
    }

    private void SendAudio(ReadOnlySpan<byte> audio, SpokenLine spoken)
    {
        var ms = (double)audio.Length / _wireFormat.BytesPerMs;
        if (Active)
            Change(_openItem!, entry => entry.Truncated ? entry : entry with { AudioBytes = entry.AudioBytes + (int)(ms * MuLaw.BytesPerMs), Spoken = spoken });
        else
            _lateMs -= (int)Math.Ceiling(ms);
        AudioMs += (int)ms;
        var delta = new JsonObject { ["delta"] = Convert.ToBase64String(audio), ["obfuscation"] = line.Ids.Text(9) };
        line.Emit("response.output_audio.delta", WithIds(delta), Place);
    }

    private void CloseMessage(string status)
    {
        Change(_openItem!, entry => entry with { Status = status, ContentType = request.SpeaksText ? "output_text" : "output_audio" });
        if (request.SpeaksText)
        {
            line.Emit("response.output_text.done", WithIds(new JsonObject { ["text"] = _said }), Place);
            line.Emit("response.content_part.done", WithIds(new JsonObject { ["part"] = Part("text", _said) }), Place);
        }
        else
        {
            line.Emit("response.output_audio.done", WithIds([]), Place);
            line.Emit("response.output_audio_transcript.done", WithIds(new JsonObject { ["transcript"] = _said }), Place);
            line.Emit("response.content_part.done", WithIds(new JsonObject { ["part"] = Part("audio", _said) }), Place);
        }

        Conclude(_openItem!);
        if (_lateMs == 0 || status != "incomplete")
            _openItem = null;
    }

    private void CallTool(ScriptedCall call)
    {
        var item = line.Ids.Next("item_");
        var callId = call.CallId ?? "call_" + line.Ids.Text(16);
        Announce(new ConversationEntry { Id = item, Type = "function_call", Status = "in_progress", Name = call.Tool, CallId = callId, Arguments = "" });
        JsonObject Ids() => new() { ["response_id"] = Id, ["item_id"] = item, ["output_index"] = ItemNumber - 1, ["call_id"] = callId };
        foreach (var piece in call.ArgumentsText.Chunk(Math.Max(6, call.ArgumentsText.Length / 200)))
        {
            var delta = Ids();
            delta["delta"] = new string(piece);
            delta["obfuscation"] = line.Ids.Text(9);
            line.Emit("response.function_call_arguments.delta", delta, Place);
        }

        for (var time = 0; time < (_repeatCalls ? 2 : 1); time++)
        {
            var done = Ids();
            done["name"] = call.Tool;
            done["arguments"] = call.ArgumentsText;
            line.Emit("response.function_call_arguments.done", done, Place);
            Change(item, entry => entry with { Status = "completed", Arguments = call.ArgumentsText });
            Conclude(item);
        }
    }

    private void Announce(ConversationEntry entry)
    {
        var previous = conversation.LastId;
        _items.Add(entry.Id);
        if (OutOfBand)
            _outOfBand[entry.Id] = entry;
        else
            conversation.Add(entry);
        line.Emit("response.output_item.added", OfItem(entry), Place);
        if (!OutOfBand)
            line.Emit("conversation.item.added", new JsonObject { ["previous_item_id"] = previous, ["item"] = entry.ToJson() }, Place);
    }

    private void Conclude(string item)
    {
        if (Entry(item) is not { } entry)
            return; // the client deleted it meanwhile
        if (!OutOfBand)
            line.Emit("conversation.item.done", new JsonObject { ["previous_item_id"] = conversation.Before(item), ["item"] = Shown(entry) }, Place);
        line.Emit("response.output_item.done", OfItem(entry), Place);
    }

    private void Finish(string status, string? reason, ScriptedFailure? failure)
    {
        (Status, Reason, EndedAt) = (status, reason, line.Options.Time.GetUtcNow());
        var details = status switch
        {
            "completed" => null,
            "failed" => new JsonObject { ["type"] = status, ["error"] = new JsonObject { ["type"] = failure!.Type, ["code"] = failure.Code, ["message"] = failure.Message } },
            _ => new JsonObject { ["type"] = status, ["reason"] = reason },
        };
        line.Emit("response.done", new JsonObject { ["response"] = ToJson(details) }, new EventPlace(number, ItemNumber, Id, _items.LastOrDefault()));
        line.Later(TimeSpan.FromMilliseconds(40), () => line.Emit("rate_limits.updated", usage.RateLimits()));
        Finished?.Invoke();
    }

    private JsonObject ToJson(JsonObject? details) => new()
    {
        ["object"] = "realtime.response",
        ["id"] = Id,
        ["status"] = Status,
        ["status_details"] = details,
        ["output"] = new JsonArray([.. Active ? [] : _items.Select(Entry).OfType<ConversationEntry>().Select(JsonNode (entry) => Shown(entry))]),
        ["conversation_id"] = OutOfBand ? null : conversation.Id,
        ["output_modalities"] = new JsonArray(request.SpeaksText ? "text" : "audio"),
        ["max_output_tokens"] = request.MaxOutputTokens.DeepClone(),
        ["audio"] = request.Audio.DeepClone(),
        ["usage"] = Active ? null : usage.Of(conversation.Entries, AudioMs, Text()),
        ["metadata"] = request.Metadata?.DeepClone(),
    };

    /// <summary>The item as it was generated: a truncation deletes the text from the conversation, not from the response.</summary>
    private JsonObject Shown(ConversationEntry entry) => (entry.Truncated && entry.Id == _openItem ? entry with { Text = _said } : entry).ToJson();

    private JsonObject OfItem(ConversationEntry entry) => new() { ["response_id"] = Id, ["output_index"] = ItemNumber - 1, ["item"] = Shown(entry) };

    private JsonObject WithIds(JsonObject fields)
    {
        var all = new JsonObject { ["response_id"] = Id, ["item_id"] = _openItem, ["output_index"] = ItemNumber - 1, ["content_index"] = 0 };
        foreach (var (name, value) in fields.ToList())
        {
            fields.Remove(name);
            all[name] = value;
        }

        return all;
    }

    private static JsonObject Part(string type, string text) => new() { ["type"] = type, [type == "audio" ? "transcript" : "text"] = text };

    private ConversationEntry? Entry(string item) => OutOfBand ? _outOfBand[item] : conversation.Find(item);

    private void Change(string item, Func<ConversationEntry, ConversationEntry> change)
    {
        if (OutOfBand)
            _outOfBand[item] = change(_outOfBand[item]);
        else
            conversation.Change(item, change);
    }
}
