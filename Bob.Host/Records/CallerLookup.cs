using Bob.Actors.Records;
using Bob.Host.Twilio;

namespace Bob.Host.Records;

/// <summary>
/// Who is calling, by the callers' table. A call is never held up or lost by it: when the database is slow or gone the caller is a stranger, after
/// <see cref="Patience"/> at most, and for the next <see cref="Pause"/> nobody waits at all. Who is blocked, is known by heart.
/// </summary>
public sealed partial class CallerLookup(IJournalReader reader, BlockedCallers blocked, TimeProvider clock, ILogger<CallerLookup> log)
{
    /// <summary>Longest that a call waits.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);

    /// <summary>From a question that failed to the next.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Questions at once. SQLite's driver holds a thread for each until the file is free.</summary>
    private const int MaxQuestions = 8;

    private readonly SemaphoreSlim _places = new(MaxQuestions);
    private readonly Lock _gate = new();
    private long? _failedAt;

    /// <summary>What is known of a caller; null for a stranger. When it cannot be found out in time, no more than whether they are blocked.</summary>
    public async Task<KnownCaller?> FindAsync(Caller caller)
    {
        if (caller.Number is not { } number)
            return null;
        if (IsPausing())
        {
            RecordsMetrics.CallersNotFound.Add(1);
            return ByHeart(number);
        }

        using var givenUp = new CancellationTokenSource();
        var asking = AskAsync(number, givenUp.Token);
        await Task.WhenAny(asking, Task.Delay(Patience, clock));
        if (asking.IsCompletedSuccessfully)
        {
            Succeeded();
            return await asking;
        }

        // Whatever it was, also a bug of ours: a stranger is served.
        await givenUp.CancelAsync();
        Failed(asking.Exception?.InnerException is { } failure ? RecordsFailure.Of(failure)?.Word ?? failure.GetType().Name : "slow");
        return ByHeart(number);
    }

    private KnownCaller? ByHeart(string number) =>
        blocked.Contains(number) ? new KnownCaller(number, null, null, null, [], Vip: false, Blocked: true) : null;

    /// <summary>One that is given up goes on until the driver notices, and keeps its place so long.</summary>
    private async Task<KnownCaller?> AskAsync(string number, CancellationToken cancellation)
    {
        await _places.WaitAsync(cancellation);
        try
        {
            return await Task.Run(() => reader.CallerAsync(number, cancellation), CancellationToken.None);
        }
        finally
        {
            _places.Release();
        }
    }

    private bool IsPausing()
    {
        lock (_gate)
            return _failedAt is { } failed && clock.GetElapsedTime(failed) < Pause;
    }

    private void Succeeded()
    {
        lock (_gate)
        {
            if (_failedAt is null)
                return;
            _failedAt = null;
        }

        Available();
    }

    private void Failed(string reason)
    {
        RecordsMetrics.CallersNotFound.Add(1);
        bool first;
        lock (_gate)
            (first, _failedAt) = (_failedAt is null, clock.GetTimestamp());
        if (first)
            Unavailable(reason);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Callers cannot be looked up: {Reason}; until they can, all are strangers but those who were blocked before")]
    private partial void Unavailable(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Callers are looked up again")]
    private partial void Available();
}
