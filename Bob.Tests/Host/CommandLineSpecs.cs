using AwesomeAssertions;
using Bob.Tests.Records;
using Xunit;

namespace Bob.Tests.Host;

/// <summary>What stands behind the program's name.</summary>
public sealed class CommandLineSpecs : IDisposable
{
    private readonly RecordsFolder _folder = RecordsFolder.Empty();

    [Theory]
    [InlineData("bogus")]
    [InlineData("+15550100001")]
    [InlineData("Erase", "+15550100001")]
    public async Task What_is_no_command_starts_nothing_and_is_told_those_there_are(params string[] arguments)
    {
        var (exitCode, lines) = await BobProcess.RunAsync(_folder.Settings, arguments);

        exitCode.Should().Be(2);
        lines.Should().ContainSingle().Which.Should().Match("[bob] * no command*: erase NUMBER, make-clips [FOLDER], *--help*.");
        File.Exists(_folder.Database).Should().BeFalse();
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("help")]
    public async Task Help_names_the_commands(string argument)
    {
        var (exitCode, lines) = await BobProcess.RunAsync(_folder.Settings, argument);

        exitCode.Should().Be(0);
        string.Join('\n', lines).Should().Contain("erase NUMBER").And.Contain("make-clips [FOLDER]").And.NotContain("Listening");
        File.Exists(_folder.Database).Should().BeFalse();
    }

    [Theory]
    [InlineData("--urls=http://localhost:1")]
    [InlineData("--environment", "Production")]
    [InlineData("environment=Production")]
    [InlineData("/environment=Production")]
    public async Task What_is_for_the_web_server_reaches_it(params string[] arguments)
    {
        // A setting that cannot be: the start gets as far as that.
        var (exitCode, lines) = await BobProcess.RunAsync([.. _folder.Settings, ("MAX_CALLS", "0")], arguments);

        exitCode.Should().Be(1);
        lines.Should().Contain(line => line.Contains("MAX_CALLS"));
    }

    public void Dispose() => _folder.Dispose();
}
