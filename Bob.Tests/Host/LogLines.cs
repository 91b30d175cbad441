using System.Collections.Concurrent;
using Bob.Host.Logging;
using Serilog.Core;
using Serilog.Events;

namespace Bob.Tests.Host;

/// <summary>Keeps what Bob logs, and shows it as the console would.</summary>
/// <param name="news">Released at every line.</param>
public sealed class LogLines(SemaphoreSlim news) : ILogEventSink
{
    private readonly BobTextFormatter _formatter = new();

    public ConcurrentQueue<LogEvent> Events { get; } = new();

    public IReadOnlyList<string> Written => [.. Events.Select(Line)];

    public void Emit(LogEvent logEvent)
    {
        Events.Enqueue(logEvent);
        news.Release();
    }

    private string Line(LogEvent logEvent)
    {
        var output = new StringWriter();
        _formatter.Format(logEvent, output);
        return output.ToString().TrimEnd();
    }
}
