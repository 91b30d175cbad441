namespace Bob.Host.Records;

/// <summary>The folder of the recordings, to remove some of them. Other files there are left alone.</summary>
/// <param name="refused">Told of files that could not be removed.</param>
internal sealed class RecordingFiles(string folder, Action<Exception> refused)
{
    private const string Finished = ".wav", Unfinished = ".part";

    /// <summary>Removes all recordings of some calls; a call may have several.</summary>
    /// <returns>How many there were.</returns>
    public int RemoveOf(IReadOnlyCollection<string> callSids) => callSids.Count == 0 ? 0 : Remove(file => callSids.Contains(CallOf(file)));

    /// <summary>Removes recordings that nobody has written to since then.</summary>
    /// <param name="kept">The names of those that stay nevertheless.</param>
    public int RemoveOlder(DateTimeOffset than, IReadOnlySet<string> kept) => Remove(file => file.LastWriteTimeUtc < than.UtcDateTime && !kept.Contains(file.Name));

    /// <summary>Removes the recordings of messages, by their names in the folder.</summary>
    public int RemoveNamed(IReadOnlyCollection<string> names) => names.Count == 0 ? 0 : Remove(file => names.Contains(file.Name));

    private int Remove(Func<FileInfo, bool> chosen)
    {
        if (!Directory.Exists(folder))
            return 0;
        var removed = 0;
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles().Where(file => file.Extension is Finished or Unfinished && chosen(file)))
        {
            try
            {
                file.Delete();
                removed++;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                refused(failure);
            }
        }

        return removed;
    }

    /// <summary><c>CA….wav</c>, and <c>CA…-2.wav</c> when the call went on in another process.</summary>
    private static string CallOf(FileInfo file) => file.Name.Split('.', '-')[0];
}
