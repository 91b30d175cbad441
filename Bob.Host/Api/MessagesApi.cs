using System.ComponentModel;
using System.Globalization;
using Bob.Host.Configuration;
using Bob.Host.Records;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Bob.Host.Api;

/// <summary>Messages that callers left, until somebody has dealt with them.</summary>
internal static class MessagesApi
{
    public static void MapMessages(this IEndpointRouteBuilder api)
    {
        var messages = api.MapGroup("/messages").WithTags("Messages");
        messages.MapGet("", ListAsync).WithName("listMessages").WithSummary("Messages, the newest first").ProducesProblem(StatusCodes.Status400BadRequest);
        messages.MapGet("/{id}", GetAsync).WithName("getMessage").WithSummary("One message").ProducesProblem(StatusCodes.Status404NotFound);
        messages.MapMethods("/{id}/recording", [HttpMethods.Get, HttpMethods.Head], RecordingAsync).WithName("getMessageRecording")
            .WithSummary("What the caller said: WAV").WithDescription("Takes ranges of bytes. There is none until it was fetched from Twilio.")
            .Produces<Stream>(StatusCodes.Status200OK, "audio/wav").Produces<Stream>(StatusCodes.Status206PartialContent, "audio/wav")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status416RangeNotSatisfiable);
        messages.MapPut("/{id}/handled", HandleAsync).WithName("handleMessage").WithSummary("Somebody has dealt with it")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        messages.MapDelete("/{id}", DeleteAsync).WithName("deleteMessage").WithSummary("Takes a message out of the books")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

#pragma warning disable IDE0060 // The document is made from the parameters; they are read, and what is wrong with them said, by ApiQuery.
    private static async Task<Ok<PageView<MessageView>>> ListAsync(
        HttpRequest request,
        Books books,
        [Description("The number of whoever left it, with its country code.")] string? number,
        [Description("Whether somebody has dealt with it.")] string? handled,
        [Description("Messages on a page, 1 to 200.")] string? limit,
        [Description("The next of the page before, with the same other parameters.")] string? cursor,
        CancellationToken cancellation)
#pragma warning restore IDE0060
    {
        var query = new ApiQuery(request);
        var (caller, isHandled, most, before) = (query.Caller("number"), query.Flag("handled"), query.Limit(), Cursor.ToId(query.Text("cursor")));
        var rows = await books.AskAsync(
            (db, limited) =>
            {
                var messages = db.Messages.AsNoTracking();
                if (caller is not null)
                    messages = messages.Where(row => row.Caller == caller);
                if (isHandled is { } wanted)
                    messages = wanted ? messages.Where(row => row.HandledAt != null) : messages.Where(row => row.HandledAt == null);
                if (before is { } id)
                    messages = messages.Where(row => row.Id < id);
                return messages.OrderByDescending(row => row.Id).Take(most + 1).ToListAsync(limited);
            },
            cancellation);
        return TypedResults.Ok(new PageView<MessageView>([.. rows.Take(most).Select(MessageView.Of)], rows.Count > most ? Cursor.Of(rows[most - 1].Id) : null));
    }

    private static async Task<Ok<MessageView>> GetAsync(string id, Books books, CancellationToken cancellation)
    {
        var number = Number(id);
        var row = await books.AskAsync((db, limited) => db.Messages.AsNoTracking().SingleOrDefaultAsync(message => message.Id == number, limited), cancellation);
        return TypedResults.Ok(MessageView.Of(row ?? throw Unknown()));
    }

    private static async Task<IResult> RecordingAsync(string id, Books books, RecordingFolder folder, BobOptions options, CancellationToken cancellation)
    {
        var number = Number(id);
        var row = await books.AskAsync((db, limited) => db.Messages.AsNoTracking().SingleOrDefaultAsync(message => message.Id == number, limited), cancellation)
            ?? throw Unknown();
        if (row.Recording is null)
            throw ApiProblem.Missing(Unheard(row, options.Twilio));
        return folder.Find(row.Recording) is { } file
            ? TypedResults.PhysicalFile(file.FullName, "audio/wav", lastModified: file.LastWriteTimeUtc, enableRangeProcessing: true)
            : throw ApiProblem.Missing("The recording of this message is not there any more.");
    }

    private static string Unheard(MessageRow message, TwilioAccount twilio) => (message.RecordingSid, message.RecordingUrl, twilio) switch
    {
        (null, _, _) => "This message has no recording.",
        (_, null, _) => "The recording of this message could not be fetched in a week. It may still be in Twilio's console.",
        (_, _, { AccountSid: not null, Signs: true }) => "The recording of this message was not fetched yet. Ask again in a moment.",
        _ => $"The recording of this message is still Twilio's: {Keys.TwilioAccountSid} and {Keys.TwilioAuthToken} are not set. Set them, start Bob again, and ask in a moment.",
    };

    /// <summary>Whoever was first stays.</summary>
    private static async Task<Ok<MessageView>> HandleAsync(string id, Books books, TimeProvider clock, CancellationToken cancellation)
    {
        var number = Number(id);
        var row = await books.AskAsync(
            async (db, limited) =>
            {
                var message = await db.Messages.SingleOrDefaultAsync(message => message.Id == number, limited) ?? throw Unknown();
                message.HandledAt ??= clock.GetUtcNow();
                await db.SaveChangesAsync(limited);
                return message;
            },
            cancellation);
        return TypedResults.Ok(MessageView.Of(row));
    }

    /// <summary>The recording goes first: a file whose row is gone would never be found again.</summary>
    private static async Task<NoContent> DeleteAsync(string id, Books books, BobOptions options, CancellationToken cancellation)
    {
        var number = Number(id);
        var gone = await books.AskAsync(
            async (db, limited) =>
            {
                var messages = db.Messages.Where(message => message.Id == number);
                var left = await messages.Select(message => new { message.RecordingSid, message.Caller, message.At }).SingleOrDefaultAsync(limited) ?? throw Unknown();
                if (left.RecordingSid is { } sid)
                    new RecordingFiles(options.RecordingsFolder, stuck => throw stuck).RemoveOf([sid]);
                await using var transaction = await db.Database.BeginTransactionAsync(limited);
                await CallRemoval.RememberCallersAsync(db, options.Retention, [(left.Caller, left.At)], limited);
                var removed = await messages.ExecuteDeleteAsync(limited);
                await transaction.CommitAsync(limited);
                return removed;
            },
            cancellation);
        return gone > 0 ? TypedResults.NoContent() : throw Unknown();
    }

    private static long Number(string id) => long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw Unknown();

    private static ApiProblem Unknown() => ApiProblem.Missing($"No message has this number. GET {ApiDoor.Root}/messages lists those there are.");
}
