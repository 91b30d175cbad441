using System.Reflection;
using System.Text.Json.Nodes;
using Bob.Actors.Calls;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace Bob.Host.Api;

/// <summary>The API told to programs (OpenAPI) and to people (a page of Scalar's, whose script travels with Bob).</summary>
internal static class ApiDocument
{
    public const string Path = $"{ApiDoor.Root}/openapi.json";
    public const string Page = $"{ApiDoor.Root}/docs";
    public const string Hint = $"What there is stands in {Page} and {Path}.";

    private const string SchemeName = "token";

    private const string ProblemType = "application/problem+json";

    /// <summary>What every address may answer.</summary>
    private static readonly (int Status, string Why)[] Everywhere =
    [
        (StatusCodes.Status400BadRequest, "The request is not understood"),
        (StatusCodes.Status401Unauthorized, "The token is missing or wrong"),
        (StatusCodes.Status403Forbidden, "The API is closed: no API_TOKEN is set"),
    ];

    /// <summary>Also the promise that nothing is fetched from anywhere else.</summary>
    private const string PagePolicy =
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'";

    public static IServiceCollection AddApiDocument(this IServiceCollection services) => services.AddOpenApi(document =>
    {
        document.ShouldInclude = description => $"/{description.RelativePath}".StartsWith($"{ApiDoor.Root}/", StringComparison.Ordinal);
        document.AddDocumentTransformer((api, _, _) =>
        {
            api.Info = new OpenApiInfo
            {
                Title = "Bob's books",
                Version = typeof(ApiDocument).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "1",
                Description = "Calls and what was said in them, callers, and the messages they left. Errors are problem+json (RFC 9457).",
            };
            api.Servers = []; // wherever the document came from
            api.Components ??= new OpenApiComponents();
            api.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [SchemeName] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "The value of API_TOKEN." },
            };
            api.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(SchemeName, api)] = [] }];
            return Task.CompletedTask;
        });
        document.AddOperationTransformer((operation, context, _) =>
        {
            if (context.Description.HttpMethod is "HEAD")
                operation.OperationId = $"head{operation.OperationId}"; // of an address that takes both: an id is one operation's
            foreach (var (status, why) in Everywhere.Append((StatusCodes.Status503ServiceUnavailable, ApiProblem.Shut(context.Description.HttpMethod))))
            {
                var problem = new OpenApiMediaType { Schema = new OpenApiSchemaReference(nameof(ProblemDetails), context.Document) };
                Answers(operation).TryAdd($"{status}", new OpenApiResponse { Description = why, Content = new Dictionary<string, OpenApiMediaType> { [ProblemType] = problem } });
            }

            foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>().Where(parameter => parameter.In == ParameterLocation.Query) ?? [])
                Describe(parameter);
            return Task.CompletedTask;
        });
    });

    public static void MapApiDocument(this IEndpointRouteBuilder routes)
    {
        routes.MapOpenApi(Path).WithMetadata(new OpenToAll());
        routes.MapScalarApiReference(Page, page =>
        {
            page.Title = "Bob's API";
            page.WithOpenApiRoutePattern(Path)
                .DisableDefaultFonts()
                .DisableTelemetry()
                .DisableAgent()
                .HideClientButton()
                .HideDeveloperTools();
        })
            .WithMetadata(new OpenToAll())
            .AddEndpointFilter((context, next) =>
            {
                context.HttpContext.Response.Headers.ContentSecurityPolicy = PagePolicy;
                return next(context);
            });
    }

    private static OpenApiResponses Answers(OpenApiOperation operation) => operation.Responses ??= new OpenApiResponses();

    /// <summary>Parameters are read as text, so that what is wrong with one can be said; what they are is said here.</summary>
    private static void Describe(OpenApiParameter parameter)
    {
        var (type, format) = parameter.Name switch
        {
            "limit" => (JsonSchemaType.Integer, "int32"),
            "minCost" or "maxCost" => (JsonSchemaType.Number, "decimal"),
            "handled" => (JsonSchemaType.Boolean, null),
            "from" or "to" => (JsonSchemaType.String, "date-time"),
            _ => (JsonSchemaType.String, (string?)null),
        };
        string[] words = parameter.Name switch
        {
            "result" => Enum.GetNames<CallResult>(),
            "side" => Enum.GetNames<CallSide>(),
            _ => [],
        };
        parameter.Schema = new OpenApiSchema
        {
            Type = type,
            Format = format,
            Default = parameter.Name == "limit" ? JsonValue.Create(ApiQuery.DefaultLimit) : null,
            Enum = words is [] ? null : [.. words.Select(word => (JsonNode)JsonValue.Create(word))],
        };
    }
}
