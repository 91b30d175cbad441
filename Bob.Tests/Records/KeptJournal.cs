using Bob.Actors.Records;

namespace Bob.Tests.Records;

/// <summary>A journal that is only kept in mind.</summary>
internal sealed class KeptJournal : IJournal
{
    public List<JournalEntry> Entries { get; } = [];

    public void Write(JournalEntry entry) => Entries.Add(entry);

    public IEnumerable<T> All<T>() => Entries.OfType<T>();

    public T Last<T>() => Entries.OfType<T>().Last();
}
