using AwesomeAssertions;
using Bob.Host.Configuration;
using Bob.Host.Records;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xunit;

namespace Bob.Tests.Records;

/// <summary>The command that erases a caller.</summary>
public sealed class EraseCommandSpecs(PostgresServer server) : IDisposable
{
    private readonly RecordsFolder _folder = RecordsFolder.Make();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private (string, string)[] Settings => [.. _folder.Settings, ("RECORDING", "true"), ("RECORDING_DIRECTORY", KeptBooks.Recordings(_folder))];

    [Fact]
    public async Task Beside_a_running_Bob_it_erases_what_is_over_and_leaves_what_goes_on()
    {
        await using var bob = await BobProcess.StartAsync(Settings);
        await using var twilio = new TwilioSimulator(new TwilioSimulatorOptions { WebhookUrl = new Uri(bob.Address, "incoming-call"), VerbTimeScale = 0.05 });
        var over = twilio.PlaceCall(new CallPlan());
        var live = twilio.PlaceCall(new CallPlan());
        await over.WaitForHeardAsync(500, TimeSpan.FromMinutes(1));
        await live.WaitForHeardAsync(500, TimeSpan.FromMinutes(1));
        await over.HangUpAsync();
        await _folder.OfEndedAsync(over.CallSid);

        var (exitCode, lines) = await BobProcess.RunAsync(Settings, "erase", "+15550100001");

        exitCode.Should().Be(0);
        lines.Should().HaveCount(2);
        lines.First().Should().Match("[bob] Erased: 1 calls with * turns, 0 tool runs and * journal entries; 0 messages; 1 recordings; 0 lines of the spool; no record of the caller.*");
        lines.Last().Should().Be("[bob] 1 calls still go on and were left as they are: erase again when they are over.");
        await live.HangUpAsync();
        await _folder.OfEndedAsync(live.CallSid);
        await using var db = RecordsDatabase.InFile(_folder.Database).Open();
        (await db.Calls.Select(row => row.CallSid).ToListAsync(Cancellation)).Should().Equal(live.CallSid);
        Directory.GetFiles(KeptBooks.Recordings(_folder)).Should().ContainSingle().Which.Should().Contain(live.CallSid);
    }

    [Fact]
    public async Task After_the_death_of_Bob_it_brings_in_what_he_left_and_erases_it()
    {
        using (var spool = Spool.Open(_folder.Spool))
            spool.Append([.. KeptBooks.CallOf("CA1", KeptBooks.Caller)[..6], .. KeptBooks.CallOf("CA2", KeptBooks.Other), .. KeptBooks.CallOf("CA3", KeptBooks.Other)[..6]]);

        var (exitCode, lines) = await RunAsync([.. Settings, ("PRICE_PHONE_MINUTE", "0.5"), ("PRICES_DATE", "2026-11-22")], KeptBooks.Caller);

        (exitCode, lines.Split('\n')[0]).Should().Be(
            (0, "[bob] Erased: 1 calls with 1 turns, 0 tool runs and 7 journal entries; 0 messages; 0 recordings; 0 lines of the spool; no record of the caller. 1 usage rows are kept, and name no call."));
        new FileInfo(Path.Combine(_folder.Spool, "journal.spool")).Length.Should().Be(0);
        await using var db = RecordsDatabase.InFile(_folder.Database).Open();
        (await db.Calls.OrderBy(row => row.CallSid).Select(row => row.CallSid).ToListAsync(Cancellation)).Should().Equal("CA2", "CA3");
        (await db.Usage.SingleAsync(row => row.CallSid == "CA3", Cancellation)).CostMicros.Should().Be(500_000, "others' calls that he left open are billed as his next start would");
    }

    [Fact]
    public async Task It_erases_from_PostgreSQL()
    {
        var connection = await server.NewDatabaseAsync();
        using var books = await KeptBooks.WithCallsAsync(RecordsDatabase.OnServer(connection));
        var address = new NpgsqlConnectionStringBuilder(connection);

        var (exitCode, lines) = await RunAsync(
            [.. Settings, ("DATABASE_URL", $"postgresql://{address.Username}@{address.Host}:{address.Port}/{address.Database}")], KeptBooks.Caller);

        (exitCode, lines).Should().Match<(int Code, string Lines)>(said => said.Code == 0 && said.Lines.StartsWith("[bob] Erased: 2 calls with 8 turns, "));
        (await books.TablesAsync()).Should().StartWith("calls: CA3; ");
    }

    [Theory]
    [InlineData]
    [InlineData("5550100001")]
    [InlineData("+15550100001", "+15550100002")]
    public async Task Without_one_number_it_says_what_to_write(params string[] arguments)
    {
        var (exitCode, lines) = await BobProcess.RunAsync(Settings, ["erase", .. arguments]);

        exitCode.Should().Be(2);
        lines.Should().Equal("[bob] erase: write one number with its country, such as: erase +15551234567");
    }

    [Fact]
    public async Task Without_a_database_it_says_so_and_fails()
    {
        var (exitCode, lines) = await RunAsync([.. Settings, ("DATABASE_URL", "postgresql://bob@127.0.0.1:1/bob")], KeptBooks.Caller);

        (exitCode, lines).Should().Be((1, "[bob] DATABASE_URL: the database cannot be reached. Start the server, or correct host and port."));
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_not_made()
    {
        File.Delete(_folder.Database);

        var (exitCode, lines) = await RunAsync(Settings, KeptBooks.Caller);

        (exitCode, lines).Should().Be((1, "[bob] DATABASE_PATH: the database is not there. Put it back, or start Bob, who makes one."));
        File.Exists(_folder.Database).Should().BeFalse();
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<(int ExitCode, string Lines)> RunAsync(IEnumerable<(string Key, string Value)> settings, string number)
    {
        var said = new StringWriter();
        var values = new Dictionary<string, string>();
        foreach (var (key, value) in settings)
            values[key] = value;
        var exitCode = await EraseCommand.RunAsync([number], SettingsSources.Of(values), said, said);
        return (exitCode, said.ToString().Trim());
    }
}
