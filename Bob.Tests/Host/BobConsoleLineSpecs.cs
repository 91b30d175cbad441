using AwesomeAssertions;
using Bob.Host.Logging;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Xunit;

namespace Bob.Tests.Host;

public sealed class BobConsoleLineSpecs
{
    private const string CallSid = "CA00000000000000000000000000000001";
    private const string StreamSid = "MZ00000000000000000000000000000001";

    [Fact]
    public void A_call_shows_the_four_lines_of_the_setup_guide_and_nothing_else_on_them()
    {
        var lines = Lines(log =>
        {
            log = log.ForContext("CallSid", CallSid);
            log.Information("Incoming call from {Caller}", "+15550100001");
            log = log.ForContext("StreamSid", StreamSid);
            log.Information("Media stream connected");
            log.Information("OpenAI Realtime connected");
            log.Information("Stream started | SID: {StreamSid} | Caller: {Caller}", StreamSid, "+15550100001");
        });

        lines.Should().Equal(
            "[bob] Incoming call from +15550100001",
            "[bob] Media stream connected",
            "[bob] OpenAI Realtime connected",
            $"[bob] Stream started | SID: {StreamSid} | Caller: +15550100001");
    }

    [Fact]
    public void Other_lines_of_a_call_end_with_its_ids() =>
        Lines(log => log.ForContext("CallSid", CallSid).ForContext("StreamSid", StreamSid).Information("Call ended: {Reason}", "caller-hung-up"))
            .Should().Equal($"[bob] Call ended: caller-hung-up ({CallSid} {StreamSid})");

    [Fact]
    public void An_id_in_the_message_is_not_repeated() =>
        Lines(log => log.ForContext("CallSid", CallSid).Information("Call {CallSid} ended", CallSid)).Should().Equal($"[bob] Call {CallSid} ended");

    [Fact]
    public void Warnings_and_errors_are_marked_and_exceptions_shown()
    {
        var lines = Lines(log =>
        {
            log.Warning("Call refused: {Reason}", "full");
            log.Error(new InvalidOperationException("broken leg"), "Call failed");
        });

        lines[0].Should().Be("[bob] WRN Call refused: full");
        lines[1].Should().Be("[bob] ERR Call failed");
        lines[2].Should().Contain("InvalidOperationException: broken leg");
    }

    [Fact]
    public void What_a_peer_sent_cannot_start_a_line_of_its_own() =>
        Lines(log => log.Warning("Twilio reports a stream error: {StreamError}", "x\r\n[bob] Incoming call from +1\u2028y"))
            .Should().ContainSingle();

    [Fact]
    public void A_stuck_output_drops_lines_and_says_how_many_without_holding_anyone_up()
    {
        using var stuck = new StuckWriter();
        var sink = new BackgroundSink(new BobTextFormatter(), stuck);
        using (var log = new LoggerConfiguration().WriteTo.Sink(sink).CreateLogger())
        {
            log.Information("first");
            stuck.AwaitFirstWrite();

            for (var i = 0; i < BackgroundSink.Capacity + 5; i++)
                log.Information("more");
            stuck.Release();
        }

        stuck.Text.Should().Contain("[bob] WRN 5 log lines were dropped");
    }

    private static string[] Lines(Action<ILogger> write)
    {
        var output = new StringWriter();
        using (var log = new LoggerConfiguration().WriteTo.Sink(new WriterSink(output)).CreateLogger())
            write(log);
        return output.ToString().TrimEnd().Split(Environment.NewLine);
    }

    private sealed class WriterSink(TextWriter output) : ILogEventSink
    {
        private readonly BobTextFormatter _formatter = new();

        public void Emit(LogEvent logEvent) => _formatter.Format(logEvent, output);
    }

    private sealed class StuckWriter : StringWriter
    {
        private readonly ManualResetEventSlim _writing = new();
        private readonly ManualResetEventSlim _released = new();

        public string Text => ToString();

        public override void Write(string? value)
        {
            _writing.Set();
            _released.Wait();
            base.Write(value);
        }

        public void AwaitFirstWrite() => _writing.Wait(TimeSpan.FromSeconds(5)).Should().BeTrue();

        public void Release() => _released.Set();
    }
}
