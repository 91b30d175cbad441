using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bob.Simulator.Realtime;

/// <summary>
/// The model of one session: takes client events that have the right shape, refuses what the state forbids, and answers. Everything runs
/// under the gate of its line.
/// </summary>
internal sealed class RealtimeModel
{
    private readonly IModelLine _line;
    private readonly RealtimeScript _script;
    private readonly SessionSettings _settings;
    private readonly UsageMeter _usage;
    private readonly ReplyChoice _replies;
    private readonly List<Action> _afterResponse = [];
    private ModelResponse? _active;
    private int _responses;
    private int _idleAttempt;
    private bool _updated;

    public RealtimeModel(IModelLine line, string id, string model, DateTimeOffset expiresAt)
    {
        _line = line;
        _script = line.Options.Script;
        _settings = new SessionSettings(id, model, expiresAt.ToUnixTimeSeconds());
        _usage = new UsageMeter(_settings);
        _replies = new ReplyChoice(_script, line.Number);
        Conversation = new Conversation(line.Ids.Next("conv_"));
        Audio = new CallerAudio(line, Conversation, _settings, OnSpeechStarted, OnTurnTaken);
        ModelName = model;
    }

    public Conversation Conversation { get; }

    public CallerAudio Audio { get; }

    public string ModelName { get; }

    public List<Truncation> Truncations { get; } = [];

    public List<(ModelResponse Response, string? Instructions)> Responses { get; } = [];

    public int AudioBeforeUpdate { get; private set; }

    public bool Configured => _updated;

    public JsonObject Settings => _settings.ToJson();

    public string? ActiveResponseId => _active?.Id;

    public void Begin() => _line.Emit("session.created", new JsonObject { ["session"] = _settings.ToJson() });

    /// <summary>Carries out a client event of the right shape, or says why not.</summary>
    public Refusal? Take(string type, JsonElement body) => type switch
    {
        "session.update" => UpdateSession(body.GetProperty("session")),
        "session.close" => Done(() => _line.Close(1000, "")),
        "input_audio_buffer.append" => Done(() => Append(body.GetProperty("audio").GetBytesFromBase64())),
        "input_audio_buffer.commit" => Audio.Commit(),
        "input_audio_buffer.clear" => Done(Audio.Clear),
        "conversation.item.create" => CreateItem(body),
        "conversation.item.truncate" => Truncate(body.GetProperty("item_id").GetString()!, body.GetProperty("content_index").GetInt32(), body.GetProperty("audio_end_ms").GetInt64()),
        "conversation.item.delete" => Delete(body.GetProperty("item_id").GetString()!),
        "conversation.item.retrieve" => Retrieve(body.GetProperty("item_id").GetString()!),
        "response.create" => CreateResponse(body),
        "response.cancel" => CancelResponse(body),
        _ => throw new InvalidOperationException($"The shape of {type} is known, but not what to do with it."),
    };

    /// <summary>The session has reached its maximum duration.</summary>
    public void Expire()
    {
        var minutes = _line.Options.SessionLimit.TotalMinutes;
        var message = FormattableString.Invariant($"Your session hit the maximum duration of {minutes:0.###} minutes.");
        _line.Emit("error", new JsonObject { ["error"] = new Refusal("session_expired", message).ToJson(null) });
        _line.Close(1001, message);
    }

    private static Refusal? Done(Action action)
    {
        action();
        return null;
    }

    private void Append(byte[] audio)
    {
        if (!_updated)
            AudioBeforeUpdate += audio.Length;
        Audio.Append(audio);
    }

    private Refusal? UpdateSession(JsonElement update)
    {
        if (_settings.Check(update, Conversation.Entries.Any(entry => entry is { Role: "assistant", AudioBytes: > 0 })) is { } refusal)
            return refusal;
        _settings.Update(update);
        Audio.Configure();
        _line.Emit("session.updated", new JsonObject { ["session"] = _settings.ToJson() });
        if (!_updated)
        {
            _updated = true;
            foreach (var fault in _line.Faults.On(_line.Number, FaultMoment.Configured))
                _line.Strike(fault);
        }

        return null;
    }

    private Refusal? CreateItem(JsonElement body)
    {
        var given = JsonObject.Create(body.GetProperty("item"))!;
        var id = (string?)given["id"] ?? _line.Ids.Next("item_");
        var previous = body.TryGetProperty("previous_item_id", out var place) ? place.GetString() : null;
        var callId = (string?)given["call_id"];
        if (Conversation.Find(id) is not null)
            return new Refusal("item_create_duplicate_item_id", $"Error adding item: an item with id '{id}' already exists.", "item.id");
        if (previous is not (null or "root") && Conversation.Find(previous) is null)
            return new Refusal("item_create_invalid_previous_item_id", $"Error adding item: the previous item with id '{previous}' does not exist.", "previous_item_id");
        if ((string)given["type"]! == "function_call_output" && !Conversation.Entries.Any(entry => entry.Type == "function_call" && entry.CallId == callId))
            return new Refusal("invalid_tool_call_id", $"Tool call ID '{callId}' not found in conversation.", "item.call_id");

        var part = given["content"]?[0];
        var entry = new ConversationEntry
        {
            Id = id,
            Type = (string)given["type"]!,
            Role = (string?)given["role"],
            ContentType = (string?)part?["type"],
            Given = WithoutAudio(given),
            Text = part is null ? null : string.Join(' ', given["content"]!.AsArray().Select(p => (string?)p!["text"] ?? (string?)p["transcript"]).Where(text => text is not null)),
            CallId = callId,
            Name = (string?)given["name"],
            Arguments = (string?)given["arguments"],
            Output = (string?)given["output"],
            Sound = part?["audio"] is { } audio ? _settings.InputFormat.ToMuLaw(Convert.FromBase64String((string)audio!)) : default,
        };
        if (previous is null)
            Conversation.Add(entry);
        else
            Conversation.AddAfter(previous, entry);
        foreach (var type in (string[])["conversation.item.added", "conversation.item.done"])
            _line.Emit(type, new JsonObject { ["previous_item_id"] = Conversation.Before(id), ["item"] = entry.ToJson() });
        return null;
    }

    private static JsonObject WithoutAudio(JsonObject given)
    {
        var copy = given.DeepClone().AsObject();
        foreach (var part in copy["content"]?.AsArray() ?? [])
            part!.AsObject().Remove("audio");
        return copy;
    }

    private Refusal? Truncate(string id, int contentIndex, long audioEndMs)
    {
        if (Conversation.Find(id) is not { } entry)
            return new Refusal("item_truncate_invalid_item_id", $"Error truncating item: the item with id '{id}' does not exist.", "item_id");
        if (entry.Role != "assistant" || entry.FromClient || entry.ContentType == "output_text")
            return new Refusal("invalid_value", "Only model output audio messages can be truncated", "item_id");
        if (contentIndex != 0)
            return new Refusal("invalid_value", $"Error truncating item: the content part with index {contentIndex} does not exist.", "content_index");
        if (audioEndMs > entry.AudioMs)
            return new Refusal("invalid_value", $"Audio content of {entry.AudioMs}ms is already shorter than {audioEndMs}ms", "audio_end_ms");
        Truncations.Add(new Truncation(id, (int)audioEndMs, entry.AudioMs, entry.Text));
        Conversation.Change(id, item => item with { Truncated = true, Text = null, AudioMs = (int)audioEndMs });
        _line.Emit("conversation.item.truncated", new JsonObject { ["item_id"] = id, ["content_index"] = 0, ["audio_end_ms"] = audioEndMs });
        return null;
    }

    private Refusal? Delete(string id)
    {
        if (Conversation.Find(id) is null)
            return new Refusal("item_delete_invalid_item_id", $"Error deleting item: the item with id '{id}' does not exist.", "item_id");
        Conversation.Remove(id);
        _line.Emit("conversation.item.deleted", new JsonObject { ["item_id"] = id });
        return null;
    }

    private Refusal? Retrieve(string id)
    {
        if (Conversation.Find(id) is not { } entry)
            return new Refusal("item_retrieve_invalid_item_id", $"Error retrieving item: the item with id '{id}' does not exist.", "item_id");
        var item = entry.ToJson();
        var sound = entry.Spoken is { } spoken ? spoken.Audio[..Math.Min(spoken.Audio.Length, entry.AudioBytes)] : entry.Sound;
        if (sound.Length > 0)
            item["content"]![0]!["audio"] = Convert.ToBase64String(_settings.OutputFormat.FromMuLaw(sound.Span));
        _line.Emit("conversation.item.retrieved", new JsonObject { ["item"] = item });
        return null;
    }

    private Refusal? CreateResponse(JsonElement body)
    {
        var request = ResponseRequest.From(
            body.TryGetProperty("response", out var own) ? own : null, _settings, body.TryGetProperty("event_id", out var id) ? id.GetString() : null);
        return Respond(request, idle: false);
    }

    private Refusal? Respond(ResponseRequest request, bool idle)
    {
        if (_active is not null && !request.OutOfBand)
            return new Refusal("conversation_already_has_active_response",
                $"Conversation already has an active response in progress: {_active.Id}. Wait until the response is finished before creating a new one.")
            { NamesClientEvent = false };
        _idleAttempt++;
        var plan = _replies.Choose(Conversation.Entries, request.Instructions, idle);
        var response = new ModelResponse(_line, Conversation, _usage, request, plan, ++_responses);
        Responses.Add((response, request.Instructions));
        if (!request.OutOfBand)
            _active = response;
        response.Finished = () => OnFinished(response);
        response.Begin();
        _line.Run(response.SpeakAsync);
        return null;
    }

    private Refusal? CancelResponse(JsonElement body)
    {
        var id = body.TryGetProperty("response_id", out var given) ? given.GetString() : null;
        var running = id is null ? _active : Responses.Select(entry => entry.Response).FirstOrDefault(response => response.Active && response.Id == id);
        if (running is null)
            return new Refusal("response_cancel_not_active", "Cancellation failed: no active response found");
        running.Cancel("client_cancelled");
        return null;
    }

    private void OnSpeechStarted()
    {
        _idleAttempt++;
        if (_settings.Turns is { InterruptResponse: true })
            _active?.Cancel("turn_detected");
    }

    private void OnTurnTaken(ConversationEntry entry)
    {
        var turn = _replies.CallerTurns(Conversation.Entries);
        var text = entry.Idle ? "" : turn <= _script.CallerSays.Count ? _script.CallerSays[turn - 1] : $"(caller turn {turn})";
        Conversation.Change(entry.Id, item => item with { Text = text });
        if (_settings.Turns is { CreateResponse: true } && Respond(ResponseRequest.From(null, _settings, null), entry.Idle) is { } refusal)
            _line.Emit("error", new JsonObject { ["error"] = refusal.ToJson(null) });
        if (!_settings.Transcribes || _script.Transcription.Arrives == TranscriptArrival.Missing)
            return;
        var transcript = new CallerTranscript(_line, entry, text, _script.Transcription.Arrives == TranscriptArrival.Failed, _settings.TranscribesByTime);
        var delay = TimeSpan.FromMilliseconds(_script.Transcription.DelayMs);
        Action transcribe = delay > TimeSpan.Zero ? () => _line.Later(delay, transcript.Emit) : transcript.Emit;
        if (_script.Transcription.Arrives == TranscriptArrival.Late && _active is not null)
            _afterResponse.Add(transcribe);
        else
            transcribe();
    }

    private void OnFinished(ModelResponse response)
    {
        if (_active != response)
            return;
        _active = null;
        foreach (var action in _afterResponse)
            action();
        _afterResponse.Clear();
        if (response.Status == "completed" && response.AudioMs > 0 && _settings.Turns?.IdleTimeoutMs is { } idleMs)
            WaitForCaller(idleMs, response.AudioMs);
    }

    private void WaitForCaller(int idleMs, int playbackMs)
    {
        var attempt = ++_idleAttempt;
        _line.Later(TimeSpan.FromMilliseconds((playbackMs + idleMs) / _line.Options.IdleSpeed), () =>
        {
            if (attempt == _idleAttempt && _active is null && !Audio.Speaking && _settings.Turns?.IdleTimeoutMs == idleMs)
                Audio.TimeOut(idleMs);
        });
    }
}
