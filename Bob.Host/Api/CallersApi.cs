using System.ComponentModel;
using Bob.Host.Records;
using Bob.Host.Twilio;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Bob.Host.Api;

/// <summary>Callers: what the business knows of them, by their number.</summary>
internal static class CallersApi
{
    public static void MapCallers(this IEndpointRouteBuilder api)
    {
        var callers = api.MapGroup("/callers").WithTags("Callers");
        callers.MapGet("", ListAsync).WithName("listCallers").WithSummary("Callers, by number").ProducesProblem(StatusCodes.Status400BadRequest);
        callers.MapPost("", AddAsync).WithName("addCaller").WithSummary("A new caller")
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status409Conflict);
        callers.MapGet("/{number}", GetAsync).WithName("getCaller").WithSummary("One caller").ProducesProblem(StatusCodes.Status404NotFound);
        callers.MapPut("/{number}", PutAsync).WithName("putCaller").WithSummary("A caller, new or in place of what was known")
            .Produces<CallerView>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status409Conflict);
        callers.MapDelete("/{number}", DeleteAsync).WithName("deleteCaller").WithSummary("Forgets what is known of a caller; their calls stay")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

#pragma warning disable IDE0060 // The document is made from the parameters; they are read, and what is wrong with them said, by ApiQuery.
    private static async Task<Ok<PageView<CallerView>>> ListAsync(
        HttpRequest request,
        Books books,
        [Description("Callers on a page, 1 to 200.")] string? limit,
        [Description("The next of the page before.")] string? cursor,
        CancellationToken cancellation)
#pragma warning restore IDE0060
    {
        var query = new ApiQuery(request);
        var (after, most) = (Cursor.ToNumber(query.Text("cursor")), query.Limit());
        var rows = await books.AskAsync((db, limited) => PageAsync(db, after, most + 1, limited), cancellation);
        var shown = rows.Take(most).Select(CallerView.Of).ToList();
        return TypedResults.Ok(new PageView<CallerView>(shown, rows.Count > most ? Cursor.Of(shown[^1].Number) : null));
    }

    /// <summary>Callers by number, from after one on.</summary>
    public static Task<List<CallerRow>> PageAsync(RecordsContext db, string? after, int most, CancellationToken cancellation)
    {
        var rows = db.Callers.AsNoTracking();
        if (after is not null)
            rows = rows.Where(row => string.Compare(row.Number, after) > 0);
        return rows.OrderBy(row => row.Number).Take(most).ToListAsync(cancellation);
    }

    private static async Task<Created<CallerView>> AddAsync(NewCallerForm form, Books books, TimeProvider clock, CancellationToken cancellation)
    {
        var number = Number(form.Number);
        Check(form);
        var row = new CallerRow { Number = number };
        form.WriteTo(row, clock.GetUtcNow());
        await books.AskAsync(
            async (db, limited) =>
            {
                if (await db.Callers.AnyAsync(known => known.Number == number, limited))
                    throw AlreadyThere(number);
                db.Callers.Add(row);
                try
                {
                    return await db.SaveChangesAsync(limited);
                }
                catch (DbUpdateException raced) when (RecordsFailure.Of(raced) is { IsRefusal: true })
                {
                    throw AlreadyThere(number); // somebody else added it meanwhile
                }
            },
            cancellation);
        return TypedResults.Created($"{ApiDoor.Root}/callers/{number}", CallerView.Of(row));
    }

    private static async Task<Ok<CallerView>> GetAsync(string number, Books books, CancellationToken cancellation)
    {
        var known = Number(number);
        var row = await books.AskAsync((db, limited) => db.Callers.AsNoTracking().SingleOrDefaultAsync(caller => caller.Number == known, limited), cancellation);
        return TypedResults.Ok(CallerView.Of(row ?? throw Unknown()));
    }

    private static async Task<Results<Ok<CallerView>, Created<CallerView>>> PutAsync(
        string number, CallerForm form, Books books, TimeProvider clock, CancellationToken cancellation)
    {
        var known = Number(number);
        Check(form);
        var (row, isNew) = await books.AskAsync(
            async (db, limited) =>
            {
                var there = await db.Callers.SingleOrDefaultAsync(caller => caller.Number == known, limited);
                var row = there ?? db.Callers.Add(new CallerRow { Number = known }).Entity;
                form.WriteTo(row, clock.GetUtcNow());
                await db.SaveChangesAsync(limited);
                return (row, there is null);
            },
            cancellation);
        return isNew ? TypedResults.Created($"{ApiDoor.Root}/callers/{known}", CallerView.Of(row)) : TypedResults.Ok(CallerView.Of(row));
    }

    private static async Task<NoContent> DeleteAsync(string number, Books books, CancellationToken cancellation)
    {
        var known = Number(number);
        var gone = await books.AskAsync((db, limited) => db.Callers.Where(caller => caller.Number == known).ExecuteDeleteAsync(limited), cancellation);
        return gone > 0 ? TypedResults.NoContent() : throw Unknown();
    }

    private static string Number(string? text) => PhoneNumber.Of(text)?.Value ?? throw ApiProblem.Bad("number", "is no phone number", PhoneNumber.Remedy);

    private static void Check(CallerForm form)
    {
        if (form.Faults.ToList() is { Count: > 0 } faults)
            throw new ApiProblem(StatusCodes.Status400BadRequest, faults[0]) { Faults = faults };
    }

    private static ApiProblem AlreadyThere(string number) =>
        new(StatusCodes.Status409Conflict, $"There is a caller of this number. PUT {ApiDoor.Root}/callers/{number} changes what is known.");

    private static ApiProblem Unknown() => ApiProblem.Missing($"Nothing is known of this caller. PUT the same address, or POST {ApiDoor.Root}/callers, to add one.");
}
