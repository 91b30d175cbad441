using System.Collections;
using DotNetEnv;
using Microsoft.Extensions.FileProviders;
using Sprache;

namespace Bob.Host.Configuration;

/// <summary>
/// Where the settings come from: a process variable wins over <c>.env</c>, <c>.env</c> over <c>appsettings.json</c>.
/// </summary>
/// <param name="Values">All of them, the winner of each key first.</param>
/// <param name="ContentRoot">The folder with <c>appsettings.json</c> and <c>prompts</c>; relative paths in settings start here.</param>
/// <param name="Written">The keys somebody wrote into <c>.env</c> or <c>appsettings.json</c>: an unknown one among them is a typo.</param>
/// <param name="Faults">Files that cannot be read.</param>
public sealed record SettingsSources(
    IConfiguration Values, string ContentRoot, IReadOnlyList<string> Written, IReadOnlyList<ConfigurationFault> Faults)
{
    private const string SettingsFile = "appsettings.json";
    private const string DotEnvFile = ".env";

    /// <summary>The settings of this process, seen from its current directory.</summary>
    public static SettingsSources OfProcess() =>
        Read(Directory.GetCurrentDirectory(), AppContext.BaseDirectory, Environment.GetEnvironmentVariables());

    /// <summary>Settings handed in, above the defaults of <c>appsettings.json</c>; neither the environment nor a <c>.env</c> is looked at.</summary>
    public static SettingsSources Of(IReadOnlyDictionary<string, string> values)
    {
        var faults = new List<ConfigurationFault>();
        var defaults = ReadSettingsFile(AppContext.BaseDirectory, faults);
        return new SettingsSources(
            new ConfigurationBuilder().AddInMemoryCollection(defaults).AddInMemoryCollection(Nullable(values)).Build(),
            AppContext.BaseDirectory,
            [.. values.Keys],
            faults);
    }

    /// <summary>
    /// The content root is the nearest folder with <c>appsettings.json</c>, upward from <paramref name="currentDirectory"/>, else
    /// <paramref name="applicationDirectory"/>. <c>.env</c> is looked for from the current directory up to the content root and not beyond,
    /// so that no other project's file is taken.
    /// </summary>
    public static SettingsSources Read(string currentDirectory, string applicationDirectory, IDictionary processVariables)
    {
        var upward = Upward(currentDirectory).ToList();
        var depth = upward.FindIndex(folder => File.Exists(Path.Combine(folder, SettingsFile)));
        var contentRoot = depth < 0 ? applicationDirectory : upward[depth];
        var folders = depth < 0 ? [currentDirectory, applicationDirectory] : upward.Take(depth + 1);

        var faults = new List<ConfigurationFault>();
        var defaults = ReadSettingsFile(contentRoot, faults);
        var dotEnv = ReadDotEnv(folders.Select(folder => Path.Combine(folder, DotEnvFile)).FirstOrDefault(File.Exists), faults);
        var process = processVariables.Keys.Cast<string>().Select(name => KeyValuePair.Create(name, (string?)processVariables[name]));

        var values = new ConfigurationBuilder()
            .AddInMemoryCollection(defaults).AddInMemoryCollection(dotEnv).AddInMemoryCollection(process).Build();
        return new SettingsSources(values, contentRoot, [.. defaults.Concat(dotEnv).Select(pair => pair.Key).Distinct()], faults);
    }

    private static IEnumerable<string> Upward(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
            yield return at.FullName;
    }

    private static List<KeyValuePair<string, string?>> ReadSettingsFile(string folder, List<ConfigurationFault> faults)
    {
        using var files = new PhysicalFileProvider(folder);
        try
        {
            return [.. new ConfigurationBuilder().AddJsonFile(files, SettingsFile, optional: true, reloadOnChange: false).Build()
                .AsEnumerable().Where(pair => pair.Value is not null && !pair.Key.Contains(':'))];
        }
        catch (InvalidDataException broken)
        {
            faults.Add(new(Path.Combine(folder, SettingsFile), FirstLine(broken), "Write a JSON object such as { \"PORT\": 3000 }"));
            return [];
        }
    }

    private static List<KeyValuePair<string, string?>> ReadDotEnv(string? path, List<ConfigurationFault> faults)
    {
        if (path is null)
            return [];
        try
        {
            // A key written twice: the last line counts, as a shell would have it.
            return [.. Nullable(Env.LoadContents(File.ReadAllText(path), LoadOptions.NoEnvVars())).GroupBy(pair => pair.Key).Select(lines => lines.Last())];
        }
        catch (Exception broken) when (broken is ParseException or IOException or UnauthorizedAccessException)
        {
            // The parser quotes what it stumbled over, which may be half a secret: only the place is shown.
            var place = broken is ParseException { Position: { } at } ? $"cannot be read at line {at.Line}" : "cannot be read";
            faults.Add(new(path, place, "Write one KEY=value per line, with \"quotes\" around a value with spaces or #"));
            return [];
        }
    }

    private static IEnumerable<KeyValuePair<string, string?>> Nullable(IEnumerable<KeyValuePair<string, string>> pairs) =>
        pairs.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value));

    private static string FirstLine(Exception broken) => $"is not valid JSON ({(broken.InnerException ?? broken).Message.Split('\n')[0].TrimEnd('.', '\r')})";
}
