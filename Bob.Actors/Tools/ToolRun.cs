using System.Text.Json;
using Bob.Actors.Realtime;
using Microsoft.Extensions.AI;

namespace Bob.Actors.Tools;

/// <summary>What came of a tool.</summary>
/// <param name="Output">What the model is told.</param>
/// <param name="Failure">Why the tool gave no answer of its own, in a word for the log; null when it did. Never holds what the tool or the model said.</param>
public readonly record struct ToolOutcome(string Output, string? Failure = null);

/// <summary>Runs one tool for the model, within its time. Whatever goes wrong becomes an answer that the model can speak about.</summary>
public static class ToolRun
{
    /// <summary>Longest answer given to the model, characters: about 8,000 tokens.</summary>
    public const int MaxOutput = 32 * 1024;

    private const string CutMark = "… (cut)";

    /// <summary>Runs a tool to its output. Never throws.</summary>
    /// <param name="argumentsJson">As the model wrote them; checked here.</param>
    public static async Task<ToolOutcome> RunAsync(
        IReadOnlyList<AIFunction> tools, string name, string argumentsJson, TimeSpan timeout, TimeProvider clock)
    {
        if (tools.FirstOrDefault(tool => tool.Name == name) is not { } tool)
            return Error("unknown_tool", $"There is no tool named {name}. The tools are: {string.Join(", ", tools.Select(known => known.Name))}.");
        if (argumentsJson == RealtimeReader.ArgumentsTooLong)
            return Error("arguments_too_long", "Call the tool again with fewer words.");
        if (Parse(argumentsJson) is not { } arguments)
            return Error("invalid_arguments", "The arguments are not a JSON object. Ask the caller again if you need to, and call the tool again.");

        using var deadline = new CancellationTokenSource(timeout, clock);
        try
        {
            // WaitAsync as well as the token: a tool that ignores its token must not hold the call up.
            var result = await Task.Run(() => tool.InvokeAsync(arguments, deadline.Token).AsTask(), deadline.Token).WaitAsync(deadline.Token);
            var output = Text(result);
            return new ToolOutcome(output.Length <= MaxOutput ? output : Cut(output));
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return Error("timeout", $"The tool did not answer within {timeout.TotalSeconds:0.#} s.");
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // A tool is foreign code: what it throws is an answer, and its words may hold secrets.
            return Error("failed", $"The tool failed ({failure.GetType().Name}). Tell the caller that it did not work.", failure.GetType().Name);
        }
    }

    private static AIFunctionArguments? Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(string.IsNullOrWhiteSpace(json) ? "{}" : json, new JsonDocumentOptions { MaxDepth = 32 });
            return document.RootElement.ValueKind != JsonValueKind.Object
                ? null
                : new AIFunctionArguments(document.RootElement.EnumerateObject()
                    .GroupBy(property => property.Name)
                    .ToDictionary(same => same.Key, same => (object?)same.Last().Value.Clone()));
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or ArgumentException)
        {
            // The latter two: half a surrogate pair, escaped in a name or as it is.
            return null;
        }
    }

    /// <summary>As much as may be given, whole characters only.</summary>
    private static string Cut(string output)
    {
        var length = MaxOutput - CutMark.Length;
        return output[..(char.IsHighSurrogate(output[length - 1]) ? length - 1 : length)] + CutMark;
    }

    private static string Text(object? result) => result switch
    {
        null => "",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } text => text.GetString()!,
        JsonElement json => json.GetRawText(),
        _ => JsonSerializer.Serialize(result, AIJsonUtilities.DefaultOptions),
    };

    private static ToolOutcome Error(string code, string say, string? failure = null) =>
        new(JsonSerializer.Serialize(new { error = code, say }), failure ?? code);
}
