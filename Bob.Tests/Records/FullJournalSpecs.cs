using System.Net;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Records;
using Bob.Host.Records;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;

namespace Bob.Tests.Records;

/// <summary>Neither database nor spool takes the journal, and the memory for it fills up.</summary>
public sealed class FullJournalSpecs : IDisposable
{
    private const string Answer = "yes I am still here";
    private readonly RecordsFolder _folder = RecordsFolder.Make();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P9_New_calls_are_refused_live_calls_go_on_and_all_is_well_when_there_is_room_again()
    {
        Directory.CreateDirectory(_folder.Spool);
        File.CreateSymbolicLink(Path.Combine(_folder.Spool, "journal.spool"), "/dev/full");
        await using var house = await StartAsync(
            new RealtimeScript { Greeting = new Reply { Say = ["hello"] }, Otherwise = new Reply { Say = [Answer] } },
            settings: [("DATABASE_PATH", _folder.Database), ("SPOOL_PATH", _folder.Spool)]);
        var writer = house.Services.GetRequiredService<JournalWriter>();
        var live = house.Twilio.PlaceCall(new CallPlan());
        await live.WaitForHeardAsync(100);
        using var other = new SqliteConnection($"Data Source={_folder.Database};Pooling=False");
        other.Open();
        Execute(other, "BEGIN EXCLUSIVE");

        // What a full node writes in half an hour.
        for (var i = 1; i <= (JournalWriter.MaxWaiting / 2) + 1; i++)
        {
            writer.Write(new JournalEntry.StepChanged(i % 2 == 0 ? CallPhase.Live : CallPhase.Ending, null, null)
            {
                CallSid = new CallSid("CA-busy"),
                Number = i,
                At = Entries.Noon,
            });
        }

        await UntilAsync(() => writer.IsFull);
        (await ReadyAsync(house)).Should().Be((HttpStatusCode.ServiceUnavailable, """{"ready":false,"reason":"nothing can be written down"}"""));
        var refused = await house.Twilio.PlaceCall(new CallPlan { From = "+15550100002" }).Completion;
        (refused.EndReason, refused.EndDetail).Should().Be((CallEndReason.Rejected, "busy"));
        house.Model.Connections.Should().Be(1);
        await live.WaitForQuietAsync();
        live.Speak(Voice("are you there"));
        await live.WaitForHeardAsync((Voice("hello").Length + Voice(Answer).Length) / 8 - 20);
        await live.WaitForQuietAsync();
        var report = await live.HangUpAsync();
        report.Playback.Single().Audio.AsSpan().IndexOf(Voice(Answer)).Should().BePositive("who is on the line hears nothing of it");

        Execute(other, "ROLLBACK");
        await UntilAsync(() => writer.State == JournalState.Database);

        (await ReadyAsync(house)).Status.Should().Be(HttpStatusCode.OK);
        var next = await house.Twilio.PlaceCall(Conversation("hello") with { From = "+15550100003" }).Completion;
        (await house.EndOfAsync(next.CallSid)).Should().Be(CallEnd.CallerHungUp);
        var entries = await new JournalStore(RecordsDatabase.InFile(_folder.Database), "reader").EntriesAsync(new CallSid(report.CallSid), Cancellation);
        entries.Select(entry => entry.Number).Should().Equal(Enumerable.Range(1, entries.Count), "nothing was lost");
        entries[^1].Should().BeOfType<JournalEntry.CallEnded>();
        await using var db = RecordsDatabase.InFile(_folder.Database).Open();
        (await db.Journal.CountAsync(row => row.CallSid == "CA-busy", Cancellation)).Should().Be((JournalWriter.MaxWaiting / 2) + 1);
        house.Lines.Where(line => line.Contains("New calls are")).Should().SatisfyRespectively(
            first => first.Should().Contain("ERR New calls are refused: journal-full"), second => second.Should().Contain("New calls are taken again"));
    }

    [Fact]
    public async Task A_journal_that_nobody_writes_any_more_keeps_load_balancers_away()
    {
        await using var house = await StartAsync(new RealtimeScript(), settings: [("DATABASE_PATH", _folder.Database), ("SPOOL_PATH", _folder.Spool)]);
        var writer = house.Services.GetRequiredService<JournalWriter>();
        using var other = new SqliteConnection($"Data Source={_folder.Database};Pooling=False");
        other.Open();
        Execute(other, "BEGIN EXCLUSIVE");

        house.Services.GetRequiredService<Spool>().Dispose(); // nobody does; it stands for a mistake in the writer
        writer.Write(new JournalEntry.StepChanged(CallPhase.Live, null, null) { CallSid = new CallSid("CA-busy"), Number = 1, At = Entries.Noon });

        await UntilAsync(() => writer.State == JournalState.Ended);
        (await ReadyAsync(house)).Should().Be((HttpStatusCode.ServiceUnavailable, """{"ready":false,"reason":"nothing can be written down"}"""));
        await UntilAsync(() => house.Lines.Any(line => line.Contains("The writer of the journal has ended")));
        Execute(other, "ROLLBACK");
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<(HttpStatusCode Status, string Body)> ReadyAsync(WholeHouse house)
    {
        using var http = new HttpClient { BaseAddress = house.Address };
        var ready = await http.GetAsync("health/ready", Cancellation);
        return (ready.StatusCode, await ready.Content.ReadAsStringAsync(Cancellation));
    }

    private static async Task UntilAsync(Func<bool> happened)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!happened())
            await tick.WaitForNextTickAsync(deadline.Token);
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
