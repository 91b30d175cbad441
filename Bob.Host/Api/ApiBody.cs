using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;

namespace Bob.Host.Api;

/// <summary>The JSON that an address takes, for whoever sent something else.</summary>
/// <param name="form">What is made of it.</param>
internal sealed partial class ApiBody(Type form)
{
    private string Fields => string.Join(", ", JsonSerializerOptions.Web.GetTypeInfo(form).Properties.Where(one => one.Set is not null).Select(one => one.Name));

    private string Remedy =>
        $"Write a JSON object with any of {Fields}, such as {(form == typeof(NewCallerForm) ? """{"number":"+15550100001","name":"Ada"}""" : """{"name":"Ada"}""")}.";

    /// <summary>That of the address which was asked; null: it takes none.</summary>
    public static ApiBody? Of(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType is { } form && form.IsAssignableTo(typeof(CallerForm)) ? new ApiBody(form) : null;

    /// <summary>What to say of a body that is another kind of thing, or too long.</summary>
    public static string? Refusal(int status, HttpContext context) => status switch
    {
        // Who takes what, the routing knows no more when it has refused.
        StatusCodes.Status415UnsupportedMediaType =>
            $"This address takes another kind of body. Write the header Content-Type: {(context.Request.Path.Value!.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) ? "text/csv" : "application/json")}.",
        StatusCodes.Status413PayloadTooLarge when context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize is { } most =>
            $"The body is larger than this address takes. Send at most {most / 1024} kB, or in parts.",
        _ => null,
    };

    public ApiProblem Missing() => new(StatusCodes.Status400BadRequest, $"The body is missing. {Remedy}");

    public ApiProblem Refused(JsonException json)
    {
        var place = json.Path is { Length: > 0 and <= 100 } path && !path.Any(char.IsControl) ? path : null;
        // The serializer's own words are the only sign that it knew no such field.
        return json.Message.Contains("could not be mapped", StringComparison.Ordinal)
            ? ApiProblem.Bad(Field().Match(place ?? "") is { Success: true } field ? field.Groups[1].Value : "A field", "is no field of this address", $"Write {Fields}")
            : new ApiProblem(StatusCodes.Status400BadRequest, $"The body is not the JSON that is expected{(place is null ? "" : $" at {place}")}. {Remedy}");
    }

    [GeneratedRegex(@"^\$\.(\w+)\z")]
    private static partial Regex Field();
}
