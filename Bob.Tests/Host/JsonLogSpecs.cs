using System.Net.Http.Headers;
using System.Text;
using AwesomeAssertions;
using Bob.Tests.Records;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Bob.Tests.Host;

/// <summary>The log as JSON, of the real program.</summary>
public sealed class JsonLogSpecs : IDisposable
{
    private const string Token = "correct-horse-battery-staple-0123456789", Number = "15550100071";

    private readonly RecordsFolder _folder = RecordsFolder.Make();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Information")]
    [InlineData("Verbose")]
    public async Task What_is_asked_for_by_a_number_is_logged_without_it_also_when_it_fails(string level)
    {
        await using var bob = await BobProcess.StartAsync([.. _folder.Settings, ("LOG_FORMAT", "json"), ("LOG_LEVEL", level), ("API_TOKEN", Token)]);
        using var http = new HttpClient { BaseAddress = bob.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);

        (await SendAsync(http, HttpMethod.Put, $"api/callers/+{Number}")).Should().Be(201);
        (await SendAsync(http, HttpMethod.Get, $"api/calls?number=%2B{Number}&words=zanzibar")).Should().Be(200);
        await using (var other = new SqliteConnection($"Data Source={_folder.Database};Pooling=false"))
        {
            await other.OpenAsync(Cancellation);
            await using var hold = new SqliteCommand("BEGIN EXCLUSIVE", other);
            await hold.ExecuteNonQueryAsync(Cancellation);
            (await SendAsync(http, HttpMethod.Put, $"api/callers/+{Number}")).Should().Be(503);
            (await SendAsync(http, HttpMethod.Post, $"api/callers/+{Number}/erase")).Should().Be(503);
        }

        (await SendAsync(http, HttpMethod.Post, $"api/callers/+{Number}/erase")).Should().Be(200);

        bob.Terminate();
        await bob.Ended;
        bob.Lines.Should().Contain(line => line.Contains("The API cannot answer")).And.Contain(line => line.Contains("A caller was erased"));
        bob.Lines.Should().NotContain(line => line.Contains(Number) || line.Contains("zanzibar"));
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<int> SendAsync(HttpClient http, HttpMethod method, string address)
    {
        using var request = new HttpRequestMessage(method, address);
        if (method == HttpMethod.Put)
            request.Content = new StringContent($$"""{"name":"{{Guid.NewGuid()}}"}""", Encoding.UTF8, "application/json");
        using var answer = await http.SendAsync(request, Cancellation);
        return (int)answer.StatusCode;
    }
}
