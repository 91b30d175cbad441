using System.Collections.Frozen;

namespace Bob.Host.Records;

/// <summary>
/// Who is not to be answered, by memory: for the time in which the database cannot be asked. It knows what the database said last, a minute ago at most
/// while that is there. Safe from any thread.
/// </summary>
public sealed class BlockedCallers
{
    /// <summary>Numbers that are remembered, those that were changed last: some two megabytes.</summary>
    public const int Most = 10_000;

    private volatile FrozenSet<string> _numbers = FrozenSet<string>.Empty;

    /// <param name="number">E.164.</param>
    public bool Contains(string number) => _numbers.Contains(number);

    /// <summary>These are blocked, and no others.</summary>
    public void Are(IEnumerable<string> numbers) => _numbers = numbers.ToFrozenSet();
}

/// <summary>Asks the database who is blocked, now and then.</summary>
public sealed class BlockedCallersService(BlockedCallers blocked, JournalStore store, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <exception cref="RecordsFailure">The database cannot be had; what was known before is still known.</exception>
    public async Task RefreshAsync(CancellationToken cancellation) => blocked.Are(await store.BlockedAsync(BlockedCallers.Most, cancellation));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RefreshAsync(stoppingToken);
            }
            catch (RecordsFailure)
            {
                // Of which the writer tells; this is what the memory is for.
            }

            await Task.Delay(Interval, clock, stoppingToken);
        }
    }
}
