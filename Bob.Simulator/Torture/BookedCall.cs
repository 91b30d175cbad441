using System.Text.Json;

namespace Bob.Simulator.Torture;

/// <summary>What Bob has on record of a call, asked of his API.</summary>
internal sealed record BookedCall(string? End, IReadOnlyList<string> Turns, bool HasRecording, string? RecordingFault, int Responses)
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
        return new BookedCall(end, turns, call.GetProperty("hasRecording").GetBoolean(), call.GetProperty("recordingFault").GetString(), document.RootElement.GetProperty("usage").GetArrayLength());
    }
}
