using System.Diagnostics;
using Bob.Simulator.Twilio;

namespace Bob.Simulator.Torture;

/// <summary>What came back, and how long that took.</summary>
/// <param name="Of"><c>model</c>: from the fault to the next session that is told to go on or hears the caller. <c>media</c>: from Twilio's request, or the moment a new
/// process listens if that is later, to the next stream's handshake. <c>process</c>: from the moment the new process listens to the first sound of it at the caller. <c>fallback</c>: from the fault, or the first
/// stream's start if that is later, to the first word of the apology.</param>
public sealed record Recovered(string Of, TimeSpan Took);

/// <summary>Measures recoveries at the far ends.</summary>
internal static class Recovery
{
    public static IReadOnlyList<Recovered> Of(Stage stage, PlacedCall call, CallReport report, IReadOnlyList<HeardPiece> heard)
    {
        var found = new List<Recovered>();
        found.AddRange(Model(stage));
        var up = NewProcess(stage, call);
        found.AddRange(Media(call, report, up));
        found.AddRange(Process(report, up));
        found.AddRange(Fallback(stage, call, report, heard));
        return found;
    }

    private static IEnumerable<Recovered> Model(Stage stage)
    {
        foreach (var at in ModelBlows(stage))
        {
            var next = stage.Model.Sessions.Concat(stage.Second.Sessions)
                .Where(session => session.Received is [var first, ..] && first.At > at)
                .SelectMany(session => session.Received.Where(e => e.Type is "input_audio_buffer.append" or "response.create").Take(1))
                .OrderBy(e => e.At)
                .FirstOrDefault();
            if (next is not null)
                yield return new Recovered("model", next.At - at);
        }
    }

    /// <summary>Faults that ended a session.</summary>
    private static IEnumerable<DateTimeOffset> ModelBlows(Stage stage) =>
        stage.Model.Struck
            .Where(struck => struck.Fault.Do is Realtime.FaultAction.Drop or Realtime.FaultAction.Fin or Realtime.FaultAction.Close or Realtime.FaultAction.Freeze
                or Realtime.FaultAction.BlackHole or Realtime.FaultAction.Oversize or Realtime.FaultAction.Corrupt or Realtime.FaultAction.Mute or Realtime.FaultAction.Expire)
            .GroupBy(struck => struck.Session, struck => struck.At, (_, times) => times.Max())
            .Concat(stage.Blows.Where(blow => blow.What.StartsWith("session ", StringComparison.Ordinal) || blow.What.StartsWith("model ", StringComparison.Ordinal)).Select(blow => Wall(blow.At)));

    private static IEnumerable<Recovered> Media(PlacedCall call, CallReport report, TimeSpan? up)
    {
        foreach (var webhook in report.Webhooks.Where(webhook => webhook.Url.Split('#')[0].EndsWith("/call-next", StringComparison.Ordinal) && webhook.Form.Any(field => field is { Key: "CallStatus", Value: "in-progress" })))
        {
            var next = report.Streams.FirstOrDefault(stream => stream.Started > webhook.At);
            if (next is null)
                continue;
            // A request that waits at a dead process's door is nobody's to answer yet.
            var asked = up > webhook.At && up < next.Started ? up.Value : webhook.At;
            yield return new Recovered("media", next.Started!.Value - asked);
        }
    }

    private static IEnumerable<Recovered> Process(CallReport report, TimeSpan? up)
    {
        var sound = report.Playback.SelectMany(stream => stream.Runs).Where(run => run.At > up).Select(run => run.At).DefaultIfEmpty(TimeSpan.Zero).Min();
        if (sound > up)
            yield return new Recovered("process", sound - up.Value);
    }

    /// <summary>When the process that was started after a kill began to listen.</summary>
    private static TimeSpan? NewProcess(Stage stage, PlacedCall call) =>
        stage.Lane.Bob is { ListensSince: > 0 } bob && stage.Blows.FirstOrDefault(blow => blow.What.StartsWith("kill", StringComparison.Ordinal)) is { } kill && bob.ListensSince >= kill.At
            ? call.At(bob.ListensSince)
            : null;

    private static IEnumerable<Recovered> Fallback(Stage stage, PlacedCall call, CallReport report, IReadOnlyList<HeardPiece> heard)
    {
        var apology = heard.FirstOrDefault(piece => piece.Name.StartsWith("say:", StringComparison.Ordinal) || piece.Name.Contains("apology", StringComparison.Ordinal));
        if (stage.Scenario.Hears != "H3" || apology is null || report.Streams is not [{ Started: { } from }, ..])
            yield break;
        var failed = stage.Model.Sessions.SelectMany(session => session.Responses).Where(response => response is { Status: "failed", EndedAt: not null }).Select(response => response.EndedAt!.Value);
        var blow = stage.Model.Struck.Select(struck => struck.At).Concat(failed).Select(at => call.At(Moment(at)))
            .Concat(stage.Blows.Select(one => call.At(one.At))).DefaultIfEmpty(TimeSpan.Zero).Max();
        yield return new Recovered("fallback", apology.At - (blow > from && blow < apology.At ? blow : from));
    }

    /// <summary>The time of day at that moment.</summary>
    public static DateTimeOffset Wall(long moment) => DateTimeOffset.UtcNow - Stopwatch.GetElapsedTime(moment);

    private static long Moment(DateTimeOffset wall) => Stopwatch.GetTimestamp() - (long)((DateTimeOffset.UtcNow - wall).TotalSeconds * Stopwatch.Frequency);
}
