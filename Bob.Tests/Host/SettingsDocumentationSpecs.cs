using AwesomeAssertions;
using Bob.Host.Configuration;
using Xunit;

namespace Bob.Tests.Host;

public sealed class SettingsDocumentationSpecs
{
    [Fact]
    public void Every_setting_stands_in_the_readme_and_in_the_example()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Bob.sln")))
            root = root.Parent!;
        var readme = File.ReadAllText(Path.Combine(root.FullName, "README.md"));
        var example = File.ReadAllText(Path.Combine(root.FullName, ".env.example"));

        Keys.All.Where(key => !readme.Contains($"| `{key}` |", StringComparison.Ordinal)).Should().BeEmpty("the README lists every setting");
        Keys.All.Where(key => !example.Contains($"{key}=", StringComparison.Ordinal)).Should().BeEmpty(".env.example lists every setting");
    }
}
