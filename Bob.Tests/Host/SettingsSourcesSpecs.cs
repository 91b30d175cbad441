using System.Text.RegularExpressions;
using AwesomeAssertions;
using Bob.Host.Configuration;
using Xunit;

namespace Bob.Tests.Host;

public sealed class SettingsSourcesSpecs : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("bob-settings-");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void A_process_variable_wins_over_dotenv_and_dotenv_over_appsettings()
    {
        Write("appsettings.json", """{ "PORT": 1, "MAX_CALLS": 1, "LOG_LEVEL": "Debug" }""");
        Write(".env", "PORT=2\nMAX_CALLS=2\n");

        var values = Read(_root.FullName, ("PORT", "3")).Values;

        values["PORT"].Should().Be("3");
        values["MAX_CALLS"].Should().Be("2");
        values["LOG_LEVEL"].Should().Be("Debug");
    }

    [Fact]
    public void Dotenv_is_found_from_a_folder_below_the_content_root_but_not_above_it()
    {
        var project = _root.CreateSubdirectory("repository").CreateSubdirectory("Bob.Host");
        Write("repository/appsettings.json", "{}");
        Write("repository/.env", "PORT=2");
        Write(".env", "MAX_CALLS=9");

        var sources = Read(project.FullName);

        sources.ContentRoot.Should().Be(Path.Combine(_root.FullName, "repository"));
        sources.Values["PORT"].Should().Be("2");
        sources.Values["MAX_CALLS"].Should().BeNull();
    }

    [Fact]
    public void Quotes_comments_and_empty_lines_in_dotenv_are_what_they_look_like()
    {
        Write("appsettings.json", "{}");
        Write(".env", "# a comment\n\nBOB_GREETING=\"Hello, it's Bob # one\"\nTWILIO_AUTH_TOKEN=\nPORT=1\nPORT=2\n");

        var values = Read(_root.FullName).Values;

        values["BOB_GREETING"].Should().Be("Hello, it's Bob # one");
        values["PORT"].Should().Be("2");
        new Settings(values).Text("TWILIO_AUTH_TOKEN").Should().BeNull();
    }

    [Fact]
    public void Files_that_cannot_be_read_are_faults_without_their_content()
    {
        Write("appsettings.json", "{ \"PORT\": ");
        Write(".env", "OPENAI_API_KEY=\"sk-canary\nnot a line\n");

        var faults = Read(_root.FullName).Faults;

        faults.Select(fault => Path.GetFileName(fault.Key)).Should().BeEquivalentTo("appsettings.json", ".env");
        string.Join('\n', faults).Should().NotContain("canary");
    }

    [Fact]
    public void The_example_explains_every_setting_and_starts_Bob()
    {
        var example = File.ReadAllText(Repository(".env.example"));
        Write("appsettings.json", "{}");
        Write(".env", Regex.Replace(example, "(?m)^#([A-Z0-9_]+=)", "$1"));

        var sources = Read(_root.FullName, ("BOB_INSTRUCTIONS", "Be Bob."));
        var options = BobOptionsReader.Read(sources);

        sources.Written.Should().BeEquivalentTo(Keys.All);
        options.Realtime.Voice.Should().Be("marin");
        options.Mode.Should().Be(ModelMode.Rehearsal);
    }

    [Fact]
    public void The_defaults_file_holds_settings_of_Bob_only_and_none_that_is_secret()
    {
        var written = Read(Repository("")).Written;

        written.Should().BeSubsetOf(Keys.All).And.NotContain(key => Keys.IsSecret(key));
        written.Should().Contain(Keys.OpenAiRealtimeModel);
    }

    private static string Repository(string path)
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at.FullName, "Bob.sln")))
            at = at.Parent!;
        return Path.Combine(at.FullName, path);
    }

    private static SettingsSources Read(string folder, params (string Key, string Value)[] process) =>
        SettingsSources.Read(folder, folder, process.ToDictionary(pair => pair.Key, pair => pair.Value));

    private void Write(string path, string content) => File.WriteAllText(Path.Combine(_root.FullName, path), content);
}
