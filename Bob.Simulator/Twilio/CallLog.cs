using System.Diagnostics;

namespace Bob.Simulator.Twilio;

/// <summary>What is written down while a call goes on, and the call's clock. Thread-safe.</summary>
internal sealed class CallLog
{
    private readonly Lock _gate = new();
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly List<TranscriptLine> _transcript = [];
    private readonly List<TwilioWarning> _warnings = [];
    private readonly List<string> _documents = [];
    private readonly List<WebhookReport> _webhooks = [];

    /// <summary>Time of the call.</summary>
    public TimeSpan Now => Stopwatch.GetElapsedTime(_started);

    /// <summary>The same as a position on the line, bytes.</summary>
    public long Position => Mulaw.Bytes(Now);

    public IReadOnlyList<TranscriptLine> Transcript => Copy(_transcript, lines => lines.OrderBy(l => l.At));

    public IReadOnlyList<TwilioWarning> Warnings => Copy(_warnings, w => w);

    public IReadOnlyList<string> Documents => Copy(_documents, d => d);

    public IReadOnlyList<WebhookReport> Webhooks => Copy(_webhooks, w => w.OrderBy(r => r.At));

    public void Say(string who, string what) => Say(Now, who, what);

    public void Say(TimeSpan at, string who, string what)
    {
        lock (_gate)
            _transcript.Add(new TranscriptLine(at, who, what));
    }

    public void Warn(int code, WarningLevel level, string message)
    {
        lock (_gate)
            _warnings.Add(new TwilioWarning(code, level, message, Now));
        Say("twilio", code == 0 ? message : $"{level.ToString().ToLowerInvariant()} {code}: {message}");
    }

    public void Document(string text)
    {
        lock (_gate)
            _documents.Add(text);
    }

    public void Webhook(WebhookReport report)
    {
        lock (_gate)
            _webhooks.Add(report);
    }

    private List<T> Copy<T>(List<T> source, Func<IEnumerable<T>, IEnumerable<T>> order)
    {
        lock (_gate)
            return [.. order(source)];
    }
}
