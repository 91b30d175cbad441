using Bob.Actors.Records;
using Bob.Host.Configuration;
using Bob.Host.Twilio;

namespace Bob.Host.Records;

/// <summary>The books in a host: opened before the first call, closed after the last.</summary>
public sealed partial class RecordsService(
    BobOptions options, Spool spool, JournalWriter writer, IJournalReader reader, SpendingSoFar spending, ILogger<RecordsService> log) : IHostedService
{
    /// <exception cref="InvalidConfigurationException">The database cannot be used, and nobody said that it may be missing.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var records = options.Records;
        try
        {
            await writer.PrepareAsync(cancellationToken);
            await reader.CallerAsync("", cancellationToken); // the first question takes longest, and no caller is to wait for it
        }
        catch (RecordsFailure failure) when (records.Required)
        {
            throw new InvalidConfigurationException([new ConfigurationFault(records.Key, $"the database {failure.Problem}", failure.Remedy)]);
        }
        catch (RecordsFailure failure)
        {
            WithoutDatabase(failure.Problem);
        }

        NodeIs(spool.Node, options.Costs.AsOf);
        writer.Start();
        await spending.StartAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        spending.Stop();
        return writer.StopAsync();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database {Problem}; the journal goes to the spool until it can be used")]
    private partial void WithoutDatabase(string problem);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The books of this node are kept under the name {Node}, at prices of {AsOf}")]
    private partial void NodeIs(string node, DateOnly asOf);
}

/// <summary>How a host takes the books in.</summary>
public static class RecordsHosting
{
    /// <summary>Register before whatever makes calls: hosted services start in this order, and stop in the other.</summary>
    public static IServiceCollection AddRecords(this IServiceCollection services, BobOptions options) => services
        .AddSingleton(_ => OpenSpool(options.Records.Spool))
        .AddSingleton(_ => options.Records.Database())
        .AddSingleton(provider => new JournalStore(
            provider.GetRequiredService<RecordsDatabase>(),
            provider.GetRequiredService<Spool>().Node,
            options.Costs.Prices,
            provider.GetRequiredService<SignOfLife>(),
            provider.GetRequiredService<ILogger<JournalStore>>()))
        .AddSingleton<IJournalReader>(provider => provider.GetRequiredService<JournalStore>())
        .AddSingleton<BlockedCallers>()
        .AddSingleton<BlockedCallersService>()
        .AddSingleton<CallerLookup>()
        .AddSingleton(new OrphanCalls(awaits: true))
        .AddSingleton<JournalWriter>()
        .AddSingleton<IJournal>(provider => provider.GetRequiredService<JournalWriter>())
        .AddSingleton<Erasure>()
        .AddSingleton<Retention>()
        .AddSingleton<SpendingSoFar>()
        .AddSingleton<TwilioRecordings>()
        .AddSingleton<VoicemailPickup>()
        .AddHostedService<RecordsService>()
        .AddSingleton(provider =>
        {
            _ = provider.GetRequiredService<Spool>(); // whose folder it is, once it is there and nobody else's
            return new SignOfLife(options.Records.Spool, provider.GetRequiredService<TimeProvider>());
        })
        .AddHostedService(provider => provider.GetRequiredService<SignOfLife>())
        .AddHostedService(provider => provider.GetRequiredService<BlockedCallersService>())
        .AddHostedService(provider => provider.GetRequiredService<VoicemailPickup>())
        .AddHostedService<RetentionService>()
        .Configure<HostOptions>(host => host.BackgroundServiceExceptionBehavior = BackgroundServiceExceptionBehavior.Ignore); // it is logged, and ends no call

    /// <summary>The database that the settings name.</summary>
    public static RecordsDatabase Database(this RecordsOptions options) =>
        options.Server is { } server ? RecordsDatabase.OnServer(server) : RecordsDatabase.InFile(options.File);

    private static Spool OpenSpool(string folder)
    {
        try
        {
            return Spool.Open(folder);
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException)
        {
            throw new InvalidConfigurationException(
            [
                new ConfigurationFault(Keys.SpoolPath, "the folder cannot be written, or another Bob uses it", "Let Bob's user write there, or name a folder of its own"),
            ]);
        }
    }
}
