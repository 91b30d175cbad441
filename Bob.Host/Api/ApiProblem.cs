using Microsoft.AspNetCore.Mvc;

namespace Bob.Host.Api;

/// <summary>What is wrong with a request, for whoever made it: the field, and what to write instead. Answered as problem+json (RFC 9457).</summary>
public sealed class ApiProblem(int status, string detail) : Exception(detail)
{
    public int Status => status;

    /// <summary>One line per fault, where there are several.</summary>
    public IReadOnlyList<string>? Faults { get; init; }

    /// <param name="field">The parameter or field.</param>
    /// <param name="problem">What is wrong with it.</param>
    /// <param name="remedy">What to write instead.</param>
    public static ApiProblem Bad(string field, string problem, string remedy) =>
        new(StatusCodes.Status400BadRequest, $"{field} {problem}. {remedy}.");

    public static ApiProblem Missing(string what) => new(StatusCodes.Status404NotFound, what);

    public Task WriteAsync(HttpContext context)
    {
        var details = new ProblemDetails { Status = status, Title = Title(status, context.Request.Method), Detail = Message };
        if (Faults is not null)
            details.Extensions["faults"] = Faults;
        (context.Response.ContentType, context.Response.ContentLength) = (null, null); // of the answer that it would have been
        return Results.Problem(details).ExecuteAsync(context);
    }

    /// <summary>That the database does not do now what is asked.</summary>
    public static string Shut(string? method) => $"The books cannot be {(method is null or "GET" or "HEAD" ? "read" : "written")} now";

    private static string Title(int status, string method) => status switch
    {
        400 => "The request is not understood",
        401 => "The token is missing or wrong",
        403 => "The API is closed",
        404 => "There is no such thing",
        405 => "That is not done here",
        409 => "Somebody was first",
        413 => "The body is too large",
        415 => "The body is of another kind",
        416 => "The recording has no such range",
        503 => Shut(method),
        _ => status >= 500 ? "Bob made a mistake" : "The request is refused",
    };
}
