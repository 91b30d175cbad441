using System.Collections.Concurrent;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Parsing;

namespace Bob.Host.Logging;

/// <summary>
/// Writes log lines on a thread of its own. Calls run on the socket thread, and a terminal or pipe that does not take a line would stop them all: when
/// <see cref="Capacity"/> lines wait, further ones are dropped and counted.
/// </summary>
public sealed class BackgroundSink : ILogEventSink, IDisposable
{
    /// <summary>Lines that may wait.</summary>
    public const int Capacity = 8_192;

    private static readonly TimeSpan FlushDeadline = TimeSpan.FromSeconds(2);
    private static readonly MessageTemplate DroppedTemplate = new MessageTemplateParser().Parse("{Dropped} log lines were dropped: the output did not take them");
    private readonly BlockingCollection<LogEvent> _lines = new(Capacity);
    private readonly ITextFormatter _formatter;
    private readonly TextWriter _output;
    private readonly Thread _thread;
    private int _dropped;

    public BackgroundSink(ITextFormatter formatter, TextWriter output)
    {
        (_formatter, _output) = (formatter, output);
        _thread = new Thread(Write) { IsBackground = true, Name = "log" };
        _thread.Start();
    }

    public void Emit(LogEvent logEvent)
    {
        if (_lines.IsAddingCompleted || !_lines.TryAdd(logEvent))
            Interlocked.Increment(ref _dropped);
    }

    /// <summary>Writes what waits, for at most 2 s.</summary>
    public void Dispose()
    {
        _lines.CompleteAdding();
        _thread.Join(FlushDeadline);
    }

    private void Write()
    {
        foreach (var line in _lines.GetConsumingEnumerable())
        {
            try
            {
                if (Interlocked.Exchange(ref _dropped, 0) is var dropped and > 0)
                    _formatter.Format(Dropped(dropped), _output);
                _formatter.Format(line, _output);
                if (_lines.Count == 0)
                    _output.Flush();
            }
            catch (Exception unwritable) when (unwritable is IOException or ObjectDisposedException or UnauthorizedAccessException or FormatException)
            {
                // A full disk or a closed pipe costs a line, never the process with all its calls.
                Interlocked.Increment(ref _dropped);
            }
        }
    }

    private static LogEvent Dropped(int count) => new(DateTimeOffset.Now, LogEventLevel.Warning, exception: null, DroppedTemplate,
        [new LogEventProperty("Dropped", new ScalarValue(count))]);
}
