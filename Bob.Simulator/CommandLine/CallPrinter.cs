using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Bob.Simulator.Twilio;

namespace Bob.Simulator.CommandLine;

/// <summary>Writes a call down for people, or as JSON for programs.</summary>
internal static class CallPrinter
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static void Print(TextWriter output, CallReport report, IReadOnlyList<string> failures)
    {
        foreach (var line in report.Transcript)
            output.WriteLine(FormattableString.Invariant($"{line.At.TotalSeconds,8:0.000} s  {line.Who,-6}  {line.What}"));
        output.WriteLine();
        output.WriteLine($"Call        {report.CallSid}");
        output.WriteLine($"First audio {(report.FirstAudio is { } first ? $"{first.TotalMilliseconds:0} ms" : "never")}");
        output.WriteLine(FormattableString.Invariant($"Heard       {report.Streams.Sum(s => s.BytesPlayed) / 8000.0:0.0} s of Bob on {report.Streams.Count} stream(s)"));
        output.WriteLine($"Warnings    {report.Warnings.Count(w => w.Level != WarningLevel.Notice)}");
        output.WriteLine(FormattableString.Invariant($"Ended       {report.EndReason} after {report.Duration.TotalSeconds:0.0} s: {report.EndDetail}"));
        output.WriteLine();
        foreach (var failure in failures)
            output.WriteLine($"FAILED  {failure}");
        if (failures.Count == 0)
            output.WriteLine("OK  The call went as a caller would want.");
    }

    public static void PrintJson(TextWriter output, CallReport report, IReadOnlyList<string> failures) => output.WriteLine(JsonSerializer.Serialize(
        new
        {
            report.CallSid,
            report.EndReason,
            report.EndDetail,
            DurationMs = Ms(report.Duration),
            FirstAudioMs = Ms(report.FirstAudio),
            Ok = failures.Count == 0,
            Failures = failures,
            Warnings = report.Warnings.Select(w => new { w.Code, w.Level, w.Message, AtMs = Ms(w.At) }),
            Transcript = report.Transcript.Select(l => new { l.Ms, l.Who, l.What }),
            Utterances = report.Utterances.Select(u => new { FromMs = Ms(u.From), ToMs = Ms(u.To), u.OverBob, u.OnStream }),
            Streams = report.Streams.Select(s => new
            {
                s.StreamSid,
                s.Number,
                StartedMs = Ms(s.Started),
                EndedMs = Ms(s.Ended),
                s.ErrorCode,
                s.Error,
                s.BytesReceived,
                s.BytesPlayed,
                s.BytesFlushed,
                s.BytesLost,
                Marks = s.Marks.Select(m => new { m.Name, ReceivedMs = Ms(m.Received), m.PositionBytes, EchoedMs = Ms(m.Echoed), m.Flushed }),
                Clears = s.Clears.Select(c => new { AtMs = Ms(c.At), c.HeardBytes, c.FlushedBytes, c.FlushedMarks }),
            }),
            report.TwimlDocuments,
        },
        Json));

    private static double? Ms(TimeSpan? time) => time is { } known ? Math.Round(known.TotalMilliseconds, 1) : null;
}
