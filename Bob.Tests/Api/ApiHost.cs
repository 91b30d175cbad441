using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Bob.Host;
using Bob.Host.Api;
using Bob.Host.Configuration;
using Bob.Host.Logging;
using Bob.Host.Records;
using Bob.Tests.Host;
using Bob.Tests.Records;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Serilog;
using Serilog.Events;
using Xunit;

namespace Bob.Tests.Api;

/// <summary>The whole host on a free port, with the API open to whoever has the token.</summary>
public sealed class ApiHost : IAsyncDisposable
{
    public const string Token = "correct-horse-battery-staple-0123456789";

    private readonly WebApplication _app;
    private readonly RecordsFolder _folder;
    private readonly LogLines _lines;

    private ApiHost(WebApplication app, RecordsFolder folder, LogLines lines)
    {
        (_app, _folder, _lines) = (app, folder, lines);
        Http = new HttpClient { BaseAddress = app.BoundAddress() };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    /// <summary>With the token.</summary>
    public HttpClient Http { get; }

    /// <summary>Every address of the host.</summary>
    public IReadOnlyList<RouteEndpoint> Endpoints => [.. _app.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Distinct()];

    public RecordsDatabase Database => _app.Services.GetRequiredService<RecordsDatabase>();

    /// <summary>Where recordings are.</summary>
    public string Recordings => Recording(_folder);

    /// <summary>All that was logged, exceptions included.</summary>
    public string Log => string.Join('\n', _lines.Written.Concat(_lines.Events.Select(line => line.Exception?.ToString() ?? "")));

    /// <param name="server">Connection string of a PostgreSQL database; null: a file.</param>
    public static async Task<ApiHost> StartAsync(string? server = null, params (string Key, string Value)[] settings)
    {
        var folder = RecordsFolder.Make();
        var values = new Dictionary<string, string> { ["PORT"] = "0", ["OPENAI_API_KEY"] = "test-key", ["API_TOKEN"] = Token, ["RECORDING_DIRECTORY"] = Recording(folder) };
        if (server is not null)
        {
            var parts = new NpgsqlConnectionStringBuilder(server);
            values["DATABASE_URL"] = $"postgresql://{parts.Username}@{parts.Host}:{parts.Port}/{parts.Database}";
        }

        foreach (var (key, value) in folder.Settings.Concat(settings))
            values[key] = value;
        var lines = new LogLines(new SemaphoreSlim(0));
        var app = BobApplication.Build([], builder =>
        {
            builder.Services.AddSerilog((_, log) => log.WithBobLevels(BobOptionsReader.Read(SettingsSources.Of(values))).WriteTo.Sink(lines), preserveStaticLogger: true);
        }, values);
        Directory.CreateDirectory(Recording(folder));
        await app.StartAsync();
        return new ApiHost(app, folder, lines);
    }

    /// <summary>Puts rows into the tables.</summary>
    public async Task WriteAsync(params object[] rows)
    {
        await using var db = Database.Open();
        db.AddRange(rows);
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>From here on whoever changes a row of the table that they have read finds none, as when somebody else has removed it meanwhile.</summary>
    public async Task LoseUpdatesAsync(string table)
    {
        await using var db = Database.Open();
        await db.Database.ExecuteSqlRawAsync(
            db.Database.IsSqlite()
                ? $"CREATE TRIGGER gone BEFORE UPDATE ON {table} BEGIN SELECT RAISE(IGNORE); END"
                : $"CREATE FUNCTION gone() RETURNS trigger AS 'BEGIN RETURN NULL; END' LANGUAGE plpgsql; CREATE TRIGGER gone BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION gone()",
            TestContext.Current.CancellationToken);
    }

    public Task<HttpResponseMessage> GetAsync(string path) => Http.GetAsync(Exactly(path), TestContext.Current.CancellationToken);

    public async Task<JsonElement> JsonAsync(string path) => await Http.GetFromJsonAsync<JsonElement>(Exactly(path), TestContext.Current.CancellationToken);

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? body = null, string type = "application/json")
    {
        var request = new HttpRequestMessage(method, Exactly(path));
        request.Headers.ExpectContinue = body?.Length > 100_000; // a refusal comes before the body then, and not into the middle of it
        if (body is not null)
        {
            request.Headers.ExpectContinue = body.Length > 100_000; // or the refusal meets a client who is still writing
            request.Content = new StringContent(body, MediaTypeHeaderValue.Parse(type));
        }

        return Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public static async Task<JsonElement> BodyAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>The address as written, dots and all.</summary>
    private Uri Exactly(string path) =>
        new($"http://127.0.0.1:{Http.BaseAddress!.Port}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    private static string Recording(RecordsFolder folder) => Path.Combine(folder.Path, "recordings");
}

/// <summary>What is said of a refusal.</summary>
internal static class ProblemShape
{
    /// <summary>The detail of a problem, after its shape was checked.</summary>
    public static async Task<string> ShouldBeProblemAsync(this HttpResponseMessage response, int status)
    {
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.True(response.Headers.CacheControl?.NoStore);
        var body = await ApiHost.BodyAsync(response);
        Assert.Equal(status, body.GetProperty("status").GetInt32());
        Assert.NotEmpty(body.GetProperty("title").GetString()!);
        var detail = body.GetProperty("detail").GetString()!;
        Assert.DoesNotContain("   at ", body.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(ApiHost.Token, body.ToString(), StringComparison.Ordinal);
        return detail;
    }
}
