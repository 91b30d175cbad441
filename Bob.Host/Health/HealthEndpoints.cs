using System.Reflection;
using System.Text.Json.Serialization;
using Bob.Actors.Realtime;
using Bob.Host.Calls;
using Bob.Host.Configuration;

namespace Bob.Host.Health;

/// <summary>What load balancers and operators ask. Both answers are public, so neither holds anything worth hiding.</summary>
public sealed class HealthEndpoints(
    BobOptions options, Switchboard switchboard, ModelProviders models, Reception reception, Drain drain, Uptime uptime, IHostApplicationLifetime host)
{
    private static readonly string Version =
        typeof(HealthEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    /// <summary>Longest a question waits for a probe of the model.</summary>
    private static readonly TimeSpan ProbeWait = TimeSpan.FromSeconds(2);

    /// <summary><c>GET /health</c>: the process lives.</summary>
    public IResult Live() => Results.Json(new
    {
        status = "ok",
        mode = options.Mode == ModelMode.Rehearsal ? "rehearsal" : "live",
        version = Version,
        uptimeSeconds = (long)uptime.Elapsed.TotalSeconds,
    });

    /// <summary><c>GET /health/ready</c>: a new call would be taken, and a model would answer it.</summary>
    public async Task<IResult> ReadyAsync()
    {
        if (host.ApplicationStopping.IsCancellationRequested)
            return NotReady("stopping");
        if (drain.IsOn)
            return NotReady("draining");
        if (await switchboard.OccupancyAsync() is not { } occupancy)
            return NotReady("the calls do not answer");
        if (!occupancy.HasRoom)
            return NotReady("at capacity");
        if (reception.Unready is { } unready)
            return NotReady(unready);
        var model = await models.StateAsync(ProbeWait);
        if (!model.Any)
            return NotReady($"model unreachable: {model.Failing}");
        return Results.Json(new Readiness(true, occupancy.Calls, occupancy.MaxCalls, reception.Database, model.Failing));
    }

    private static IResult NotReady(string reason) => Results.Json(new { ready = false, reason }, statusCode: StatusCodes.Status503ServiceUnavailable);

    /// <param name="Database">Why the database does not take the journal; null when it does.</param>
    /// <param name="ModelsUnreachable">The model servers that cannot be had, where there is one that can.</param>
    private sealed record Readiness(
        bool Ready,
        int Calls,
        int MaxCalls,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Database,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ModelsUnreachable);
}
