using System.Text.RegularExpressions;

namespace Bob.Host.Records;

/// <summary>The folder of the recordings, to remove some of them. Other files there are left alone.</summary>
/// <param name="refused">Told of files that could not be removed.</param>
internal sealed partial class RecordingFiles(string folder, Action<Exception> refused)
{
    /// <summary>The end of the name of a message's recording that is not written to its end.</summary>
    public const string Fetched = ".fetched";

    private const string Finished = ".wav", Unfinished = ".part";

    private readonly HashSet<string> _stuck = [];

    /// <summary>The calls and messages of which a recording could not be removed.</summary>
    public IReadOnlyCollection<string> Stuck => _stuck;

    /// <summary>Removes all recordings of some calls and messages; a call may have several.</summary>
    /// <param name="sids">Twilio's ids of the calls, and of the recordings of messages.</param>
    /// <returns>How many there were.</returns>
    public int RemoveOf(IReadOnlyCollection<string> sids) => sids.Count == 0 ? 0 : Remove(file => sids.Contains(SidOf(file)));

    /// <summary>Removes recordings that nobody has written to since then, whether or not anybody knows of them.</summary>
    /// <param name="kept">Those of these calls and messages stay nevertheless.</param>
    public int RemoveOlder(DateTimeOffset than, IReadOnlySet<string> kept) =>
        Remove(file => Name().IsMatch(Path.GetFileName(file)) && File.GetLastWriteTimeUtc(file) < than.UtcDateTime && !kept.Contains(SidOf(file)));

    /// <summary>Removes what was fetched in part by a process that died of it.</summary>
    public int RemoveHalfFetched() => Remove(file => Path.GetExtension(file) == Fetched && Name().IsMatch(Path.GetFileName(file)));

    private int Remove(Func<string, bool> chosen)
    {
        if (!Directory.Exists(folder))
            return 0;
        var removed = 0;
        foreach (var file in Directory.EnumerateFileSystemEntries(folder).Where(file => Path.GetExtension(file) is Finished or Unfinished or Fetched && chosen(file)))
        {
            try
            {
                File.Delete(file);
                removed++;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                _stuck.Add(SidOf(file));
                refused(failure);
            }
        }

        return removed;
    }

    /// <summary><c>CA….wav</c>, and <c>CA…-2.wav</c> when the call went on in another process; <c>RE….wav</c> for a message.</summary>
    private static string SidOf(string file) => Path.GetFileName(file).Split('.', '-')[0];

    /// <summary>As Bob names recordings; others may keep theirs in the same folder.</summary>
    [GeneratedRegex("^((CA|RE)[0-9a-fA-F]{32}|call-[0-9a-f]{32})(-[0-9]+)?\\.", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
