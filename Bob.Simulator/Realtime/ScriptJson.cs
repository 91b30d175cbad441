using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Bob.Simulator.Realtime;

/// <summary>A script that cannot be used. The message names the file, the place in it and what to write instead.</summary>
public sealed class ScriptException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Reads scripts and checks what the JSON alone cannot say.</summary>
internal static class ScriptJson
{
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        RespectNullableAnnotations = true,
        NumberHandling = JsonNumberHandling.Strict,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    private static readonly FaultAction[] OfConnect = [FaultAction.Http, FaultAction.NoUpgrade, FaultAction.WrongAccept, FaultAction.Refuse];

    private static readonly FaultAction[] OfEvent =
        [FaultAction.Withhold, FaultAction.Delay, FaultAction.Postpone, FaultAction.Duplicate, FaultAction.Corrupt];

    private static readonly FaultAction[] OfResponse =
        [FaultAction.Burst, FaultAction.Pace, FaultAction.Pcm16, FaultAction.LateAudio, FaultAction.RepeatCall];

    public static RealtimeScript Read(string json, string name)
    {
        RealtimeScript script;
        try
        {
            script = JsonSerializer.Deserialize<RealtimeScript>(json, Options) ?? throw new ScriptException($"{name}: the script is null.");
        }
        catch (JsonException e)
        {
            var line = e.LineNumber is { } number ? $" line {number + 1}" : "";
            var path = e.Path is null or "$" ? "" : $" ({e.Path})";
            throw new ScriptException($"{name}{line}{path}: {e.Message.Split(" Path:")[0]}", e);
        }

        if (Fault(script) is { } fault)
            throw new ScriptException($"{name}: {fault}");
        return script;
    }

    /// <summary>The first fault of meaning, or null.</summary>
    public static string? Fault(RealtimeScript script) =>
        OfReply(script.Greeting, "greeting") ?? OfReply(script.Otherwise, "otherwise")
        ?? script.Rules.Select((rule, i) => OfRule(rule, $"rules[{i}]")).FirstOrDefault(fault => fault is not null)
        ?? script.Faults.Select((fault, i) => OfFault(fault, $"faults[{i}]")).FirstOrDefault(fault => fault is not null);

    private static string? OfRule(ScriptRule rule, string place) => OfReply(rule, place)
        ?? (rule.When.Turn is < 1 ? $"{place}.when.turn is {rule.When.Turn}; turns count from 1." : null);

    private static string? OfReply(Reply reply, string place)
    {
        if (reply.Say.Count == 0 && reply.Call.Count == 0 && !reply.Echo && !reply.Silent && reply.Fail is null)
            return $"{place} does nothing; give it \"say\", \"call\", \"echo\", \"fail\" or \"silent\": true.";
        if (reply.Silent && (reply.Say.Count > 0 || reply.Echo))
            return $"{place} is silent and speaks; take one away.";
        if (reply.Say.Any(string.IsNullOrWhiteSpace))
            return $"{place}.say has an empty line.";
        if (reply.Fail is { } fail && fail.Status is not ("failed" or "incomplete"))
            return $"{place}.fail.status is \"{fail.Status}\"; write \"failed\" or \"incomplete\".";
        return reply.Call.Any(call => call.CallId?.Length > 32) ? $"{place}.call has a callId of more than 32 characters." : null;
    }

    private static string? OfFault(Fault fault, string place)
    {
        var at = fault.At;
        var places = new[] { at.On is not null, at.ClientEvent is not null, at.Received is not null, at.Event is not null || at.Response is not null || at.AudioMs is not null };
        if (OfConnect.Contains(fault.Do))
            return at.On is null or FaultMoment.Connect && places.Skip(1).All(given => !given) ? null : $"{place}: \"{Word(fault.Do)}\" happens on connect; write \"at\": {{ \"on\": \"connect\" }}.";
        if (places.Count(given => given) != 1)
            return $"{place}.at names {(places.Any(given => given) ? "several places" : "no place")}; give one of \"on\", \"clientEvent\", \"received\", \"event\", \"response\".";
        if (OfEvent.Contains(fault.Do) && at.Event is null)
            return $"{place}: \"{Word(fault.Do)}\" needs \"at\": {{ \"event\": … }}.";
        if (fault.Do == FaultAction.Reject && at.Received is null && at.ClientEvent is null)
            return $"{place}: \"reject\" needs \"at\": {{ \"received\": … }}.";
        if (OfResponse.Contains(fault.Do) && (at.Response is null || at.Event is not null || at.AudioMs is not null))
            return $"{place}: \"{Word(fault.Do)}\" needs \"at\": {{ \"response\": n }} and nothing else but \"session\".";
        if (fault.Do == FaultAction.Close && fault.Code is < 1000 or > 4999)
            return $"{place}.code is {fault.Code}; close codes go from 1000 to 4999.";
        return fault.Do == FaultAction.Send && fault.Events.Count == 0 ? $"{place}: \"send\" needs \"events\"." : null;
    }

    private static string Word(FaultAction action) => JsonNamingPolicy.CamelCase.ConvertName(action.ToString());
}
