using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Records;
using Bob.Host.Records;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Bob.Tests.Faults;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xunit;

namespace Bob.Tests.Records;

/// <summary>Calls while the database is away: nobody hears it, and afterwards everything is on record, once.</summary>
[Collection(Alone.Name)]
public sealed class DatabaseTroubleSpecs(ITestOutputHelper output)
{
    private const int Callers = 20;

    /// <summary>
    /// Longest silence within a line of Bob's, ms; there is usually none at all, because his voice is sent ahead. An outage of a length that somebody asked for is
    /// held to what is promised; the short one may meet a machine that is busy with other things.
    /// </summary>
    private static readonly double MostGap = Environment.GetEnvironmentVariable(Seconds) is { Length: > 0 } ? 60 : 300;

    private const string Line = "hello and welcome to a rather long greeting";
    private const string Seconds = "BOB_OUTAGE_SECONDS";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>5 s, or as long as the environment says.</summary>
    private static TimeSpan Outage => TimeSpan.FromSeconds(int.TryParse(Environment.GetEnvironmentVariable(Seconds), out var seconds) ? Math.Clamp(seconds, 1, 30) : 5);

    [Fact]
    public async Task P10_A_file_locked_by_another_program_is_heard_by_nobody()
    {
        await using var house = await StartAsync();
        await using var other = new SqliteConnection($"Data Source={house.Records.Database};Pooling=False");
        other.Open();

        var calls = await CallAsync(house, () => ExecuteAsync(other, "BEGIN EXCLUSIVE"), () => ExecuteAsync(other, "ROLLBACK"));

        await ShouldBeOnRecordAsync(house, RecordsDatabase.InFile(house.Records.Database), calls);
    }

    [Fact]
    public async Task P10_A_server_that_is_stopped_is_heard_by_nobody()
    {
        await using var server = new PostgresServer();
        var connection = await server.NewDatabaseAsync();
        var parts = new NpgsqlConnectionStringBuilder(connection);
        await using var house = await StartAsync(("DATABASE_URL", $"postgresql://{parts.Username}@{parts.Host}:{parts.Port}/{parts.Database}"));

        var calls = await CallAsync(house, server.StopAsync, server.StartAsync);

        await ShouldBeOnRecordAsync(house, RecordsDatabase.OnServer(connection), calls);
    }

    private static Task<WholeHouse> StartAsync(params (string, string)[] settings) => WholeHouse.StartAsync(
        new RealtimeScript { Greeting = new Reply { Say = [Line] }, Otherwise = new Reply { Say = [Line] } }, settings: settings);

    /// <summary>Callers who are on the line before the database goes, talk as long as it is away, and hang up a turn after it is back.</summary>
    private static async Task<Spoken[]> CallAsync(WholeHouse house, Func<Task> stop, Func<Task> start)
    {
        var calls = Enumerable.Range(0, Callers).Select(_ => house.Twilio.PlaceCall(new CallPlan())).ToArray();
        await Task.WhenAll(calls.Select(call => call.WaitForHeardAsync(100)));
        var back = new TaskCompletionSource();
        var talks = calls.Select(call => TalkAsync(call, back.Task)).ToArray();
        await stop();
        await Task.WhenAny(Task.Delay(Outage, Cancellation), Task.WhenAll(talks)); // who fails, fails at once
        var waits = new FileInfo(SpoolOf(house)).Length;
        await start();
        back.SetResult();

        var spoken = await Task.WhenAll(talks);
        foreach (var talk in spoken)
            (await house.EndOfAsync(talk.Report.CallSid)).Should().Be(CallEnd.CallerHungUp);
        waits.Should().BePositive("the database was away");
        return spoken;
    }

    private static async Task<Spoken> TalkAsync(SimulatedCall call, Task back)
    {
        var lineMs = TwilioLine.Lines(Line).Length / 8;
        await call.WaitForHeardAsync(lineMs - 20);
        await call.WaitForQuietAsync();
        for (var answers = 1; ; answers++)
        {
            var last = back.IsCompleted;
            call.Speak(WholeHouse.Voice("hello"));
            await call.WaitForHeardAsync(((answers + 1) * lineMs) - 20);
            await call.WaitForQuietAsync();
            if (last)
                return new Spoken(await call.HangUpAsync(), answers + 1);
        }
    }

    private async Task ShouldBeOnRecordAsync(WholeHouse house, RecordsDatabase database, Spoken[] calls)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await using var db = database.Open();
        while (new FileInfo(SpoolOf(house)).Length > 0 || await db.Calls.CountAsync(call => call.Result == CallResult.Completed, Cancellation) < Callers)
            await tick.WaitForNextTickAsync(deadline.Token);

        var gap = calls.SelectMany(call => call.Report.Playback).Max(LongestGap);
        output.WriteLine($"{Callers} callers heard {calls.Sum(call => call.Lines)} lines, {Outage.TotalSeconds} s of them without a database; longest gap {gap:0} ms");
        gap.Should().BeLessThanOrEqualTo(MostGap);
        var store = new JournalStore(database, "reader");
        foreach (var (report, lines) in calls)
        {
            report.Warnings.Should().BeEmpty();
            report.ShouldHaveHeard([.. Enumerable.Repeat(Line, lines)]);
            var entries = await store.EntriesAsync(new CallSid(report.CallSid), Cancellation);
            entries.Select(entry => entry.Number).Should().Equal(Enumerable.Range(1, entries.Count));
            entries.OfType<JournalEntry.CallEnded>().Should().ContainSingle().Which.End.Should().Be(CallEnd.CallerHungUp);
            entries.OfType<JournalEntry.BobSaid>().Select(said => said.Text).Should().Equal(Enumerable.Repeat(Line, lines));
            var turns = await db.Turns.Where(turn => turn.CallSid == report.CallSid).ToListAsync(Cancellation);
            turns.Count(turn => turn.Role == TurnRole.Bob && turn.Text == Line).Should().Be(lines);
            turns.Count(turn => turn.Role == TurnRole.Caller).Should().Be(lines - 1);
            (await db.Usage.CountAsync(row => row.CallSid == report.CallSid && row.Kind == UsageKind.Model, Cancellation)).Should().Be(lines);
            (await db.Usage.CountAsync(row => row.CallSid == report.CallSid && row.Kind == UsageKind.Telephony, Cancellation)).Should().Be(1);
        }

        (await db.Calls.CountAsync(call => call.Result == CallResult.Completed, Cancellation)).Should().Be(Callers);
    }

    private static string SpoolOf(WholeHouse house) => Path.Combine(house.Records.Spool, "journal.spool");

    /// <summary>Silence within a line of Bob's, ms.</summary>
    private static double LongestGap(HeardAudio heard)
    {
        var line = TwilioLine.Lines(Line).Length;
        return heard.Runs
            .Zip(heard.Runs.Skip(1), (run, next) => (Ms: (next.At - run.At).TotalMilliseconds - (run.Length / 8.0), IsWithin: next.Offset % line != 0))
            .Where(gap => gap.IsWithin)
            .Select(gap => gap.Ms)
            .DefaultIfEmpty(0)
            .Max();
    }

    private static async Task ExecuteAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    /// <param name="Lines">How often Bob spoke.</param>
    private sealed record Spoken(CallReport Report, int Lines);
}
