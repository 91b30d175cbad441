namespace Bob.Bench.Fuzz;

/// <summary>Numbers that look random and are the same for the same seed and iteration (SplitMix64), so that an iteration can be had again alone.</summary>
internal struct FuzzRandom(ulong seed, long iteration)
{
    private ulong _state = Mixed(seed + (0x9E3779B97F4A7C15 * (ulong)(iteration + 1)));

    public ulong Next() => Mixed(_state += 0x9E3779B97F4A7C15);

    /// <summary>From 0 to less than <paramref name="most"/>, which is at least 1.</summary>
    public int Below(int most) => (int)(((Next() >> 32) * (ulong)most) >> 32);

    /// <summary>Once in so many times.</summary>
    public bool OneIn(int times) => Below(times) == 0;

    private static ulong Mixed(ulong mixed)
    {
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }
}
