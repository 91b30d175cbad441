namespace Bob.Simulator.Torture;

/// <summary>What Bob's processes wrote, one after the other. Its reader can be stopped, as a log's pipe fills up when nobody reads it.</summary>
internal sealed class BobLog
{
    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource? _dam;

    /// <summary>Told of every line.</summary>
    public event Action<string>? Written;

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_gate)
                return [.. _lines];
        }
    }

    /// <summary>How many lines there are: a place to look from.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _lines.Count;
        }
    }

    public void Dam()
    {
        lock (_gate)
            _dam ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public void LetFlow()
    {
        lock (_gate)
        {
            _dam?.TrySetResult();
            _dam = null;
        }
    }

    public async Task FollowAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            lock (_gate)
                _lines.Add(line);
            Written?.Invoke(line);
            Task? dam;
            lock (_gate)
                dam = _dam?.Task;
            if (dam is not null)
                await dam;
        }
    }
}
