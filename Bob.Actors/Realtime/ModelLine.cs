namespace Bob.Actors.Realtime;

/// <summary>
/// Which connection to the model a message is of. A call may have two: the one in charge, and the one that is to replace it.
/// </summary>
/// <param name="Number">Of the connection, unique in this process: the model's leg drops what others than its own say.</param>
/// <param name="Attempt">Of the call's dial that it belongs to, or whose session it replaces: with that attempt all its voice is lost.</param>
internal readonly record struct ModelLine(int Number, int Attempt)
{
    private static int last;

    /// <summary>A new connection.</summary>
    public static ModelLine Next(int attempt) => new(Interlocked.Increment(ref last), attempt);
}
