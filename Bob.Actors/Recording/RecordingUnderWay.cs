namespace Bob.Actors.Recording;

/// <summary>
/// The recording of one call while it is made. It outlives an incarnation of its actor, as the book of the call does: whatever is restarted, one call is
/// one file. One owner at a time.
/// </summary>
public sealed class RecordingUnderWay
{
    public StereoTimeline Timeline { get; set; } = new();

    /// <summary>Null before its caller comes, and when it is closed.</summary>
    public IRecordingFile? File { get; set; }

    /// <summary>Where its first sample lies on the process's clock.</summary>
    public TimeSpan Began { get; set; }

    /// <summary>Samples a side that are in the file.</summary>
    public long Written { get; set; }

    /// <summary>Closed for good, whole or not.</summary>
    public bool IsClosed { get; set; }
}
