using Bob.Actors.Calls;

namespace Bob.Actors.Records;

/// <summary>Finds, in the books, the call of a caller who is on the line and whom nobody here knows: because the process died that had it.</summary>
public interface ILostCalls
{
    /// <summary>Never throws; whoever asks waits behind it with the caller.</summary>
    Task<LostCall> FindAsync(CallSid callSid);
}

/// <summary>What the books know of a call that nobody has.</summary>
public abstract record LostCall
{
    /// <summary>It can be gone on with.</summary>
    public sealed record Found(CallSoFar SoFar) : LostCall;

    /// <summary>It is over, somebody else has it, or nothing can be found out in time.</summary>
    public sealed record Gone : LostCall;

    /// <summary>No book ever heard of it: its announcement did not reach Bob.</summary>
    public sealed record Unknown : LostCall;
}
