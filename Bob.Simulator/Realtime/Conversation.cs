namespace Bob.Simulator.Realtime;

/// <summary>The items of a session, in order. Immutable entries; a change replaces one.</summary>
internal sealed class Conversation(string id)
{
    private readonly List<ConversationEntry> _entries = [];

    public string Id => id;

    public IReadOnlyList<ConversationEntry> Entries => _entries;

    public string? LastId => _entries.Count > 0 ? _entries[^1].Id : null;

    public ConversationEntry? Find(string item) => _entries.Find(entry => entry.Id == item);

    /// <summary>The id of the item before this one.</summary>
    public string? Before(string item)
    {
        var index = _entries.FindIndex(entry => entry.Id == item);
        return index > 0 ? _entries[index - 1].Id : null;
    }

    public void Add(ConversationEntry entry) => _entries.Add(entry);

    /// <summary>Puts the entry after the item with that id, <c>root</c> being the beginning.</summary>
    public void AddAfter(string previousId, ConversationEntry entry) =>
        _entries.Insert(previousId == "root" ? 0 : _entries.FindIndex(other => other.Id == previousId) + 1, entry);

    public void Change(string item, Func<ConversationEntry, ConversationEntry> change)
    {
        var index = _entries.FindIndex(entry => entry.Id == item);
        if (index >= 0)
            _entries[index] = change(_entries[index]);
    }

    public void Remove(string item) => _entries.RemoveAll(entry => entry.Id == item);
}
