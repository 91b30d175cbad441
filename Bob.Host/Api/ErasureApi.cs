using Bob.Host.Records;
using Bob.Host.Twilio;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Bob.Host.Api;

/// <summary>What was erased of a caller.</summary>
/// <param name="Known">Whether the business had a record of the caller.</param>
/// <param name="LiveCalls">Calls that still go on and were left: erase again when they are over.</param>
/// <param name="WaitingLines">Lines of the spool that are dropped when the database takes the journal again.</param>
/// <param name="StuckRecordings">Recordings that could not be removed; their calls and messages were left: look at the folder's owner, and erase again.</param>
public sealed record ErasedView(
    int Calls, int Turns, int ToolRuns, int Entries, int Messages, bool Known, int Recordings, int SpoolLines, int LiveCalls, int WaitingLines, int StuckRecordings)
{
    public static ErasedView Of(ErasedCaller erased) => new(
        erased.Rows.Calls, erased.Rows.Turns, erased.Rows.ToolRuns, erased.Rows.Entries, erased.Messages, erased.Known, erased.Recordings, erased.SpoolLines,
        erased.LiveCalls, erased.WaitingLines, erased.StuckRecordings);
}

/// <summary>The right to be forgotten.</summary>
internal static class ErasureApi
{
    public static void MapErasure(this IEndpointRouteBuilder api) => api
        .MapPost("/callers/{number}/erase", EraseAsync).WithTags("Callers").WithName("eraseCaller")
        .WithSummary("Erases a caller: calls, what was said, messages, recordings, and what is known of them")
        .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    /// <summary>Done to its end, whether or not the asker waits for it: half an erasure is none.</summary>
    private static async Task<Ok<ErasedView>> EraseAsync(string number, Erasure erasure)
    {
        var caller = PhoneNumber.Of(number)?.Value ?? throw ApiProblem.Bad("number", "is no phone number", PhoneNumber.Remedy);
        return TypedResults.Ok(ErasedView.Of(await erasure.EraseAsync(caller, CancellationToken.None)));
    }
}
