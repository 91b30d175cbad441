using System.CommandLine;
using Bob.Bench.Books;
using Bob.Bench.Figures;
using Bob.Bench.Runs;

namespace Bob.Bench.CommandLine;

/// <summary><c>books</c>: what the API takes when the books are thick.</summary>
internal static class BooksCommand
{
    private const double MostMs = 50;

    public static Command Create()
    {
        var calls = new Option<int>("--calls") { Description = "Calls in the books, of six turns each.", DefaultValueFactory = _ => 100_000 };
        var times = new Option<int>("--times") { Description = "How often each question is asked.", DefaultValueFactory = _ => 60 };
        var command = new Command("books", "The API's questions to very many calls, in SQLite and in a PostgreSQL of the bench's own.") { calls, times, LoadOptions.Json };
        command.SetAction(async (parsed, _) =>
        {
            Console.WriteLine(Machine.Here());
            var run = new BooksRun(parsed.GetValue(calls), parsed.GetValue(times));
            List<BooksFigures> figures = [await run.RunAsync(null)];
            if (PrivatePostgres.Programs is null)
                Console.WriteLine("No PostgreSQL: its server programs are not on this machine (package postgresql).");
            else
                figures.Add(await OnPostgresAsync(run));
            foreach (var one in figures)
                Show(one);
            Report.Write(parsed.GetValue(LoadOptions.Json), figures);
            return figures.SelectMany(one => one.Questions).All(IsFast) ? 0 : 1;
        });
        return command;
    }

    /// <summary>On a server with its settings as they come.</summary>
    private static async Task<BooksFigures> OnPostgresAsync(BooksRun run)
    {
        await using var server = new PrivatePostgres();
        await server.StartAsync();
        var database = await server.NewDatabaseAsync();
        return await run.RunAsync($"postgresql://{database.Username}@{database.Host}:{database.Port}/{database.Database}");
    }

    private static void Show(BooksFigures figures)
    {
        Console.WriteLine($"{figures.Database}: {figures.Calls} calls, written in {figures.FilledSeconds:0} s");
        Console.WriteLine($"{"ms",-76}{"p50",8}{"p95",8}{"max",8}   target p95 < {MostMs}");
        foreach (var asked in figures.Questions)
            Console.WriteLine($"{asked.Question,-76}{asked.Ms.P50,8:0.0}{asked.Ms.P95,8:0.0}{asked.Ms.Max,8:0.0}   {(IsFast(asked) ? "" : "missed")}");
    }

    /// <summary>A file with all callers is as long as it is.</summary>
    private static bool IsFast(QuestionFigures asked) => asked.Ms.P95 < MostMs || asked.Question.EndsWith(".csv", StringComparison.Ordinal);
}
