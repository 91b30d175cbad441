using Bob.Host.Records;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Bob.Host.Api;

/// <summary>All callers as one file, out and in.</summary>
internal static class CallersCsvApi
{
    private const string ContentType = "text/csv";
    private const int MostBytes = 4 * 1024 * 1024;
    private const int Chunk = 1_000;

    public static void MapCallersCsv(this IEndpointRouteBuilder api)
    {
        api.MapGet("/callers.csv", ExportAsync).WithTags("Callers").WithName("exportCallers")
            .WithSummary("All callers as CSV")
            .WithDescription("UTF-8. A cell that a spreadsheet would run as a formula has an apostrophe in front, which the import takes off again.")
            .Produces<Stream>(StatusCodes.Status200OK, ContentType);
        api.MapPost("/callers.csv", ImportAsync).WithTags("Callers").WithName("importCallers")
            .WithSummary("Callers from CSV: all of them, or none")
            .WithDescription($"UTF-8, at most {MostBytes / 1024 / 1024} MB and {CallersCsv.MostRows} callers. The first line names the columns: number, and any of name, company, "
                + "notes, tags (with semicolons between), vip, blocked. What the file has no column for stays as it is known. "
                + "Who is told of as they are known is not changed, nor known for longer; who was forgotten, by KEEP_CALLERS_DAYS or by hand, is known again.")
            .WithMetadata(new RequestSizeLimitAttribute(MostBytes))
            .Accepts<string>(ContentType)
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType);
    }

    private static async Task ExportAsync(HttpContext context, Books books)
    {
        // In parts, so that a client who reads slowly holds up nobody.
        string? after = null;
        for (var first = true; ; first = false)
        {
            var rows = await books.AskAsync((db, limited) => CallersApi.PageAsync(db, after, Chunk, limited), context.RequestAborted);
            if (first)
            {
                context.Response.ContentType = $"{ContentType}; charset=utf-8; header=present";
                context.Response.Headers.ContentDisposition = "attachment; filename=callers.csv";
            }

            await context.Response.Body.WriteAsync(CallersCsv.Write(rows, first), context.RequestAborted);
            if (rows.Count < Chunk)
                return;
            after = rows[^1].Number;
        }
    }

    private static async Task<Ok<ImportView>> ImportAsync(HttpRequest request, Books books, TimeProvider clock, CancellationToken cancellation)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellation);
        var (callers, faults) = CallersCsv.Read(body.GetBuffer().AsSpan(0, (int)body.Length));
        if (faults.Count > 0)
            throw new ApiProblem(StatusCodes.Status400BadRequest, $"Nothing was imported. {faults[0]}") { Faults = faults };
        return TypedResults.Ok(await books.AskAsync((db, limited) => StoreAsync(db, callers, clock.GetUtcNow(), limited), cancellation));
    }

    private static async Task<ImportView> StoreAsync(RecordsContext db, IReadOnlyList<ReadCaller> callers, DateTimeOffset now, CancellationToken cancellation)
    {
        var numbers = callers.Select(caller => caller.Number).ToArray();
        var known = await db.Callers.Where(row => numbers.Contains(row.Number)).ToDictionaryAsync(row => row.Number, cancellation);
        foreach (var caller in callers)
            caller.WriteTo(known.GetValueOrDefault(caller.Number) ?? db.Callers.Add(new CallerRow { Number = caller.Number }).Entity, now);
        await db.SaveChangesAsync(cancellation); // one transaction
        return new ImportView(callers.Count - known.Count, known.Count);
    }

    private sealed record ImportView(int Added, int Updated);
}
