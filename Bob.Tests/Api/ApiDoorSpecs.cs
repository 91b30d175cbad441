using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;
using AwesomeAssertions;
using Bob.Host.Records;
using Bob.Tests.Records;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Bob.Tests.Api;

public sealed partial class ApiDoorSpecs
{
    private static readonly string[] Addresses =
        ["/api/calls", "/api/calls/CA1", "/api/calls/CA1/recording", "/api/callers", "/api/callers/+15550100001", "/api/callers.csv", "/api/messages", "/api/messages/1", "/api/nothing", "/api", "/API/calls"];

    [Fact]
    public async Task Without_a_token_in_the_settings_everything_is_closed_and_says_how_to_open_it()
    {
        await using var bob = await ApiHost.StartAsync(null, ("API_TOKEN", ""));

        foreach (var address in Addresses.Concat(["/api/docs", "/api/openapi.json"]))
            (await (await bob.GetAsync(address)).ShouldBeProblemAsync(403)).Should().StartWith("API_TOKEN is not set.");
        (await bob.GetAsync("/health")).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Bearer correct-horse-battery-staple-012345678")]
    [InlineData("Bearer correct-horse-battery-staple-01234567890")]
    [InlineData("Bearer CORRECT-HORSE-BATTERY-STAPLE-0123456789")]
    [InlineData("Basic correct-horse-battery-staple-0123456789")]
    [InlineData("correct-horse-battery-staple-0123456789")]
    public async Task A_wrong_token_learns_the_same_everywhere(string? authorization)
    {
        await using var bob = await ApiHost.StartAsync();
        bob.Http.DefaultRequestHeaders.Authorization = null;
        if (authorization is not null)
            bob.Http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);

        var bodies = new HashSet<string>();
        foreach (var address in Addresses)
        {
            var answer = await bob.GetAsync(address);
            answer.Headers.WwwAuthenticate.ToString().Should().Be("Bearer realm=\"Bob\"");
            bodies.Add(await answer.ShouldBeProblemAsync(401));
        }

        bodies.Should().ContainSingle("a stranger learns nothing of what there is");
    }

    [Fact]
    public async Task D1_Whatever_address_there_is_below_the_api_is_shut_without_the_token_and_no_other_answers_a_stranger_but_health()
    {
        await using var bob = await ApiHost.StartAsync();
        bob.Http.DefaultRequestHeaders.Authorization = null;
        List<string> open = [], elsewhere = [];
        var asked = 0;

        foreach (var endpoint in bob.Endpoints)
        {
            var address = Parameter().Replace($"/{endpoint.RoutePattern.RawText!.TrimStart('/')}", "CA1");
            var verbs = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET", "POST", "PUT", "DELETE"];
            foreach (var verb in verbs)
            {
                var answer = await bob.SendAsync(new HttpMethod(verb), address, verb is "POST" or "PUT" ? "{}" : null);
                if (!address.StartsWith("/api/", StringComparison.OrdinalIgnoreCase))
                {
                    if ((int)answer.StatusCode < 400)
                        elsewhere.Add(address);
                    continue;
                }

                asked++;
                if (answer.StatusCode == HttpStatusCode.Unauthorized && verb != "HEAD")
                    await answer.ShouldBeProblemAsync(401);
                else if (answer.StatusCode != HttpStatusCode.Unauthorized)
                    open.Add(address);
            }
        }

        asked.Should().BeGreaterThan(16);
        open.Distinct().Should().OnlyContain(address => address == "/api/openapi.json" || address.StartsWith("/api/docs"), "they tell what there is, and nothing of what is in it");
        elsewhere.Distinct().Should().BeSubsetOf(["/health", "/health/ready"]);
    }

    [Theory]
    [InlineData("Bearer")]
    [InlineData("bearer")]
    public async Task The_token_opens(string scheme)
    {
        await using var bob = await ApiHost.StartAsync();
        bob.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(scheme, ApiHost.Token);

        var answer = await bob.GetAsync("/api/calls");

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        answer.Headers.CacheControl!.NoStore.Should().BeTrue();
        bob.Log.Should().NotContain(ApiHost.Token);
    }

    [Fact]
    public async Task What_is_not_there_and_what_is_not_done_are_problems()
    {
        await using var bob = await ApiHost.StartAsync();

        (await (await bob.GetAsync("/api/nothing")).ShouldBeProblemAsync(404)).Should().Contain("/api/docs");
        (await (await bob.GetAsync("/api")).ShouldBeProblemAsync(404)).Should().Contain("/api/docs");
        (await (await bob.SendAsync(HttpMethod.Delete, "/api/calls")).ShouldBeProblemAsync(405)).Should().Be("This address takes GET.");
        (await (await bob.SendAsync(HttpMethod.Post, "/api/callers", "name=Ada", "application/x-www-form-urlencoded")).ShouldBeProblemAsync(415)).Should().Contain("Content-Type: application/json");
        (await (await bob.SendAsync(HttpMethod.Post, "/api/callers", """{"number":"+15550100001","vip":"very"}""")).ShouldBeProblemAsync(400)).Should().Contain("$.vip");
        (await (await bob.SendAsync(HttpMethod.Post, "/api/callers", """{"numbre":"+15550100001"}""")).ShouldBeProblemAsync(400)).Should()
            .Be("numbre is no field of this address. Write number, name, company, notes, tags, vip, blocked.");
        (await (await bob.SendAsync(HttpMethod.Put, "/api/callers/+15550100001", """{"number":"+15550100001"}""")).ShouldBeProblemAsync(400)).Should()
            .Be("number is no field of this address. Write name, company, notes, tags, vip, blocked.");
        (await (await bob.SendAsync(HttpMethod.Put, "/api/callers/+15550100001", """{"a\u000ab.c":1}""")).ShouldBeProblemAsync(400)).Should().StartWith("A field is no field of this address");
        (await (await bob.SendAsync(HttpMethod.Post, "/api/callers", """{"number":""")).ShouldBeProblemAsync(400)).Should().Contain("JSON");
        foreach (var nothing in new[] { "", "null", null })
        {
            (await (await bob.SendAsync(HttpMethod.Post, "/api/callers", nothing)).ShouldBeProblemAsync(400)).Should()
                .Be("""The body is missing. Write a JSON object with any of number, name, company, notes, tags, vip, blocked, such as {"number":"+15550100001","name":"Ada"}.""");
            (await (await bob.SendAsync(HttpMethod.Put, "/api/callers/+15550100001", nothing)).ShouldBeProblemAsync(400)).Should()
                .Be("""The body is missing. Write a JSON object with any of name, company, notes, tags, vip, blocked, such as {"name":"Ada"}.""");
        }

        (await (await bob.SendAsync(HttpMethod.Post, "/api/callers", new string('x', 600_000))).ShouldBeProblemAsync(413)).Should().Contain("at most 512 kB");
    }

    [Fact]
    public async Task Every_address_refuses_a_parameter_that_it_does_not_have_before_it_does_anything()
    {
        await using var bob = await ApiHost.StartAsync();
        await bob.WriteAsync(new CallerRow { Number = "+15550100001" }, new MessageRow { Kind = MessageKind.Taken, Caller = "+15550100001", At = Entries.Noon });
        var asked = 0;

        foreach (var endpoint in bob.Endpoints)
        {
            var address = $"/{endpoint.RoutePattern.RawText!.TrimStart('/')}".Replace("{number}", "+15550100001").Replace("{id}", "1").Replace("{callSid}", "CA1");
            if (!address.StartsWith("/api/", StringComparison.Ordinal) || address is "/api/openapi.json" || address.StartsWith("/api/docs", StringComparison.Ordinal))
                continue;
            foreach (var verb in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Where(verb => verb != "HEAD"))
            {
                var isCsv = address.EndsWith(".csv", StringComparison.Ordinal);
                var answer = await bob.SendAsync(new HttpMethod(verb), $"{address}?dryRun=true", verb is "POST" or "PUT" ? isCsv ? "number\n+15550100002" : "{}" : null, isCsv ? "text/csv" : "application/json");
                (await answer.ShouldBeProblemAsync(400)).Should().Match("dryRun is no parameter of this address. *", $"{verb} {address}");
                asked++;
            }
        }

        asked.Should().Be(16);
        await using var db = bob.Database.Open();
        (await db.Callers.CountAsync(TestContext.Current.CancellationToken)).Should().Be(1);
        (await db.Messages.CountAsync(message => message.HandledAt == null, TestContext.Current.CancellationToken)).Should().Be(1);
        (await (await bob.SendAsync(HttpMethod.Post, "/api/callers/+15550100001/erase?dryRun=true")).ShouldBeProblemAsync(400)).Should().Be("dryRun is no parameter of this address. It has none.");
        (await (await bob.GetAsync("/api/callers?limt=1")).ShouldBeProblemAsync(400)).Should().Be("limt is no parameter of this address. Write limit, cursor.");
        (await (await bob.GetAsync("/api/calls/CA1/recording?prt=1")).ShouldBeProblemAsync(400)).Should().Be("prt is no parameter of this address. Write part.");
    }

    [Fact]
    public async Task What_somebody_else_wrote_meanwhile_is_a_409()
    {
        await using var bob = await ApiHost.StartAsync();
        await using (var db = bob.Database.Open())
        {
            // What two who write the same at once run into, one of them.
            await db.Database.ExecuteSqlRawAsync(
                "CREATE TRIGGER raced BEFORE INSERT ON callers BEGIN SELECT RAISE(ABORT, 'raced'); END", TestContext.Current.CancellationToken);
        }

        (await (await bob.SendAsync(HttpMethod.Put, "/api/callers/+15550100001", "{}")).ShouldBeProblemAsync(409)).Should().Contain("Send it again");
        (await (await bob.SendAsync(HttpMethod.Post, "/api/callers.csv", "number\n+15550100001\n", "text/csv")).ShouldBeProblemAsync(409)).Should().Contain("Send it again");
    }

    [Fact]
    public async Task A_database_that_is_gone_is_a_503_and_comes_back()
    {
        await using var server = new PostgresServer();
        await using var bob = await ApiHost.StartAsync(await server.NewDatabaseAsync());

        await server.StopAsync();
        (await (await bob.GetAsync("/api/calls?words=hello")).ShouldBeProblemAsync(503)).Should().Be("The database cannot be reached. Ask again later.");
        var written = await bob.SendAsync(HttpMethod.Put, "/api/callers/+15550100001", "{}");
        (await written.ShouldBeProblemAsync(503)).Should().Contain("Ask again later");
        (await ApiHost.BodyAsync(written)).GetProperty("title").GetString().Should().Be("The books cannot be written now");
        (await ApiHost.BodyAsync(await bob.GetAsync("/api/calls"))).GetProperty("title").GetString().Should().Be("The books cannot be read now");
        (await (await bob.GetAsync("/api/callers.csv")).ShouldBeProblemAsync(503)).Should().Contain("Ask again later");
        await server.StartAsync();

        (await bob.GetAsync("/api/calls?words=hello")).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task What_a_client_writes_reaches_no_log()
    {
        await using var bob = await ApiHost.StartAsync(null, ("LOG_LEVEL", "Information"));

        await bob.GetAsync("/api/calls?words=canary%0d%0a%5bbob%5d&cursor=canary");
        await bob.GetAsync("/api/calls/canary%00");
        await bob.GetAsync("/api/callers/canary%0a");
        await bob.SendAsync(HttpMethod.Post, "/api/callers", """{"number":"canary\u0000","name":"canary"}""");
        await bob.SendAsync(HttpMethod.Post, "/api/callers.csv", "number\r\ncanary", "text/csv");
        await bob.GetAsync("/api/calls?number=canary&words=%22canary%22");

        bob.Log.Should().NotContain("canary");
    }

    [Fact]
    public async Task The_document_tells_of_every_address_and_of_nothing_else()
    {
        await using var bob = await ApiHost.StartAsync();
        bob.Http.DefaultRequestHeaders.Authorization = null;

        var document = await bob.JsonAsync("/api/openapi.json");

        document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(verb => $"{verb.Name} {path.Name}")).Should().BeEquivalentTo(
            "get /api/calls", "get /api/calls/{callSid}", "get /api/calls/{callSid}/recording", "head /api/calls/{callSid}/recording",
            "get /api/callers", "post /api/callers", "get /api/callers/{number}", "put /api/callers/{number}", "delete /api/callers/{number}",
            "post /api/callers/{number}/erase", "get /api/callers.csv", "post /api/callers.csv",
            "get /api/messages", "get /api/messages/{id}", "delete /api/messages/{id}", "put /api/messages/{id}/handled",
            "get /api/messages/{id}/recording", "head /api/messages/{id}/recording");
        document.GetProperty("components").GetProperty("securitySchemes").GetProperty("token").GetProperty("scheme").GetString().Should().Be("bearer");
        document.GetProperty("security").EnumerateArray().Should().ContainSingle();
        var search = document.GetProperty("paths").GetProperty("/api/calls").GetProperty("get");
        search.GetProperty("parameters").EnumerateArray().Single(parameter => parameter.GetProperty("name").GetString() == "limit")
            .GetProperty("schema").GetProperty("type").GetString().Should().Be("integer");
        var operations = document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()).Select(verb => verb.Value).ToList();
        operations.Select(operation => operation.GetProperty("operationId").GetString()).Should().OnlyHaveUniqueItems();
        operations.Should().OnlyContain(operation => new[] { "400", "401", "403", "503" }.All(status =>
            operation.GetProperty("responses").GetProperty(status).GetProperty("content").GetProperty("application/problem+json").GetProperty("schema").ToString().Contains("ProblemDetails")));
        var schemas = document.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(schema => $"#/components/schemas/{schema.Name}").ToList();
        References(document).Distinct().Should().NotBeEmpty().And.BeSubsetOf(schemas);
        document.GetProperty("components").GetProperty("schemas").GetProperty("UsageView").GetProperty("properties").GetProperty("responseId").GetProperty("description").GetString()
            .Should().Contain("of a transcription, its id of the caller's turn");
        Asked("result").GetProperty("schema").GetProperty("enum").EnumerateArray().Select(one => one.GetString()).Should().Equal("Completed", "Abandoned", "Lost", "Failed");
        Asked("side").GetProperty("schema").GetProperty("enum").EnumerateArray().Select(one => one.GetString()).Should().Equal("Caller", "Bob", "Model", "Twilio");
        foreach (var (address, status, type) in new[]
        {
            ("/api/calls/{callSid}/recording", "200", "audio/wav"), ("/api/calls/{callSid}/recording", "206", "audio/wav"), ("/api/messages/{id}/recording", "200", "audio/wav"),
            ("/api/messages/{id}/recording", "206", "audio/wav"), ("/api/callers.csv", "200", "text/csv"),
        })
        {
            document.GetProperty("paths").GetProperty(address).GetProperty("get").GetProperty("responses").GetProperty(status).GetProperty("content").EnumerateObject()
                .Should().ContainSingle(address).Which.Name.Should().Be(type);
        }

        document.GetProperty("paths").GetProperty("/api/callers/{number}").GetProperty("put").GetProperty("responses").GetProperty("503").GetProperty("description").GetString()
            .Should().Be("The books cannot be written now");
        document.ToString().Should().NotContain(ApiHost.Token).And.NotContain("incoming-call");

        JsonElement Asked(string name) => search.GetProperty("parameters").EnumerateArray().Single(parameter => parameter.GetProperty("name").GetString() == name);
    }

    [Fact]
    public async Task The_page_brings_its_own_script_and_asks_nobody_else()
    {
        await using var bob = await ApiHost.StartAsync();
        bob.Http.DefaultRequestHeaders.Authorization = null;

        var page = await bob.GetAsync("/api/docs");
        var html = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        page.StatusCode.Should().Be(HttpStatusCode.OK);
        page.Headers.GetValues("Content-Security-Policy").Single().Should().StartWith("default-src 'self';").And.NotContain("http");
        var scripts = Source().Matches(html).Select(match => match.Groups[1].Value).ToList();
        scripts.Should().NotBeEmpty().And.NotContain(script => script.Contains("//"));
        foreach (var script in scripts)
        {
            var answer = await bob.Http.GetAsync(new Uri(page.RequestMessage!.RequestUri!, script), TestContext.Current.CancellationToken);
            answer.StatusCode.Should().Be(HttpStatusCode.OK, script);
            answer.Content.Headers.ContentType!.MediaType.Should().Contain("javascript");
        }
    }

    private static IEnumerable<string> References(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().SelectMany(one => one.Name == "$ref" ? [one.Value.GetString()!] : References(one.Value)),
        JsonValueKind.Array => json.EnumerateArray().SelectMany(References),
        _ => [],
    };

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameter();

    [GeneratedRegex("src=\"([^\"]+)\"")]
    private static partial Regex Source();
}
