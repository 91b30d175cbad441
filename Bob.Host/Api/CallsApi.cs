using System.ComponentModel;
using Bob.Host.Configuration;
using Bob.Host.Records;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Bob.Host.Api;

/// <summary>Calls: searched, one with all that is known of it, and how it sounded.</summary>
internal static class CallsApi
{
    public static void MapCalls(this IEndpointRouteBuilder api)
    {
        var calls = api.MapGroup("/calls").WithTags("Calls");
        calls.MapGet("", SearchAsync).WithName("searchCalls").WithSummary("Calls, the newest first")
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        calls.MapGet("/{callSid}", GetAsync).WithName("getCall").WithSummary("One call, with its turns, tool runs, messages and usage")
            .ProducesProblem(StatusCodes.Status404NotFound);
        calls.MapMethods("/{callSid}/recording", [HttpMethods.Get, HttpMethods.Head], RecordingAsync).WithName("getRecording")
            .WithSummary("The recording: WAV, the caller left, Bob right")
            .WithDescription("Takes ranges of bytes. A call that went on in another place has more than one; the recordingFault of the call says so.")
            .Produces<Stream>(StatusCodes.Status200OK, "audio/wav").Produces<Stream>(StatusCodes.Status206PartialContent, "audio/wav")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status416RangeNotSatisfiable);
    }

#pragma warning disable IDE0060 // The document is made from the parameters; they are read, and what is wrong with them said, by ApiQuery.
    private static async Task<Ok<PageView<CallView>>> SearchAsync(
        HttpRequest request,
        Books books,
        [Description("The caller: a number with its country code and a plus, or whatever else Twilio called them, such as a short code or a SIP address.")] string? number,
        [Description("Words that stand in one turn, of the caller's or of Bob's, as far as it was heard; in any order.")] string? words,
        [Description("Calls that began then or later: a date, or a time (UTC where it says nothing else).")] string? from,
        [Description("Calls that began before then; of a date, before its end.")] string? to,
        [Description("How it ended: Completed, Abandoned, Lost or Failed.")] string? result,
        [Description("Who ended it: Caller, Bob, Model or Twilio.")] string? side,
        [Description("Why it ended, in the word of the log, such as caller-hung-up.")] string? reason,
        [Description("Calls that cost so much or more.")] string? minCost,
        [Description("Calls that cost so much or less.")] string? maxCost,
        [Description("Calls on a page, 1 to 200.")] string? limit,
        [Description("The next of the page before, with the same other parameters.")] string? cursor,
        CancellationToken cancellation)
#pragma warning restore IDE0060
    {
        var query = Query(new ApiQuery(request));
        var page = await books.AskAsync((db, limited) => CallSearch.Of(db).PageAsync(query, limited), cancellation);
        return TypedResults.Ok(new PageView<CallView>([.. page.Calls.Select(CallView.Of)], page.Next is { } next ? Cursor.Of(next) : null));
    }

    private static CallQuery Query(ApiQuery query)
    {
        var asked = Read(query);
        if (asked.From >= asked.Before)
            throw ApiProblem.Bad("from", "is not before to", "Write an earlier from, or a later to");
        if (asked.MinCostMicros > asked.MaxCostMicros)
            throw ApiProblem.Bad("minCost", "is above maxCost", "Write a smaller minCost, or a larger maxCost");
        return asked;
    }

    private static CallQuery Read(ApiQuery query) => new()
    {
        Caller = query.Caller("number"),
        Words = query.Words("words"),
        From = query.Time("from", endOfDay: false),
        Before = query.Time("to", endOfDay: true),
        Result = query.OneOf<Actors.Calls.CallResult>("result"),
        Side = query.OneOf<Actors.Calls.CallSide>("side"),
        Reason = query.Reason("reason"),
        MinCostMicros = query.Micros("minCost"),
        MaxCostMicros = query.Micros("maxCost"),
        Limit = query.Limit(),
        After = Cursor.ToCall(query.Text("cursor")),
    };

    private static async Task<Ok<WholeCallView>> GetAsync(string callSid, Books books, CancellationToken cancellation)
    {
        Check(callSid);
        var call = await books.AskAsync(
            async (db, limited) => await db.Calls.AsNoTracking().SingleOrDefaultAsync(row => row.CallSid == callSid, limited) is { } row
                ? new WholeCallView(
                    CallView.Of(row),
                    [.. (await db.Turns.AsNoTracking().Where(turn => turn.CallSid == callSid).ToListAsync(limited)).OrderBy(turn => turn.Number).Select(TurnView.Of)],
                    [.. (await db.ToolRuns.AsNoTracking().Where(run => run.CallSid == callSid).ToListAsync(limited)).OrderBy(run => run.Number).Select(ToolRunView.Of)],
                    [.. (await db.Messages.AsNoTracking().Where(message => message.CallSid == callSid).ToListAsync(limited)).OrderBy(message => message.Id).Select(MessageView.Of)],
                    [.. (await db.Usage.AsNoTracking().Where(usage => usage.CallSid == callSid).ToListAsync(limited)).OrderBy(usage => usage.Number).Select(UsageView.Of)])
                : null,
            cancellation);
        return TypedResults.Ok(call ?? throw Unknown());
    }

    private static async Task<IResult> RecordingAsync(
        HttpRequest request,
        string callSid,
        Books books,
        RecordingFolder folder,
#pragma warning disable IDE0060 // as above
        [Description("Which of its recordings, from 1; without it the first.")] string? part,
#pragma warning restore IDE0060
        CancellationToken cancellation)
    {
        Check(callSid);
        var number = new ApiQuery(request).Whole("part", byDefault: 1, most: 99);
        var call = await books.AskAsync((db, limited) => db.Calls.AsNoTracking().SingleOrDefaultAsync(row => row.CallSid == callSid, limited), cancellation);
        if (call is null)
            throw Unknown();
        if (call.Recording is null)
            throw ApiProblem.Missing($"This call was not recorded, its recording has not begun yet, or it was removed after {Keys.KeepRecordingsDays}.");
        return folder.Find(call.Recording, number) is { } file
            ? TypedResults.PhysicalFile(file.FullName, "audio/wav", lastModified: file.LastWriteTimeUtc, enableRangeProcessing: true)
            : throw ApiProblem.Missing(number > 1 ? $"This call has no recording {number}." : call.EndedAt is null ? "This call still goes on; its recording is there when it is over." : "The recording of this call is not there any more.");
    }

    /// <summary>What no call can be named is not even looked up.</summary>
    private static void Check(string callSid)
    {
        if (callSid.Length > 64 || !callSid.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
            throw Unknown();
    }

    private static ApiProblem Unknown() => ApiProblem.Missing($"No call has this CallSid. GET {ApiDoor.Root}/calls lists those there are.");
}
