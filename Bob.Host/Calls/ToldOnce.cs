namespace Bob.Host.Calls;

/// <summary>Of what is told twice now and then, whether it was told before. Keeps the latest ids, so its memory is bounded. One owner at a time.</summary>
/// <param name="most">Ids that are kept, 1 or more.</param>
internal sealed class ToldOnce(int most)
{
    private const int LongestId = 500;

    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly Queue<string> _latest = new();

    /// <summary>Whether it is told for the first time. What has no id, or one of absurd length, always is.</summary>
    public bool IsNew(string id)
    {
        if (id.Length is 0 or > LongestId)
            return true;
        if (!_known.Add(id))
            return false;
        _latest.Enqueue(id);
        if (_latest.Count > most)
            _known.Remove(_latest.Dequeue());
        return true;
    }
}
