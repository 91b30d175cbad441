using Bob.Actors.Audio;
using Bob.Host.Voice;

namespace Bob.Host.Configuration;

/// <summary>What Bob says without a model: the clips that come with him, those of the operator's folder instead, and those that are the persona's own before both.</summary>
public static class ClipSettings
{
    /// <summary>The folder that replaces clips, an absolute path; null: none.</summary>
    public static string? Folder(Settings settings, string contentRoot) =>
        settings.Text(Keys.ClipsDirectory) is { } folder ? Path.GetFullPath(Path.Combine(contentRoot, folder)) : null;

    /// <param name="persona">The name of the subfolder with its own clips, if there is one.</param>
    public static Clips Read(Settings settings, string contentRoot, string? persona = null)
    {
        var clips = ClipFiles.ShippedClips().ToDictionary(clip => clip.Name);
        if (Folder(settings, contentRoot) is not { } folder)
            return new Clips(clips.Values);
        try
        {
            var own = Path.Combine(folder, persona ?? "");
            foreach (var clip in Replaced(settings, folder).Concat(own != folder && Directory.Exists(own) ? Replaced(settings, own, $"{persona}/") : []))
                clips[clip.Name] = clip;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            settings.Fault(Keys.ClipsDirectory, $"{settings.Shown(settings.Text(Keys.ClipsDirectory)!)} cannot be read", "Write the path of a folder that the user that runs Bob may read");
        }

        return new Clips(clips.Values);
    }

    /// <param name="place">Where that is below the folder of the setting.</param>
    private static List<Clip> Replaced(Settings settings, string folder, string place = "")
    {
        var files = Enum.GetValues<ClipName>().Where(name => File.Exists(Path.Combine(folder, ClipFiles.FileOf(name)))).ToList();
        var texts = Path.Combine(folder, ClipFiles.TextsFile);
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException();
        var (words, problem) = (new Dictionary<ClipName, string>() as IReadOnlyDictionary<ClipName, string>, (string?)null);
        if (File.Exists(texts))
            words = ClipFiles.Texts(File.ReadAllBytes(texts), out problem) ?? words;
        if (problem is not null)
        {
            settings.Fault(Keys.ClipsDirectory, $"{place}{ClipFiles.TextsFile} {problem}", "Write what each clip says, such as { \"greeting\": \"Hello, this is Bob.\" }");
            return [];
        }

        List<Clip> clips = [];
        foreach (var name in files)
        {
            var file = new FileInfo(Path.Combine(folder, ClipFiles.FileOf(name)));
            var audio = file.Length <= ClipFiles.LongestMs * 2L * Mulaw.BytesPerMs ? File.ReadAllBytes(file.FullName) : null;
            if (audio is null || ClipFiles.Problem(audio) is not null)
                settings.Fault(Keys.ClipsDirectory, $"{place}{file.Name} {(audio is null ? "is far too long" : ClipFiles.Problem(audio))}", "Write raw G.711 μ-law, 8000 Hz, mono, without a header: sox in.wav -t ul -r 8000 -c 1 out.ulaw");
            else if (!words.TryGetValue(name, out var text))
                settings.Fault(Keys.ClipsDirectory, $"{place}{ClipFiles.TextsFile} does not tell what {file.Name} says", $"Write it there, under the name {ClipFiles.Word(name)}");
            else
                clips.Add(new Clip(name, text, audio));
        }

        return clips;
    }
}
