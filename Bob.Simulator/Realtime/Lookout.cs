namespace Bob.Simulator.Realtime;

/// <summary>Those who wait for something to happen in a session. Everything runs under the session's gate.</summary>
internal sealed class Lookout(int session)
{
    private readonly List<(Func<ClientEvent?> Look, TaskCompletionSource<ClientEvent> Found)> _waiting = [];
    private bool _ended;

    /// <summary>What <paramref name="look"/> finds, now or after a later event. Fails when the session ends without it.</summary>
    public Task<ClientEvent> FindAsync(Func<ClientEvent?> look)
    {
        if (look() is { } past)
            return Task.FromResult(past);
        if (_ended)
            throw Missed();
        var found = new TaskCompletionSource<ClientEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Add((look, found));
        return found.Task;
    }

    /// <summary>Something happened.</summary>
    public void Look()
    {
        foreach (var waiting in _waiting.ToArray())
        {
            if (waiting.Look() is not { } found)
                continue;
            _waiting.Remove(waiting);
            waiting.Found.TrySetResult(found);
        }
    }

    /// <summary>Nothing more will happen.</summary>
    public void End()
    {
        _ended = true;
        Look();
        foreach (var (_, found) in _waiting)
            found.TrySetException(Missed());
        _waiting.Clear();
    }

    private InvalidOperationException Missed() => new($"Session {session} ended without what was waited for.");
}
