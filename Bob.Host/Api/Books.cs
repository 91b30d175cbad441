using Bob.Host.Records;

namespace Bob.Host.Api;

/// <summary>
/// The database as the API uses it: a few questions at once, each with a limit of time. The calls share the machine with them, and whoever asks much
/// waits for himself and for nobody else.
/// </summary>
public sealed class Books(RecordsDatabase database, TimeProvider clock) : IDisposable
{
    /// <summary>Questions at once.</summary>
    public const int Readers = 4;

    /// <summary>Longest that a question may take, its wait included.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _turn = new(Readers);

    /// <exception cref="OperationCanceledException">It took too long, or nobody wants the answer any more.</exception>
    /// <exception cref="Exception">The database cannot be had; <see cref="RecordsFailure.Of"/> says why.</exception>
    public async Task<T> AskAsync<T>(Func<RecordsContext, CancellationToken, Task<T>> question, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(Limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        await _turn.WaitAsync(either.Token);
        try
        {
            await using var db = database.Open();
            return await question(db, either.Token);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}
