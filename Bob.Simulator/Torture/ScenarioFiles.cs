using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Bob.Simulator.CommandLine;
using Bob.Simulator.Realtime;

namespace Bob.Simulator.Torture;

/// <summary>One run of a scenario.</summary>
/// <param name="Id">Of the catalogue.</param>
/// <param name="Case">Which of the scenario's cases, such as <c>code=1011</c>; empty when it has one.</param>
/// <param name="Scenario">The case's own.</param>
public sealed record ScenarioCase(string Id, string Case, Scenario Scenario)
{
    /// <summary>Id and case.</summary>
    public string Name => Case.Length == 0 ? Id : $"{Id} {Case}";
}

/// <summary>The scenarios that this program was built with, and the rows of the catalogue that have none.</summary>
public static partial class ScenarioFiles
{
    private const string Folder = "Bob.Simulator.Torture.scenarios.";

    private static readonly JsonSerializerOptions Json = new(ScriptJson.Options)
    {
        Converters = { new DurationConverter() },
    };

    private static readonly JsonDocumentOptions Document = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>All ids that have a scenario, O before T before P before A, each by number.</summary>
    public static IReadOnlyList<string> Ids { get; } =
    [
        .. typeof(ScenarioFiles).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
            .Select(name => name[Folder.Length..^".json".Length])
            .OrderBy(Order),
    ];

    /// <summary>Rows of the catalogue that no scenario can be written for yet, and why.</summary>
    public static IReadOnlyDictionary<string, string> NotApplicable { get; } =
        JsonSerializer.Deserialize<Dictionary<string, string>>(Read("Bob.Simulator.Torture.not-applicable.json"), Json)!;

    /// <summary>O, T, P, A, then the number.</summary>
    public static int Order(string id) => ("OTPA".IndexOf(id[0]) * 1000) + int.Parse(id[1..], CultureInfo.InvariantCulture);

    /// <summary>All cases of an id.</summary>
    /// <exception cref="ScriptException">The file cannot be used; the message says where and why.</exception>
    public static IReadOnlyList<ScenarioCase> Cases(string id)
    {
        var text = Read($"{Folder}{id}.json");
        try
        {
            var root = JsonNode.Parse(Blanks().Replace(text, match => new string('x', int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))), documentOptions: Document)!;
            var scenarios = root is JsonArray several ? several.Select(one => one!) : [root];
            return [.. scenarios.SelectMany(one => Combinations(one["each"]?.AsObject()).Select(values => Parse(id, one.ToJsonString(), values)))];
        }
        catch (JsonException wrong)
        {
            throw new ScriptException($"{id}.json{(wrong.LineNumber is { } line ? $" line {line + 1}" : "")}: {wrong.Message}", wrong);
        }
    }

    private static ScenarioCase Parse(string id, string text, IReadOnlyList<(string Name, JsonNode Value)> values)
    {
        foreach (var (name, value) in values)
        {
            // In quotes alone it is the value itself, which may be a number; within a text it is a part of the text.
            text = text.Replace($"\"${name}\"", value.ToJsonString(), StringComparison.Ordinal);
            text = text.Replace($"${name}", value.GetValueKind() == JsonValueKind.String ? value.ToJsonString()[1..^1] : value.ToJsonString(), StringComparison.Ordinal);
        }

        var scenario = JsonSerializer.Deserialize<Scenario>(SmallTalk.Expand(text), Json)!;
        var script = scenario.Model.Script ?? SmallTalk.Script;
        if (ScriptJson.Fault(script with { Rules = [.. scenario.Model.Rules, .. script.Rules], Faults = [.. script.Faults, .. scenario.Model.Faults] }) is { } fault)
            throw new ScriptException($"{id}.json: model.{fault}");
        foreach (var step in scenario.Script)
            Steps.Check(step, id);
        var label = string.Join(' ', values.Select(value => $"{value.Name}={value.Value}").Prepend(scenario.Case).Where(part => part.Length > 0));
        label = string.Concat(label.Select(letter => char.IsControl(letter) || char.GetUnicodeCategory(letter) == UnicodeCategory.Format ? '·' : letter));
        return new ScenarioCase(id, label.Length > 60 ? $"{label[..60]}… ({label.Length})" : label, scenario);
    }

    private static List<List<(string, JsonNode)>> Combinations(JsonObject? each)
    {
        List<List<(string, JsonNode)>> all = [[]];
        foreach (var (name, values) in each ?? [])
            all = [.. all.SelectMany(one => values!.AsArray().Select(value => (List<(string, JsonNode)>)[.. one, (name, value!)]))];
        return all;
    }

    /// <summary>So many letters, for what is too long to be written down.</summary>
    [GeneratedRegex(@"\$x\((\d+)\)")]
    private static partial Regex Blanks();

    private static string Read(string resource)
    {
        using var stream = typeof(ScenarioFiles).Assembly.GetManifestResourceStream(resource)
            ?? throw new ArgumentException($"There is no scenario {resource}.", nameof(resource));
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private sealed class DurationConverter : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            Durations.TryParse(reader.GetString() ?? "", out var duration, out var problem) ? duration : throw new JsonException(problem);

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteStringValue($"{value.TotalMilliseconds}ms");
    }
}
