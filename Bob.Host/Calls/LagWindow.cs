namespace Bob.Host.Calls;

/// <summary>
/// How late ticks were in the last <see cref="Memory"/>, and whether that is too much for one more call: too much are two that
/// are over the limit, until there is no more than one over half of it. One tick that is late, as after a garbage collection, does not count. Pure; one owner.
/// </summary>
public sealed class LagWindow(TimeSpan most)
{
    public static readonly TimeSpan Memory = TimeSpan.FromSeconds(3);

    private readonly Queue<(TimeSpan At, TimeSpan Late)> _ticks = new();
    private int _tooLate, _late;

    /// <summary>Whether one more call would be heard in pieces.</summary>
    public bool IsOver { get; private set; }

    /// <summary>A tick came <paramref name="late"/> after its time.</summary>
    /// <param name="now">A time that never goes back.</param>
    public void Add(TimeSpan late, TimeSpan now)
    {
        while (_ticks.TryPeek(out var oldest) && oldest.At <= now - Memory)
            Count(_ticks.Dequeue().Late, -1);
        _ticks.Enqueue((now, late));
        Count(late, 1);
        IsOver = (IsOver ? _late : _tooLate) > 1;
    }

    private void Count(TimeSpan late, int change)
    {
        if (late > most)
            _tooLate += change;
        if (late > most / 2)
            _late += change;
    }

}
