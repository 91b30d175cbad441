namespace Bob.Bench.Fuzz;

/// <summary>Something that reads what strangers write, and what must hold whatever they write.</summary>
internal abstract class FuzzTarget
{
    /// <summary>Longest input that is made, bytes: long enough for every rule, short enough to be many.</summary>
    public const int LongestInput = 4096;

    public abstract string Name { get; }

    /// <summary>Its part of all iterations, in relation to the others'.</summary>
    public abstract int Share { get; }

    /// <summary>What inputs are made of, at most <see cref="LongestInput"/> each.</summary>
    public abstract IReadOnlyList<byte[]> Seeds { get; }

    /// <summary>Words that mean something to the reader; they are put into inputs.</summary>
    public virtual IReadOnlyList<byte[]> Words => FuzzWords.Json;

    /// <summary>The most that reading so many bytes may allocate, what the check itself allocates included.</summary>
    public virtual long MostAllocated(int bytes) => (256 * 1024) + (200L * bytes);

    /// <summary>Reads the input, and judges what came of it.</summary>
    /// <exception cref="FuzzBrokenException">Something does not hold. So does any other exception tell.</exception>
    public abstract void Check(ReadOnlyMemory<byte> input, ref FuzzRandom random);

    protected static void Holds(bool holds, string what)
    {
        if (!holds)
            throw new FuzzBrokenException(what);
    }
}

/// <summary>What must hold does not.</summary>
internal sealed class FuzzBrokenException(string what) : Exception(what);
