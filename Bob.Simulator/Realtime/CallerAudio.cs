using System.Text.Json.Nodes;
using Bob.Simulator.Audio;

namespace Bob.Simulator.Realtime;

/// <summary>
/// The input audio buffer: keeps the caller's audio, finds the turns in it, and makes an item of each. Announces a turn before telling the
/// model (<paramref name="speechStarted"/>, <paramref name="turnTaken"/>), so that <c>response.created</c> follows the caller's item.
/// </summary>
internal sealed class CallerAudio(IModelLine line, Conversation conversation, SessionSettings settings, Action speechStarted, Action<ConversationEntry> turnTaken)
{
    private const int MinCommitMs = 100;
    private const int MaxSilenceBytes = 512 * 1024; // more is forgotten when no history is kept
    private const int LongestPaddingMs = 2000;

    private readonly MemoryStream _tape = new();
    private AudioFormat _format = settings.InputFormat;
    private TurnSettings? _turns = settings.Turns;
    private TurnDetector? _detector = settings.Turns is { } turns ? new TurnDetector(settings.InputFormat, turns, 0) : null;
    private string? _speechItem;
    private int _uncommittedFromMs;
    private int _formatFromMs;
    private long _formatFromByte;
    private long _forgotten;

    public bool Speaking => _speechItem is not null;

    private long Bytes => _forgotten + _tape.Length;

    /// <summary>Audio heard since the session began, in ms.</summary>
    private int NowMs => _formatFromMs + (int)((Bytes - _formatFromByte) / _format.BytesPerMs);

    public byte[] ToArray() => _tape.ToArray();

    /// <summary>Takes over new settings; speech under way is forgotten only when they differ.</summary>
    public void Configure()
    {
        if (_format == settings.InputFormat && Equals(_turns, settings.Turns))
            return;
        (_formatFromMs, _formatFromByte, _format, _turns) = (NowMs, Bytes, settings.InputFormat, settings.Turns);
        _detector = _turns is null ? null : new TurnDetector(_format, _turns, _formatFromMs);
        _speechItem = null;
    }

    public void Append(ReadOnlySpan<byte> audio)
    {
        _tape.Write(audio);
        if (_detector is null)
            return;
        if (!line.Options.KeepHistory && !Speaking && _tape.Length > MaxSilenceBytes)
        {
            _uncommittedFromMs = Math.Max(_uncommittedFromMs, NowMs - LongestPaddingMs);
            Forget();
        }

        foreach (var edge in _detector.Hear(audio))
        {
            if (edge.Started)
            {
                _speechItem = line.Ids.Next("item_");
                _uncommittedFromMs = Math.Max(edge.Ms, _uncommittedFromMs);
                line.Emit("input_audio_buffer.speech_started", new JsonObject { ["audio_start_ms"] = edge.Ms, ["item_id"] = _speechItem });
                speechStarted();
            }
            else
            {
                line.Emit("input_audio_buffer.speech_stopped", new JsonObject { ["audio_end_ms"] = edge.Ms, ["item_id"] = _speechItem });
                Take(_speechItem!, edge.Ms, idle: false);
                _speechItem = null;
            }
        }
    }

    /// <summary>Makes an item of what was not yet committed, when turns are the client's business.</summary>
    public Refusal? Commit()
    {
        var availableMs = _detector is null ? NowMs - _uncommittedFromMs : 0;
        if (availableMs < MinCommitMs)
            return new Refusal("input_audio_buffer_commit_empty",
                FormattableString.Invariant($"Error committing input audio buffer: buffer too small. Expected at least {MinCommitMs}ms of audio, but buffer only has {(double)availableMs:F2}ms of audio."));
        Take(line.Ids.Next("item_"), NowMs, idle: false);
        return null;
    }

    public void Clear()
    {
        _uncommittedFromMs = NowMs;
        _speechItem = null;
        _detector?.Reset();
        line.Emit("input_audio_buffer.cleared", []);
    }

    /// <summary>The caller has been silent for <c>idle_timeout_ms</c>: the silence becomes an item.</summary>
    public void TimeOut(int idleMs)
    {
        var item = line.Ids.Next("item_");
        _uncommittedFromMs = Math.Max(0, NowMs - idleMs);
        line.Emit("input_audio_buffer.timeout_triggered", new JsonObject { ["audio_start_ms"] = _uncommittedFromMs, ["audio_end_ms"] = NowMs, ["item_id"] = item });
        Take(item, NowMs, idle: true);
    }

    private void Take(string item, int endMs, bool idle)
    {
        var previous = conversation.LastId;
        var entry = new ConversationEntry
        {
            Id = item,
            Type = "message",
            Role = "user",
            ContentType = "input_audio",
            Idle = idle,
            AudioMs = endMs - _uncommittedFromMs,
            Sound = _format.ToMuLaw(Slice(_uncommittedFromMs, endMs)),
        };
        _uncommittedFromMs = endMs;
        conversation.Add(entry);
        line.Emit("input_audio_buffer.committed", new JsonObject { ["previous_item_id"] = previous, ["item_id"] = item });
        line.Emit("conversation.item.added", new JsonObject { ["previous_item_id"] = previous, ["item"] = entry.ToJson() });
        line.Emit("conversation.item.done", new JsonObject { ["previous_item_id"] = previous, ["item"] = entry.ToJson() });
        if (!line.Options.KeepHistory)
            Forget();
        turnTaken(entry);
    }

    private ReadOnlySpan<byte> Slice(int fromMs, int toMs)
    {
        var start = Place(fromMs);
        return _tape.GetBuffer().AsSpan(start, Math.Max(0, Place(toMs) - start));
    }

    private int Place(int ms) =>
        (int)Math.Clamp(_formatFromByte + (long)(ms - _formatFromMs) * _format.BytesPerMs - _forgotten, 0, _tape.Length);

    private void Forget()
    {
        var keep = _tape.GetBuffer().AsSpan(Place(_uncommittedFromMs), (int)_tape.Length - Place(_uncommittedFromMs)).ToArray();
        _forgotten += _tape.Length - keep.Length;
        _tape.SetLength(0);
        _tape.Write(keep);
    }
}
