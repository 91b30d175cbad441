using Bob.Actors.Records;

namespace Bob.Tests.Records;

/// <summary>A journal that is only kept in mind.</summary>
internal sealed class KeptJournal : IJournal
{
    private readonly Lock _gate = new();
    private readonly List<JournalEntry> _entries = [];

    public List<JournalEntry> Entries
    {
        get
        {
            lock (_gate)
                return [.. _entries];
        }
    }

    public void Write(JournalEntry entry)
    {
        lock (_gate)
            _entries.Add(entry);
    }

    public IEnumerable<T> All<T>() => Entries.OfType<T>();

    public T Last<T>() => Entries.OfType<T>().Last();
}
