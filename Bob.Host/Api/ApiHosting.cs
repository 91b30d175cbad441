using System.Text.Json.Serialization;
using Bob.Host.Configuration;

namespace Bob.Host.Api;

/// <summary>How a host takes the API in.</summary>
public static class ApiHosting
{
    public static IServiceCollection AddApi(this IServiceCollection services) => services
        .AddSingleton<Books>()
        .AddSingleton<ApiDoor>()
        .AddSingleton(provider => new RecordingFolder(provider.GetRequiredService<BobOptions>().RecordingsFolder))
        .AddApiDocument()
        .Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true) // so that what was wrong can be said
        .ConfigureHttpJsonOptions(json => json.SerializerOptions.Converters.Add(new JsonStringEnumConverter()));

    /// <summary>Everything below <see cref="ApiDoor.Root"/>. Comes after routing.</summary>
    public static void MapApi(this WebApplication app)
    {
        var door = app.Services.GetRequiredService<ApiDoor>();
        app.Use((HttpContext context, RequestDelegate next) =>
            context.Request.Path.StartsWithSegments(ApiDoor.Root, StringComparison.OrdinalIgnoreCase) ? door.PassAsync(context, next) : next(context));
        app.MapApiDocument();
        var api = app.MapGroup(ApiDoor.Root);
        api.MapCalls();
        api.MapCallers();
        api.MapCallersCsv();
        api.MapErasure();
        api.MapMessages();
    }
}
