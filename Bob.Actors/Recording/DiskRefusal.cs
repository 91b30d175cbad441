namespace Bob.Actors.Recording;

/// <summary>What a disk says when it does not take a recording, in the words of log, metric and record.</summary>
internal static class DiskRefusal
{
    /// <summary>Of a disk that says nothing, and takes too long.</summary>
    public const string TooSlow = "disk too slow";

    private const int NoSpace = 28, Quota = 122; // errno of Linux: ENOSPC, EDQUOT
    private const int QuotaOfBsd = 69;
    private const int ReadOnly = 30; // EROFS, on all of them
    private const int WindowsFull = unchecked((int)0x80070070), WindowsHandleFull = unchecked((int)0x80070027);

    public static bool Expected(Exception failure) => failure is IOException or UnauthorizedAccessException;

    public static string Reason(Exception refusal) => refusal switch
    {
        UnauthorizedAccessException => "no permission",
        { HResult: NoSpace or Quota or QuotaOfBsd or WindowsFull or WindowsHandleFull } => "disk full",
        { HResult: ReadOnly } => "read-only",
        DirectoryNotFoundException => "folder gone",
        _ => "disk error",
    };
}
