using System.Text.RegularExpressions;
using Bob.Simulator.Twilio;

namespace Bob.Simulator.Torture;

/// <summary>Looks at a scenario that is over, and says what is not as it should be, a sentence each.</summary>
internal sealed class Judge(Stage stage)
{
    private static readonly TimeSpan BooksLimit = TimeSpan.FromSeconds(5);

    /// <summary>What is told so long before the end of a session, is read and written down.</summary>
    private static readonly TimeSpan LastMoment = TimeSpan.FromSeconds(1);

    private readonly List<string> _failures = [];
    private readonly Dictionary<string, BookedCall?> _booked = [];

    /// <summary>What came back, and how fast.</summary>
    public List<Recovered> Recoveries { get; } = [];

    /// <summary>What the first call's caller heard, in a line.</summary>
    public string Heard { get; private set; } = "";

    public async Task<IReadOnlyList<string>> FailuresAsync()
    {
        foreach (var call in stage.Calls)
        {
            var expected = call == stage.Calls[0] ? stage.Scenario.Expect : stage.Scenario.Others.GetValueOrDefault(call.Name);
            if (expected is null)
                Fail($"nothing is expected of the call {call.Name}");
            else
                await CallAsync(call, await call.Call.Completion, expected);
        }

        Ends();
        Model();
        Log();
        Process();
        await BillsAsync();
        if (stage.Scenario.BoundMs is { } bound && Recoveries.FirstOrDefault(one => one.Took.TotalMilliseconds > bound * stage.Slack) is { } slow)
            Fail($"the {slow.Of} was back after {slow.Took.TotalMilliseconds:0} ms, later than {bound} ms");
        if (stage.Scenario.BoundMs is not null && Recoveries.Count == 0)
            Fail("nothing came back whose time could be told");
        return _failures;
    }

    private async Task CallAsync(PlacedCall call, CallReport report, Expectation expected)
    {
        var name = call == stage.Calls[0] ? "" : $"{call.Name}: ";
        var heard = stage.Ear.Listen(report);
        if (call == stage.Calls[0])
            Heard = HeardOrder.Shown(heard);
        Recoveries.AddRange(Recovery.Of(stage, call, report, heard));
        var bridges = stage.Scenario.Hears != "H1" || stage.Slack > 1;
        if (HeardOrder.Fault(expected.Heard, heard, bridges) is { } fault)
            Fail(name + fault);
        if (DeadAir.Longest(report) is var (from, length) && length.TotalMilliseconds > expected.DeadAirMs * stage.Slack)
            Fail($"{name}dead air of {length.TotalSeconds:0.00} s from {from.TotalSeconds:0.00} s on");
        if (report.EndReason != expected.TwilioEnd)
            Fail($"{name}Twilio saw the call end as {report.EndReason} ({report.EndDetail}) instead of {expected.TwilioEnd}");
        if (expected.Streams is { } streams && !Range.Holds(streams, report.Streams.Count))
            Fail($"{name}{report.Streams.Count} media streams instead of {streams}");
        if (expected.Clears is { } clears && !Range.Holds(clears, report.Streams.Sum(stream => stream.Clears.Count)))
            Fail($"{name}the line was cleared {report.Streams.Sum(stream => stream.Clears.Count)} times instead of {clears}");
        foreach (var text in expected.LastDocument.Where(text => report.TwimlDocuments.Count == 0 || !report.TwimlDocuments[^1].Contains(text, StringComparison.Ordinal)))
            Fail($"{name}the last document lacks \"{text}\": {report.TwimlDocuments.LastOrDefault()}");
        foreach (var warning in report.Warnings.Where(warning => warning.Level != WarningLevel.Notice && !expected.Warnings.Contains(warning.Code)))
            Fail($"{name}Twilio's debugger: {warning.Code} {warning.Message}");
        foreach (var clear in report.Streams.SelectMany(stream => stream.Clears).Where(clear => DeadAir.IsInterruption(report, clear.At) && DeadAir.BobAfter(report, clear.At) > TimeSpan.FromMilliseconds(60 * stage.Slack)))
            Fail($"{name}after the line was cleared at {clear.At.TotalSeconds:0.00} s, Bob was still heard");
        await BooksAsync(name, report, expected);
    }

    private async Task BooksAsync(string name, CallReport report, Expectation expected)
    {
        if (stage.Lane.Bob is not { HasExited: false })
            return;
        var booked = _booked[report.CallSid] = await BookedCall.AskAsync(stage, report.CallSid, expected.End is null ? TimeSpan.FromSeconds(0.3) : BooksLimit * stage.Slack);
        if (!Matches(expected.End, booked?.End) && !(expected.End is null && booked is null))
            Fail($"{name}the end on record is \"{booked?.End ?? "none"}\" instead of \"{expected.End ?? "none"}\"");
        if (expected.Turns is { } turns && !turns.Select(SmallTalk.Expand).SequenceEqual(booked?.Turns ?? []))
            Fail($"{name}on record are the turns [{string.Join("] [", booked?.Turns ?? [])}]");
        if (expected.RecordingLacksMs is not { } lacks)
            return;
        var length = await BookedCall.RecordingMsAsync(stage, report.CallSid);
        var least = (report.Duration - (report.Streams.FirstOrDefault()?.Started ?? TimeSpan.Zero)).TotalMilliseconds - (lacks * stage.Slack);
        if (length is null || length < least)
            Fail($"{name}the recording has {length?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "no"} ms, less than {least:0} ms");
    }

    /// <summary>Whatever happens, each response is paid for once. Of all calls together, for a session does not tell whose it is.</summary>
    private async Task BillsAsync()
    {
        var sessions = Bills.Of(stage);
        if (stage.Lane.Bob is not { } bob || (bob.HasExited && sessions.All(session => session.Told.Count == 0)))
            return;
        if (bob.HasExited)
            await stage.Lane.StartAsync(); // to look into his books
        foreach (var callSid in stage.Calls.Select(call => call.Call.CallSid).Concat(stage.Raw.Announced).Where(sid => !_booked.ContainsKey(sid)))
            _booked[callSid] = await BookedCall.AskAsync(stage, callSid, TimeSpan.Zero);
        if (PaidOnce.Fault(sessions, [.. _booked.Values.SelectMany(call => call?.Usage ?? [])], LastMoment * Math.Max(1, stage.Slack)) is { } fault)
            Fail(fault);
        foreach (var (callSid, call) in _booked)
        {
            if (call is not null && call.Cost != call.CostInAll)
                Fail($"the call {callSid} has cost {call.Cost}, and what it was billed for {call.CostInAll}");
        }
    }

    /// <summary>Whatever happens, a call ends once.</summary>
    private void Ends()
    {
        foreach (var call in stage.Calls)
        {
            var ends = stage.LogLines.Where(line => line.Contains("Call ended: ", StringComparison.Ordinal) && line.Contains(call.Call.CallSid, StringComparison.Ordinal)).ToList();
            if (ends.Count > 1)
                Fail($"the call has {ends.Count} ends: {string.Join(" | ", ends)}");
            var expected = call == stage.Calls[0] ? stage.Scenario.Expect.End : stage.Scenario.Others.GetValueOrDefault(call.Name)?.End;
            if (stage.Lane.Bob is { HasExited: true } && expected is not null && !(ends.Count == 1 && Matches(expected, Words(ends[0]))))
                Fail($"the end in the log is \"{ends.FirstOrDefault() ?? "none"}\" instead of \"{expected}\"");
        }
    }

    private void Model()
    {
        if (stage.Scenario.Expect.Sessions is { } sessions && !Range.Holds(sessions, stage.Model.Connections))
            Fail($"the model was dialled {stage.Model.Connections} times instead of {sessions}");
        if (!Range.Holds(stage.Scenario.Expect.Second, stage.Second.Connections))
            Fail($"the second model was dialled {stage.Second.Connections} times instead of {stage.Scenario.Expect.Second}");
        if (stage.Lane.Impostor.Trusted > 0)
            Fail("a server that nobody vouches for was told something");
        foreach (var error in stage.Model.Sessions.SelectMany(session => session.Errors))
        {
            if (error.ClientEventType is not null && !stage.Scenario.Expect.ModelErrors.Contains(error.Code ?? ""))
                Fail($"the model refused {error.ClientEventType}: {error.Code}, {error.Message}");
        }
    }

    private void Log()
    {
        var lines = stage.LogLines;
        foreach (var text in stage.Scenario.Expect.Log.Where(text => !lines.Any(line => line.Contains(text, StringComparison.Ordinal))))
            Fail($"the log lacks \"{text}\"");
        foreach (var text in stage.Scenario.Expect.LogNever.Concat([BobLane.ApiKey, BobLane.AuthToken, stage.Lane.ApiToken, "Unhandled exception"]))
        {
            if (lines.FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal)) is { } found)
                Fail($"the log says \"{found}\"");
        }
    }

    private void Process()
    {
        if (stage.Lane.Bob is { HasExited: false } bob && stage.MemoryBefore > 0 && bob.MemoryMb - stage.MemoryBefore > stage.Scenario.Expect.GrowsMb)
            Fail($"Bob grew from {stage.MemoryBefore} to {bob.MemoryMb} MB");
    }

    /// <summary>An asterisk stands for anything, a bar between alternatives.</summary>
    private static bool Matches(string? expected, string? end) =>
        expected is not null && end is not null && expected.Split('|').Any(one => Regex.IsMatch(end, "^" + Regex.Escape(one.Trim()).Replace("\\*", ".*", StringComparison.Ordinal) + "$"));

    private static string Words(string line) => Regex.Match(line, @"Call ended: (\w+) by (\w+), (\S+)") is { Success: true } match ? $"{match.Groups[1]} {match.Groups[2]} {match.Groups[3]}" : line;

    private void Fail(string what) => _failures.Add(what);
}
