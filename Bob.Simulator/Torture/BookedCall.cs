using System.Text.Json;
using Bob.Simulator.Realtime;

namespace Bob.Simulator.Torture;

/// <summary>What Bob has on record of a call, asked of his API.</summary>
/// <param name="Usage">The responses that it was billed for.</param>
/// <param name="Cost">Of the call, as the call has it.</param>
/// <param name="CostInAll">The same, as the sum of what it was billed for.</param>
internal sealed record BookedCall(string? End, IReadOnlyList<string> Turns, IReadOnlyList<BookedUsage> Usage, decimal Cost, decimal CostInAll)
{
    /// <summary>The call, when it has its end or the time is up; null when Bob does not know it.</summary>
    public static async Task<BookedCall?> AskAsync(Stage stage, string callSid, TimeSpan within)
    {
        for (var since = System.Diagnostics.Stopwatch.StartNew(); ; await Task.Delay(100))
        {
            var (status, body) = await stage.Raw.GetAsync($"/api/calls/{callSid}", ("Authorization", $"Bearer {stage.Lane.ApiToken}"));
            var booked = status == 200 ? Parse(body) : null;
            if (booked?.End is not null || since.Elapsed > within)
                return booked;
        }
    }

    /// <summary>Length of the call's recording in ms, or null when there is none that can be played.</summary>
    public static async Task<int?> RecordingMsAsync(Stage stage, string callSid)
    {
        var (status, body) = await stage.Raw.GetBytesAsync($"/api/calls/{callSid}/recording", ("Authorization", $"Bearer {stage.Lane.ApiToken}"));
        const int header = 58, bytesPerMs = 16;
        return status == 200 && body.AsSpan().StartsWith("RIFF"u8) ? (body.Length - header) / bytesPerMs : null;
    }

    private static BookedCall Parse(string body)
    {
        using var document = JsonDocument.Parse(body);
        var call = document.RootElement.GetProperty("call");
        var end = call.GetProperty("result").GetString() is { } result ? $"{result} {call.GetProperty("side").GetString()} {call.GetProperty("reason").GetString()}" : null;
        var turns = document.RootElement.GetProperty("turns").EnumerateArray()
            .Select(turn => $"{turn.GetProperty("role").GetString()!.ToLowerInvariant()}: {turn.GetProperty("heardText").GetString() ?? turn.GetProperty("text").GetString()}").ToList();
        var usage = document.RootElement.GetProperty("usage").EnumerateArray().ToList();
        return new BookedCall(end, turns, [.. usage.Where(row => row.GetProperty("kind").GetString() == "Model").Select(Response)], CostOf(call), usage.Sum(CostOf));
    }

    private static BookedUsage Response(JsonElement row)
    {
        int Count(string name) => row.GetProperty(name).GetInt32();
        return new BookedUsage(
            row.GetProperty("responseId").GetString(),
            new TokenCounts(Count("textIn"), Count("audioIn"), Count("cachedTextIn"), Count("cachedAudioIn"), Count("textOut"), Count("audioOut")));
    }

    private static decimal CostOf(JsonElement of) => of.GetProperty("cost") is { ValueKind: JsonValueKind.Number } cost ? cost.GetDecimal() : 0;
}
