using System.Reflection;
using Bob.Actors.Realtime;
using Bob.Host.Calls;
using Bob.Host.Configuration;

namespace Bob.Host.Health;

/// <summary>What load balancers and operators ask. Both answers are public, so neither holds anything worth hiding.</summary>
public sealed class HealthEndpoints(BobOptions options, Switchboard switchboard, ModelReachability model, Reception reception, Uptime uptime, IHostApplicationLifetime host)
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
        if (await switchboard.OccupancyAsync() is not { } occupancy)
            return NotReady("the calls do not answer");
        if (!occupancy.HasRoom)
            return NotReady("at capacity");
        if (reception.Unready is { } unready)
            return NotReady(unready);
        if (await model.FailureAsync(ProbeWait) is { } failure)
            return NotReady($"model unreachable: {failure.Reason}");
        return reception.Database is { } trouble
            ? Results.Json(new { ready = true, calls = occupancy.Calls, maxCalls = occupancy.MaxCalls, database = trouble })
            : Results.Json(new { ready = true, calls = occupancy.Calls, maxCalls = occupancy.MaxCalls });
    }

    private static IResult NotReady(string reason) => Results.Json(new { ready = false, reason }, statusCode: StatusCodes.Status503ServiceUnavailable);
}
