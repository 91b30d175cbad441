using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using Bob.Bench.Books;
using Bob.Bench.Figures;
using Bob.Host;
using Bob.Host.Records;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Bob.Bench.Runs;

/// <summary>The API's questions to books with very many calls, over HTTP, one after the other.</summary>
internal sealed class BooksRun(int calls, int times)
{
    private const string Token = "bench-bench-bench-bench-bench-bench";

    /// <param name="server">A PostgreSQL database; null: a file.</param>
    public async Task<BooksFigures> RunAsync(string? server)
    {
        var folder = Directory.CreateTempSubdirectory("bob-bench-books-").FullName;
        try
        {
            var settings = new Dictionary<string, string>
            {
                ["PORT"] = "0",
                ["API_TOKEN"] = Token,
                ["LOG_LEVEL"] = "Error",
                ["DATABASE_PATH"] = Path.Combine(folder, "bob.db"),
                ["SPOOL_PATH"] = Path.Combine(folder, "spool"),
                ["DATABASE_URL"] = server ?? "",
            };
            await using var bob = BobApplication.Build([], overrides: settings);
            await bob.StartAsync();
            var clock = Stopwatch.StartNew();
            await SeededBooks.FillAsync(bob.Services.GetRequiredService<RecordsDatabase>(), calls, CancellationToken.None);
            var filled = clock.Elapsed;
            using var http = new HttpClient { BaseAddress = bob.BoundAddress() };
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
            return new BooksFigures(server is null ? "SQLite" : "PostgreSQL", calls, filled.TotalSeconds, await MeasureAsync(http));
        }
        finally
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<IReadOnlyList<QuestionFigures>> MeasureAsync(HttpClient http)
    {
        // Halfway down the list, as somebody who pages gets there.
        var halfway = $"/api/calls?to={SeededBooks.Start.AddMinutes(5.0 * calls / 2):yyyy-MM-dd}&limit=1";
        var cursor = JsonDocument.Parse(await http.GetStringAsync(halfway)).RootElement.GetProperty("next").GetString();
        List<QuestionFigures> figures = [];
        foreach (var question in ApiQuestions.Of(calls, $"/api/calls?cursor={cursor}"))
        {
            await http.GetStringAsync(question); // compiled, cached and connected from here on
            var latencies = new Latencies();
            for (var i = 0; i < times; i++)
            {
                var begun = Stopwatch.GetTimestamp();
                using var answer = await http.GetAsync(question);
                await answer.Content.ReadAsByteArrayAsync();
                latencies.Add(Stopwatch.GetTimestamp() - begun);
                answer.EnsureSuccessStatusCode();
            }

            figures.Add(new QuestionFigures(question.Contains("cursor", StringComparison.Ordinal) ? "/api/calls?cursor=…" : question, latencies.Summary()));
        }

        return figures;
    }
}

/// <param name="FilledSeconds">How long it took to write all that.</param>
internal sealed record BooksFigures(string Database, int Calls, double FilledSeconds, IReadOnlyList<QuestionFigures> Questions);

internal sealed record QuestionFigures(string Question, LatencyFigures Ms);
