using Akka.Hosting;
using Bob.Host.Configuration;
using Microsoft.AspNetCore.Connections;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Compact;

namespace Bob.Host.Logging;

/// <summary>One logger for the front end, the actors and the framework; the framework speaks from Warning up.</summary>
public static class BobLogging
{
    /// <summary>Logs to standard output, in the format of the options.</summary>
    public static IServiceCollection AddBobLogging(this IServiceCollection services, BobOptions options) =>
        services.AddSerilog(
            (_, logger) => logger.WithBobLevels(options).WriteTo.Sink(new BackgroundSink(Formatter(options), StandardOutput())),
            preserveStaticLogger: true);

    /// <summary>What is logged, wherever it goes.</summary>
    public static LoggerConfiguration WithBobLevels(this LoggerConfiguration logger, BobOptions options) =>
        logger
            .MinimumLevel.Is(options.LogLevel)
            .MinimumLevel.Override("Microsoft", Framework(options.LogLevel))
            .MinimumLevel.Override("System", Framework(options.LogLevel))
            .Filter.ByExcluding(line => line.Exception?.InnerException is AddressInUseException || line.Exception is InvalidConfigurationException) // The program says it in one line.
            .Filter.ByExcluding(line => line.Level < Framework(options.LogLevel) && IsOfAkkaItself(line))
            .Enrich.FromLogContext()
            .Enrich.With<WithoutAddresses>();

    /// <summary>The same for what actors log. Dead letters are part of every call's end, and shown from Debug down.</summary>
    public static AkkaConfigurationBuilder WithBobLogging(this AkkaConfigurationBuilder akka, BobOptions options)
    {
        if (options.LogLevel > LogEventLevel.Debug)
            akka.AddHocon("akka.log-dead-letters = off, akka.log-dead-letters-during-shutdown = off", HoconAddMode.Prepend);
        return akka.ConfigureLoggers(loggers =>
        {
            loggers.LogLevel = options.LogLevel switch
            {
                LogEventLevel.Verbose or LogEventLevel.Debug => Akka.Event.LogLevel.DebugLevel,
                LogEventLevel.Information => Akka.Event.LogLevel.InfoLevel,
                LogEventLevel.Warning => Akka.Event.LogLevel.WarningLevel,
                _ => Akka.Event.LogLevel.ErrorLevel,
            };
            loggers.ClearLoggers();
            loggers.AddLoggerFactory();
        });
    }

    /// <summary>Akka.Hosting logs every actor's lines under one category; only the path tells Bob's actors from the system's.</summary>
    private static bool IsOfAkkaItself(LogEvent line) =>
        Text(line, Constants.SourceContextPropertyName).StartsWith("Akka", StringComparison.Ordinal)
        && !Text(line, "LogSource").Contains("/user/", StringComparison.Ordinal);

    private static string Text(LogEvent line, string property) =>
        line.Properties.GetValueOrDefault(property) is ScalarValue { Value: string text } ? text : "";

    private static ITextFormatter Formatter(BobOptions options) => options.LogAsJson ? new CompactJsonFormatter() : new BobTextFormatter();

    /// <summary>Verbose shows everything; otherwise the framework stays a level of importance above Bob.</summary>
    private static LogEventLevel Framework(LogEventLevel level) =>
        level == LogEventLevel.Verbose ? level : (LogEventLevel)Math.Max((int)level, (int)LogEventLevel.Warning);

    // Not Console.Out: that one flushes after every write, and a line is many.
    private static StreamWriter StandardOutput() => new(Console.OpenStandardOutput(), leaveOpen: true);
}
