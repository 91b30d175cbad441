using Bob.Actors.Realtime;

namespace Bob.Host.Connections;

/// <summary>
/// While the process starts, each server that can be the model is shaken hands with, so that the first caller does not wait for what a first TLS
/// handshake takes, and a certificate that nobody vouches for is told before somebody calls.
/// </summary>
public sealed class FirstHandshakes(ModelProviders models) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => models.PrepareAsync(stoppingToken);
}
