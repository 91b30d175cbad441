using AwesomeAssertions;
using Bob.Simulator.Torture;
using Xunit;

namespace Bob.Tests.Torture;

/// <summary>The fast part of the fault catalogue against Bob's real process. All of it, with the bounds of time, is <c>Bob.Simulator -- torture</c>.</summary>
public sealed class TortureSpecs(ITestOutputHelper output)
{
    /// <summary>On a machine that builds and tests, order, counts and content are what counts.</summary>
    private const double Slack = 6;

    [Fact]
    public async Task The_fast_part_of_the_fault_catalogue_is_survived()
    {
        var report = await TortureRun.RunAsync(
            new TortureOptions { Bob = BuiltProgram.Bob, Fast = true, Slack = Slack, Lanes = 4 }, Tell, TestContext.Current.CancellationToken);

        report.Red.Should().BeEmpty(string.Join('\n', report.Verdicts.Where(verdict => !verdict.Survived).Select(Shown)));
        report.Ids.Should().HaveCountGreaterThan(40);
    }

    private void Tell(Verdict verdict) => output.WriteLine($"{(verdict.Survived ? "ok " : "RED")} {verdict.Case.Name} ({verdict.Took.TotalSeconds:0.0} s) {verdict.Case.Scenario.Title}");

    private static string Shown(Verdict verdict) => $"{verdict.Case.Name}:\n{string.Join('\n', verdict.Failures)}\n{verdict.Heard}\n{string.Join('\n', verdict.Story)}";
}
