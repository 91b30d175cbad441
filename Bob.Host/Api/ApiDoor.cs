using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Bob.Host.Configuration;
using Bob.Host.Records;
using Microsoft.EntityFrameworkCore;

namespace Bob.Host.Api;

/// <summary>
/// What every request below <c>/api</c> passes: the token is asked for before anything is said about what lies behind, and whatever goes wrong there
/// becomes problem+json.
/// </summary>
public sealed partial class ApiDoor(BobOptions options, IHostApplicationLifetime host, ILogger<ApiDoor> log)
{
    public const string Root = "/api";

    private const string Scheme = "Bearer ";

    private readonly byte[]? _token = options.ApiToken is { } token ? Hash(token) : null;

    public async Task PassAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.OnStarting(() =>
        {
            context.Response.Headers.CacheControl = "no-store";
            context.Response.Headers.XContentTypeOptions = "nosniff";
            return Task.CompletedTask;
        });
        try
        {
            Admit(context);
            ApiQuery.Check(context);
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null or 0 } && Said(context) is { } said)
                await said.WriteAsync(context);
        }
        catch (Exception failure) when (!context.Response.HasStarted && ProblemOf(failure, context) is { } problem)
        {
            await problem.WriteAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody listens any more.
        }
    }

    /// <exception cref="ApiProblem">The request may not pass.</exception>
    private void Admit(HttpContext context)
    {
        if (_token is null)
        {
            throw new ApiProblem(
                StatusCodes.Status403Forbidden, $"{Keys.ApiToken} is not set. Set it to what openssl rand -hex 32 prints, start Bob again, and send it as a bearer token.");
        }

        if (context.GetEndpoint()?.Metadata.GetMetadata<OpenToAll>() is not null)
            return;
        // Hashes are of one length, so neither the length nor the place of the first difference shows in the time.
        var given = context.Request.Headers.Authorization is [{ } value] && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? value[Scheme.Length..].Trim() : "";
        if (CryptographicOperations.FixedTimeEquals(Hash(given), _token))
            return;
        context.Response.Headers.WWWAuthenticate = "Bearer realm=\"Bob\"";
        throw new ApiProblem(StatusCodes.Status401Unauthorized, $"Send the header Authorization: Bearer, with the value of {Keys.ApiToken}.");
    }

    private ApiProblem? ProblemOf(Exception failure, HttpContext context)
    {
        switch (failure)
        {
            case ApiProblem known:
                return known;
            case BadHttpRequestException { InnerException: JsonException json } when ApiBody.Of(context) is { } body:
                return body.Refused(json);
            case BadHttpRequestException { StatusCode: StatusCodes.Status400BadRequest } when ApiBody.Of(context) is { } body:
                return body.Missing();
            case BadHttpRequestException bad:
                return new ApiProblem(bad.StatusCode, Reason(bad.StatusCode, context));
            case OperationCanceledException when context.RequestAborted.IsCancellationRequested:
                return null;
            case DbUpdateConcurrencyException: // between its reading and its writing
                return new ApiProblem(StatusCodes.Status409Conflict, "It was changed or removed meanwhile, and nothing is written. Send it again.");
        }

        switch (RecordsFailure.Of(failure))
        {
            case { IsRefusal: true } when failure is DbUpdateException:
                return new ApiProblem(StatusCodes.Status409Conflict, "Somebody else has written the same meanwhile. Send it again.");
            case { IsRefusal: false } database:
                Unanswered(database.Word);
                return new ApiProblem(StatusCodes.Status503ServiceUnavailable, $"The database {database.Problem}. Ask again later.");
        }

        if (failure is OperationCanceledException)
        {
            return new ApiProblem(StatusCodes.Status503ServiceUnavailable, host.ApplicationStopping.IsCancellationRequested
                ? "Bob is stopping. Ask another, or again later."
                : "The database did not answer in time. Ask for less, or again later.");
        }

        // Not its message: that may hold what a client wrote.
        Failed(failure.GetType().Name, failure.StackTrace);
        return new ApiProblem(StatusCodes.Status500InternalServerError, "The log has what happened.");
    }

    /// <summary>What the framework answers by a status alone.</summary>
    private static ApiProblem? Said(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => ApiProblem.Missing($"Nothing has this address. {ApiDocument.Hint}"),
        StatusCodes.Status405MethodNotAllowed => new ApiProblem(
            StatusCodes.Status405MethodNotAllowed, $"This address takes {context.Response.Headers.Allow}."),
        StatusCodes.Status416RangeNotSatisfiable => new ApiProblem(
            StatusCodes.Status416RangeNotSatisfiable, "The range begins behind the end. The header Content-Range says how many bytes there are."),
        var status => new ApiProblem(status, Reason(status, context)),
    };

    private static string Reason(int status, HttpContext context) =>
        ApiBody.Refusal(status, context) ?? $"Something about it is not as this address takes it. {ApiDocument.Hint}";

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    [LoggerMessage(Level = LogLevel.Warning, Message = "The API cannot answer: {Failure}")]
    private partial void Unanswered(string failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "A request to the API failed: {Failure}\n{Stack}")]
    private partial void Failed(string failure, string? stack);
}

/// <summary>Marks what discloses nothing and needs no token.</summary>
internal sealed class OpenToAll;
