namespace Bob.Host.Api;

/// <summary>The folder of the recordings; what is asked for from outside it is not there.</summary>
/// <param name="path">A full path.</param>
public sealed class RecordingFolder(string path)
{
    private const string Kind = ".wav";

    /// <summary>The file of a recording; null when there is none that may be shown.</summary>
    /// <param name="recording">As the record of the call names it: a name in the folder, or a full path there.</param>
    /// <param name="part">Which of the call's, from 1: the others are named after the first.</param>
    public FileInfo? Find(string recording, int part = 1)
    {
        if (part > 1)
            recording = $"{Path.ChangeExtension(recording, null)}-{part}{Path.GetExtension(recording)}";
        if (recording.Contains('\0'))
            return null;
        // The record is Bob's own; yet what it leads to is read aloud to whoever asks, so it is not believed.
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)) + Path.DirectorySeparatorChar;
        var file = new FileInfo(Path.GetFullPath(recording, folder));
        return file.FullName.StartsWith(folder, StringComparison.Ordinal) && file.Extension == Kind && file is { Exists: true, LinkTarget: null } ? file : null;
    }
}
