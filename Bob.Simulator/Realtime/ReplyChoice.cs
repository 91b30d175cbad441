using Bob.Simulator.Audio;
using Bob.Simulator.Voice;

namespace Bob.Simulator.Realtime;

/// <summary>What one response will contain.</summary>
/// <param name="Lines">What is said, one message item per line.</param>
/// <param name="Calls">Function calls after that.</param>
/// <param name="Fail">How it ends badly, if it does.</param>
internal sealed record PlannedReply(IReadOnlyList<SpokenLine> Lines, IReadOnlyList<ScriptedCall> Calls, ScriptedFailure? Fail)
{
    /// <summary>The same with so much audio, or more, in its first line: it is said over and over.</summary>
    public PlannedReply Lengthened(int audioMs)
    {
        var first = Lines.Count > 0 ? Lines[0] : ScriptedVoice.Say("burst");
        var audio = new byte[Math.Max(audioMs * MuLaw.BytesPerMs, first.Audio.Length)];
        for (var at = 0; at < audio.Length; at += first.Audio.Length)
            first.Audio.Span[..Math.Min(first.Audio.Length, audio.Length - at)].CopyTo(audio.AsSpan(at));
        return this with { Lines = [first with { Audio = audio }, .. Lines.Skip(1)] };
    }
}

/// <summary>
/// Chooses the reply from the conversation alone, so that a fresh session with a replayed history goes on where the old one stopped: turns
/// are counted from the items, and a line of the model that was cut is continued at the word where it was cut.
/// </summary>
/// <param name="session">The number of the connection.</param>
internal sealed class ReplyChoice(RealtimeScript script, int session)
{
    private readonly HashSet<ScriptRule> _used = new(ReferenceEqualityComparer.Instance);

    public PlannedReply Choose(IReadOnlyList<ConversationEntry> conversation, string? instructions, bool idle)
    {
        if (!conversation.Any(entry => entry.Role is "user" or "assistant" || entry.Type == "function_call"))
            return Plan(script.Greeting, conversation);

        var waiting = conversation.Skip(LastWords(conversation) + 1).ToList();
        var callerWaits = waiting.Any(IsCallerTurn);
        var asked = script.Rules.FirstOrDefault(rule => (rule.When.Instructions is not null || rule.GoesOn) && Fits(rule, conversation, waiting, instructions, idle));
        if (asked is null && !callerWaits && !idle && !waiting.Any(entry => entry.Type == "function_call_output") && Continuation(conversation) is { } rest)
            return rest;

        var rule = asked ?? script.Rules.FirstOrDefault(rule => Fits(rule, conversation, waiting, instructions, idle));
        if (rule is { Once: true })
            _used.Add(rule);
        var reply = Plan((Reply?)rule ?? script.Otherwise, conversation);
        return rule is { GoesOn: true } && Continuation(conversation) is { } more ? reply with { Lines = [.. reply.Lines, .. more.Lines] } : reply;
    }

    /// <summary>How often the caller has spoken, replayed turns included.</summary>
    public int CallerTurns(IReadOnlyList<ConversationEntry> conversation) => conversation.Count(IsCallerTurn);

    private bool Fits(ScriptRule rule, IReadOnlyList<ConversationEntry> conversation, List<ConversationEntry> waiting, string? instructions, bool idle)
    {
        var when = rule.When;
        var turn = waiting.LastOrDefault(IsCallerTurn);
        return !(rule.Once && _used.Contains(rule))
            && (when.Turn is null || (turn is not null && CallerTurns(conversation) == when.Turn))
            && (when.Heard is null || (turn is not null && Contains(turn.Text, when.Heard)))
            && (when.Message is null || waiting.Any(entry => entry is { Type: "message", ContentType: "input_text" } && Contains(entry.Text, when.Message)))
            && (when.Tool is null || waiting.Any(entry => entry.Type == "function_call_output" && (when.Tool == "*" || when.Tool == ToolOf(entry, conversation))))
            && (when.Instructions is null || Contains(instructions, when.Instructions))
            && (when.Idle is null || when.Idle == idle)
            && (when.Session is null || when.Session == session);
    }

    /// <summary>A user item that the caller spoke: not the silence of an idle timeout, not a text such as "pressed 4" that a rule waits for.</summary>
    private bool IsCallerTurn(ConversationEntry entry) => entry is { Role: "user", Idle: false }
        && !(entry.ContentType == "input_text" && script.Rules.Any(rule => rule.When.Message is not null && Contains(entry.Text, rule.When.Message)));

    private static int LastWords(IReadOnlyList<ConversationEntry> conversation)
    {
        for (var i = conversation.Count - 1; i >= 0; i--)
        {
            if (conversation[i].Role == "assistant")
                return i;
        }

        return -1;
    }

    private static string? ToolOf(ConversationEntry output, IReadOnlyList<ConversationEntry> conversation) =>
        conversation.FirstOrDefault(entry => entry.Type == "function_call" && entry.CallId == output.CallId)?.Name;

    private static bool Contains(string? text, IReadOnlyList<string> phrases) =>
        text is not null && phrases.Any(phrase => text.Contains(phrase, StringComparison.OrdinalIgnoreCase));

    private static PlannedReply Plan(Reply reply, IReadOnlyList<ConversationEntry> conversation)
    {
        var lines = reply.Say.Select(ScriptedVoice.Say).ToList();
        if (reply.Echo && conversation.LastOrDefault(entry => entry is { Role: "user", Idle: false, Sound.Length: > 0 }) is { } turn)
            lines.Add(new SpokenLine("(echo)", turn.Sound, [0]));
        return new PlannedReply(lines, reply.Call, reply.Fail);
    }

    /// <summary>The rest of the reply whose line the model's last words are a beginning of, or null when nothing was cut.</summary>
    private PlannedReply? Continuation(IReadOnlyList<ConversationEntry> conversation)
    {
        var heard = Words(conversation.LastOrDefault(entry => entry.Role == "assistant")?.Text);
        if (heard.Count == 0)
            return null;
        var places = script.Rules.Cast<Reply>().Prepend(script.Greeting).Append(script.Otherwise)
            .SelectMany(reply => reply.Say.Select((text, line) => (Reply: reply, Line: line, Text: text, Count: WordsHeard(heard, Words(text)))))
            .Where(place => place.Count is not null)
            .OrderByDescending(place => place.Count == Words(place.Text).Count) // a whole line is not the beginning of another one
            .ToList();
        if (places.Count == 0)
            return null;

        var (cut, at, said, count) = places[0];
        var line = ScriptedVoice.Say(said);
        var later = cut.Say.Skip(at + 1).Select(ScriptedVoice.Say);
        List<SpokenLine> rest = count < line.Words.Count ? [line.From(count!.Value), .. later] : [.. later];
        return rest.Count > 0 ? new PlannedReply(rest, cut.Call, cut.Fail) : null;
    }

    /// <summary>How many whole words of <paramref name="line"/> were heard, or null when it is another line. A word cut in its middle was not.</summary>
    private static int? WordsHeard(List<string> heard, List<string> line)
    {
        if (heard.Count > line.Count || !heard.SkipLast(1).SequenceEqual(line.Take(heard.Count - 1)))
            return null;
        var last = line[heard.Count - 1];
        return heard[^1] == last ? heard.Count : last.StartsWith(heard[^1], StringComparison.Ordinal) && heard.Count > 1 ? heard.Count - 1 : null;
    }

    private static List<string> Words(string? text) =>
        [.. (text ?? "").ToLowerInvariant().Split(' ').Select(word => word.Trim('—', '–', '-', '…', '.', ',', '?', '!', ';', ':')).Where(word => word.Length > 0)];
}
