using Serilog.Events;
using Serilog.Formatting;
using Serilog.Parsing;

namespace Bob.Host.Logging;

/// <summary>
/// Bob's console lines: <c>[bob] message</c>, marked <c>WRN</c> or <c>ERR</c> above Information, with the ids of the call at the end. The four
/// lines that the setup guide shows stand alone.
/// </summary>
public sealed class BobTextFormatter : ITextFormatter
{
    private static readonly HashSet<string> GuideLines = new(StringComparer.Ordinal)
    {
        "Incoming call from {Caller}",
        "Media stream connected",
        "OpenAI Realtime connected",
        "Stream started | SID: {StreamSid} | Caller: {Caller}",
    };

    public void Format(LogEvent logEvent, TextWriter output)
    {
        output.Write("[bob] ");
        output.Write(logEvent.Level switch
        {
            LogEventLevel.Verbose or LogEventLevel.Debug => "DBG ",
            LogEventLevel.Warning => "WRN ",
            LogEventLevel.Error or LogEventLevel.Fatal => "ERR ",
            _ => "",
        });
        foreach (var token in logEvent.MessageTemplate.Tokens)
        {
            if (token is PropertyToken property && logEvent.Properties.TryGetValue(property.PropertyName, out var value))
                WriteLine(output, property.Format is null ? Plain(value) : Formatted(value, property.Format));
            else
                WriteLine(output, token.ToString()!);
        }

        if (!GuideLines.Contains(logEvent.MessageTemplate.Text))
            WriteIds(logEvent, output);
        output.WriteLine();
        if (logEvent.Exception is { } exception)
            output.WriteLine(exception);
    }

    private static void WriteIds(LogEvent logEvent, TextWriter output)
    {
        var ids = new[] { "CallSid", "StreamSid" }
            .Where(name => !logEvent.MessageTemplate.Tokens.Any(token => token is PropertyToken property && property.PropertyName == name))
            .Select(name => logEvent.Properties.GetValueOrDefault(name))
            .OfType<LogEventPropertyValue>()
            .Select(Plain)
            .Where(id => id.Length > 0)
            .ToList();
        if (ids.Count > 0)
            WriteLine(output, $" ({string.Join(' ', ids)})");
    }

    private static string Plain(LogEventPropertyValue value) => value is ScalarValue { Value: var scalar } ? scalar?.ToString() ?? "" : value.ToString();

    private static string Formatted(LogEventPropertyValue value, string format) => value.ToString(format, formatProvider: null);

    /// <summary>One event is one line: what a caller or a peer sent cannot start another.</summary>
    private static void WriteLine(TextWriter output, string text)
    {
        foreach (var c in text)
            output.Write(char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c);
    }
}
