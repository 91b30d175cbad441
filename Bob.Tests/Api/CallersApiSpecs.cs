using System.Net;
using System.Text;
using System.Text.Json;
using AwesomeAssertions;
using Bob.Tests.Records;
using Xunit;

namespace Bob.Tests.Api;

/// <summary>What is known of callers, wherever it is kept.</summary>
public abstract class CallersApiSpecs : IAsyncLifetime
{
    private const string Ada = "/api/callers/+15550100001";

    private ApiHost _bob = null!;

    /// <summary>Connection string of a server's database; null: a file.</summary>
    protected abstract Task<string?> ServerAsync();

    public async ValueTask InitializeAsync() => _bob = await ApiHost.StartAsync(await ServerAsync());

    public ValueTask DisposeAsync() => _bob.DisposeAsync();

    [Fact]
    public async Task A_caller_is_added_read_changed_and_deleted()
    {
        var added = await _bob.SendAsync(HttpMethod.Post, "/api/callers", """{"number":"+1 (555) 010-0001","name":" Ada ","tags":["boat"," late","boat"],"vip":true}""");
        added.StatusCode.Should().Be(HttpStatusCode.Created);
        added.Headers.Location!.ToString().Should().Be(Ada);
        var ada = await _bob.JsonAsync(Ada);
        ada.GetProperty("name").GetString().Should().Be("Ada");
        ada.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()).Should().Equal("boat", "late");
        ada.GetProperty("vip").GetBoolean().Should().BeTrue();

        (await _bob.SendAsync(HttpMethod.Put, "/api/callers/%2B1-555-010-0001", """{"company":"Engines","blocked":true}""")).StatusCode.Should().Be(HttpStatusCode.OK);
        (await _bob.SendAsync(HttpMethod.Put, "/api/callers/0015550100002", """{"name":"Bo"}""")).StatusCode.Should().Be(HttpStatusCode.Created);
        var changed = await _bob.JsonAsync(Ada);
        changed.GetProperty("name").ValueKind.Should().Be(JsonValueKind.Null);
        changed.GetProperty("company").GetString().Should().Be("Engines");
        changed.GetProperty("blocked").GetBoolean().Should().BeTrue();

        (await _bob.SendAsync(HttpMethod.Delete, Ada)).StatusCode.Should().Be(HttpStatusCode.NoContent);
        await (await _bob.SendAsync(HttpMethod.Delete, Ada)).ShouldBeProblemAsync(404);
        (await (await _bob.GetAsync(Ada)).ShouldBeProblemAsync(404)).Should().Contain("PUT");
    }

    [Fact]
    public async Task A_caller_who_is_there_is_not_added_again()
    {
        await _bob.SendAsync(HttpMethod.Post, "/api/callers", """{"number":"+15550100001","name":"Ada"}""");

        (await (await _bob.SendAsync(HttpMethod.Post, "/api/callers", """{"number":"+1 555 010 0001"}""")).ShouldBeProblemAsync(409)).Should().Contain($"PUT {Ada}");
        (await _bob.JsonAsync(Ada)).GetProperty("name").GetString().Should().Be("Ada");
    }

    [Theory]
    [InlineData("""{"name":"Ada"}""", "number is no phone number. Write it with its country code, such as +15550100001.")]
    [InlineData("""{"number":"5550100001"}""", "number is no phone number")]
    [InlineData("""{"number":"+15550100001x"}""", "number is no phone number")]
    [InlineData("""{"number":"+15550100001","name":"a\nb"}""", "name is longer than 200 characters, or no single line")]
    [InlineData("""{"number":"+15550100001","notes":"a\u0000b"}""", "notes are longer")]
    [InlineData("""{"number":"+15550100001","tags":["a;b"]}""", "tags hold")]
    [InlineData("""{"number":"+15550100001","tags":[""]}""", "tags hold")]
    [InlineData("""{"number":"+15550100001","tags":[null]}""", "tags hold")]
    [InlineData("""{"number":"+15550100001","notes":"\ud83d"}""", "")]
    public async Task What_may_not_be_written_down_is_said(string body, string says)
    {
        (await (await _bob.SendAsync(HttpMethod.Post, "/api/callers", body)).ShouldBeProblemAsync(400)).Should().Match($"*{says}*");
        (await _bob.JsonAsync("/api/callers")).GetProperty("items").GetArrayLength().Should().Be(0);
    }

    [Fact]
    public async Task Too_long_is_said_for_every_field_at_once()
    {
        var body = JsonSerializer.Serialize(new { name = new string('x', 201), company = new string('x', 201), notes = new string('x', 4_001), tags = Enumerable.Range(0, 21).Select(i => $"{i}") });

        var answer = await _bob.SendAsync(HttpMethod.Put, Ada, body);

        (await ApiHost.BodyAsync(answer)).GetProperty("faults").GetArrayLength().Should().Be(4);
        await answer.ShouldBeProblemAsync(400);
    }

    [Fact]
    public async Task Callers_are_listed_page_by_page()
    {
        foreach (var i in Enumerable.Range(1, 7))
            await _bob.SendAsync(HttpMethod.Put, $"/api/callers/+1555010000{i}", "{}");

        List<string> seen = [];
        for (string? cursor = null; ;)
        {
            var page = await _bob.JsonAsync($"/api/callers?limit=3{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(caller => caller.GetProperty("number").GetString()!));
            if ((cursor = page.GetProperty("next").GetString()) is null)
                break;
        }

        seen.Should().Equal(Enumerable.Range(1, 7).Select(i => $"+1555010000{i}"));
    }

    [Fact]
    public async Task Callers_go_out_as_a_file_and_come_back_the_same()
    {
        await _bob.SendAsync(HttpMethod.Put, Ada, """{"name":"=cmd|' /C calc'!A0","company":"@Über, \"GmbH\"","notes":"-1\r\nsecond\tline","tags":["+vip","late"],"vip":true}""");
        await _bob.SendAsync(HttpMethod.Put, "/api/callers/+15550100002", """{"name":"'quoted"}""");
        var before = (await _bob.JsonAsync("/api/callers")).GetProperty("items").EnumerateArray().Select(Known).ToArray();

        var file = await (await _bob.GetAsync("/api/callers.csv")).Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        await _bob.SendAsync(HttpMethod.Delete, Ada);
        var import = await _bob.Http.PostAsync("/api/callers.csv", Csv(file), TestContext.Current.CancellationToken);

        (await ApiHost.BodyAsync(import)).ToString().Should().Be("""{"added":1,"updated":1}""");
        (await _bob.JsonAsync("/api/callers")).GetProperty("items").EnumerateArray().Select(Known).Should().Equal(before);
        Encoding.UTF8.GetString(file).Should().StartWith("\ufeffnumber,name,").And.Contain("'+15550100001,'=cmd");
    }

    [Fact]
    public async Task A_file_with_a_fault_changes_nothing_and_every_fault_is_told_with_its_line()
    {
        await _bob.SendAsync(HttpMethod.Put, Ada, """{"name":"Ada"}""");
        const string file = "number,name,vip\r\n+15550100001,Eva,yes\r\n12,No Number,no\r\n+15550100003,\"two\nlines\",no\r\n+15550100004,Maybe,perhaps\r\n+15550100005,x,no,more\r\n+1 555 010 0001,Again,no\r\n";

        var answer = await _bob.SendAsync(HttpMethod.Post, "/api/callers.csv", file, "text/csv");

        (await ApiHost.BodyAsync(answer)).GetProperty("faults").EnumerateArray().Select(fault => fault.GetString()!).Should().SatisfyRespectively(
            line => line.Should().StartWith("Line 3: number is no phone number"),
            line => line.Should().StartWith("Line 4: name is longer than 200 characters, or no single line"),
            line => line.Should().StartWith("Line 6: vip is neither true nor false"),
            line => line.Should().StartWith("Line 7: has 4 cells where the first line names 3"),
            line => line.Should().StartWith("Line 8: has the number of line 2"));
        await answer.ShouldBeProblemAsync(400);
        (await _bob.JsonAsync(Ada)).GetProperty("name").GetString().Should().Be("Ada");
        (await _bob.JsonAsync("/api/callers")).GetProperty("items").GetArrayLength().Should().Be(1);
    }

    [Fact]
    public async Task A_file_without_a_column_leaves_what_is_known_of_it()
    {
        await _bob.SendAsync(HttpMethod.Put, Ada, """{"name":"Ada","notes":"likes boats","vip":true}""");

        await _bob.SendAsync(HttpMethod.Post, "/api/callers.csv", "Number,NAME\n+15550100001,Eva\n", "text/csv; charset=utf-8");

        var ada = await _bob.JsonAsync(Ada);
        (ada.GetProperty("name").GetString(), ada.GetProperty("notes").GetString(), ada.GetProperty("vip").GetBoolean()).Should().Be(("Eva", "likes boats", true));
    }

    [Fact]
    public async Task What_is_told_again_changes_nothing()
    {
        const string told = """{"name":"Ada","tags":["boat"],"vip":true}""";
        await _bob.SendAsync(HttpMethod.Put, Ada, told);
        var before = (await _bob.JsonAsync(Ada)).ToString();

        await _bob.SendAsync(HttpMethod.Put, Ada, told);
        await _bob.SendAsync(HttpMethod.Post, "/api/callers.csv", "number,name,tags\n+15550100001,Ada,boat\n", "text/csv");
        (await _bob.JsonAsync(Ada)).ToString().Should().Be(before);

        foreach (var other in new[] { told.Replace("boat", "late"), told.Replace("true", "false"), told.Replace("Ada", "Eva") })
        {
            var updated = Updated(await _bob.JsonAsync(Ada));
            await _bob.SendAsync(HttpMethod.Put, Ada, other);
            Updated(await _bob.JsonAsync(Ada)).Should().BeAfter(updated);
        }

        static DateTimeOffset Updated(JsonElement caller) => caller.GetProperty("updatedAt").GetDateTimeOffset();
    }

    [Fact]
    public async Task From_when_the_time_of_a_caller_counts_is_Bobs_own()
    {
        await _bob.SendAsync(HttpMethod.Put, Ada, """{"name":"Ada"}""");

        (await _bob.JsonAsync(Ada)).EnumerateObject().Select(field => field.Name).Should().Equal("number", "name", "company", "notes", "tags", "vip", "blocked", "updatedAt");
        await (await _bob.SendAsync(HttpMethod.Put, Ada, """{"lastCallAt":null}""")).ShouldBeProblemAsync(400);
    }

    [Fact]
    public async Task A_caller_who_is_removed_while_they_are_changed_is_said_and_not_taken_for_a_mistake()
    {
        await _bob.SendAsync(HttpMethod.Put, Ada, """{"name":"Ada"}""");
        await _bob.LoseUpdatesAsync("callers");

        foreach (var answer in new[]
        {
            await _bob.SendAsync(HttpMethod.Put, Ada, """{"name":"Eva"}"""),
            await _bob.SendAsync(HttpMethod.Post, "/api/callers.csv", "number,name\n+15550100001,Eva\n+15550100002,Bo\n", "text/csv"),
        })
            (await answer.ShouldBeProblemAsync(409)).Should().Be("It was changed or removed meanwhile, and nothing is written. Send it again.");

        (await _bob.JsonAsync("/api/callers")).GetProperty("items").GetArrayLength().Should().Be(1);
    }

    [Fact]
    public async Task A_file_that_is_none_is_refused()
    {
        (await (await _bob.SendAsync(HttpMethod.Post, "/api/callers.csv", "", "text/csv")).ShouldBeProblemAsync(400)).Should().Contain("Line 1: number is missing. Write");
        (await (await _bob.SendAsync(HttpMethod.Post, "/api/callers.csv", "number,nam\n", "text/csv")).ShouldBeProblemAsync(400)).Should()
            .Be("Nothing was imported. Line 1: nam is no column. Write number,name,company,notes,tags,vip,blocked, or those of them that the file has, number among them.");
        (await (await _bob.SendAsync(HttpMethod.Post, "/api/callers.csv", "number;name\n", "text/csv")).ShouldBeProblemAsync(400)).Should().Contain("Line 1: number;name is no column. Write");
        (await (await _bob.SendAsync(HttpMethod.Post, "/api/callers.csv", "name,company\n", "text/csv")).ShouldBeProblemAsync(400)).Should().Contain("Line 1: number is missing. Write");
        (await (await _bob.SendAsync(HttpMethod.Post, "/api/callers.csv", "number,name,Name\n", "text/csv")).ShouldBeProblemAsync(400)).Should().Contain("Line 1: name is named twice. Write");
        (await (await _bob.SendAsync(HttpMethod.Post, "/api/callers.csv", "number\n", "application/json")).ShouldBeProblemAsync(415)).Should().Contain("Content-Type: text/csv");
        var latin = await _bob.Http.PostAsync("/api/callers.csv", Csv([.. "number,name\n+15550100001,"u8, 0xFC, (byte)'\n']), TestContext.Current.CancellationToken);
        (await latin.ShouldBeProblemAsync(400)).Should().Contain("not UTF-8");
        var many = string.Join('\n', Enumerable.Range(0, 10_001).Select(i => $"+1555{i:0000000}").Prepend("number"));
        (await (await _bob.SendAsync(HttpMethod.Post, "/api/callers.csv", many, "text/csv")).ShouldBeProblemAsync(400)).Should().Contain("more than 10000");
        (await (await _bob.SendAsync(HttpMethod.Post, "/api/callers.csv", new string('x', 5_000_000), "text/csv")).ShouldBeProblemAsync(413)).Should().Contain("at most 4096 kB");
    }

    private static string Known(JsonElement caller) =>
        string.Join('|', caller.EnumerateObject().Where(field => field.Name != "updatedAt").Select(field => field.Value.ToString()));

    private static ByteArrayContent Csv(byte[] file)
    {
        var content = new ByteArrayContent(file);
        content.Headers.ContentType = new("text/csv");
        return content;
    }
}

public sealed class SqliteCallersApiSpecs : CallersApiSpecs
{
    protected override Task<string?> ServerAsync() => Task.FromResult<string?>(null);
}

public sealed class PostgresCallersApiSpecs(PostgresServer server) : CallersApiSpecs
{
    protected override async Task<string?> ServerAsync() => await server.NewDatabaseAsync();
}
