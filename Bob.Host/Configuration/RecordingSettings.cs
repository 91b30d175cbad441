using Bob.Actors.Recording;

namespace Bob.Host.Configuration;

/// <summary>Whether calls are recorded, where to, and what callers are told of it.</summary>
public static class RecordingSettings
{
    private const string DefaultDirectory = "recordings";
    private const string DefaultNotice = "Before anything else, tell the caller in a few words that this call is recorded.";
    private const int LongestNotice = 500;

    /// <returns>The folder, and what the greeting is told to say; both null when calls are not recorded.</returns>
    public static (string? Directory, string? Notice) Read(Settings settings, string contentRoot)
    {
        var directory = settings.Text(Keys.RecordingDirectory) ?? DefaultDirectory;
        var notice = settings.Text(Keys.RecordingNotice) ?? DefaultNotice;
        if (notice.Length > LongestNotice)
            settings.Fault(Keys.RecordingNotice, $"is {notice.Length} characters long", $"Write at most {LongestNotice}: a caller waits while it is spoken");
        if (!settings.Flag(Keys.Recording, false))
            return (null, null);
        var path = Folder(settings, contentRoot);
        try
        {
            Recordings.EnsureFolder(path);
            File.Create(Path.Combine(path, $".{Guid.NewGuid():N}"), 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            settings.Fault(Keys.RecordingDirectory, $"{settings.Shown(directory)} cannot be written", "Write the path of a folder that the user that runs Bob may write to");
        }

        return (path, notice);
    }

    /// <summary>The folder, also of recordings that were made when they were on.</summary>
    public static string Folder(Settings settings, string contentRoot) =>
        Path.GetFullPath(Path.Combine(contentRoot, settings.Text(Keys.RecordingDirectory) ?? DefaultDirectory));

    /// <summary>The script of a rehearsal says the same to everybody.</summary>
    public static IEnumerable<string> Warnings(string? directory, ModelMode mode) => directory is not null && mode == ModelMode.Rehearsal
        ? [$"{Keys.Recording} is on, and the rehearsal's script does not tell callers so: tell them yourself"]
        : [];
}
