namespace Bob.Actors.Realtime;

/// <summary>
/// How a session gets on, as its reader sees it. Only counts, because a count costs nothing per frame: <see cref="ModelWatchdog"/> looks at them
/// now and then. Written by the reader alone.
/// </summary>
internal sealed class ModelProgress
{
    private int _messages, _steps;
    private volatile bool _hasSaidAll;

    /// <summary>Messages so far, of whatever kind.</summary>
    public int Messages => Volatile.Read(ref _messages);

    /// <summary>Those of them that brought the response on that has the floor.</summary>
    public int Steps => Volatile.Read(ref _steps);

    /// <summary>Whether every item that the response has begun is finished: nothing is missing but its end.</summary>
    public bool HasSaidAll => _hasSaidAll;

    /// <summary>A message came.</summary>
    public void Came() => Volatile.Write(ref _messages, _messages + 1);

    /// <summary>The response got on.</summary>
    public void Step() => Volatile.Write(ref _steps, _steps + 1);

    /// <summary>The response began, or one of its items did.</summary>
    public void Opened()
    {
        _hasSaidAll = false;
        Step();
    }

    /// <summary>An item of the response is finished.</summary>
    public void Finished()
    {
        _hasSaidAll = true;
        Step();
    }
}
