using System.Text;
using Bob.Actors.Calls;
using Bob.Actors.Records;
using Microsoft.EntityFrameworkCore;
using static Bob.Actors.Records.JournalEntry;

namespace Bob.Host.Records;

/// <summary>
/// Makes the tables of calls out of the journal: takes entries in order, and changes the rows that they speak of. An entry of a call that was
/// never opened (its beginning was lost) makes no call, but its turns are kept.
/// </summary>
internal sealed class Projection
{
    /// <summary>Of a recording that lacks the moment in which its process died.</summary>
    private const string ProcessDied = "process died";

    /// <summary>Of a recording that is the first of several.</summary>
    private const string GoesOn = "goes on in ";

    private readonly RecordsContext _db;
    private readonly string _node;
    private readonly Dictionary<string, CallRow> _calls;
    private readonly Dictionary<(string, string), TurnRow> _turns;
    private readonly Dictionary<(string, string), ToolRunRow> _tools;
    private readonly Dictionary<string, UsageRow> _phone;
    private readonly Dictionary<string, MessageRow> _messages;

    private Projection(RecordsContext db, string node, List<CallRow> calls, List<TurnRow> turns, List<ToolRunRow> tools, List<UsageRow> phone, List<MessageRow> messages)
    {
        (_db, _node) = (db, node);
        _phone = phone.ToDictionary(row => row.CallSid);
        _messages = messages.ToDictionary(row => row.RecordingSid!);
        _calls = calls.ToDictionary(row => row.CallSid);
        _turns = turns.ToDictionary(row => (row.CallSid, row.ItemId));
        _tools = tools.ToDictionary(row => (row.CallSid, row.ToolCallId));
    }

    /// <summary>Loads what <paramref name="entries"/> may change.</summary>
    /// <param name="node">The node that writes.</param>
    public static async Task<Projection> LoadAsync(RecordsContext db, string node, IReadOnlyCollection<JournalEntry> entries, CancellationToken cancellation)
    {
        var calls = entries.Select(entry => entry.CallSid.Value).Distinct().ToArray();
        var items = entries.Select(ItemOf).OfType<string>().Select(Clean).Distinct().ToArray();
        var tools = entries.Select(ToolOf).OfType<string>().Select(Clean).Distinct().ToArray();
        var ended = entries.OfType<CallEnded>().Select(entry => entry.CallSid.Value).Distinct().ToArray();
        var messages = entries.OfType<MessageLeft>().Select(entry => entry.RecordingSid).Distinct().ToArray();
        return new Projection(
            db,
            node,
            await db.Calls.Where(row => calls.Contains(row.CallSid)).ToListAsync(cancellation),
            items.Length == 0 ? [] : await db.Turns.Where(row => calls.Contains(row.CallSid) && items.Contains(row.ItemId)).ToListAsync(cancellation),
            tools.Length == 0 ? [] : await db.ToolRuns.Where(row => calls.Contains(row.CallSid) && tools.Contains(row.ToolCallId)).ToListAsync(cancellation),
            ended.Length == 0 ? [] : await db.Usage.Where(row => ended.Contains(row.CallSid) && row.Kind == UsageKind.Telephony).ToListAsync(cancellation),
            messages.Length == 0 ? [] : await db.Messages.Where(row => row.RecordingSid != null && messages.Contains(row.RecordingSid)).ToListAsync(cancellation));
    }

    public void Take(JournalEntry entry)
    {
        _db.Journal.Add(new JournalRow
        {
            CallSid = entry.CallSid.Value,
            Number = entry.Number,
            At = entry.At,
            Kind = JournalCodec.Kind(entry),
            Version = JournalCodec.Version,
            Payload = JournalCodec.Payload(entry),
        });
        var call = _calls.GetValueOrDefault(entry.CallSid.Value);
        switch (entry)
        {
            case CallOpened opened:
                Open(opened, call);
                break;
            case StreamAttached when call is not null:
                (call.EndedAt, call.Result, call.Side, call.Reason) = (null, null, null, null); // a call that was given up goes on
                (call.Node, call.Reconnects, call.Streams) = (_node, call.Streams, call.Streams + 1);
                break;
            case StepChanged step when call is not null:
                call.Step = step.Phase;
                break;
            case CallEnded ended when call is not null:
                (call.EndedAt, call.Result, call.Side, call.Reason) = (entry.At, ended.End.Result, ended.End.Side, ended.End.Reason);
                (call.Step, call.FirstAudioMs, call.Reconnects) = (CallPhase.Over, ended.FirstAudioMs, ended.Reconnects);
                if (ended.End == CallEnd.ProcessDied && call.Recording is not null)
                    call.RecordingFault ??= ProcessDied;
                BillPhone(ended, call);
                break;
            case RecordingBegun begun when call is not null:
                // The call went on in another process, which cannot write into the file of the first: that says more than that the first process died.
                if (call.Recording is { } first && first != begun.File && call.RecordingFault is null or ProcessDied)
                    call.RecordingFault = $"{GoesOn}{Clean(begun.File)}";
                call.Recording ??= Clean(begun.File);
                break;
            case RecordingTruncated truncated when call is not null:
                call.RecordingFault ??= Clean(truncated.Reason);
                break;
            case MessageLeft left:
                Leave(left, call);
                break;
            case UsageReported used:
                Bill(used, call);
                break;
            case TranscriptionReported written:
                Bill(written, call);
                break;
            case ToolCalled called:
                Run(called);
                break;
            case ToolReturned returned:
                if (_tools.GetValueOrDefault((entry.CallSid.Value, Clean(returned.CallId))) is { } run)
                    (run.Output, run.Ms, run.Outcome) = (Clean(returned.Output), returned.Ms, Clean(returned.Outcome));
                break;
            case KeyPressed pressed:
                Press(entry, pressed.First, pressed.DigitsSoFar, TurnWords.Partial, call);
                break;
            case KeysPressed pressed:
                Press(entry, pressed.First, pressed.Digits, TurnWords.Whole, call);
                break;
            default:
                Speak(entry, call);
                break;
        }
    }

    private static string? ItemOf(JournalEntry entry) => entry switch
    {
        CallerTurn turn => turn.ItemId,
        CallerWords words => words.ItemId,
        CallerWordsFailed failed => failed.ItemId,
        BobWords words => words.ItemId,
        BobSaid said => said.ItemId,
        BobSpoke spoke => spoke.ItemId,
        BobCut cut => cut.ItemId,
        KeyPressed pressed => KeysItem(entry, pressed.First),
        KeysPressed pressed => KeysItem(entry, pressed.First),
        _ => null,
    };

    /// <summary>Keys have no id of the model's: a number bears that of its first key.</summary>
    private static string KeysItem(JournalEntry entry, int? first) => $"keys-{first ?? entry.Number}";

    private static string? ToolOf(JournalEntry entry) => entry switch
    {
        ToolCalled called => called.CallId,
        ToolReturned returned => returned.CallId,
        _ => null,
    };

    private void Speak(JournalEntry entry, CallRow? call)
    {
        switch (entry)
        {
            case CallerTurn spoken:
                var turn = Turn(entry, spoken.ItemId, TurnRole.Caller);
                (turn.StartedMs, turn.EndedMs) = (spoken.StartedMs, spoken.EndedMs);
                break;
            case CallerWords words:
                var known = Turn(entry, words.ItemId, TurnRole.Caller);
                (known.Text, known.Words) = (Clean(words.Text.Trim()), TurnWords.Whole);
                break;
            case CallerWordsFailed failed:
                Turn(entry, failed.ItemId, TurnRole.Caller).Words = TurnWords.Failed;
                break;
            case BobWords words:
                var growing = Bob(words.ItemId);
                (growing.Text, growing.Words) = (Clean(words.TextSoFar), TurnWords.Partial);
                break;
            case BobSaid said:
                var whole = Bob(said.ItemId);
                (whole.Text, whole.Words) = (Clean(said.Text), TurnWords.Whole);
                break;
            case BobSpoke spoke:
                var item = Bob(spoke.ItemId);
                (item.ReceivedMs, item.EndedMs) = (spoke.ReceivedMs, item.StartedMs + spoke.ReceivedMs);
                break;
            case BobCut cut:
                var broken = Bob(cut.ItemId);
                (broken.HeardText, broken.HeardMs, broken.ReceivedMs) = (Clean(cut.HeardText), cut.HeardMs, cut.ReceivedMs);
                (broken.Interrupted, broken.EndedMs) = (!cut.Lost, broken.StartedMs + cut.HeardMs);
                break;
        }

        TurnRow Bob(string itemId)
        {
            var turn = Turn(entry, itemId, TurnRole.Bob);
            turn.StartedMs ??= Since(call, entry);
            return turn;
        }
    }

    private void Press(JournalEntry entry, int? first, string digits, TurnWords words, CallRow? call)
    {
        var keys = Turn(entry, KeysItem(entry, first), TurnRole.Keypad);
        (keys.Text, keys.Words) = (Clean(digits), words);
        keys.StartedMs ??= Since(call, entry);
    }

    /// <summary>What stands in the entry happened when it was written.</summary>
    private static long? Since(CallRow? call, JournalEntry entry) => call is null ? null : (long)(entry.At - call.StartedAt).TotalMilliseconds;

    private void Open(CallOpened opened, CallRow? call)
    {
        if (call is null)
        {
            call = new CallRow
            {
                CallSid = opened.CallSid.Value,
                Caller = Clean(opened.Caller),
                Called = Clean(opened.Called),
                Node = _node,
                StartedAt = opened.At,
            };
            _calls[call.CallSid] = call;
            _db.Calls.Add(call);
        }

        // Announced again, after it had not reached Bob: what counts is the call that did.
        (call.Node, call.StartedAt, call.Persona, call.Step) = (_node, opened.At, opened.Persona, CallPhase.Connecting);
        (call.EndedAt, call.Result, call.Side, call.Reason) = (null, null, null, null);
    }

    private void Bill(UsageReported used, CallRow? call)
    {
        _db.Usage.Add(new UsageRow
        {
            CallSid = used.CallSid.Value,
            Number = used.Number,
            Kind = UsageKind.Model,
            At = used.At,
            ResponseId = Clean(used.ResponseId),
            TextIn = used.TextIn,
            AudioIn = used.AudioIn,
            CachedTextIn = used.CachedTextIn,
            CachedAudioIn = used.CachedAudioIn,
            TextOut = used.TextOut,
            AudioOut = used.AudioOut,
            CostMicros = Micros(used.Cost),
        });
        Charge(call, Micros(used.Cost));
    }

    private void Bill(TranscriptionReported written, CallRow? call)
    {
        _db.Usage.Add(new UsageRow
        {
            CallSid = written.CallSid.Value,
            Number = written.Number,
            Kind = UsageKind.Transcription,
            At = written.At,
            ResponseId = Clean(written.ItemId),
            TextIn = written.TextIn,
            AudioIn = written.AudioIn,
            TextOut = written.TextOut,
            Seconds = written.Seconds,
            CostMicros = Micros(written.Cost),
        });
        Charge(call, Micros(written.Cost));
    }

    /// <summary>A call that was given up and went on ends twice: the second bill takes the place of the first.</summary>
    private void BillPhone(CallEnded ended, CallRow call)
    {
        if (ended.PhoneSeconds is not { } seconds)
            return;
        var cost = Micros(ended.PhoneCost);
        if (!_phone.TryGetValue(call.CallSid, out var bill))
        {
            bill = new UsageRow { CallSid = call.CallSid, Number = ended.Number, Kind = UsageKind.Telephony, At = ended.At };
            _phone.Add(call.CallSid, bill);
            _db.Usage.Add(bill);
        }

        Charge(call, cost - (bill.CostMicros ?? 0));
        (bill.Seconds, bill.CostMicros) = (seconds, cost);
    }

    /// <summary>Who left it, what was known first does not always tell.</summary>
    private void Leave(MessageLeft left, CallRow? call)
    {
        var caller = left.Caller is { } told ? Clean(told) : null;
        if (_messages.TryGetValue(left.RecordingSid, out var message))
        {
            message.Caller = caller ?? message.Caller;
            message.Seconds ??= left.Seconds;
            return;
        }

        message = new MessageRow
        {
            CallSid = left.CallSid.Value,
            Kind = MessageKind.Voicemail,
            Caller = caller ?? call?.Caller ?? Twilio.Caller.Anonymous.Value,
            RecordingSid = left.RecordingSid,
            RecordingUrl = left.RecordingUrl,
            Node = _node,
            Seconds = left.Seconds,
            At = left.At,
        };
        _messages.Add(left.RecordingSid, message);
        _db.Messages.Add(message);
    }

    private static void Charge(CallRow? call, long? micros)
    {
        if (call is not null && micros is { } more)
            call.CostMicros = (call.CostMicros ?? 0) + more;
    }

    private static long? Micros(decimal? cost) => cost is { } amount ? (long)decimal.Round(amount * 1_000_000) : null;

    private void Run(ToolCalled called)
    {
        var run = new ToolRunRow
        {
            CallSid = called.CallSid.Value,
            Number = called.Number,
            ToolCallId = Clean(called.CallId),
            Name = Clean(called.Name),
            Arguments = Clean(called.Arguments),
            At = called.At,
        };
        if (_tools.TryAdd((run.CallSid, run.ToolCallId), run))
            _db.ToolRuns.Add(run);
    }

    private TurnRow Turn(JournalEntry entry, string itemId, TurnRole role)
    {
        var key = (entry.CallSid.Value, Clean(itemId));
        if (_turns.TryGetValue(key, out var turn))
            return turn;
        turn = new TurnRow { CallSid = entry.CallSid.Value, Number = entry.Number, ItemId = key.Item2, Role = role };
        _turns[key] = turn;
        _db.Turns.Add(turn);
        return turn;
    }

    /// <summary>PostgreSQL has no place for NUL and for half a surrogate pair, and a text that is refused must not hold up the rest.</summary>
    private static string Clean(string text)
    {
        if (text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        return text.Replace("\0", "", StringComparison.Ordinal);
    }
}
