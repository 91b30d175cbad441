using Bob.Actors.Audio;
using Bob.Actors.Realtime;
using Bob.Host.Configuration;

namespace Bob.Host.Voice;

/// <summary>
/// <c>make-clips [folder]</c>: has the configured model say, in its configured voice, what Bob says without a model, so that callers hear one voice. A <c>clips.json</c>
/// that is in the folder already says what; what it does not name, that of the folder above says where that is the folder of the clips and this one is a persona's, and
/// otherwise the clips that come with Bob. All files are written, or none.
/// </summary>
public static class MakeClipsCommand
{
    public const string Name = "make-clips";

    private const string DefaultFolder = "clips";
    private const int Done = 0, Failed = 1, Misused = 2;

    /// <returns>0: made. 1: not. 2: that is not how to ask for it.</returns>
    public static async Task<int> RunAsync(string[] args, SettingsSources sources, TextWriter output, TextWriter errors, CancellationToken cancellation)
    {
        if (args.Length > 1 || args is [['-', ..]])
        {
            await errors.WriteLineAsync("[bob] make-clips: write at most the folder, such as: make-clips clips");
            return Misused;
        }

        var settings = new Settings(sources.Values);
        var (mode, realtime) = RealtimeSettings.Read(settings, sources.ContentRoot);
        if (settings.Faults.Count > 0)
            throw new InvalidConfigurationException(settings.Faults);
        if (mode == ModelMode.Rehearsal)
        {
            await errors.WriteLineAsync(new ConfigurationFault(Keys.OpenAiApiKey, "is not set, so there is no model that could say anything", "Set it").ToString());
            return Failed;
        }

        var clips = Path.TrimEndingDirectorySeparator(ClipSettings.Folder(settings, sources.ContentRoot) ?? Path.Combine(sources.ContentRoot, DefaultFolder));
        var folder = args is [var named] ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(named)) : clips;
        var common = Path.GetDirectoryName(folder) == clips ? clips : null;
        try
        {
            Directory.CreateDirectory(folder);
            return await MakeAsync(folder, common, realtime, output, errors, cancellation);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            await errors.WriteLineAsync($"[bob] make-clips: {folder} cannot be written. Name a folder that you may write to.");
            return Failed;
        }
    }

    /// <param name="common">The folder whose clips are said where this one, a persona's, has none; null: it is no persona's.</param>
    private static async Task<int> MakeAsync(string folder, string? common, RealtimeOptions realtime, TextWriter output, TextWriter errors, CancellationToken cancellation)
    {
        var texts = ClipFiles.ShippedTexts.ToDictionary();
        foreach (var file in new[] { common, folder }.OfType<string>().Select(place => Path.Combine(place, ClipFiles.TextsFile)).Where(File.Exists))
        {
            if (ClipFiles.Texts(await File.ReadAllBytesAsync(file, cancellation), out var problem) is not { } own)
            {
                await errors.WriteLineAsync($"[bob] make-clips: {file} {problem}.");
                return Failed;
            }

            foreach (var (name, text) in own)
                texts[name] = text;
        }

        var dialer = new OpenAiDialer(realtime, TimeProvider.System);
        var studio = new ClipStudio(realtime, dialer);
        Dictionary<ClipName, byte[]> clips = [];
        foreach (var (name, text) in texts)
        {
            var take = await studio.RecordAsync(text, cancellation);
            if (take.Audio is null)
            {
                await errors.WriteLineAsync($"[bob] make-clips: {ClipFiles.Word(name)} {take.Problem}. Nothing was written.");
                return Failed;
            }

            clips[name] = take.Audio;
            await output.WriteLineAsync($"[bob] {ClipFiles.Word(name)}: {take.Audio.Length / Mulaw.BytesPerMs} ms, “{text}”");
        }

        foreach (var (name, audio) in clips)
            await ClipFiles.WriteAsync(folder, name, audio, cancellation);
        await ClipFiles.WriteTextsAsync(folder, texts, cancellation);
        await output.WriteLineAsync($"[bob] {clips.Count} clips are in {folder}; "
            + (common is null ? $"set {Keys.ClipsDirectory} to it." : $"they are said where {Keys.ClipsDirectory} is {common} and {Keys.Persona} is {Path.GetFileName(folder)}."));
        return Done;
    }
}
