using System.Net;
using System.Text.Json;
using AwesomeAssertions;
using Bob.Host.Records;
using Bob.Tests.Records;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Bob.Tests.Api;

/// <summary>Messages, wherever they are kept.</summary>
public abstract class MessagesApiSpecs : IAsyncLifetime
{
    private ApiHost _bob = null!;

    /// <summary>Connection string of a server's database; null: a file.</summary>
    protected abstract Task<string?> ServerAsync();

    public async ValueTask InitializeAsync()
    {
        _bob = await ApiHost.StartAsync(await ServerAsync(), ("KEEP_CALLERS_DAYS", "36500"));
        foreach (var i in Enumerable.Range(1, 5))
            await _bob.WriteAsync(new MessageRow { Kind = MessageKind.Taken, Caller = $"+1555010000{i % 2}", Text = $"message {i}", At = Entries.Noon.AddMinutes(i) });
    }

    public ValueTask DisposeAsync() => _bob.DisposeAsync();

    [Fact]
    public async Task Messages_are_listed_newest_first_page_by_page()
    {
        var first = await _bob.JsonAsync("/api/messages?limit=2");
        await _bob.WriteAsync(new MessageRow { Kind = MessageKind.Voicemail, Caller = "anonymous", Text = "message 6", At = Entries.Noon });
        var second = await _bob.JsonAsync($"/api/messages?limit=3&cursor={first.GetProperty("next").GetString()}");

        Texts(first).Concat(Texts(second)).Should().Equal("message 5", "message 4", "message 3", "message 2", "message 1");
        second.GetProperty("next").ValueKind.Should().Be(JsonValueKind.Null);
        Texts(await _bob.JsonAsync("/api/messages?number=%2B15550100000")).Should().Equal("message 4", "message 2");
    }

    [Fact]
    public async Task A_message_is_handled_once_and_found_by_it()
    {
        var id = (await _bob.JsonAsync("/api/messages?limit=1")).GetProperty("items")[0].GetProperty("id").GetInt64();

        var handled = await ApiHost.BodyAsync(await _bob.SendAsync(HttpMethod.Put, $"/api/messages/{id}/handled"));
        var again = await ApiHost.BodyAsync(await _bob.SendAsync(HttpMethod.Put, $"/api/messages/{id}/handled"));

        var at = handled.GetProperty("handledAt").GetDateTimeOffset();
        at.Should().BeCloseTo(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(1));
        again.GetProperty("handledAt").GetDateTimeOffset().Should().BeCloseTo(at, TimeSpan.FromMilliseconds(1));
        Texts(await _bob.JsonAsync("/api/messages?handled=true")).Should().Equal("message 5");
        Texts(await _bob.JsonAsync("/api/messages?handled=false")).Should().HaveCount(4).And.NotContain("message 5");
    }

    [Fact]
    public async Task A_message_is_read_and_deleted()
    {
        var id = (await _bob.JsonAsync("/api/messages?limit=1")).GetProperty("items")[0].GetProperty("id").GetInt64();

        (await _bob.JsonAsync($"/api/messages/{id}")).GetProperty("text").GetString().Should().Be("message 5");
        (await _bob.SendAsync(HttpMethod.Delete, $"/api/messages/{id}")).StatusCode.Should().Be(HttpStatusCode.NoContent);

        foreach (var (method, path) in new[] { (HttpMethod.Get, ""), (HttpMethod.Delete, ""), (HttpMethod.Put, "/handled") })
            (await (await _bob.SendAsync(method, $"/api/messages/{id}{path}")).ShouldBeProblemAsync(404)).Should().StartWith("No message has this number");
        await (await _bob.GetAsync("/api/messages/one")).ShouldBeProblemAsync(404);
        await (await _bob.GetAsync("/api/messages/99999999999999999999")).ShouldBeProblemAsync(404);
        (await (await _bob.GetAsync("/api/messages?handled=1")).ShouldBeProblemAsync(400)).Should().Contain("Write true or false");
        (await (await _bob.GetAsync("/api/messages?cursor=Kw")).ShouldBeProblemAsync(400)).Should().Contain("cursor");
    }

    [Fact]
    public async Task With_a_message_goes_its_recording_also_when_it_was_fetched_and_not_yet_noted()
    {
        var sid = $"RE{new string('1', 32)}";
        await _bob.WriteAsync(new MessageRow { Kind = MessageKind.Voicemail, Caller = "anonymous", RecordingSid = sid, RecordingUrl = "https://api.twilio.com", Node = "another", At = Entries.Noon });
        var id = (await _bob.JsonAsync("/api/messages?limit=1")).GetProperty("items")[0].GetProperty("id").GetInt64();
        string[] files = [.. new[] { ".wav", ".fetched" }.Select(end => Path.Combine(_bob.Recordings, sid + end))];
        foreach (var file in files)
            await File.WriteAllTextAsync(file, "sound", TestContext.Current.CancellationToken);

        (await _bob.SendAsync(HttpMethod.Delete, $"/api/messages/{id}")).StatusCode.Should().Be(HttpStatusCode.NoContent);

        files.Should().NotContain(file => File.Exists(file));
    }

    [Fact]
    public async Task Of_a_message_that_is_deleted_the_day_stays_with_its_caller()
    {
        await _bob.WriteAsync(new CallerRow { Number = "+15550100001", UpdatedAt = Entries.Noon }, new CallerRow { Number = "+15550100009", UpdatedAt = Entries.Noon });
        var id = (await _bob.JsonAsync("/api/messages?limit=1")).GetProperty("items")[0].GetProperty("id").GetInt64();

        await _bob.SendAsync(HttpMethod.Delete, $"/api/messages/{id}");

        await using var db = _bob.Database.Open();
        (await db.Callers.OrderBy(row => row.Number).Select(row => row.LastCallAt).ToListAsync(TestContext.Current.CancellationToken)).Should().Equal(Entries.Noon.AddHours(-12), null);
    }

    [Fact]
    public async Task A_message_that_is_removed_while_somebody_deals_with_it_is_said_and_not_taken_for_a_mistake()
    {
        var id = (await _bob.JsonAsync("/api/messages?limit=1")).GetProperty("items")[0].GetProperty("id").GetInt64();
        await _bob.LoseUpdatesAsync("messages");

        var answer = await _bob.SendAsync(HttpMethod.Put, $"/api/messages/{id}/handled");

        (await answer.ShouldBeProblemAsync(409)).Should().EndWith("Send it again.");
    }

    [Fact]
    public async Task A_message_that_cannot_be_heard_says_why()
    {
        var waiting = new MessageRow { Kind = MessageKind.Voicemail, Caller = "anonymous", RecordingSid = "RE1", RecordingUrl = "https://api.twilio.com", Node = "another", At = Entries.Noon };
        await _bob.WriteAsync(waiting, new MessageRow { Kind = MessageKind.Voicemail, Caller = "anonymous", RecordingSid = "RE2", At = Entries.Noon });
        await using var fetching = await ApiHost.StartAsync(null, ("TWILIO_ACCOUNT_SID", $"AC{new string('1', 32)}"), ("TWILIO_AUTH_TOKEN", new string('1', 32)));
        await fetching.WriteAsync(new MessageRow { Kind = MessageKind.Voicemail, Caller = "anonymous", RecordingSid = "RE1", RecordingUrl = "https://api.twilio.com", Node = "another", At = Entries.Noon });

        (await (await fetching.GetAsync("/api/messages/1/recording")).ShouldBeProblemAsync(404)).Should().Be("The recording of this message was not fetched yet. Ask again in a moment.");
        (await (await _bob.GetAsync("/api/messages/6/recording")).ShouldBeProblemAsync(404)).Should().Be(
            "The recording of this message is still Twilio's: TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set. Set them, start Bob again, and ask in a moment.");
        (await (await _bob.GetAsync("/api/messages/7/recording")).ShouldBeProblemAsync(404)).Should().Be("The recording of this message could not be fetched in a week. It may still be in Twilio's console.");
        (await (await _bob.GetAsync("/api/messages/1/recording")).ShouldBeProblemAsync(404)).Should().Be("This message has no recording.");
    }

    private static IEnumerable<string?> Texts(JsonElement page) => page.GetProperty("items").EnumerateArray().Select(message => message.GetProperty("text").GetString());
}

public sealed class SqliteMessagesApiSpecs : MessagesApiSpecs
{
    protected override Task<string?> ServerAsync() => Task.FromResult<string?>(null);
}

public sealed class PostgresMessagesApiSpecs(PostgresServer server) : MessagesApiSpecs
{
    protected override async Task<string?> ServerAsync() => await server.NewDatabaseAsync();
}
